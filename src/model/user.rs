//! A person who can log in.

use crate::base::{Subject, Timestamp, UserId};
use crate::model::{Email, Profile};

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: UserId,
    /// What relying parties know this person by. Given once, never changed, never given to another.
    pub(crate) subject: Subject,
    pub(crate) email: Email,
    pub(crate) name: String,
    pub(crate) organisation: Option<String>,
    pub(crate) profile: Profile,
    /// The password as an argon2id hash in PHC form, or as another system hashed it; `None` until one is chosen.
    pub(crate) password: Option<String>,
    pub(crate) password_changed_at: Option<Timestamp>,
    pub(crate) last_login_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// When an administrator took away the right to log in.
    pub(crate) disabled_at: Option<Timestamp>,
    /// When an administrator asked for a new password that has not been chosen yet.
    pub(crate) new_password_asked_at: Option<Timestamp>,
}

impl User {
    pub(crate) fn is_active(&self) -> bool {
        self.disabled_at.is_none()
    }
}
