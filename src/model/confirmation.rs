//! What an access token is bound to, so that it is of no use to a thief.

/// The key that whoever uses a token must have (RFC 7800, section 3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// The thumbprint of a key that proofs are signed with (RFC 9449, section 6.1).
    Key(String),
    /// The thumbprint of a certificate (RFC 8705, section 3.1).
    Certificate(String),
}

impl Confirmation {
    /// The member of `cnf` that says it, and its value.
    pub(crate) fn member(&self) -> (&'static str, &str) {
        match self {
            Self::Key(thumbprint) => ("jkt", thumbprint),
            Self::Certificate(thumbprint) => ("x5t#S256", thumbprint),
        }
    }

    /// How the token is to be presented, and what its `token_type` is.
    pub(crate) const fn token_type(bound: Option<&Self>) -> &'static str {
        match bound {
            Some(Self::Key(_)) => "DPoP",
            Some(Self::Certificate(_)) | None => "Bearer",
        }
    }

    /// As it is stored.
    pub(crate) fn to_text(&self) -> String {
        let (name, thumbprint) = self.member();
        format!("{name}:{thumbprint}")
    }

    /// As a grant keeps it: a key by its bare thumbprint, as `dpop_jkt` has it, and anything else by its name too.
    pub(crate) fn to_thumbprint(&self) -> String {
        match self {
            Self::Key(thumbprint) => thumbprint.clone(),
            Self::Certificate(_) => self.to_text(),
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, thumbprint) = text.split_once(':')?;
        match name {
            "jkt" => Some(Self::Key(thumbprint.to_owned())),
            "x5t#S256" => Some(Self::Certificate(thumbprint.to_owned())),
            _ => None,
        }
    }
}
