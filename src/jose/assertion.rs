//! Signatures that others made: a token as it came in, and the keys that its maker published.

use josekit::jwk::Jwk;
use josekit::jws::{ES256, EdDSA, HS256, JwsVerifier, PS256, RS256};
use serde_json::{Map, Value};

use super::{decode_object, thumbprint};
use crate::base::base64url_decode;
use crate::model::Algorithm;

/// No assertion that we accept is longer, so nothing longer is looked at.
const LONGEST_TOKEN: usize = 8 * 1024;
/// Nobody needs more keys at once: two of each kind, and some for other ends.
const MOST_KEYS: usize = 20;
/// In bytes: weaker keys prove nothing (RFC 7518, section 3.3); longer ones only cost time.
const SHORTEST_MODULUS: usize = 2048 / 8;
const LONGEST_MODULUS: usize = 8192 / 8;
const LONGEST_EXPONENT: usize = 4;

/// A compact JWS (RFC 7515, section 7.1) that has been read and not believed.
pub(crate) struct Presented<'a> {
    message: &'a str,
    signature: Vec<u8>,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl<'a> Presented<'a> {
    /// Takes a token apart; `None` where it is malformed or demands an extension that we do not know (RFC 7515,
    /// section 4.1.11).
    pub(crate) fn read(token: &'a str) -> Option<Self> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header = decode_object(header)?;
        if header.contains_key("crit") {
            return None;
        }
        Some(Self {
            message,
            signature: base64url_decode(signature)?,
            header,
            claims: decode_object(claims)?,
        })
    }

    /// What it claims, true or not.
    pub(crate) const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// What it says that it is (RFC 8725, section 3.11).
    pub(crate) fn typ(&self) -> Option<&str> {
        self.header.get("typ").and_then(Value::as_str)
    }

    /// Whether it was authenticated with a secret that both sides know, by HS256. The key is the secret's text
    /// (OpenID Connect Core 1.0, section 10.1).
    pub(crate) fn is_by_secret(&self, secret: &str) -> bool {
        let verifier = HS256.verifier_from_bytes(secret).ok();
        self.name() == "HS256"
            && verifier.is_some_and(|key| key.verify(self.message.as_bytes(), &self.signature).is_ok())
    }

    /// The thumbprint of the key in its header, if that key made the signature by one of these algorithms. What is
    /// proven so is that somebody has the key, not whose it is (RFC 9449, section 4.3).
    pub(crate) fn own_key(&self, agreed: &[Algorithm]) -> Option<String> {
        let members = self.header.get("jwk")?.as_object()?;
        let key = public_key(members).ok().flatten()?;
        let keys = PublicKeys { keys: vec![key], certificates: Vec::new() };
        // The name that the header may give besides is not that of this key.
        keys.verify_by(self, agreed, |_| true).ok()?;
        thumbprint(members)
    }

    fn name(&self) -> &str {
        self.header.get("alg").and_then(Value::as_str).unwrap_or_default()
    }

    /// `None` for `none`, for message authentication codes, and for what we do not know.
    fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::parse(self.name())
    }

    fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }
}

/// Why no key of a set made a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unverified {
    /// The algorithm is not one of those that were agreed.
    Algorithm,
    /// No key bears the name or, where there is no name, made the signature: the set may be out of date.
    NoKey,
    /// The key of that name did not make it.
    Signature,
}

/// The public keys of somebody else (RFC 7517, section 5).
pub(crate) struct PublicKeys {
    keys: Vec<PublicKey>,
    /// In base64 (RFC 7517, section 4.7).
    certificates: Vec<String>,
}

struct PublicKey {
    kid: Option<String>,
    /// One for each algorithm that the key can be used with.
    verifiers: Vec<(Algorithm, Box<dyn JwsVerifier>)>,
}

