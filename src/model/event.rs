//! What the audit trail records.

use serde_json::Value;

use crate::base::{ClientId, EventId, SessionId, Timestamp, UserId};

/// One line of the audit trail.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) at: Timestamp,
    pub(crate) kind: EventKind,
    pub(crate) user_id: Option<UserId>,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) session_id: Option<SessionId>,
    pub(crate) address: Option<String>,
    pub(crate) reference: Option<String>,
    /// Who did it, where that is not the person that it was done to ([`crate::model::Actor::name`]).
    pub(crate) actor: Option<String>,
    /// What there is to say beside the other fields.
    pub(crate) detail: Option<Value>,
}

/// Where an event came from: the visitor's address and the request's reference.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visit {
    /// The visitor's network address.
    pub(crate) address: String,
    /// The reference that the visitor sees on error pages and the log carries.
    pub(crate) reference: String,
    /// The visitor's browser in words, such as "Firefox on Windows".
    pub(crate) browser: String,
}

macro_rules! event_kinds {
    ($($name:ident = $text:literal),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum EventKind { $($name),+ }

        impl EventKind {
            /// The word that is stored.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            pub(crate) fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == text)
            }
        }
    };
}

event_kinds! {
    PasswordRight = "login.password_right",
    PasswordWrong = "login.password_wrong",
    PasswordPaused = "login.paused",
    CodeSent = "code.sent",
    CodeWrong = "code.wrong",
    CodesUsedUp = "code.used_up",
    LoggedIn = "login.done",
    LoggedOut = "session.ended",
    ResetAsked = "reset.asked",
    ResetDone = "reset.done",
    TokensIssued = "grant.tokens_issued",
    TokensExchanged = "grant.tokens_exchanged",
    TokensRevoked = "grant.revoked",
    RefreshReplayed = "grant.refresh_replayed",
    CodeReplayed = "grant.code_replayed",
    ConsentGiven = "consent.given",
    ConsentRefused = "consent.refused",
    ConsentWithdrawn = "consent.withdrawn",
    DeviceConnected = "device.connected",
    DeviceRefused = "device.refused",
    UserAdded = "user.added",
    UserDisabled = "user.disabled",
    UserEnabled = "user.enabled",
    PasswordSet = "user.password_set",
    UserInvited = "user.invited",
    InvitationWithdrawn = "user.invitation_withdrawn",
    InvitationUsed = "user.invitation_used",
    UserChanged = "user.changed",
    UserUnlocked = "user.unlocked",
    NewPasswordAsked = "user.new_password_asked",
    PasswordChanged = "password.changed",
    UserExported = "user.exported",
    UserErased = "user.erased",
    SessionsEnded = "user.sessions_ended",
    RoleGiven = "administrator.role_given",
    RoleTaken = "administrator.role_taken",
    SetUp = "administrator.set_up",
    EventsExported = "events.exported",
    ClientAdded = "client.added",
    RegistrationInvited = "client.invited",
    ClientUpdated = "client.updated",
    ClientDisabled = "client.disabled",
    ClientEnabled = "client.enabled",
    ClientRemoved = "client.removed",
    ClientSecretRotated = "client.secret_rotated",
    KeyRotated = "key.rotated",
}
