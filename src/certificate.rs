//! Certificates: those that clients show, to us or to the proxy in front of us (RFC 8705; RFC 5280), and our own.

mod own;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::nid::Nid;
use openssl::ssl::SslRef;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509PurposeId, X509StoreContext};

pub(crate) use self::own::{Files, Own, Terms};
use crate::base::{Timestamp, base64url, sha256};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// A client's certificate. That the client has its key was found by the handshake, ours or the proxy's; nothing else
/// is taken for granted.
#[derive(Clone)]
pub(crate) struct Certificate(X509);

impl Certificate {
    /// The certificate that the other end of a connection showed, and proved to have the key of.
    pub(crate) fn of_peer(connection: &SslRef) -> Option<Self> {
        connection.peer_certificate().map(Self)
    }

    /// Reads a certificate as proxies hand it on in a header: in base64 between colons (RFC 9440, section 2.1), bare,
    /// or with the lines around it that PEM has, percent-encoded or not.
    pub(crate) fn from_header(value: &str) -> Option<Self> {
        // What encodes anything encodes the plus sign of base64 too, which would stand for a space otherwise.
        let decoded = match value.contains('%') {
            true => form_urlencoded::parse(value.replace('=', "%3D").as_bytes()).next()?.0.into_owned(),
            false => value.to_owned(),
        };
        let text: String = decoded.replacen(BEGIN, "", 1).replacen(END, "", 1);
        let base64: String = text.trim_matches(':').chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(base64).ok()?;
        let certificate = X509::from_der(&der).ok()?;
        // Nothing may follow that only one of two readers sees.
        (certificate.to_der().ok()? == der).then_some(Self(certificate))
    }

    /// The certificate as it was signed.
    pub(crate) fn der(&self) -> Option<Vec<u8>> {
        self.0.to_der().ok()
    }

    /// What tokens that are bound to it say of it: the hash of the whole, in base64url (RFC 8705, section 3.1).
    pub(crate) fn thumbprint(&self) -> Option<String> {
        self.der().map(|der| base64url(sha256(der)))
    }

    /// Its subject as text (RFC 4514); `None` where that cannot be written.
    pub(crate) fn subject(&self) -> Option<String> {
        let mut parts = Vec::new();
        for entry in self.0.subject_name().entries() {
            let nid = entry.object().nid();
            let name = if nid == Nid::UNDEF { None } else { nid.short_name().ok() };
            parts.push(format!("{}={}", name?, escaped(&entry.data().to_string().ok()?)));
        }
        parts.reverse();
        Some(parts.join(","))
    }

    /// Whether it is for a host of this name.
    pub(crate) fn names_host(&self, host: &str) -> bool {
        let names = self.0.subject_alt_names();
        names.iter().flatten().filter_map(|name| name.dnsname()).any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// RFC 4514, section 2.4.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut escaped = String::new();
    for (at, c) in value.chars().enumerate() {
        let is_edge = (at == 0 && matches!(c, ' ' | '#')) || (at == last && c == ' ');
        if is_edge || matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Whose word is taken on the names in certificates.
#[derive(Default)]
pub(crate) struct Authorities(Vec<X509>);

impl Authorities {
    /// Reads the certificates of a PEM file.
    ///
    /// # Errors
    /// One sentence, where there is none to be read.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let unusable = |error: &dyn std::fmt::Display| {
            format!("listen.client_authorities_file {} cannot be used: {error}", file.display())
        };
        let pem = std::fs::read(file).map_err(|error| unusable(&error))?;
        let authorities = X509::stack_from_pem(&pem).map_err(|error| unusable(&error))?;
        if authorities.is_empty() {
            Err(unusable(&"it has no certificate in PEM"))
        } else {
            Ok(Self(authorities))
        }
    }

    /// Whether one of them signed a certificate, for a client, that is valid now (RFC 5280, section 6).
    pub(crate) fn vouch_for(&self, certificate: &Certificate, now: Timestamp) -> bool {
        let checked = self.store(now).and_then(|store| {
            X509StoreContext::new()?
                .init(&store, &certificate.0, Stack::new()?.as_ref(), |context| context.verify_cert())
        });
        checked.unwrap_or(false)
    }

    fn store(&self, now: Timestamp) -> Result<X509Store, openssl::error::ErrorStack> {
        let mut store = X509StoreBuilder::new()?;
        for authority in &self.0 {
            store.add_cert(authority.clone())?;
        }
        let mut param = X509VerifyParam::new()?;
        param.set_time(now.seconds());
        param.set_purpose(X509PurposeId::SSL_CLIENT)?;
        store.set_param(&param)?;
        Ok(store.build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::client_certificate::Sample;
    use crate::suite::support::NOON;

    fn shown(sample: &Sample) -> Certificate {
        Certificate::from_header(&sample.base64()).unwrap()
    }

    fn trusting(sample: &Sample) -> Authorities {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), sample.pem()).unwrap();
        Authorities::read(file.path()).unwrap()
    }

    #[test]
    fn a_certificate_is_read_in_every_form_that_proxies_write_it_in() {
        let sample = Sample::new("Example, \"North\" + Co", "portal.example", None);
        let (pem, base64) = (sample.pem(), sample.base64());
        let escaped: String =
            form_urlencoded::byte_serialize(pem.as_bytes()).collect::<String>().replace('+', "%20");
        for form in [escaped, format!(":{base64}:"), base64.clone(), pem.replace('\n', " ")] {
            let read = Certificate::from_header(&form).unwrap_or_else(|| panic!("{form}"));
            assert_eq!(read.subject().unwrap(), r#"CN=portal.example,O=Example\, \"North\" \+ Co,C=GB"#);
            assert!(read.names_host("PORTAL.example") && !read.names_host("example"));
        }
        let trailing = STANDARD.encode([STANDARD.decode(&base64).unwrap(), vec![0]].concat());
        for bad in ["", "(null)", "%", "AAAA", &trailing, &format!("{pem}{pem}")] {
            assert!(Certificate::from_header(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn authorities_vouch_for_what_they_signed_while_it_is_valid() {
        let (authority, stranger) =
            (Sample::new("Authority", "ca.example", None), Sample::new("Authority", "ca.example", None));
        let client = shown(&Sample::new("Example", "portal.example", Some(&authority)));
        let trusted = trusting(&authority);
        assert!(trusted.vouch_for(&client, NOON));
        assert!(!trusting(&stranger).vouch_for(&client, NOON), "another of the same name");
        assert!(!Authorities::default().vouch_for(&client, NOON));
        let week = crate::base::Span::days(7);
        assert!(!trusted.vouch_for(&client, NOON + week) && !trusted.vouch_for(&client, NOON - week));
        let own = shown(&Sample::new("Example", "portal.example", None));
        assert!(!trusted.vouch_for(&own, NOON), "one that signs itself");
    }
}
