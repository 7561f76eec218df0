//! A provider that speaks https itself (RFC 9325), to browsers and to services that show certificates (RFC 8705).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::pin::Pin;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use openssl::ssl::{SslConnector, SslConnectorBuilder, SslMethod, SslVersion};
use openssl::symm::Cipher;
use openssl::x509::X509;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::certificate::Sample;
use crate::house::{House, Node, PATIENCE};
use crate::http::{Wire, request};
use crate::partner::terminate;

/// In seconds.
pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

pub fn key(sample: &Sample) -> String {
    String::from_utf8(sample.key.private_key_to_pem_pkcs8().unwrap()).unwrap()
}

pub fn sealed_key(sample: &Sample) -> String {
    let cipher = Cipher::aes_256_cbc();
    String::from_utf8(sample.key.private_key_to_pem_pkcs8_passphrase(cipher, b"hunter2").unwrap()).unwrap()
}

/// Puts a certificate and its key where the provider looks for them.
pub fn write(house: &House, sample: &Sample) {
    fs::write(house.path("certificate.pem"), sample.pem()).unwrap();
    fs::write(house.path("key.pem"), key(sample)).unwrap();
    fs::set_permissions(house.path("key.pem"), fs::Permissions::from_mode(0o640)).unwrap();
}

/// Has the provider speak https, with a certificate that signs itself.
pub fn encrypt(house: &mut House) -> Sample {
    let own = Sample::about(now(), "Example County Council", "localhost", None);
    write(house, &own);
    let at = |name: &str| house.path(name).display().to_string();
    let files = [at("certificate.pem"), at("key.pem")];
    let [certificate, key] = files;
    house.set("GATEHOUSE_LISTEN_CERTIFICATE_FILE", certificate);
    house.set("GATEHOUSE_LISTEN_KEY_FILE", key);
    house.set("GATEHOUSE_LOG_LEVEL", "info");
    house.set("GATEHOUSE_ISSUER", format!("https://localhost:{}", house.port));
    own
}

/// Starts the provider, with its log in the file `log`, and waits until that says it is ready.
async fn serve(house: &House) -> Node {
    let log = fs::File::create(house.path("log")).unwrap();
    let child = house.command(&["serve"]).stdin(Stdio::null()).stdout(log).spawn().unwrap();
    let mut node = Node { child, ready_after: Duration::ZERO };
    let began = Instant::now();
    while !log_has(house, "\"ready\"") {
        let ended = node.child.try_wait().unwrap();
        assert!(ended.is_none() && began.elapsed() < PATIENCE, "not ready: {ended:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    node
}

fn log_has(house: &House, words: &str) -> bool {
    fs::read_to_string(house.path("log")).unwrap().contains(words)
}

/// What a client would like, that trusts an authority.
fn wishes(authority: &Sample) -> SslConnectorBuilder {
    let mut wishes = SslConnector::builder(SslMethod::tls_client()).unwrap();
    // Nothing is too old to be asked for here.
    wishes.set_security_level(0);
    wishes.set_min_proto_version(None).unwrap();
    wishes.cert_store_mut().add_cert(authority.certificate.clone()).unwrap();
    wishes
}

/// A connection, once both sides have agreed.
async fn connect(port: u16, wishes: SslConnectorBuilder) -> Result<SslStream<TcpStream>, String> {
    connect_to("localhost", port, wishes).await
}

/// The same to a host by its name.
async fn connect_to(
    host: &str,
    port: u16,
    wishes: SslConnectorBuilder,
) -> Result<SslStream<TcpStream>, String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
    // The one certificate there is names one of the hosts only.
    let connection = wishes.build().configure().unwrap().verify_hostname(false).into_ssl(host).unwrap();
    let mut stream = SslStream::new(connection, stream).unwrap();
    Pin::new(&mut stream).connect().await.map_err(|error| error.to_string())?;
    Ok(stream)
}

async fn speak(stream: SslStream<TcpStream>) -> SendRequest<Full<Bytes>> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// The status, the HSTS header and the body of an answer.
async fn ask(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> (StatusCode, String, String) {
    sender.ready().await.unwrap();
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    let hsts = parts.headers.get("strict-transport-security").map_or("", |value| value.to_str().unwrap());
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, hsts.to_owned(), String::from_utf8_lossy(&body).into_owned())
}

/// The certificate that a new connection is shown.
async fn shown(port: u16, trusted: &[&Sample]) -> X509 {
    let mut wishes = wishes(trusted[0]);
    for sample in trusted {
        wishes.cert_store_mut().add_cert(sample.certificate.clone()).unwrap();
    }
    connect(port, wishes).await.unwrap().ssl().peer_certificate().unwrap()
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn browsers_are_served_by_tls_of_today_and_by_nothing_older() {
    let mut house = House::new().await;
    let own = encrypt(&mut house);
    let _node = serve(&house).await;
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let mut wishes = wishes(&own);
        wishes.set_max_proto_version(Some(version)).unwrap();
        wishes.set_alpn_protos(b"\x02h2\x08http/1.1").unwrap();
        let stream = connect(house.port, wishes).await.unwrap();
        assert_eq!(stream.ssl().version2(), Some(version));
        assert_eq!(stream.ssl().selected_alpn_protocol(), Some(&b"http/1.1"[..]));
        let (status, hsts, body) = ask(&mut speak(stream).await, request("/readyz", &[], None)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert!(hsts.starts_with("max-age="), "{hsts}");
    }
    for version in [SslVersion::TLS1, SslVersion::TLS1_1] {
        let mut wishes = wishes(&own);
        wishes.set_max_proto_version(Some(version)).unwrap();
        let said = connect(house.port, wishes).await.unwrap_err();
        assert!(said.contains("alert protocol version"), "{said}");
    }
    for suite in [
        "ECDHE-ECDSA-AES128-SHA256",
        "ECDHE-ECDSA-AES256-SHA",
        "DHE-RSA-AES128-GCM-SHA256",
        "AES128-GCM-SHA256",
    ] {
        let mut wishes = wishes(&own);
        wishes.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
        wishes.set_cipher_list(suite).unwrap();
        let said = connect(house.port, wishes).await.unwrap_err();
        assert!(said.contains("handshake failure"), "{suite}: {said}");
    }
    assert!(Wire::to(house.port).ask(request("/readyz", &[], None)).await.is_err(), "not in clear");
}

#[tokio::test]
async fn a_new_certificate_is_served_with_and_a_broken_one_is_told_and_left() {
    let mut house = House::new().await;
    let first = encrypt(&mut house);
    let _node = serve(&house).await;
    // Somebody connects and says nothing, many times: the others are served, and the silent are sent away.
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(("127.0.0.1", house.port)).await.unwrap());
    }
    let mut old = speak(connect(house.port, wishes(&first)).await.unwrap()).await;
    let second = Sample::about(now(), "Example County Council, renewed", "localhost", None);
    let all = [&first, &second];
    write(&house, &second);
    until("a new certificate", async || shown(house.port, &all).await == second.certificate).await;
    let (status, ..) = ask(&mut old, request("/healthz", &[], None)).await;
    assert_eq!(status, StatusCode::OK, "a connection that is open stays so");
    fs::write(house.path("key.pem"), key(&first)).unwrap();
    until("word of the broken pair", async || log_has(&house, "is not the key of the first certificate"))
        .await;
    assert_eq!(shown(house.port, &all).await, second.certificate);
    write(&house, &first);
    until("the first certificate again", async || shown(house.port, &all).await == first.certificate).await;
    for mut stream in silent {
        let ended = tokio::time::timeout(PATIENCE, stream.read(&mut [0; 8])).await;
        assert_eq!(ended.expect("an end").unwrap_or(0), 0, "nothing is said to who says nothing");
    }
}

