//! `[registration]`: services that register themselves.

use confique::Config;

use super::problems::Problems;

#[derive(Config)]
pub(super) struct Written {
    /// Who may register a service over the network: "nobody"; "invited", with a token that
    /// `gatehouse client invite` makes; or "anybody".
    #[config(env = "GATEHOUSE_REGISTRATION_OPEN_TO", default = "nobody")]
    open_to: String,

    /// Whether people are asked before such a service is told anything about them.
    #[config(env = "GATEHOUSE_REGISTRATION_ASKS_CONSENT", default = true)]
    asks_consent: bool,

    /// Services that may register in an hour from one network, where anybody may; 1 to 100000.
    #[config(env = "GATEHOUSE_REGISTRATION_PER_HOUR", default = 200)]
    per_hour: u32,
}

/// Services that register themselves.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) open_to: OpenTo,
    pub(crate) asks_consent: bool,
    /// From one network, where anybody may register.
    pub(crate) per_hour: u32,
}

/// Who may register a service over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenTo {
    Nobody,
    /// Whoever has an initial access token (RFC 7591, section 3).
    Invited,
    Anybody,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Registration {
        let open_to = match self.open_to.as_str() {
            "nobody" => Ok(OpenTo::Nobody),
            "invited" => Ok(OpenTo::Invited),
            "anybody" => Ok(OpenTo::Anybody),
            other => Err(format!("is {other:?}; it must be nobody, invited or anybody")),
        };
        let open_to = problems.take("registration.open_to", open_to).unwrap_or(OpenTo::Nobody);
        let per_hour = problems.within("registration.per_hour", self.per_hour, 1, 100_000);
        Registration { open_to, asks_consent: self.asks_consent, per_hour }
    }
}
