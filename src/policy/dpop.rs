//! What a proof of possession must say (RFC 9449, section 4.3).

use serde_json::{Map, Value};
use url::Url;

use super::assertion::{SKEW, date};
use crate::base::{Span, Timestamp};
use crate::model::Algorithm;

/// How old a proof may be: for so long its identifier is remembered.
const LONGEST_LIFE: Span = Span::seconds(60);
const LONGEST_JTI: usize = 255;

/// What proofs may be signed with (FAPI 2.0 Security Profile, section 5.4.1, for every client).
pub(crate) const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA];

/// The request that a proof must be about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) method: &'a str,
    pub(crate) address: &'a str,
    /// The hash of the access token that comes along, in base64url.
    pub(crate) token_hash: Option<&'a str>,
}

/// What remains to be known of a proof that says what it must.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sound<'a> {
    pub(crate) jti: &'a str,
    pub(crate) nonce: Option<&'a str>,
    /// From here on it is refused for its age.
    pub(crate) ends_at: Timestamp,
}

/// Judges the claims of a proof.
///
/// # Errors
/// What is wrong with it, in words for a developer.
pub(crate) fn judge<'a>(
    typ: Option<&str>,
    claims: &'a Map<String, Value>,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Sound<'a>, &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if typ != Some("dpop+jwt") {
        return Err("the typ of the DPoP proof is not dpop+jwt");
    }
    if text("htm") != Some(expected.method) {
        return Err("htm of the DPoP proof is not the method of the request");
    }
    if !text("htu").is_some_and(|named| is_same_address(named, expected.address)) {
        return Err("htu of the DPoP proof is not the address of the request");
    }
    if expected.token_hash.is_some() && text("ath") != expected.token_hash {
        return Err("ath of the DPoP proof is not the hash of the access token");
    }
    let made_at = date(claims, "iat")?.ok_or("iat is missing in the DPoP proof")?;
    if made_at > now + SKEW || made_at + LONGEST_LIFE <= now {
        return Err("iat of the DPoP proof is not now: make one for each request, and check the clock");
    }
    if date(claims, "exp")?.is_some_and(|ends_at| now >= ends_at + SKEW)
        || date(claims, "nbf")?.is_some_and(|begins_at| begins_at > now + SKEW)
    {
        return Err("the DPoP proof has expired, or is not valid yet");
    }
    let jti = text("jti").filter(|jti| !jti.is_empty()).ok_or("jti is missing in the DPoP proof")?;
    if jti.len() > LONGEST_JTI {
        return Err("jti of the DPoP proof is longer than 255 bytes");
    }
    Ok(Sound { jti, nonce: text("nonce"), ends_at: made_at + LONGEST_LIFE })
}

/// Query and fragment do not count, nor do the spellings that a URL allows (section 4.3, step 9).
fn is_same_address(named: &str, expected: &str) -> bool {
    let plain = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    plain(named).is_some_and(|url| Some(url) == plain(expected))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_348_800;

    /// Whether a good proof is one still when one claim was changed, or taken out by null.
    fn judged(name: &str, value: Value) -> Result<(), &'static str> {
        let mut claims = json!({
            "jti": "1", "htm": "POST", "htu": "https://login.example/token", "iat": NOW, "ath": "hash"
        });
        claims[name] = value;
        let claims: Map<String, Value> =
            claims.as_object().unwrap().clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
        let expected =
            Expected { method: "POST", address: "https://login.example/token", token_hash: Some("hash") };
        judge(Some("dpop+jwt"), &claims, &expected, Timestamp::from_millis(NOW * 1000)).map(|_| ())
    }

    #[test]
    fn a_proof_is_about_this_request_and_this_moment() {
        assert_eq!(judged("more", json!(1)), Ok(()));
        for (name, good) in [
            ("htu", json!("https://LOGIN.example:443/token?a=b#c")),
            ("iat", json!(NOW - 10)),
            ("iat", json!(NOW + 10)),
            ("nbf", json!(NOW + 8)),
            ("exp", json!(NOW + 60)),
        ] {
            assert_eq!(judged(name, good.clone()), Ok(()), "{name} {good}");
        }
        for (name, bad) in [
            ("jti", Value::Null),
            ("jti", json!("")),
            ("jti", json!("x".repeat(256))),
            ("htm", Value::Null),
            ("htm", json!("post")),
            ("htu", Value::Null),
            ("htu", json!("https://login.example/userinfo")),
            ("htu", json!("http://login.example/token")),
            ("ath", Value::Null),
            ("ath", json!("another")),
            ("iat", Value::Null),
            ("iat", json!("now")),
            ("iat", json!(NOW - 3600)),
            ("iat", json!(NOW + 3600)),
            ("exp", json!(NOW - 60)),
            ("nbf", json!(NOW + 60)),
        ] {
            assert!(judged(name, bad.clone()).is_err(), "{name} {bad}");
        }
        let expected = Expected { method: "GET", address: "https://x.example/", token_hash: None };
        let nothing = Map::new();
        assert!(judge(Some("JWT"), &nothing, &expected, Timestamp::from_millis(0)).is_err());
        assert!(judge(None, &nothing, &expected, Timestamp::from_millis(0)).is_err());
    }
}
