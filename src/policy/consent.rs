//! What a person is asked to share, and in which words.

use crate::policy::scope::{OFFLINE_ACCESS, STANDARD};

/// What each scope value that needs a person's consent is to a service: what it asks for, and what it can do then.
const WORDS: [(&str, &str, &str); 5] = [
    ("profile", "your name", "see your name"),
    ("email", "your email", "see your email"),
    ("address", "your address", "see your address"),
    ("phone", "your phone number", "see your phone number"),
    (
        OFFLINE_ACCESS,
        "to stay connected when you are not using it",
        "stay connected when you are not using it",
    ),
];

/// Whether what a scope value asks for can be said in plain words.
pub(crate) fn has_words(value: &str) -> bool {
    value == "openid" || WORDS.iter().any(|(known, ..)| *known == value)
}

/// The scope values that a request needs consent to: those it asks for, and those that the claims it names belong to.
pub(crate) fn wanted<'a>(
    scope: impl Iterator<Item = &'a str> + Clone,
    claims: impl Iterator<Item = &'a str> + Clone,
) -> Vec<&'static str> {
    let belongs = |value: &str, claim: &str| {
        STANDARD.iter().any(|(known, claims)| *known == value && claims.contains(&claim))
    };
    let is_wanted = |value: &str| {
        scope.clone().any(|asked| asked == value) || claims.clone().any(|claim| belongs(value, claim))
    };
    WORDS.iter().map(|(value, ..)| *value).filter(|value| is_wanted(value)).collect()
}

/// Whether a consent that was given covers what is wanted now.
pub(crate) fn covers(given: Option<&str>, wanted: &[&str]) -> bool {
    given.is_some_and(|given| wanted.iter().all(|value| given.split(' ').any(|known| known == *value)))
}

/// What a service asks for with some scope values, in their order: "your name".
pub(crate) fn words<'a>(scope: impl Iterator<Item = &'a str>) -> Vec<&'static str> {
    known(scope).map(|(_, wish, _)| *wish).collect()
}

/// What a device can do with some scope values, in their order: "see your name".
pub(crate) fn abilities<'a>(scope: impl Iterator<Item = &'a str>) -> Vec<&'static str> {
    known(scope).map(|(.., ability)| *ability).collect()
}

fn known<'a>(
    scope: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    scope.filter_map(|value| WORDS.iter().find(|(known, ..)| *known == value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_what_was_asked_by_scope_or_by_claim() {
        let wanted =
            |scope: &'static str, claims: &[&'static str]| wanted(scope.split(' '), claims.iter().copied());
        assert_eq!(wanted("openid", &[]), Vec::<&str>::new());
        assert_eq!(wanted("openid email profile", &[]), ["profile", "email"]);
        assert_eq!(wanted("openid", &["phone_number", "name"]), ["profile", "phone"]);
        assert_eq!(
            words(wanted("openid offline_access", &[]).into_iter()),
            ["to stay connected when you are not using it"]
        );
    }

    #[test]
    fn a_consent_covers_what_it_was_given_for_and_nothing_else() {
        assert!(covers(Some("profile email"), &["email"]));
        assert!(!covers(Some("profile"), &["email"]));
        assert!(covers(Some(""), &[]), "who agreed to be known by nothing was asked");
        assert!(!covers(None, &[]), "who was never asked was not");
    }
}
