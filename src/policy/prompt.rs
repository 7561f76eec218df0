//! Whether a request can be answered as things stand, or somebody must log in first.

use crate::base::{Span, Timestamp};

/// The values of `prompt` (OpenID Connect Core 1.0, section 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) none: bool,
    pub(crate) login: bool,
    pub(crate) consent: bool,
    pub(crate) select_account: bool,
}

impl Prompt {
    /// Reads the parameter; `None` where `none` stands with another value, or a value is unknown.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut prompt = Self::default();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            match value {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => return None,
            }
        }
        let asks = prompt.login || prompt.consent || prompt.select_account;
        (!(prompt.none && asks)).then_some(prompt)
    }
}

/// What the session of the browser that asks is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) authenticated_at: Timestamp,
    /// Whether the session is of the person the request is about, where it names one.
    pub(crate) is_hinted_person: bool,
}

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The session answers it.
    Proceed,
    /// Somebody must log in; `again` where they are logged in already.
    LogIn { again: bool },
    /// Somebody would have to log in, and the client asked for no page: `login_required`.
    LoginRequired,
}

/// Decides, from the prompt, the `max_age` and the session there is.
pub(crate) fn step(
    prompt: Prompt,
    max_age: Option<Span>,
    standing: Option<Standing>,
    now: Timestamp,
) -> Step {
    let Some(standing) = standing else {
        return if prompt.none { Step::LoginRequired } else { Step::LogIn { again: false } };
    };
    let too_long_ago = max_age.is_some_and(|limit| now > standing.authenticated_at + limit);
    if !too_long_ago && standing.is_hinted_person && !prompt.login && !prompt.select_account {
        Step::Proceed
    } else if prompt.none {
        Step::LoginRequired
    } else {
        Step::LogIn { again: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_61_a_page_is_shown_exactly_when_it_must_be() {
        let now = Timestamp::from_millis(100_000);
        let here =
            Some(Standing { authenticated_at: Timestamp::from_millis(98_000), is_hinted_person: true });
        let other = here.map(|standing| Standing { is_hinted_person: false, ..standing });
        let prompt = |text: &str| Prompt::parse(text).unwrap();
        let age = |seconds: u32| Some(Span::seconds(seconds));
        for (name, got, expected) in [
            ("a session", step(prompt(""), None, here, now), Step::Proceed),
            ("no session", step(prompt(""), None, None, now), Step::LogIn { again: false }),
            ("none, a session", step(prompt("none"), None, here, now), Step::Proceed),
            ("none, no session", step(prompt("none"), None, None, now), Step::LoginRequired),
            ("login", step(prompt("login"), None, here, now), Step::LogIn { again: true }),
            ("consent", step(prompt("consent"), None, here, now), Step::Proceed),
            ("select_account", step(prompt("select_account"), None, here, now), Step::LogIn { again: true }),
            ("max_age=1", step(prompt(""), age(1), here, now), Step::LogIn { again: true }),
            ("max_age=0", step(prompt(""), age(0), here, now), Step::LogIn { again: true }),
            ("max_age=2", step(prompt(""), age(2), here, now), Step::Proceed),
            ("none, max_age=1", step(prompt("none"), age(1), here, now), Step::LoginRequired),
            ("another person's hint", step(prompt(""), None, other, now), Step::LogIn { again: true }),
            ("none, another person's hint", step(prompt("none"), None, other, now), Step::LoginRequired),
        ] {
            assert_eq!(got, expected, "{name}");
        }
    }

    #[test]
    fn none_stands_alone_and_unknown_values_are_refused() {
        assert!(Prompt::parse("none login").is_none());
        assert!(Prompt::parse("create").is_none());
        assert!(Prompt::parse("login consent").is_some_and(|prompt| prompt.login && prompt.consent));
    }
}
