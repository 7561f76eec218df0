//! A link by which somebody chooses their first password.

use crate::base::{ClientId, Digest, Timestamp, UserId, kinds};

#[derive(Clone, Debug)]
pub(crate) struct Invitation {
    pub(crate) user_id: UserId,
    pub(crate) digest: Digest<kinds::Invitation>,
    /// The service in whose name it was sent; `None` for the council's.
    pub(crate) client_id: Option<ClientId>,
    /// Who invited, in words for the letter.
    pub(crate) inviter: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
    pub(crate) withdrawn_at: Option<Timestamp>,
}

impl Invitation {
    /// Whether it can still be used.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && self.withdrawn_at.is_none() && now < self.expires_at
    }
}
