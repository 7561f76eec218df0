//! Certificates made for a test.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};
use serde_json::{Value, json};

/// A certificate with its key, to be shown or to sign others.
pub struct Sample {
    pub certificate: X509,
    pub key: PKey<Private>,
}

impl Sample {
    /// For an organisation and one of its machines, signed by `authority` or else by itself, valid for ten days about
    /// a moment in seconds.
    pub fn about(middle: i64, organisation: &str, host: &str, authority: Option<&Self>) -> Self {
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
        builder.set_not_before(&Asn1Time::from_unix(middle - 5 * day).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(middle + 5 * day).unwrap()).unwrap();
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

    pub fn pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
    }

    /// The certificate in base64, as a JWK has it (RFC 7517, section 4.7).
    pub fn base64(&self) -> String {
        STANDARD.encode(self.certificate.to_der().unwrap())
    }

    /// The public key as a JWK with the certificate.
    pub fn jwk(&self) -> Value {
        let key = self.key.ec_key().unwrap();
        let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
        let mut context = BigNumContext::new().unwrap();
        key.public_key().affine_coordinates(key.group(), &mut x, &mut y, &mut context).unwrap();
        json!({
            "kty": "EC", "crv": "P-256", "x5c": [self.base64()],
            "x": URL_SAFE_NO_PAD.encode(x.to_vec_padded(32).unwrap()), "y": URL_SAFE_NO_PAD.encode(y.to_vec_padded(32).unwrap())
        })
    }
}
