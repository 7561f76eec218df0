//! A link by which somebody chooses their first password.

use crate::base::{ClientId, Digest, Timestamp, UserId, kinds};

#[derive(Clone, Debug)]
pub(crate) struct Invitation {
    pub(crate) user_id: UserId,
    pub(crate) digest: Digest<kinds::Invitation>,
    /// The services that it names; none of them where it was sent in the council's name alone.
    pub(crate) services: Vec<ClientId>,
    /// Who invited, in words for the letter.
    pub(crate) inviter: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
    pub(crate) withdrawn_at: Option<Timestamp>,
}

impl Invitation {
    /// How many services one may name: people read all of them.
    pub(crate) const MOST_SERVICES: usize = 20;

    /// Whether it can still be used.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && self.withdrawn_at.is_none() && now < self.expires_at
    }
}
