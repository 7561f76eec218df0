//! Scope values (RFC 6749, section 3.3; OpenID Connect Core 1.0, section 5.4).

/// The scope values there are, and the claims each asks for.
pub(crate) const STANDARD: [(&str, &[&str]); 5] = [
    ("openid", &[]),
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// Asks for refresh tokens that outlive the session (OpenID Connect Core 1.0, section 11). Only for clients that it
/// was registered for by name: the administrator consents for everybody.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// Whether a scope of a service's own has a form that no misspelt standard one has.
pub(crate) fn is_own(value: &str) -> bool {
    is_token(value) && value.contains([':', '.', '/']) && value.len() <= 128
}

/// The part of a granted scope that a client wants at a refresh (RFC 6749, section 6); `None` where it wants more.
pub(crate) fn narrowed(granted: &str, wanted: Option<&str>) -> Option<String> {
    let Some(wanted) = wanted else { return Some(granted.to_owned()) };
    let mut wanted = wanted.split(' ').filter(|value| !value.is_empty()).peekable();
    wanted.peek()?;
    let wanted: Vec<&str> = wanted.collect();
    let all_granted = wanted.iter().all(|value| granted.split(' ').any(|known| known == *value));
    all_granted.then(|| wanted.join(" "))
}

/// What of a granted scope its client is still registered for; `None` where nothing is left.
pub(crate) fn still_registered(granted: &str, registered: Option<&[String]>) -> Option<String> {
    let is_registered = |value: &&str| {
        *value == "openid"
            || registered.is_none_or(|registered| registered.iter().any(|known| known == value))
    };
    let left: Vec<&str> = granted.split(' ').filter(is_registered).collect();
    (!left.is_empty()).then(|| left.join(" "))
}

/// The scope of a client's own token: what it wants of its own scopes, or all of them where it names none; `None`
/// where it wants what it may not have.
pub(crate) fn of_client(registered: Option<&[String]>, wanted: Option<&str>) -> Option<String> {
    let own: Vec<&str> =
        registered.into_iter().flatten().map(String::as_str).filter(|value| is_own(value)).collect();
    narrowed(&own.join(" "), wanted)
}

/// The most a request may ask for.
const MOST_VALUES: usize = 50;
const MOST_BYTES: usize = 1_024;

/// Why a scope is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Malformed,
    TooLong,
    NotOpenId,
}

/// The scope that a request may have of what it asked for, in its order and without repetition.
///
/// Values that nobody knows, or that the client may not have, are left out, as OpenID Connect Core 1.0,
/// section 3.1.2.1, has it; `openid` must be among what is left.
pub(crate) fn granted(asked: &str, allowed: Option<&[String]>) -> Result<Vec<String>, Problem> {
    if asked.len() > MOST_BYTES {
        return Err(Problem::TooLong);
    }
    let values: Vec<&str> = asked.split(' ').filter(|value| !value.is_empty()).collect();
    if values.len() > MOST_VALUES {
        return Err(Problem::TooLong);
    }
    if !values.iter().all(|value| is_token(value)) {
        return Err(Problem::Malformed);
    }
    let mut granted: Vec<String> = Vec::new();
    for value in values {
        let permitted = match allowed {
            Some(allowed) => allowed.iter().any(|name| name == value),
            None => STANDARD.iter().any(|(name, _)| *name == value),
        };
        if permitted && !granted.iter().any(|name| name == value) {
            granted.push(value.to_owned());
        }
    }
    if granted.iter().any(|value| value == "openid") { Ok(granted) } else { Err(Problem::NotOpenId) }
}

/// RFC 6749, appendix A.4: printable ASCII without the double quote and the backslash.
fn is_token(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

/// The claims that some scope values ask for.
pub(crate) fn claims_of<'a>(scope: impl Iterator<Item = &'a str>) -> Vec<&'static str> {
    let mut claims = Vec::new();
    for value in scope {
        if let Some((_, named)) = STANDARD.iter().find(|(name, _)| *name == value) {
            claims.extend_from_slice(named);
        }
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_what_was_asked_known_and_allowed() {
        let list = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
        assert_eq!(granted("openid profile email", None), Ok(list(&["openid", "profile", "email"])));
        assert_eq!(granted("email  openid email unknown", None), Ok(list(&["email", "openid"])));
        assert_eq!(granted("openid email", Some(&list(&["openid"]))), Ok(list(&["openid"])));
        assert_eq!(granted("profile", None), Err(Problem::NotOpenId));
        assert_eq!(granted("", None), Err(Problem::NotOpenId));
        assert_eq!(granted("openid \"x\"", None), Err(Problem::Malformed));
        assert_eq!(granted("openid\tprofile", None), Err(Problem::Malformed));
    }

    #[test]
    fn a_refresh_may_want_less_and_never_more() {
        assert_eq!(narrowed("openid email", None).as_deref(), Some("openid email"));
        assert_eq!(narrowed("openid email", Some("email")).as_deref(), Some("email"));
        assert_eq!(narrowed("openid email", Some("openid profile")), None);
        assert_eq!(narrowed("openid email", Some(" ")), None);
    }

    #[test]
    fn a_client_by_itself_has_its_own_scopes_and_nobodys_claims() {
        let registered = ["openid".to_owned(), "cases:read".to_owned(), "cases:write".to_owned()];
        assert_eq!(of_client(Some(&registered), None).as_deref(), Some("cases:read cases:write"));
        assert_eq!(of_client(Some(&registered), Some("cases:read")).as_deref(), Some("cases:read"));
        assert_eq!(of_client(Some(&registered), Some("openid")), None);
        assert_eq!(of_client(None, None).as_deref(), Some(""));
    }

    #[test]
    fn row_58_a_giant_scope_is_refused() {
        assert_eq!(granted(&"a ".repeat(51), None), Err(Problem::TooLong));
        assert_eq!(granted(&"a".repeat(1025), None), Err(Problem::TooLong));
    }
}
