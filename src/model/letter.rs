//! A letter waiting in the outbox.

use crate::base::{LetterId, Timestamp};

/// A letter as it is queued. Who it is for and what it says is sealed until it is sent, and erased then.
#[derive(Clone, Debug)]
pub(crate) struct QueuedLetter {
    pub(crate) id: LetterId,
    /// Which letter, in a word, for the operator.
    pub(crate) kind: String,
    pub(crate) sealed: String,
    pub(crate) created_at: Timestamp,
    /// After this it is not worth sending: the code in it no longer works.
    pub(crate) expires_at: Timestamp,
    pub(crate) attempts: i64,
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LetterState {
    Sent,
    Failed,
    Expired,
}

impl LetterState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}
