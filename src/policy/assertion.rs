//! What a client must say in an assertion that proves who it is (RFC 7523, section 3; OpenID Connect Core 1.0,
//! section 9; FAPI 2.0 Security Profile, section 5.3.2.1).

use serde_json::{Map, Value};

use crate::base::{Span, Timestamp};
use crate::model::{Algorithm, SecurityProfile};

/// How far the clocks of a client and of ours may be apart. FAPI 2.0 wants 10 seconds to be forgiven and 60 not to be.
pub(super) const SKEW: Span = Span::seconds(30);
/// How long before its end an assertion may be made: for so long its identifier is remembered.
const LONGEST_LIFE: Span = Span::minutes(5);
const LONGEST_JTI: usize = 255;
/// In seconds: the year 9999. What lies beyond is no date.
const END_OF_TIME: i64 = 253_402_300_799;

/// Whom an assertion may be made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audience<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) token_endpoint: &'a str,
    /// The address that the assertion was sent to.
    pub(crate) endpoint: &'a str,
}

/// What remains to be known of an assertion that says what it must.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sound<'a> {
    pub(crate) jti: &'a str,
    /// From here on it is refused for its age.
    pub(crate) ends_at: Timestamp,
}

/// The algorithms that a client of a profile may sign with. FAPI 2.0, section 5.4.1, leaves RS256 out.
pub(crate) const fn algorithms(profile: SecurityProfile) -> &'static [Algorithm] {
    match profile {
        SecurityProfile::Oidc => &Algorithm::ALL,
        SecurityProfile::Fapi2 => &[Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA],
    }
}

/// Judges the claims of an assertion that came for `client`.
///
/// # Errors
/// What is wrong with it: words for the log.
pub(crate) fn judge<'a>(
    claims: &'a Map<String, Value>,
    client: &str,
    profile: SecurityProfile,
    audience: &Audience<'_>,
    now: Timestamp,
) -> Result<Sound<'a>, &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(client) {
        return Err("iss is not the client's identifier");
    }
    if text("sub") != Some(client) {
        return Err("sub is not the client's identifier");
    }
    if !claims.get("aud").is_some_and(|named| is_for_us(named, profile, audience)) {
        return Err(match profile {
            SecurityProfile::Oidc => "aud is neither the issuer, the token endpoint nor the endpoint called",
            SecurityProfile::Fapi2 => "aud is not the issuer, as one text",
        });
    }
    let ends_at = judge_times(claims, now)?;
    let jti = text("jti").filter(|jti| !jti.is_empty()).ok_or("jti is missing")?;
    if jti.len() > LONGEST_JTI {
        return Err("jti is longer than 255 bytes");
    }
    Ok(Sound { jti, ends_at })
}

/// With FAPI 2.0 the issuer alone, so that no other server can be meant too. Otherwise what was customary before, but
/// nobody beside us: who else reads the assertion could use it here.
fn is_for_us(named: &Value, profile: SecurityProfile, audience: &Audience<'_>) -> bool {
    let is_ours = |name: &Value| {
        let ours = [audience.issuer, audience.token_endpoint, audience.endpoint];
        name.as_str().is_some_and(|name| ours.contains(&name))
    };
    match (profile, named) {
        (SecurityProfile::Fapi2, named) => named.as_str() == Some(audience.issuer),
        (SecurityProfile::Oidc, Value::Array(names)) => !names.is_empty() && names.iter().all(is_ours),
        (SecurityProfile::Oidc, name) => is_ours(name),
    }
}

fn judge_times(claims: &Map<String, Value>, now: Timestamp) -> Result<Timestamp, &'static str> {
    let expires_at = date(claims, "exp")?.ok_or("exp is missing")?;
    let ends_at = expires_at + SKEW;
    if now >= ends_at {
        return Err("it has expired");
    }
    if expires_at > now + LONGEST_LIFE + SKEW {
        return Err("exp is more than 5 minutes ahead");
    }
    for name in ["iat", "nbf"] {
        if date(claims, name)?.is_some_and(|begins_at| begins_at > now + SKEW) {
            return Err("iat or nbf lies ahead: check the client's clock");
        }
    }
    Ok(ends_at)
}

