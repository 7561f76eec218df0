//! Sessions, and the browsers they live in.

use crate::base::{Digest, SessionId, Timestamp, UserId, kinds};

/// A person being logged in at the provider, in one browser.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    /// Of the cookie that the browser holds.
    pub(crate) digest: Digest<kinds::Session>,
    pub(crate) user_id: UserId,
    /// When the person last proved who they are: the `auth_time` claim.
    pub(crate) authenticated_at: Timestamp,
    /// When the person had logged in before that, anywhere.
    pub(crate) previous_login_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    /// The browser in words, for the person's own list.
    pub(crate) browser: String,
    pub(crate) address: String,
}

/// A browser that a person has logged in with before.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) digest: Digest<kinds::Device>,
    pub(crate) user_id: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}
