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
        let known = STANDARD.iter().any(|(name, _)| *name == value);
        let permitted = allowed.is_none_or(|allowed| allowed.iter().any(|name| name == value));
        if known && permitted && !granted.iter().any(|name| name == value) {
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
    fn row_58_a_giant_scope_is_refused() {
        assert_eq!(granted(&"a ".repeat(51), None), Err(Problem::TooLong));
        assert_eq!(granted(&"a".repeat(1025), None), Err(Problem::TooLong));
    }
}
