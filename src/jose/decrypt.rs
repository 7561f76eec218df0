//! What others encrypted for us (RFC 7516): signed requests (RFC 9101, section 6.1).

use josekit::jwe::{self, ECDH_ES, ECDH_ES_A256KW, JweDecrypter, JweHeader};
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use serde_json::{Map, Value, json};

use super::thumbprint;
use crate::base::Fault;
use crate::model::{ContentEncryption, KeyManagement};

/// No request is longer, so nothing longer is looked at.
const LONGEST_TOKEN: usize = 16 * 1024;

/// Our own key for what is encrypted for us.
pub(crate) struct DecryptionKey {
    pub(crate) public_jwk: Value,
    direct: Box<dyn JweDecrypter + Send + Sync>,
    wrapped: Box<dyn JweDecrypter + Send + Sync>,
}

impl DecryptionKey {
    /// How the key of a request may be made known to us.
    pub(crate) const ALGORITHMS: [KeyManagement; 2] = [KeyManagement::EcdhEs, KeyManagement::EcdhEsA256Kw];

    /// A new key as a private JWK; the caller seals it and lets it go.
    pub(crate) fn generate() -> Result<Vec<u8>, Fault> {
        let key = Jwk::generate_ec_key(EcCurve::P256);
        let key = key.map_err(|error| Fault::caused("no key for requests could be made", error))?;
        Ok(key.to_string().into_bytes())
    }

    /// Readies a key that has been opened.
    ///
    /// # Errors
    /// Where it is damaged.
    pub(crate) fn load(private_jwk: &[u8]) -> Result<Self, Fault> {
        let failed = |error| Fault::caused("the key for requests cannot be used", error);
        let mut private = Jwk::from_bytes(private_jwk).map_err(failed)?;
        let mut public: Map<String, Value> = private.to_public_key().map_err(failed)?.into();
        let kid = thumbprint(&public).ok_or_else(|| Fault::new("the key for requests has no name"))?;
        private.set_key_id(kid.as_str());
        public.insert("kid".to_owned(), json!(kid));
        public.insert("use".to_owned(), json!("enc"));
        Ok(Self {
            public_jwk: Value::Object(public),
            direct: Box::new(ECDH_ES.decrypter_from_jwk(&private).map_err(failed)?),
            wrapped: Box::new(ECDH_ES_A256KW.decrypter_from_jwk(&private).map_err(failed)?),
        })
    }

    /// What was encrypted for this key; `None` for anything else.
    pub(crate) fn decrypt(&self, token: &str) -> Option<String> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let read = jwe::deserialize_compact_with_selector(token, |header| Ok(self.decrypter(header)));
        String::from_utf8(read.ok()?.0).ok()
    }

    /// Compressed texts are not read: a small one can stand for one that fills the memory (RFC 8725, section 3.6).
    fn decrypter(&self, header: &JweHeader) -> Option<&dyn JweDecrypter> {
        let content = header.content_encryption()?;
        let is_known = ContentEncryption::ALL.iter().any(|known| known.name() == content);
        if !is_known || header.claim("zip").is_some() {
            return None;
        }
        match KeyManagement::parse(header.algorithm()?)? {
            KeyManagement::EcdhEs => Some(&*self.direct),
            KeyManagement::EcdhEsA256Kw => Some(&*self.wrapped),
            KeyManagement::RsaOaep256 => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{Content, encrypt};

    #[test]
    fn row_68_what_is_encrypted_for_us_is_read_and_what_is_compressed_is_not() {
        let key = DecryptionKey::load(&DecryptionKey::generate().unwrap()).unwrap();
        assert!(key.public_jwk.get("d").is_none());
        let set = json!({ "keys": [key.public_jwk] });
        for algorithm in DecryptionKey::ALGORITHMS {
            for content in ContentEncryption::ALL {
                let token = encrypt(&set, (algorithm, content), Content::Token("a.b.c")).unwrap();
                assert_eq!(key.decrypt(&token).as_deref(), Some("a.b.c"));
                let other = DecryptionKey::load(&DecryptionKey::generate().unwrap()).unwrap();
                assert_eq!(other.decrypt(&token), None);
                assert_eq!(key.decrypt(&format!("{token}A")), None);
            }
        }
        let mut header = JweHeader::new();
        header.set_content_encryption("A128GCM");
        header.set_compression("DEF");
        let public = Jwk::from_map(key.public_jwk.as_object().unwrap().clone()).unwrap();
        let encrypter = ECDH_ES.encrypter_from_jwk(&public).unwrap();
        let bomb = jwe::serialize_compact(&[b'a'; 100_000], &header, &encrypter).unwrap();
        assert!(bomb.len() < 1_000 && key.decrypt(&bomb).is_none());
    }
}
