//! What a signed request must say beside what it asks (RFC 9101, section 6; OpenID Connect Core 1.0, section 6.1;
//! FAPI 2.0 Message Signing, section 5.3.1).

use serde_json::{Map, Value};

use super::assertion::{SKEW, date};
use crate::base::{Span, Timestamp};

/// The longest time for which a strict client's request may be good, and the longest ago that it may have become so.
const LONGEST_LIFE: Span = Span::minutes(60);

/// What is claimed of the request rather than asked by it.
pub(crate) const ABOUT: [&str; 7] = ["iss", "aud", "exp", "iat", "nbf", "jti", "sub"];

/// What a request must agree with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) client: &'a str,
    pub(crate) issuer: &'a str,
    /// Whether everything that can be there must be there.
    pub(crate) is_strict: bool,
}

/// Judges a token that was sent as a request.
///
/// # Errors
/// What is wrong with it, in words for a developer.
pub(crate) fn judge(
    typ: Option<&str>,
    claims: &Map<String, Value>,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<(), &'static str> {
    let is_request =
        |typ: &str| typ.eq_ignore_ascii_case("oauth-authz-req+jwt") || typ.eq_ignore_ascii_case("jwt");
    if typ.is_some_and(|typ| !is_request(typ)) {
        return Err("the typ of the request object is not oauth-authz-req+jwt");
    }
    // RFC 9101, section 10.8: what was signed for another end is no request.
    if claims.get("sub").is_some_and(|sub| sub == expected.client) {
        return Err("the request object is a client assertion");
    }
    let must = |name: &str, is_good: &dyn Fn(&Value) -> bool| match claims.get(name) {
        Some(value) => is_good(value),
        None => !expected.is_strict,
    };
    if !must("iss", &|issuer| issuer == expected.client) {
        return Err("iss of the request object is not the client_id");
    }
    let is_ours = |audience: &Value| audience == expected.issuer;
    let names_us = |audience: &Value| match audience {
        Value::Array(names) => names.iter().any(is_ours),
        name => is_ours(name),
    };
    if !must("aud", &names_us) {
        return Err("aud of the request object is not the issuer");
    }
    if claims.get("client_id").is_some_and(|client| client != expected.client) {
        return Err("client_id in the request object is another");
    }
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err("a request object cannot hold another");
    }
    judge_times(claims, expected.is_strict, now)
}

fn judge_times(claims: &Map<String, Value>, is_strict: bool, now: Timestamp) -> Result<(), &'static str> {
    let (begins_at, ends_at) = (date(claims, "nbf")?, date(claims, "exp")?);
    if ends_at.is_some_and(|ends_at| now >= ends_at + SKEW) {
        return Err("the request object has expired");
    }
    if [begins_at, date(claims, "iat")?].into_iter().flatten().any(|begins_at| begins_at > now + SKEW) {
        return Err("iat or nbf of the request object lies ahead");
    }
    match (begins_at, ends_at) {
        _ if !is_strict => Ok(()),
        (None, _) => Err("nbf is missing in the request object"),
        (_, None) => Err("exp is missing in the request object"),
        (Some(begins_at), _) if begins_at + LONGEST_LIFE + SKEW <= now => {
            Err("nbf of the request object is more than 60 minutes ago")
        }
        (Some(begins_at), Some(ends_at)) if ends_at > begins_at + LONGEST_LIFE => {
            Err("exp of the request object is more than 60 minutes after nbf")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_348_800;

    /// Whether a good request is one still when one claim was changed, or taken out by null: strictly, and not.
    fn judged(typ: Option<&str>, name: &str, value: &Value) -> (bool, bool) {
        let mut claims = json!({
            "iss": "portal", "aud": "https://login.example", "nbf": NOW, "exp": NOW + 60, "client_id": "portal"
        });
        claims[name] = value.clone();
        let claims: Map<String, Value> =
            claims.as_object().unwrap().clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
        let verdict = |is_strict| {
            let expected = Expected { client: "portal", issuer: "https://login.example", is_strict };
            judge(typ, &claims, &expected, Timestamp::from_millis(NOW * 1000)).is_ok()
        };
        (verdict(true), verdict(false))
    }

    /// FAPI 2.0 Message Signing, section 5.3.1.
    #[test]
    fn a_request_object_is_for_us_and_of_now() {
        let both = (true, true);
        let neither = (false, false);
        for (name, value, expected) in [
            ("state", json!("x"), both),
            ("iss", Value::Null, (false, true)),
            ("iss", json!("other"), neither),
            ("aud", Value::Null, (false, true)),
            ("aud", json!("https://login.example/"), neither),
            ("aud", json!(["https://other.example", "https://login.example"]), both),
            ("aud", json!([]), neither),
            ("client_id", Value::Null, both),
            ("client_id", json!("other"), neither),
            ("request", json!("x"), neither),
            ("request_uri", json!("https://portal.example/r"), neither),
            ("sub", json!("portal"), neither),
            ("exp", Value::Null, (false, true)),
            ("exp", json!(NOW - 60), neither),
            ("exp", json!(NOW + 60 * 60), both),
            ("exp", json!(NOW + 70 * 60), (false, true)),
            ("exp", json!("soon"), neither),
            ("nbf", Value::Null, (false, true)),
            ("nbf", json!(NOW + 8), both),
            ("nbf", json!(NOW + 60), neither),
            ("nbf", json!(NOW - 70 * 60), (false, true)),
            ("iat", json!(NOW + 60), neither),
        ] {
            assert_eq!(judged(None, name, &value), expected, "{name} {value}");
        }
        for (typ, expected) in
            [("oauth-authz-req+jwt", both), ("JWT", both), ("dpop+jwt", neither), ("at+jwt", neither)]
        {
            assert_eq!(judged(Some(typ), "state", &json!("x")), expected, "{typ}");
        }
    }
}
