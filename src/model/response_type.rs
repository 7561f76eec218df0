//! What a client can ask the authorization endpoint for.

use serde::{Deserialize, Serialize};

/// A response type (OAuth 2.0 Multiple Response Type Encoding Practices, sections 3 and 5). Those that hand out access
/// tokens through the browser are for services that know nothing else (RFC 9700, section 2.1.2), and `token` alone, which
/// is no log-in, is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResponseType {
    #[serde(rename = "code")]
    Code,
    #[serde(rename = "id_token")]
    IdToken,
    #[serde(rename = "code id_token")]
    CodeIdToken,
    #[serde(rename = "id_token token")]
    IdTokenToken,
    #[serde(rename = "code token")]
    CodeToken,
    #[serde(rename = "code id_token token")]
    CodeIdTokenToken,
}

impl ResponseType {
    pub(crate) const ALL: [Self; 6] = [
        Self::Code,
        Self::IdToken,
        Self::CodeIdToken,
        Self::IdTokenToken,
        Self::CodeToken,
        Self::CodeIdTokenToken,
    ];

    /// The registered name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::CodeIdToken => "code id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// Reads the parameter, whose values may stand in any order (RFC 6749, section 3.1.1).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut values: Vec<&str> = text.split(' ').collect();
        values.sort_unstable();
        let text = values.join(" ");
        Self::ALL.into_iter().find(|known| known.name() == text)
    }

    pub(crate) fn has_code(self) -> bool {
        self.has("code")
    }

    pub(crate) fn has_id_token(self) -> bool {
        self.has("id_token")
    }

    /// Whether an access token goes through the browser.
    pub(crate) fn has_token(self) -> bool {
        self.has("token")
    }

    fn has(self, value: &str) -> bool {
        self.name().split(' ').any(|own| own == value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_response_type_may_stand_in_any_order() {
        for known in ResponseType::ALL {
            assert_eq!(ResponseType::parse(known.name()), Some(known));
        }
        assert_eq!(ResponseType::parse("id_token code"), Some(ResponseType::CodeIdToken));
        for bad in ["", " ", "code ", "code code", "Code", "token", "code,id_token"] {
            assert_eq!(ResponseType::parse(bad), None, "{bad:?}");
        }
    }
}