/// A `NumericDate` (RFC 7519, section 2): seconds, perhaps with a fraction.
pub(super) fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, &'static str> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    match seconds {
        Some(seconds @ 0..=END_OF_TIME) => Ok(Some(Timestamp::from_millis(seconds * 1000))),
        _ => Err("exp, iat or nbf is not a date in seconds"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_348_800;
    const AUDIENCE: Audience<'static> = Audience {
        issuer: "https://login.example",
        token_endpoint: "https://login.example/token",
        endpoint: "https://login.example/par",
    };

    /// What is said of a good assertion in which one claim was changed, or taken out by null.
    fn said(profile: SecurityProfile, name: &str, value: &Value) -> Result<i64, &'static str> {
        let mut claims = json!({
            "iss": "portal", "sub": "portal", "aud": AUDIENCE.issuer, "jti": "1", "exp": NOW + 60, "iat": NOW
        });
        claims[name] = value.clone();
        let claims: Map<String, Value> =
            claims.as_object().unwrap().clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
        let now = Timestamp::from_millis(NOW * 1000);
        judge(&claims, "portal", profile, &AUDIENCE, now).map(|sound| sound.ends_at.seconds() - NOW)
    }

    #[test]
    fn an_assertion_names_its_client_twice_and_has_an_identifier() {
        for name in ["iss", "sub", "jti", "exp", "aud"] {
            for bad in [Value::Null, json!(""), json!("other"), json!(1), json!(["portal"])] {
                let outcome = said(SecurityProfile::Oidc, name, &bad);
                assert_eq!(outcome.is_ok(), name == "jti" && bad == "other", "{name} {bad}");
            }
        }
        assert!(said(SecurityProfile::Oidc, "jti", &json!("x".repeat(256))).is_err());
    }

    /// FAPI 2.0 Security Profile, section 5.3.2.1.
    #[test]
    fn row_57_the_audience_is_judged_by_the_profile() {
        for (audience, oidc, fapi2) in [
            (json!("https://login.example"), true, true),
            (json!("https://login.example/"), false, false),
            (json!("https://login.example/token"), true, false),
            (json!("https://login.example/par"), true, false),
            (json!("https://login.example/userinfo"), false, false),
            (json!(["https://login.example"]), true, false),
            (json!(["https://login.example", "https://login.example/token"]), true, false),
            (json!(["https://login.example", "https://other.example"]), false, false),
            (json!([]), false, false),
            (json!({}), false, false),
        ] {
            assert_eq!(said(SecurityProfile::Oidc, "aud", &audience).is_ok(), oidc, "{audience}");
            assert_eq!(said(SecurityProfile::Fapi2, "aud", &audience).is_ok(), fapi2, "{audience}");
        }
    }

    /// FAPI 2.0 Security Profile, section 5.3.2.1.
    #[test]
    fn row_57_clocks_may_be_ten_seconds_apart_but_not_sixty() {
        for (name, ahead, good) in [
            ("exp", 1, true),
            ("exp", -10, true),
            ("exp", -60, false),
            ("exp", -300, false),
            ("exp", 300, true),
            ("exp", 310, true),
            ("exp", 360, false),
            ("iat", 10, true),
            ("iat", 61, false),
            ("iat", -3600, true),
            ("nbf", 10, true),
            ("nbf", 61, false),
        ] {
            let outcome = said(SecurityProfile::Fapi2, name, &json!(NOW + ahead));
            assert_eq!(outcome.is_ok(), good, "{name} {ahead}: {outcome:?}");
        }
        assert_eq!(said(SecurityProfile::Oidc, "exp", &json!(1_795_348_860.5)), Ok(90));
        for bad in [json!("1795348860"), json!(-1), json!(i64::MAX), json!(1e300), json!(true)] {
            assert!(said(SecurityProfile::Oidc, "exp", &bad).is_err(), "{bad}");
        }
    }
}
