//! What the audit trail records.

use std::net::IpAddr;

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
    /// Why whoever did it did it, in their words. It is kept sealed, as a part of the detail, until it is opened.
    pub(crate) reason: Option<String>,
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

impl Visit {
    /// The network that it came from: an IPv4 address, or the /64 that one household or office has in IPv6.
    pub(crate) fn network(&self) -> String {
        match self.address.parse() {
            Ok(IpAddr::V6(six)) => {
                let [a, b, c, d, ..] = six.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            _ => self.address.clone(),
        }
    }
}

macro_rules! event_kinds {
    ($($name:ident = $text:literal, $shown:literal);+ $(;)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum EventKind { $($name),+ }

        impl EventKind {
            /// The word that is stored.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// The words that administrators see.
            pub(crate) const fn shown(self) -> &'static str {
                match self { $(Self::$name => $shown),+ }
            }

            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            pub(crate) fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == text)
            }
        }
    };
}

impl EventKind {
    /// Whether it is something that somebody tried and that was not done.
    pub(crate) const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::PasswordWrong
                | Self::PasswordPaused
                | Self::CodeWrong
                | Self::CodesUsedUp
                | Self::RequestRefused
                | Self::RefreshReplayed
                | Self::CodeReplayed
                | Self::ConsentRefused
                | Self::DeviceRefused
        )
    }
}

event_kinds! {
    PasswordRight = "login.password_right", "Correct password";
    PasswordWrong = "login.password_wrong", "Wrong password";
    PasswordPaused = "login.paused", "Login paused";
    CodeSent = "code.sent", "Code sent";
    CodeWrong = "code.wrong", "Wrong code";
    CodesUsedUp = "code.used_up", "Too many wrong codes";
    GuessingSuspected = "alarm.guessing", "Guessing suspected";
    LoggedIn = "login.done", "Logged in";
    LoggedOut = "session.ended", "Logged out";
    ResetAsked = "reset.asked", "Password reset requested";
    ResetDone = "reset.done", "Password reset";
    TokensIssued = "grant.tokens_issued", "Tokens given to a service";
    TokensExchanged = "grant.tokens_exchanged", "Tokens exchanged";
    TokensRevoked = "grant.revoked", "Tokens taken back";
    RequestRefused = "client.request_refused", "Service request refused";
    RefreshReplayed = "grant.refresh_replayed", "Refresh token used twice";
    CodeReplayed = "grant.code_replayed", "Authorization code used twice";
    ConsentGiven = "consent.given", "Sharing agreed to";
    ConsentRefused = "consent.refused", "Sharing refused";
    ConsentWithdrawn = "consent.withdrawn", "Sharing stopped";
    DeviceConnected = "device.connected", "Device connected";
    DeviceRefused = "device.refused", "Device refused";
    UserAdded = "user.added", "Person added";
    UserDisabled = "user.disabled", "Person deactivated";
    UserEnabled = "user.enabled", "Person activated";
    PasswordSet = "user.password_set", "Password set by an administrator";
    UserInvited = "user.invited", "Invitation sent";
    InvitationWithdrawn = "user.invitation_withdrawn", "Invitation withdrawn";
    InvitationUsed = "user.invitation_used", "Account set up";
    UserChanged = "user.changed", "Details changed";
    UserUnlocked = "user.unlocked", "Unlocked";
    NewPasswordAsked = "user.new_password_asked", "New password requested";
    PasswordChanged = "password.changed", "Password changed";
    UserExported = "user.exported", "Personal data exported";
    UserErased = "user.erased", "Person erased";
    SessionsEnded = "user.sessions_ended", "Logged out by an administrator";
    ReviewBegun = "review.begun", "Access review begun";
    ReviewWithdrawn = "review.withdrawn", "Access review withdrawn";
    ReviewFinished = "review.finished", "Access review finished";
    AccessConfirmed = "review.confirmed", "Access confirmed by a sponsor";
    AccessStruck = "review.struck", "Access marked no longer needed by a sponsor";
    RoleGiven = "administrator.role_given", "Role given";
    RoleTaken = "administrator.role_taken", "Role taken away";
    SetUp = "administrator.set_up", "First owner made";
    EventsExported = "events.exported", "Audit log downloaded";
    ClientAdded = "client.added", "Service added";
    RegistrationInvited = "client.invited", "Service invited to register";
    RegistrationInvitationWithdrawn = "client.invitation_withdrawn", "Registration token withdrawn";
    ClientUpdated = "client.updated", "Service changed";
    ClientDisabled = "client.disabled", "Service switched off";
    ClientEnabled = "client.enabled", "Service switched on";
    ClientRemoved = "client.removed", "Service removed";
    ClientSecretRotated = "client.secret_rotated", "New client secret";
    SettingsChanged = "settings.changed", "Settings changed";
    KeyRotated = "key.rotated", "New signing key";
    DatabaseRestored = "database.restored", "Database restored from a backup";
}