impl PublicKeys {
    /// Reads a JWK set, and readies its keys for use.
    ///
    /// # Errors
    /// One sentence: it is not a set, it holds a secret, a key in it is too weak, or there is neither a key that signs
    /// nor a certificate. Kinds of key that we do not know are passed over (RFC 7517, section 5).
    pub(crate) fn import(set: &Value) -> Result<Self, String> {
        let keys = set.get("keys").and_then(Value::as_array).ok_or("The key set has no list of keys")?;
        if keys.len() > MOST_KEYS {
            return Err(format!("The key set has more than {MOST_KEYS} keys"));
        }
        let (mut read, mut certificates) = (Vec::new(), Vec::new());
        for key in keys {
            let members = key.as_object().ok_or("A key in the key set is not an object")?;
            read.extend(public_key(members)?);
            let own = members.get("x5c").and_then(|chain| chain.get(0)?.as_str());
            certificates.extend(own.map(str::to_owned));
        }
        let encrypts = |key: &Value| key.get("use").is_some_and(|end| end == "enc");
        if read.is_empty() && certificates.is_empty() && !keys.iter().any(encrypts) {
            return Err("The key set has no key for RS256, PS256, ES256 or EdDSA signatures".to_owned());
        }
        Ok(Self { keys: read, certificates })
    }

    /// Whether a key of the set can check what an algorithm signed.
    pub(crate) fn serves(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().flat_map(|key| &key.verifiers).any(|(fits, _)| *fits == algorithm)
    }

    /// The certificates that came with keys of the set, in base64.
    pub(crate) fn certificates(&self) -> &[String] {
        &self.certificates
    }

    /// Whether a key of the set came with this certificate, in base64.
    pub(crate) fn has_certificate(&self, certificate: &str) -> bool {
        self.certificates.iter().any(|known| known == certificate)
    }

    /// Whether one of these keys signed a token, by one of the algorithms that were agreed.
    ///
    /// The header names a key and an algorithm; that they belong together is the set's to say (RFC 8725, sections
    /// 3.1 and 3.10).
    pub(crate) fn verify(&self, token: &Presented<'_>, agreed: &[Algorithm]) -> Result<(), Unverified> {
        let named = |key: &PublicKey| token.kid().is_none() || token.kid() == key.kid.as_deref();
        self.verify_by(token, agreed, named).map_err(|unverified| match unverified {
            Unverified::Signature if token.kid().is_none() => Unverified::NoKey,
            other => other,
        })
    }

    fn verify_by(
        &self,
        token: &Presented<'_>,
        agreed: &[Algorithm],
        may_be: impl Fn(&PublicKey) -> bool,
    ) -> Result<(), Unverified> {
        let algorithm =
            token.algorithm().filter(|named| agreed.contains(named)).ok_or(Unverified::Algorithm)?;
        let fitting = self.keys.iter().filter(|key| may_be(key)).flat_map(|key| &key.verifiers);
        let mut fitting = fitting.filter(|(fits, _)| *fits == algorithm).peekable();
        if fitting.peek().is_none() {
            return Err(Unverified::NoKey);
        }
        let is_signed =
            fitting.any(|(_, key)| key.verify(token.message.as_bytes(), &token.signature).is_ok());
        if is_signed { Ok(()) } else { Err(Unverified::Signature) }
    }
}

/// A key that signs; `None` for one that serves another end or is of a kind that we do not know.
fn public_key(members: &Map<String, Value>) -> Result<Option<PublicKey>, String> {
    let member = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let kid = members.get("kid").and_then(Value::as_str).map(str::to_owned);
    let shown = kid.clone().unwrap_or_else(|| "without a kid".to_owned());
    // RFC 7518, sections 6.2.2, 6.3.2 and 6.4: what only the owner may know.
    if member("kty") == "oct"
        || ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|name| members.contains_key(*name))
    {
        return Err(format!("Key {shown} is a secret one: replace it, and publish the public half only"));
    }
    let serves = |name: &str, wanted: &str| members.get(name).is_none_or(|value| value == wanted);
    let operations = members.get("key_ops").and_then(Value::as_array);
    if !serves("use", "sig") || operations.is_some_and(|named| !named.contains(&Value::from("verify"))) {
        return Ok(None);
    }
    let candidates: &[Algorithm] = match (member("kty"), member("crv")) {
        ("RSA", _) => {
            if !is_good_rsa(member("n"), member("e")) {
                return Err(format!(
                    "RSA key {shown} must have 2048 to 8192 bits and a small odd exponent, 3 or more"
                ));
            }
            &[Algorithm::RS256, Algorithm::PS256]
        }
        ("EC", "P-256") => &[Algorithm::ES256],
        ("OKP", "Ed25519") => &[Algorithm::EdDSA],
        _ => return Ok(None),
    };
    let fitting = candidates.iter().filter(|algorithm| serves("alg", algorithm.name()));
    let jwk = Jwk::from_map(members.clone()).map_err(|_| format!("Key {shown} is damaged"))?;
    let verifiers = fitting
        .map(|algorithm| {
            Ok((*algorithm, verifier(*algorithm, &jwk).ok_or_else(|| format!("Key {shown} is damaged"))?))
        })
        .collect::<Result<Vec<_>, String>>()?;
    Ok((!verifiers.is_empty()).then_some(PublicKey { kid, verifiers }))
}

