//! JSON Web Encryption (RFC 7516): what only the owner of a key can read.

use josekit::jwe::{self, ECDH_ES, ECDH_ES_A256KW, JweEncrypter, JweHeader, RSA_OAEP_256};
use josekit::jwk::Jwk;
use serde_json::{Map, Value};

use crate::base::Fault;
use crate::model::{ContentEncryption, KeyManagement};

/// What is encrypted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'a> {
    /// A signed token (RFC 7519, section 5.2).
    Token(&'a str),
    /// Claims as they are.
    Claims(&'a str),
}

/// Encrypts something for whoever published a JWK set.
///
/// # Errors
/// Where no key of the set serves that end, or the key is damaged.
pub(crate) fn encrypt(
    set: &Value,
    (key, content): (KeyManagement, ContentEncryption),
    what: Content<'_>,
) -> Result<String, Fault> {
    let failed = |error| Fault::caused(format!("nothing can be encrypted with {}", key.name()), error);
    let members =
        fitting(set, key).ok_or_else(|| Fault::new(format!("there is no key for {}", key.name())))?;
    let jwk = Jwk::from_map(members.clone()).map_err(failed)?;
    let encrypter: Box<dyn JweEncrypter> = match key {
        KeyManagement::RsaOaep256 => Box::new(RSA_OAEP_256.encrypter_from_jwk(&jwk).map_err(failed)?),
        KeyManagement::EcdhEs => Box::new(ECDH_ES.encrypter_from_jwk(&jwk).map_err(failed)?),
        KeyManagement::EcdhEsA256Kw => Box::new(ECDH_ES_A256KW.encrypter_from_jwk(&jwk).map_err(failed)?),
    };
    let mut header = JweHeader::new();
    header.set_content_encryption(content.name());
    if let Some(kid) = members.get("kid").and_then(Value::as_str) {
        header.set_key_id(kid);
    }
    let payload = match what {
        Content::Token(token) => {
            header.set_content_type("JWT");
            token
        }
        Content::Claims(claims) => claims,
    };
    jwe::serialize_compact(payload.as_bytes(), &header, &*encrypter).map_err(failed)
}

/// Whether a set has a key that something can be encrypted with.
pub(crate) fn can_encrypt(set: &Value, key: KeyManagement) -> bool {
    let probe = (key, ContentEncryption::default());
    encrypt(set, probe, Content::Claims("{}")).is_ok()
}

/// The first key that is of the kind, and not for another end (RFC 7517, sections 4.2 and 4.4).
fn fitting(set: &Value, key: KeyManagement) -> Option<&Map<String, Value>> {
    let keys = set.get("keys")?.as_array()?;
    let serves = |members: &Map<String, Value>, name: &str, wanted: &str| {
        members.get(name).is_none_or(|value| value == wanted)
    };
    let is_kind = |members: &Map<String, Value>| {
        let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
        match key {
            KeyManagement::RsaOaep256 => text("kty") == "RSA",
            KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw => {
                matches!((text("kty"), text("crv")), ("EC", "P-256" | "P-384") | ("OKP", "X25519"))
            }
        }
    };
    keys.iter().filter_map(Value::as_object).find(|members| {
        is_kind(members) && serves(members, "use", "enc") && serves(members, "alg", key.name())
    })
}

#[cfg(test)]
mod tests {
    use josekit::jwk::alg::ec::EcCurve;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_encrypted_is_read_with_the_key_and_with_no_other_end_s_key() {
        let rsa = Jwk::generate_rsa_key(2048).unwrap();
        let ec = Jwk::generate_ec_key(EcCurve::P256).unwrap();
        let public = |key: &Jwk, end: &str| {
            let mut members: Map<String, Value> = key.to_public_key().unwrap().into();
            members.insert("use".to_owned(), json!(end));
            Value::Object(members)
        };
        let set = json!({ "keys": [public(&rsa, "sig"), public(&rsa, "enc"), public(&ec, "enc")] });
        for content in ContentEncryption::ALL {
            let token = encrypt(&set, (KeyManagement::RsaOaep256, content), Content::Token("a.b.c")).unwrap();
            let decrypter = RSA_OAEP_256.decrypter_from_jwk(&rsa).unwrap();
            let (payload, header) = jwe::deserialize_compact(&token, &decrypter).unwrap();
            assert_eq!(payload, b"a.b.c");
            assert_eq!(
                (header.content_type(), header.content_encryption()),
                (Some("JWT"), Some(content.name()))
            );
            for key in [KeyManagement::EcdhEs, KeyManagement::EcdhEsA256Kw] {
                let token = encrypt(&set, (key, content), Content::Claims("{}")).unwrap();
                let read = match key {
                    KeyManagement::EcdhEs => {
                        jwe::deserialize_compact(&token, &ECDH_ES.decrypter_from_jwk(&ec).unwrap())
                    }
                    _ => jwe::deserialize_compact(&token, &ECDH_ES_A256KW.decrypter_from_jwk(&ec).unwrap()),
                };
                assert_eq!(read.unwrap().0, b"{}");
            }
        }
        let only_signing = json!({ "keys": [public(&rsa, "sig"), public(&ec, "sig")] });
        for key in KeyManagement::ALL {
            assert!(can_encrypt(&set, key) && !can_encrypt(&only_signing, key), "{}", key.name());
        }
    }
}
