//! Clients that prove who they are by a certificate (RFC 8705, section 2).

use std::net::SocketAddr;

use axum::{Extension, Router};
use serde_json::{Value, json};

pub(crate) use super::certificate::Sample;
use super::client_assertion::{assert_believed, assert_not_believed};
use super::support::{Browser, NOON, Page, Provider};
use crate::base::Span;
use crate::certificate::Certificate;
use crate::config::{Config, Tls};
use crate::model::{Algorithm, ClientAuthentication, ClientSettings, SecurityProfile};
use crate::web::{PeerAddress, PeerCertificate};

impl Sample {
    /// Valid for ten days about noon.
    pub(crate) fn new(organisation: &str, host: &str, authority: Option<&Self>) -> Self {
        Self::about(NOON.seconds(), organisation, host, authority)
    }
}

pub(crate) const PROXY: &str = "10.0.0.1:4711";
const STRANGER: &str = "192.0.2.1:4711";

pub(crate) fn behind_proxy(config: &mut Config) {
    config.listen.trusted_proxies.0 = vec!["10.0.0.0/8".parse().unwrap()];
    config.listen.client_certificate_header = Some("client-cert".parse().unwrap());
}

/// Whoever comes by way of a peer.
pub(crate) fn at_proxy(router: Router, peer: &str) -> Browser {
    let peer: SocketAddr = peer.parse().unwrap();
    Browser::at(router.layer(Extension(PeerAddress(peer))))
}

/// What the token endpoint says to a client with certificates in the header, from a peer.
async fn show(provider: &Provider, peer: &str, client: &str, certificates: &[&Sample]) -> Page {
    show_to(provider.router.clone(), peer, client, certificates).await
}

async fn show_to(router: Router, peer: &str, client: &str, certificates: &[&Sample]) -> Page {
    let program = at_proxy(router, peer);
    let headers: Vec<String> = certificates.iter().map(|sample| format!(":{}:", sample.base64())).collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|header| ("client-cert", header.as_str())).collect();
    let fields = [("grant_type", "authorization_code"), ("code", "gh_ac_unknown"), ("client_id", client)];
    program.call("/token", &fields, &headers).await
}

pub(crate) fn registers(certificate: &Sample) -> impl FnOnce(&mut ClientSettings) {
    let jwks: Value = json!({ "keys": [certificate.jwk()] });
    |settings| {
        settings.authentication = ClientAuthentication::SelfSignedTlsClientAuth;
        settings.jwks = Some(jwks);
        (settings.profile, settings.id_token_algorithm) = (SecurityProfile::Fapi2, Algorithm::ES256);
    }
}

#[tokio::test]
async fn a_registered_certificate_is_believed_of_our_own_proxy_only() {
    let provider = Provider::start_with(behind_proxy).await;
    let (own, other) =
        (Sample::new("Example", "portal.example", None), Sample::new("Example", "portal.example", None));
    assert_eq!(provider.add_client("portal", registers(&own)).await, None);
    assert_believed(&show(&provider, PROXY, "portal", &[&own]).await, "its certificate");
    assert_not_believed(&show(&provider, PROXY, "portal", &[&other]).await, "another of the same name");
    assert_not_believed(&show(&provider, PROXY, "portal", &[]).await, "none");
    assert_not_believed(&show(&provider, PROXY, "portal", &[&own, &own]).await, "two");
    assert_not_believed(
        &show(&provider, STRANGER, "portal", &[&own]).await,
        "a header that anybody can write",
    );
    let found = provider.browser().open(crate::base::paths::OPENID_CONFIGURATION).await.json();
    let methods = found["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&json!("self_signed_tls_client_auth")));
    assert!(!methods.contains(&json!("tls_client_auth")), "nobody vouches for names");
}

#[tokio::test]
async fn a_certificate_of_the_handshake_is_believed_unless_the_hand_was_a_proxys() {
    let files = ["certificate.pem", "key.pem"].map(Into::into);
    let provider = Provider::start_with(|config| {
        behind_proxy(config);
        let [certificate_file, key_file] = files;
        config.listen.tls =
            Some(Tls { certificate_file, key_file, ask_client_certificates: true, ask_only_at: None });
    })
    .await;
    let (own, other) =
        (Sample::new("Example", "portal.example", None), Sample::new("Example", "portal.example", None));
    provider.add_client("portal", registers(&own)).await;
    let connect = async |peer: &str, shown: &Sample, header: &[&Sample]| {
        let certificate = PeerCertificate(Certificate::from_header(&shown.base64()).unwrap());
        let router = provider.router.clone().layer(Extension(certificate));
        show_to(router, peer, "portal", header).await
    };
    assert_believed(&connect(STRANGER, &own, &[]).await, "its certificate");
    assert_believed(&connect(STRANGER, &own, &[&other]).await, "a header is nothing");
    assert_not_believed(&connect(STRANGER, &other, &[&own]).await, "a header is nothing");
    assert_not_believed(&connect(PROXY, &own, &[]).await, "the certificate of the proxy itself");
    assert_believed(&connect(PROXY, &other, &[&own]).await, "what the proxy was shown");
}

#[tokio::test]
async fn a_name_is_believed_when_an_authority_vouches_for_it() {
    let authority = Sample::new("Authority", "ca.example", None);
    let own = Sample::new("Example", "portal.example", Some(&authority));
    let forged = Sample::new("Example", "portal.example", None);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.pem()).unwrap();
    let provider = Provider::start_with(|config| {
        behind_proxy(config);
        config.listen.client_authorities_file = Some(file.path().to_owned());
    })
    .await;
    let by_name = |subject: Option<&str>, host: Option<&str>| {
        let (subject, host) = (subject.map(str::to_owned), host.map(str::to_owned));
        |settings: &mut ClientSettings| {
            settings.authentication = ClientAuthentication::TlsClientAuth;
            (settings.tls_subject, settings.tls_host) = (subject, host);
        }
    };
    let subject = "CN=portal.example,O=Example,C=GB";
    for (client, subject, host, good) in [
        ("by-subject", Some(subject), None, true),
        ("by-host", None, Some("portal.example"), true),
        ("other-subject", Some("CN=portal.example"), None, false),
        ("other-host", None, Some("example"), false),
    ] {
        provider.add_client(client, by_name(subject, host)).await;
        let page = show(&provider, PROXY, client, &[&own]).await;
        if good {
            assert_believed(&page, client)
        } else {
            assert_not_believed(&page, client)
        }
        assert_not_believed(&show(&provider, PROXY, client, &[&forged]).await, "one that signs itself");
    }
    provider.advance(Span::days(7));
    assert_not_believed(&show(&provider, PROXY, "by-host", &[&own]).await, "one that has expired");
}

#[tokio::test]
async fn a_certificate_is_nothing_to_a_client_that_has_another_way() {
    let provider = Provider::start_with(behind_proxy).await;
    let certificate = Sample::new("Example", "portal.example", None);
    provider.add_client("portal", |_| {}).await;
    provider.add_client("open", |settings| settings.authentication = ClientAuthentication::None).await;
    assert_not_believed(&show(&provider, PROXY, "portal", &[&certificate]).await, "a secret is wanted");
    assert_believed(&show(&provider, PROXY, "open", &[&certificate]).await, "nothing is wanted");
}
