//! What a client can ask the authorization endpoint for.

use serde::{Deserialize, Serialize};

/// A response type (OAuth 2.0 Multiple Response Type Encoding Practices, sections 3 and 5). Those that hand out access
/// tokens through the browser are left out (RFC 9700, section 2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResponseType {
    #[serde(rename = "code")]
    Code,
    #[serde(rename = "id_token")]
    IdToken,
    #[serde(rename = "code id_token")]
    CodeIdToken,
}

impl ResponseType {
    pub(crate) const ALL: [Self; 3] = [Self::Code, Self::IdToken, Self::CodeIdToken];

    /// The registered name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::CodeIdToken => "code id_token",
        }
    }

    /// Reads the parameter, whose values may stand in any order (RFC 6749, section 3.1.1).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut values: Vec<&str> = text.split(' ').collect();
        values.sort_unstable();
        let text = values.join(" ");
        Self::ALL.into_iter().find(|known| known.name() == text)
    }

    pub(crate) const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeIdToken)
    }

    pub(crate) const fn has_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::CodeIdToken)
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
        for bad in ["", " ", "code ", "code code", "Code", "token", "id_token token", "code,id_token"] {
            assert_eq!(ResponseType::parse(bad), None, "{bad:?}");
        }
    }
}
