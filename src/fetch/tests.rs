//! A fetcher that cannot be turned against its own network.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509Name};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// A server that answers every request with `answer`, then `filler` again and again, and counts connections.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(answer: &'static str, filler: &'static str, pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut request = [0; 2048];
                    let _ = stream.read(&mut request).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    while !filler.is_empty() && stream.write_all(filler.as_bytes()).await.is_ok() {
                        tokio::time::sleep(pause).await;
                    }
                });
            }
        });
        Self { port, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

fn outgoing(networks: &[&str]) -> Outgoing {
    Outgoing { allow_networks: networks.iter().map(|text| text.parse().unwrap()).collect(), ca_file: None }
}

fn strict() -> Fetcher {
    Fetcher::new(&outgoing(&[])).unwrap()
}

fn lenient() -> Fetcher {
    Fetcher::new(&outgoing(&["127.0.0.0/8"])).unwrap()
}

#[test]
fn row_75_every_address_that_is_not_public_is_known_in_all_its_forms() {
    for text in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!address::is_public(text.parse().unwrap()), "{text}");
    }
    for text in [
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "2606:4700::1111",
        "2a00:1450::1",
    ] {
        assert!(address::is_public(text.parse().unwrap()), "{text}");
    }
}

#[tokio::test]
async fn row_75_no_spelling_of_this_machine_is_connected_to() {
    let server = Server::start(HELLO, "", Duration::ZERO).await;
    let port = server.port;
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "localhost",
        "LOCALHOST.",
        "127。0。0。1",
        "①②⑦.0.0.1",
    ] {
        for scheme in ["https", "http"] {
            let refused = strict().get(&format!("{scheme}://{host}:{port}/jwks"), "*/*").await;
            assert!(
                matches!(refused, Err(FetchError::NotPublic(_) | FetchError::Unknown(_))),
                "{scheme}://{host}: {refused:?}"
            );
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn row_74_nothing_but_the_web_is_asked_and_no_password_is_sent() {
    for url in [
        "file:///etc/passwd",
        "gopher://8.8.8.8/",
        "ftp://8.8.8.8/",
        "//x",
        "x",
        "data:,x",
        "https://a:b@8.8.8.8/",
    ] {
        assert!(matches!(strict().get(url, "*/*").await, Err(FetchError::NotAnAddress)), "{url}");
    }
    assert!(matches!(strict().get("http://8.8.8.8/", "*/*").await, Err(FetchError::NotEncrypted)));
    for port in [22, 25, 80] {
        let refused = strict().get(&format!("https://8.8.8.8:{port}/"), "*/*").await;
        assert!(matches!(refused, Err(FetchError::Port(found)) if found == port), "{port}");
    }
}

#[tokio::test]
async fn row_77_the_address_that_was_checked_is_the_one_that_is_asked() {
    let canary = Server::start(HELLO, "", Duration::ZERO).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    // An address of this machine on which nobody listens stands for the public one.
    let rebinding = move |_: &str| {
        let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(vec![IpAddr::from(if first { [127, 77, 77, 77] } else { [127, 0, 0, 1] })])
    };
    let fetcher = Fetcher::with_resolver(&outgoing(&["127.77.77.77/32"]), Arc::new(rebinding)).unwrap();
    let url = format!("http://keys.example:{}/", canary.port);
    assert!(matches!(fetcher.get(&url, "*/*").await, Err(FetchError::Connection(_))));
    assert_eq!(asked.load(Ordering::SeqCst), 1, "a name is asked for once");
    assert!(matches!(fetcher.get(&url, "*/*").await, Err(FetchError::NotPublic(_))), "and each time anew");
    let mixed = |_: &str| Ok(vec![IpAddr::from([127, 77, 77, 77]), IpAddr::from([127, 0, 0, 1])]);
    let fetcher = Fetcher::with_resolver(&outgoing(&["127.77.77.77/32"]), Arc::new(mixed)).unwrap();
    assert!(matches!(fetcher.get(&url, "*/*").await, Err(FetchError::NotPublic(_))));
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn row_77_redirects_and_endless_answers_lead_nowhere() {
    let elsewhere = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n";
    let redirecting = Server::start(elsewhere, "", Duration::ZERO).await;
    let url = format!("http://127.0.0.1:{}/", redirecting.port);
    assert!(matches!(lenient().get(&url, "*/*").await, Err(FetchError::Status(StatusCode::FOUND))));
    assert_eq!(redirecting.connections(), 1);
    let endless = "HTTP/1.1 200 OK\r\n\r\n";
    let huge = Server::start(endless, "0123456789abcdef0123456789abcdef", Duration::ZERO).await;
    let url = format!("http://127.0.0.1:{}/", huge.port);
    assert!(matches!(lenient().get(&url, "*/*").await, Err(FetchError::Body)));
}

#[tokio::test]
async fn row_77_a_dripping_answer_ends_in_five_seconds_and_takes_two_places_at_most() {
    let dripping = Server::start("HTTP/1.1 200 OK\r\n\r\n", " ", Duration::from_millis(200)).await;
    let fetcher = lenient();
    let url = format!("http://127.0.0.1:{}/", dripping.port);
    let ask = || async { matches!(fetcher.get(&url, "*/*").await, Err(FetchError::Slow)) };
    #[expect(clippy::disallowed_methods, reason = "the test measures how long it took")]
    let began = std::time::Instant::now();
    let halfway = async {
        tokio::time::sleep(TIME_LIMIT / 2).await;
        dripping.connections()
    };
    let (first, second, third, fourth, connections) = tokio::join!(ask(), ask(), ask(), ask(), halfway);
    assert!(first && second && third && fourth);
    assert!(began.elapsed() < 2 * TIME_LIMIT, "nobody's time begins when another's has ended");
    assert_eq!(connections, MOST_AT_ONE_HOST);
}

#[tokio::test]
async fn a_document_is_fetched_and_a_form_is_posted_where_that_is_allowed() {
    let server = Server::start(HELLO, "", Duration::ZERO).await;
    let url = format!("http://localhost:{}/jwks?a=b#c", server.port);
    let fetcher = Fetcher::new(&outgoing(&["127.0.0.0/8", "::1/128"])).unwrap();
    assert_eq!(fetcher.get(&url, "application/json").await.unwrap(), "{}");
    let accepted = Server::start("HTTP/1.1 204 No Content\r\n\r\n", "", Duration::ZERO).await;
    let url = format!("http://127.0.0.1:{}/", accepted.port);
    assert_eq!(fetcher.post_form(&url, &[("logout_token", "x")]).await.unwrap(), "");
    assert!(matches!(fetcher.get(&url, "*/*").await, Err(FetchError::Status(_))), "no document is none");
}

/// A certificate for `localhost` that signs itself, and a server that has it.
async fn encrypted_server() -> (u16, Vec<u8>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text("CN", "localhost").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
    builder.set_pubkey(&key).unwrap();
    let names =
        SubjectAlternativeName::new().dns("localhost").build(&builder.x509v3_context(None, None)).unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    let pem = builder.build().to_pem().unwrap();
    let identity = native_tls::Identity::from_pkcs8(&pem, &key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let acceptor = tokio_native_tls::TlsAcceptor::from(native_tls::TlsAcceptor::new(identity).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 2048]).await;
            let _ = stream.write_all(HELLO.as_bytes()).await;
        }
    });
    (port, pem)
}

#[tokio::test]
async fn only_a_certificate_for_the_name_from_an_authority_that_is_trusted_will_do() {
    let (port, pem) = encrypted_server().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&pem).unwrap();
    let mut settings = outgoing(&["127.0.0.0/8"]);
    let here = || Arc::new(|_: &str| Ok(vec![IpAddr::from([127, 0, 0, 1])]));
    let ask = async |settings: &Outgoing, host: &str| {
        let fetcher = Fetcher::with_resolver(settings, here()).unwrap();
        fetcher.get(&format!("https://{host}:{port}/"), "*/*").await
    };
    assert!(
        matches!(ask(&settings, "localhost").await, Err(FetchError::Certificate(_))),
        "unknown authority"
    );
    settings.ca_file = Some(file.path().to_owned());
    assert_eq!(ask(&settings, "localhost").await.unwrap(), "{}");
    assert!(matches!(ask(&settings, "keys.example").await, Err(FetchError::Certificate(_))), "another name");
    settings.ca_file = Some("nowhere.pem".into());
    assert!(Fetcher::new(&settings).is_err_and(|why| why.starts_with("outgoing.ca_file nowhere.pem")));
}