#[tokio::test]
async fn whoever_says_nothing_does_not_hold_up_the_end() {
    let mut house = House::new().await;
    let own = encrypt(&mut house);
    let mut node = serve(&house).await;
    let _silent = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
    let mut idle = speak(connect(house.port, wishes(&own)).await.unwrap()).await;
    ask(&mut idle, request("/healthz", &[], None)).await;
    let began = Instant::now();
    terminate(&node.child);
    let status = node.child.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_service_proves_who_it_is_by_the_certificate_of_its_connection() {
    let mut house = House::new().await;
    let own = encrypt(&mut house);
    let authority = Sample::about(now(), "Authority", "ca.example", None);
    fs::write(house.path("authorities.pem"), authority.pem()).unwrap();
    let registered = Sample::about(now(), "Example", "portal.example", None);
    let vouched = Sample::about(now(), "Example", "api.example", Some(&authority));
    let forged = Sample::about(now(), "Example", "api.example", None);
    house.set("GATEHOUSE_LISTEN_ASK_CLIENT_CERTIFICATES", "true");
    house.set("GATEHOUSE_LISTEN_CLIENT_AUTHORITIES_FILE", house.path("authorities.pem").to_str().unwrap());
    let jwks = house.path("jwks.json");
    fs::write(&jwks, json!({ "keys": [registered.jwk()] }).to_string()).unwrap();
    let add = |id: &str, more: &[&str]| {
        let common = ["client", "add", "--grant", "client_credentials", "--scope", "cases:read"];
        house.must(&[&common, &["--id", id, "--name", id][..], more].concat(), "");
    };
    add("own", &["--auth", "self-signed-tls", "--jwks", jwks.to_str().unwrap()]);
    add("named", &["--auth", "tls", "--tls-host", "api.example"]);
    let _node = serve(&house).await;
    let token = async |client: &str, certificate: Option<&Sample>, version: SslVersion| {
        let mut wishes = wishes(&own);
        wishes.set_max_proto_version(Some(version)).unwrap();
        if let Some(sample) = certificate {
            wishes.set_certificate(&sample.certificate).unwrap();
            wishes.set_private_key(&sample.key).unwrap();
            wishes.add_extra_chain_cert(authority.certificate.clone()).unwrap();
        }
        let form = [("grant_type", "client_credentials"), ("client_id", client), ("scope", "cases:read")];
        let mut sender = speak(connect(house.port, wishes).await.unwrap()).await;
        let (status, _, body) = ask(&mut sender, request("/token", &[], Some(&form))).await;
        (status, serde_json::from_str::<Value>(&body).unwrap())
    };
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        for (client, certificate, is_believed) in [
            ("own", Some(&registered), true),
            ("own", Some(&vouched), false),
            ("own", None, false),
            ("named", Some(&vouched), true),
            ("named", Some(&forged), false),
            ("named", Some(&registered), false),
            ("named", None, false),
        ] {
            let (status, body) = token(client, certificate, version).await;
            if is_believed {
                assert_eq!(status, StatusCode::OK, "{client}: {body}");
            } else {
                assert_eq!(body["error"], "invalid_client", "{client}: {body}");
            }
        }
    }
    let mut sender = speak(connect(house.port, wishes(&own)).await.unwrap()).await;
    let (_, _, found) = ask(&mut sender, request("/.well-known/openid-configuration", &[], None)).await;
    for method in ["\"tls_client_auth\"", "\"self_signed_tls_client_auth\""] {
        assert!(found.contains(method), "{found}");
    }
}

