//! One journey through the log-in pages, and the emailed codes it sends.

use serde::{Deserialize, Serialize};

use crate::base::{ClientId, Digest, FlowId, SessionId, Timestamp, UserId, kinds};

/// A journey, bound to the browser that began it. What the relying party asked for is frozen at its start.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) id: FlowId,
    pub(crate) binding: Digest<kinds::Flow>,
    /// `None` where somebody came to the log-in page by themselves.
    pub(crate) client_id: Option<ClientId>,
    /// The authorization request, as `oidc` froze it; without a client, a page of ours to go on to.
    pub(crate) request: Option<String>,
    pub(crate) stage: FlowStage,
    /// Whether somebody who is logged in is asked to prove it again.
    pub(crate) again: bool,
    /// The email last typed, or the relying party's `login_hint`.
    pub(crate) email: Option<String>,
    /// A message to show once.
    pub(crate) banner: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// How far a journey has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FlowStage {
    /// Email and password are wanted.
    Password,
    /// The password was right; the emailed code is wanted.
    Code {
        user_id: UserId,
    },
    /// Logged in; the greeting is on the screen.
    Welcome {
        session_id: SessionId,
    },
    /// The relying party has its answer.
    Done,
    Cancelled,
}

/// What an emailed code is for. It is part of what the code's MAC covers, so that none serves for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    LogIn,
    Reset,
}

impl Purpose {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::Reset => "reset",
        }
    }
}

/// The emailed codes of one purpose in one journey, with the counts that limit them.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    pub(crate) flow_id: FlowId,
    pub(crate) purpose: Purpose,
    /// `None` in a reset for an address that nobody has.
    pub(crate) user_id: Option<UserId>,
    pub(crate) email: String,
    pub(crate) state: ChallengeState,
    pub(crate) tries: i64,
    pub(crate) sends: i64,
    pub(crate) last_sent_at: Timestamp,
    /// Newest last, at most three.
    pub(crate) codes: Vec<EmailedCode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChallengeState {
    Open,
    /// The right code was entered.
    Passed,
    /// Cancelled, used up, or done with.
    Dead,
}

/// A code in somebody's mailbox: what we keep of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EmailedCode {
    /// HMAC over purpose, person, journey and code, in base64url.
    pub(crate) mac: String,
    /// Milliseconds since 1970.
    pub(crate) expires_at: i64,
}
