//! Who looks after the provider, and what they look after.

use crate::base::{ClientId, UserId};
use crate::model::{Reason, Visit};

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $stored:literal, $shown:literal;)+) => {
        /// What an administrator is there for. [`crate::policy::permission`] says what that allows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub(crate) enum Role { $($(#[$doc])* $name),+ }

        impl Role {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            /// The word that is stored.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $stored),+ }
            }

            /// The words that people see.
            pub(crate) const fn shown(self) -> &'static str {
                match self { $(Self::$name => $shown),+ }
            }

            pub(crate) fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|role| role.name() == text)
            }
        }
    };
}

roles! {
    /// Everything, other administrators included.
    Owner = "owner", "Owner";
    /// Some services and nothing else.
    Services = "services", "Service administrator";
    /// People, not services.
    Support = "support", "Support";
    /// Reads everything, changes nothing.
    Auditor = "auditor", "Auditor";
}

/// An administrator at a browser.
#[derive(Clone, Debug)]
pub(crate) struct Administrator {
    pub(crate) user_id: UserId,
    pub(crate) role: Role,
    /// The services of one who looks after some only.
    pub(crate) services: Vec<ClientId>,
}

/// Whoever does something through one of the doors of administration.
#[derive(Clone, Debug)]
pub(crate) enum Actor {
    /// Whoever can run commands on the machine, and could read and write the database as well.
    Operator,
    Administrator {
        administrator: Administrator,
        visit: Visit,
    },
    /// A program with a token of its own.
    Program {
        client_id: ClientId,
        scopes: Vec<String>,
        visit: Visit,
    },
    /// The periods of the configuration, when somebody's has run out.
    Retention,
    /// Whoever is asked, in an access review, who still needs to log in. The table of permissions gives them nothing.
    Sponsor {
        user_id: UserId,
        visit: Visit,
    },
    /// One of the others, who says why.
    Because {
        actor: Box<Self>,
        reason: Reason,
    },
}

impl Actor {
    /// The same, with the reason that they gave.
    pub(crate) fn because(self, reason: Option<Reason>) -> Self {
        match reason {
            Some(reason) => Self::Because { actor: Box::new(self), reason },
            None => self,
        }
    }

    /// Why they do it, where they said so.
    pub(crate) const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Because { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// What the audit trail calls them.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Operator => "operator",
            Self::Retention => "retention",
            Self::Administrator { administrator, .. } => administrator.user_id.as_str(),
            Self::Program { client_id, .. } => client_id.as_str(),
            Self::Sponsor { user_id, .. } => user_id.as_str(),
            Self::Because { actor, .. } => actor.name(),
        }
    }

    /// Where they did it from; `None` on the machine itself.
    pub(crate) fn visit(&self) -> Option<&Visit> {
        match self {
            Self::Operator | Self::Retention => None,
            Self::Administrator { visit, .. } | Self::Program { visit, .. } | Self::Sponsor { visit, .. } => {
                Some(visit)
            }
            Self::Because { actor, .. } => actor.visit(),
        }
    }

    /// The person, where it is one that we know.
    pub(crate) fn user_id(&self) -> Option<&UserId> {
        match self {
            Self::Administrator { administrator, .. } => Some(&administrator.user_id),
            Self::Sponsor { user_id, .. } => Some(user_id),
            Self::Because { actor, .. } => actor.user_id(),
            Self::Operator | Self::Retention | Self::Program { .. } => None,
        }
    }
}
