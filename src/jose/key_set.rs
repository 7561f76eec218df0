//! All of our signing keys at one moment.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{DecryptionKey, SigningKey, decode_object};
use crate::base::{Document, Kid, Timestamp, base64url_decode};
use crate::model::Algorithm;

/// No token of ours is longer, so nothing longer is looked at.
const LONGEST_TOKEN: usize = 16 * 1024;

/// What a token of ours says that it is, so that none passes for another (RFC 8725, section 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenType {
    Id,
    /// RFC 9068, section 2.1.
    Access,
}

impl TokenType {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Id => "JWT",
            Self::Access => "at+jwt",
        }
    }
}

/// Every key that is published, and the document that publishes them.
#[derive(Clone, Default)]
pub(crate) struct KeySet {
    keys: Vec<Arc<SigningKey>>,
    decryption: Option<Arc<DecryptionKey>>,
    jwks: Document,
}

impl KeySet {
    #[cfg(test)]
    pub(crate) fn new(keys: Vec<Arc<SigningKey>>) -> Self {
        Self::with_decryption(keys, None)
    }

    /// The same with the key for what is encrypted for us.
    pub(crate) fn with_decryption(
        keys: Vec<Arc<SigningKey>>,
        decryption: Option<Arc<DecryptionKey>>,
    ) -> Self {
        let own = decryption.iter().map(|key| &key.public_jwk);
        let public: Vec<&Value> = keys.iter().map(|key| &key.public_jwk).chain(own).collect();
        let jwks = Document::new(json!({ "keys": public }).to_string());
        Self { keys, decryption, jwks }
    }

    pub(crate) const fn decryption(&self) -> Option<&Arc<DecryptionKey>> {
        self.decryption.as_ref()
    }

    pub(crate) fn keys(&self) -> &[Arc<SigningKey>] {
        &self.keys
    }

    /// The key that signs now: of those of its algorithm that are active, the one that stays longest. One whose removal
    /// is set has been replaced, if need be before its time came; what replaced it stays longer.
    pub(crate) fn signer(&self, algorithm: Algorithm, now: Timestamp) -> Option<&SigningKey> {
        self.keys
            .iter()
            .filter(|key| key.algorithm == algorithm && key.active_from <= now)
            .max_by_key(|key| (key.stays_until(), key.active_from, key.kid.clone()))
            .map(AsRef::as_ref)
    }

    /// Whether there is a key of an algorithm that signs now.
    pub(crate) fn signs(&self, algorithm: Algorithm, now: Timestamp) -> bool {
        self.keys.iter().any(|key| key.algorithm == algorithm && key.active_from <= now)
    }

    /// How many signatures this process has made: for the benchmark.
    #[cfg(feature = "demo")]
    pub(crate) fn signatures(&self) -> u64 {
        self.keys.iter().map(|key| key.signatures()).sum()
    }

    /// The JWK Set document (RFC 7517, section 5), public halves only.
    pub(crate) const fn jwks(&self) -> &Document {
        &self.jwks
    }

    /// The claims of a token that one of these keys signed; `None` where none did.
    ///
    /// The algorithm is the key's, never the header's, and nothing in the header can name another key
    /// (RFC 8725, sections 3.1 and 3.10). Times are for the caller to judge.
    pub(crate) fn verify(&self, expected: TokenType, token: &str) -> Option<serde_json::Map<String, Value>> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header = decode_object(header)?;
        let kid = Kid::parse(header.get("kid")?.as_str()?)?;
        let key = self.keys.iter().find(|key| key.kid == kid)?;
        let is_expected = header.get("typ").and_then(Value::as_str) == Some(expected.name());
        let is_plain = is_expected && !header.contains_key("crit");
        let as_signed = header.get("alg")?.as_str()? == key.algorithm.name() && is_plain;
        let verified = as_signed && key.verifies(message.as_bytes(), &base64url_decode(signature)?);
        if verified { decode_object(claims) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::base64url;
    use crate::jose::generate;
    use crate::model::KeyRecord;

    fn key(algorithm: Algorithm, active_from: i64) -> Arc<SigningKey> {
        let new = generate(algorithm, 2048).unwrap();
        let record = KeyRecord {
            kid: new.kid,
            algorithm,
            public_jwk: new.public_jwk,
            sealed_private: String::new(),
            created_at: Timestamp::from_millis(0),
            active_from: Timestamp::from_millis(active_from),
            remove_after: None,
        };
        Arc::new(SigningKey::load(&record, &new.private_jwk).unwrap())
    }

    #[test]
    fn what_each_algorithm_signs_is_verified_and_nothing_else_is() {
        for algorithm in Algorithm::ALL {
            let set = KeySet::new(vec![key(algorithm, 0)]);
            let signer = set.signer(algorithm, Timestamp::from_millis(0)).unwrap();
            let token = signer.sign("JWT", &json!({ "sub": "alex" })).unwrap();
            assert_eq!(set.verify(TokenType::Id, &token).unwrap()["sub"], "alex", "{algorithm:?}");
            assert!(
                KeySet::new(vec![key(algorithm, 0)]).verify(TokenType::Id, &token).is_none(),
                "another key"
            );
            assert!(set.verify(TokenType::Access, &token).is_none(), "another type");
            assert!(set.verify(TokenType::Id, &format!("{token}A")).is_none());
            assert!(set.verify(TokenType::Id, &token.replace('.', "..")).is_none());
        }
    }

    #[test]
    fn row_64_and_65_an_unsigned_or_mac_signed_token_is_refused() {
        let set = KeySet::new(vec![key(Algorithm::RS256, 0)]);
        let kid = set.keys()[0].kid.to_string();
        let claims = base64url(r#"{"sub":"alex"}"#);
        for alg in ["none", "None", "nOnE", "HS256", "ES256", "PS256", ""] {
            let header = base64url(json!({ "alg": alg, "kid": kid }).to_string());
            for signature in ["", "AAAA"] {
                assert!(
                    set.verify(TokenType::Id, &format!("{header}.{claims}.{signature}")).is_none(),
                    "{alg}"
                );
            }
        }
    }

    #[test]
    fn row_69_a_header_with_a_member_twice_or_a_demand_we_do_not_know_is_refused() {
        let set = KeySet::new(vec![key(Algorithm::ES256, 0)]);
        let kid = set.keys()[0].kid.to_string();
        let good = set.keys()[0].sign("JWT", &json!({})).unwrap();
        let rest = good.split_once('.').unwrap().1;
        for header in [
            format!(r#"{{"alg":"ES256","alg":"ES256","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"ES256","kid":"{kid}","crit":["x"],"x":1}}"#),
        ] {
            assert!(set.verify(TokenType::Id, &format!("{}.{rest}", base64url(header))).is_none());
        }
    }

    #[test]
    fn a_key_that_is_announced_does_not_sign_before_its_day() {
        let (old, new) = (key(Algorithm::ES256, 0), key(Algorithm::ES256, 100));
        let set = KeySet::new(vec![Arc::clone(&old), Arc::clone(&new)]);
        assert_eq!(set.signer(Algorithm::ES256, Timestamp::from_millis(99)).unwrap().kid, old.kid);
        assert_eq!(set.signer(Algorithm::ES256, Timestamp::from_millis(100)).unwrap().kid, new.kid);
        let published = String::from_utf8_lossy(&set.jwks().body).into_owned();
        assert!(published.contains(new.kid.as_str()), "and is published all the same");
        assert!(!published.contains("\"d\""));
    }
}
