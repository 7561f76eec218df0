//! Signing keys and their algorithms.

use serde::{Deserialize, Serialize};

use crate::base::{Kid, Timestamp};

/// The signature algorithms we sign with (RFC 7518, section 3.1, and RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    RS256,
    ES256,
    PS256,
    EdDSA,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 4] = [Self::RS256, Self::ES256, Self::PS256, Self::EdDSA];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::ES256 => "ES256",
            Self::PS256 => "PS256",
            Self::EdDSA => "EdDSA",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A signing key at rest: its public half as a JWK, its private half sealed.
///
/// It is published from `created_at`, signs from `active_from` until a newer key of its algorithm does, and is
/// removed after `remove_after`.
#[derive(Clone, Debug)]
pub(crate) struct KeyRecord {
    pub(crate) kid: Kid,
    pub(crate) algorithm: Algorithm,
    pub(crate) public_jwk: String,
    pub(crate) sealed_private: String,
    pub(crate) created_at: Timestamp,
    pub(crate) active_from: Timestamp,
    pub(crate) remove_after: Option<Timestamp>,
}