#[tokio::test]
async fn certificates_are_asked_for_at_the_address_that_is_for_them_and_nowhere_else() {
    let mut house = House::new().await;
    let own = encrypt(&mut house);
    let registered = Sample::about(now(), "Example", "portal.example", None);
    let apart = format!("https://mtls.localhost:{}", house.port);
    house.set("GATEHOUSE_LISTEN_ASK_CLIENT_CERTIFICATES", "true");
    house.set("GATEHOUSE_LISTEN_CERTIFICATE_ORIGIN", &apart);
    let jwks = house.path("jwks.json");
    fs::write(&jwks, json!({ "keys": [registered.jwk()] }).to_string()).unwrap();
    let add = ["client", "add", "--name", "Portal", "--grant", "client_credentials", "--scope", "cases:read"];
    let by = ["--id", "own", "--auth", "self-signed-tls", "--jwks", jwks.to_str().unwrap()];
    house.must(&[&add[..], &by[..]].concat(), "");
    let _node = serve(&house).await;
    for (host, version, status) in [
        ("localhost", SslVersion::TLS1_2, StatusCode::UNAUTHORIZED),
        ("localhost", SslVersion::TLS1_3, StatusCode::UNAUTHORIZED),
        ("mtls.localhost", SslVersion::TLS1_2, StatusCode::OK),
        ("mtls.localhost", SslVersion::TLS1_3, StatusCode::OK),
    ] {
        let mut wishes = wishes(&own);
        wishes.set_max_proto_version(Some(version)).unwrap();
        wishes.set_certificate(&registered.certificate).unwrap();
        wishes.set_private_key(&registered.key).unwrap();
        let form = [("grant_type", "client_credentials"), ("client_id", "own"), ("scope", "cases:read")];
        let mut sender = speak(connect_to(host, house.port, wishes).await.unwrap()).await;
        let (answered, _, body) = ask(&mut sender, request("/token", &[], Some(&form))).await;
        assert_eq!(answered, status, "{host}: {body}");
    }
    let mut sender = speak(connect(house.port, wishes(&own)).await.unwrap()).await;
    let (_, _, found) = ask(&mut sender, request("/.well-known/openid-configuration", &[], None)).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    let aliases = found["mtls_endpoint_aliases"].as_object().unwrap();
    assert_eq!(aliases["token_endpoint"], format!("{apart}/token"));
    for (name, alias) in aliases {
        let path = found[name].as_str().unwrap().split_once(&house.port.to_string()).unwrap().1;
        assert_eq!(alias.as_str().unwrap(), format!("{apart}{path}"), "{name}");
    }
    let said = String::from_utf8(house.run(&["doctor"], "").stdout).unwrap();
    assert!(said.contains("is not for mtls.localhost: services refuse it"), "{said}");
}

#[tokio::test]
async fn doctor_looks_at_the_certificate() {
    let mut house = House::new().await;
    encrypt(&mut house);
    let said = |sample: Option<Sample>| {
        if let Some(sample) = sample {
            write(&house, &sample);
        }
        let output = house.run(&["doctor"], "");
        let said = String::from_utf8(output.stdout).unwrap();
        let line = said.lines().find(|line| line.contains(" https: ")).unwrap_or_else(|| panic!("{said}"));
        (line.to_owned(), output.status.code())
    };
    let month = 30 * 86_400;
    let later = |host: &str| Some(Sample::about(now() + month, "Example", host, None));
    for (sample, mark, words) in [
        (None, "note", "expires in"),
        (Some(Sample::about(now() - month, "Example", "localhost", None)), "BAD", "has expired"),
        (later("other.example"), "note", "not for localhost"),
        (later("localhost"), "ok", "with a certificate until"),
    ] {
        let (line, code) = said(sample);
        assert!(line.starts_with(mark) && line.contains(words), "{line}");
        assert_eq!(code, Some(if mark == "BAD" { 2 } else { 0 }), "{line}");
    }
    fs::write(house.path("key.pem"), "rubbish").unwrap();
    assert!(said(None).0.starts_with("BAD"));
}
