//! Clients that prove who they are by a certificate (RFC 8705, section 2).

use std::net::SocketAddr;

use axum::Extension;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};
use serde_json::{Value, json};

use super::client_assertion::{assert_believed, assert_not_believed};
use super::support::{Browser, NOON, Page, Provider};
use crate::base::{Span, base64url};
use crate::config::Config;
use crate::model::{Algorithm, ClientAuthentication, ClientSettings, SecurityProfile};
use crate::web::PeerAddress;

/// A certificate with its key, to be shown or to sign others.
pub(crate) struct Sample {
    certificate: X509,
    key: PKey<Private>,
}

impl Sample {
    /// For an organisation and one of its machines, signed by `authority` or else by itself, valid for ten days
    /// about noon.
    pub(crate) fn new(organisation: &str, host: &str, authority: Option<&Self>) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut name = X509Name::builder().unwrap();
        for (kind, value) in [("C", "GB"), ("O", organisation), ("CN", host)] {
            name.append_entry_by_text(kind, value).unwrap();
        }
        let name = name.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
        builder.set_subject_name(&name).unwrap();
        let issuer = authority.map_or(&*name, |authority| authority.certificate.subject_name());
        builder.set_issuer_name(issuer).unwrap();
        let day = 86_400;
        builder.set_not_before(&Asn1Time::from_unix(NOON.seconds() - 5 * day).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(NOON.seconds() + 5 * day).unwrap()).unwrap();
        builder.set_pubkey(&key).unwrap();
        let names =
            SubjectAlternativeName::new().dns(host).build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(names).unwrap();
        if authority.is_none() {
            builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        }
        builder.sign(authority.map_or(&key, |authority| &authority.key), MessageDigest::sha256()).unwrap();
        Self { certificate: builder.build(), key }
    }

    pub(crate) fn pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
    }

    /// The certificate in base64, as a JWK has it (RFC 7517, section 4.7).
    pub(crate) fn base64(&self) -> String {
        STANDARD.encode(self.certificate.to_der().unwrap())
    }

    /// The public key as a JWK with the certificate.
    pub(crate) fn jwk(&self) -> Value {
        let key = self.key.ec_key().unwrap();
        let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
        let mut context = BigNumContext::new().unwrap();
        key.public_key().affine_coordinates(key.group(), &mut x, &mut y, &mut context).unwrap();
        json!({
            "kty": "EC", "crv": "P-256", "x5c": [self.base64()],
            "x": base64url(x.to_vec_padded(32).unwrap()), "y": base64url(y.to_vec_padded(32).unwrap())
        })
    }
}

pub(crate) const PROXY: &str = "10.0.0.1:4711";
const STRANGER: &str = "192.0.2.1:4711";

pub(crate) fn behind_proxy(config: &mut Config) {
    config.listen.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    config.listen.client_certificate_header = Some("client-cert".parse().unwrap());
}

/// Whoever comes by way of a peer.
pub(crate) fn at_proxy(provider: &Provider, peer: &str) -> Browser {
    let peer: SocketAddr = peer.parse().unwrap();
    Browser::at(provider.router.clone().layer(Extension(PeerAddress(peer))))
}

/// What the token endpoint says to a client with certificates in the header, from a peer.
async fn show(provider: &Provider, peer: &str, client: &str, certificates: &[&Sample]) -> Page {
    let program = at_proxy(provider, peer);
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