fn is_good_rsa(modulus: &str, exponent: &str) -> bool {
    let number = |text: &str| -> Vec<u8> {
        base64url_decode(text).unwrap_or_default().into_iter().skip_while(|byte| *byte == 0).collect()
    };
    let exponent = number(exponent);
    // With the exponent 1 whoever knows the key can sign, and an even one belongs to no key at all (RFC 8017, section 3.1).
    let is_sound = exponent.last().is_some_and(|byte| byte % 2 == 1) && exponent != [1];
    (SHORTEST_MODULUS..=LONGEST_MODULUS).contains(&number(modulus).len())
        && is_sound
        && exponent.len() <= LONGEST_EXPONENT
}

fn verifier(algorithm: Algorithm, jwk: &Jwk) -> Option<Box<dyn JwsVerifier>> {
    Some(match algorithm {
        Algorithm::RS256 => Box::new(RS256.verifier_from_jwk(jwk).ok()?),
        Algorithm::PS256 => Box::new(PS256.verifier_from_jwk(jwk).ok()?),
        Algorithm::ES256 => Box::new(ES256.verifier_from_jwk(jwk).ok()?),
        Algorithm::EdDSA => Box::new(EdDSA.verifier_from_jwk(jwk).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::{Timestamp, base64url};
    use crate::jose::{SigningKey, generate};
    use crate::model::KeyRecord;

    /// A key of somebody else, to sign with, and its public half.
    fn key(algorithm: Algorithm) -> (SigningKey, Value) {
        let new = generate(algorithm, 2048).unwrap();
        let at = Timestamp::from_millis(0);
        let record = KeyRecord {
            kid: new.kid,
            algorithm,
            public_jwk: new.public_jwk,
            sealed_private: String::new(),
            created_at: at,
            active_from: at,
            remove_after: None,
        };
        let key = SigningKey::load(&record, &new.private_jwk).unwrap();
        let public = key.public_jwk.clone();
        (key, public)
    }

    fn set(keys: &[&Value]) -> PublicKeys {
        PublicKeys::import(&json!({ "keys": keys })).unwrap()
    }

    #[test]
    fn each_algorithm_is_verified_by_its_own_key_and_only_where_it_was_agreed() {
        for algorithm in Algorithm::ALL {
            let (signer, public) = key(algorithm);
            let (_, other) = key(algorithm);
            let token = signer.sign("JWT", &json!({ "sub": "portal" })).unwrap();
            let presented = Presented::read(&token).unwrap();
            assert_eq!(set(&[&other, &public]).verify(&presented, &[algorithm]), Ok(()), "{algorithm:?}");
            assert_eq!(set(&[&public]).verify(&presented, &[]), Err(Unverified::Algorithm));
            assert_eq!(set(&[&other]).verify(&presented, &Algorithm::ALL), Err(Unverified::NoKey));
            let mut renamed = other.clone();
            renamed["kid"] = public["kid"].clone();
            assert_eq!(set(&[&renamed]).verify(&presented, &Algorithm::ALL), Err(Unverified::Signature));
            let mut elsewhere = public.clone();
            elsewhere["use"] = json!("enc");
            assert_eq!(
                set(&[&other, &elsewhere]).verify(&presented, &Algorithm::ALL),
                Err(Unverified::NoKey)
            );
        }
    }

    #[test]
    fn row_64_and_65_an_unsigned_token_or_one_authenticated_with_a_public_key_is_refused() {
        let (signer, public) = key(Algorithm::RS256);
        let token = signer.sign("JWT", &json!({})).unwrap();
        let rest = token.split_once('.').unwrap().1;
        for alg in ["none", "None", "HS256", "ES256", "RS512", ""] {
            let header = base64url(json!({ "alg": alg, "kid": public["kid"] }).to_string());
            let forged = format!("{header}.{rest}");
            let presented = Presented::read(&forged).unwrap();
            assert!(set(&[&public]).verify(&presented, &Algorithm::ALL).is_err(), "{alg}");
            assert!(!presented.is_by_secret(&public.to_string()), "{alg}");
        }
        let unsigned = format!("{}..", base64url(r#"{"alg":"none"}"#));
        assert!(Presented::read(&unsigned).is_none());
    }

    #[test]
    fn row_69_what_is_not_a_plain_token_is_not_read() {
        let part = |text: &str| base64url(text);
        let good = format!("{}.{}.AAAA", part(r#"{"alg":"ES256"}"#), part("{}"));
        assert!(Presented::read(&good).is_some());
        for bad in [
            String::new(),
            "a.b.c".to_owned(),
            good.replace('.', ".."),
            format!("{good}="),
            format!("{}.{}.AAAA", part(r#"{"alg":"ES256","crit":["exp"]}"#), part("{}")),
            format!("{}.{}.AAAA", part(r#"{"alg":"ES256","alg":"ES256"}"#), part("{}")),
            format!("{}.{}.AAAA", part(r#"{"alg":"ES256"}"#), part(r#"{"a":1,"a":1}"#)),
            format!("{}.{}.AAAA", part(r#"{"alg":"ES256"}"#), part("[]")),
            format!("{good}{}", "A".repeat(LONGEST_TOKEN)),
        ] {
            assert!(Presented::read(&bad).is_none(), "{bad:.60}");
        }
    }

    #[test]
    fn row_73_a_set_with_a_secret_a_weak_key_or_too_many_keys_is_refused() {
        let (_, good) = key(Algorithm::ES256);
        let private: Value =
            serde_json::from_slice(&generate(Algorithm::ES256, 2048).unwrap().private_jwk).unwrap();
        let weak = json!({ "kty": "RSA", "kid": "w", "n": base64url([0xff; 128]), "e": "AQAB" });
        let heavy = json!({ "kty": "RSA", "n": base64url([0xff; 2048]), "e": "AQAB" });
        let long = json!({ "kty": "RSA", "n": base64url([0xff; 256]), "e": base64url([0xff; 256]) });
        let rsa =
            |exponent: &[u8]| json!({ "kty": "RSA", "n": base64url([0xff; 256]), "e": base64url(exponent) });
        let secret = json!({ "kty": "oct", "k": "AAAA" });
        let bent = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
        for (bad, says) in [
            (private, "secret"),
            (secret, "secret"),
            (weak, "2048"),
            (heavy, "8192"),
            (long, "exponent"),
            (rsa(&[1]), "exponent"),
            (rsa(&[0, 1]), "exponent"),
            (rsa(&[2]), "exponent"),
            (rsa(&[]), "exponent"),
            (bent, "damaged"),
            (json!("x"), "not an object"),
        ] {
            let why = PublicKeys::import(&json!({ "keys": [good, bad] })).err().unwrap();
            assert!(why.contains(says), "{why}");
        }
        let unknown = json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA" });
        let to_encrypt = json!({ "kty": "RSA", "use": "enc", "n": base64url([0xff; 128]), "e": "AQAB" });
        let to_derive =
            json!({ "kty": "EC", "crv": "P-256", "key_ops": ["deriveKey"], "x": "AA", "y": "AA" });
        let others = json!({ "keys": [unknown, to_encrypt, good, to_derive] });
        assert!(PublicKeys::import(&others).is_ok(), "what serves another end is passed over");
        for bad in [
            json!({}),
            json!([]),
            json!({ "keys": [] }),
            json!({ "keys": [unknown] }),
            json!({ "keys": vec![&good; 21] }),
        ] {
            assert!(PublicKeys::import(&bad).is_err());
        }
    }

    #[test]
    fn a_shared_secret_authenticates_by_hs256_alone() {
        let secret = "gh_cs_0123456789012345678901234567890123456789012";
        let message = format!("{}.{}", base64url(r#"{"alg":"HS256"}"#), base64url("{}"));
        let mac =
            josekit::jws::JwsSigner::sign(&HS256.signer_from_bytes(secret).unwrap(), message.as_bytes())
                .unwrap();
        let token = format!("{message}.{}", base64url(mac));
        let presented = Presented::read(&token).unwrap();
        assert!(presented.is_by_secret(secret));
        assert!(!presented.is_by_secret(&secret.replace('0', "1")) && !presented.is_by_secret("short"));
    }
}
