//! Removes what is no longer needed, a bounded batch at a time.

use super::db::{Tx, asking, statements};
use crate::base::{Fault, Timestamp};

statements! {
    FLOWS = "DELETE FROM flows WHERE id IN (SELECT id FROM flows WHERE expires_at < $1 LIMIT $2)";
    SESSIONS = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 LIMIT $2)";
    DEVICES = "DELETE FROM devices WHERE (digest, user_id) IN
        (SELECT digest, user_id FROM devices WHERE expires_at < $1 LIMIT $2)";
    THROTTLES = "DELETE FROM throttles WHERE bucket IN
        (SELECT bucket FROM throttles WHERE touched_at < $1 AND consecutive = 0 LIMIT $2)";
    FAILURES_IN_A_ROW = "DELETE FROM throttles WHERE bucket IN
        (SELECT bucket FROM throttles WHERE touched_at < $1 AND consecutive > 0 LIMIT $2)";
    TOKENS = "DELETE FROM access_tokens WHERE digest IN
        (SELECT digest FROM access_tokens WHERE expires_at < $1 LIMIT $2)";
    /// Takes the tokens that descend from the grants along. While the session lives, its services are known by them.
    GRANTS = "DELETE FROM grants WHERE id IN (SELECT g.id FROM grants g WHERE g.expires_at < $1
        AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = g.session_id AND s.ended_at IS NULL
        AND s.expires_at >= $1) LIMIT $2)";
    LOGOUTS = "DELETE FROM logouts WHERE (session_id, client_id) IN
        (SELECT session_id, client_id FROM logouts WHERE settled_at < $1 LIMIT $2)";
    LETTERS = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE settled_at < $1 LIMIT $2)";
    ASSERTIONS = "DELETE FROM used_assertions WHERE digest IN
        (SELECT digest FROM used_assertions WHERE expires_at < $1 LIMIT $2)";
    PUSHED_REQUESTS = "DELETE FROM pushed_requests WHERE digest IN
        (SELECT digest FROM pushed_requests WHERE expires_at < $1 LIMIT $2)";
    DEVICE_CODES = "DELETE FROM device_codes WHERE digest IN
        (SELECT digest FROM device_codes WHERE expires_at < $1 LIMIT $2)";
    REGISTRATION_TOKENS = "DELETE FROM registration_tokens WHERE digest IN
        (SELECT digest FROM registration_tokens WHERE expires_at < $1 LIMIT $2)";
    IDEMPOTENCY_KEYS = "DELETE FROM idempotency_keys WHERE digest IN
        (SELECT digest FROM idempotency_keys WHERE created_at < $1 LIMIT $2)";
    SETUP_LINKS = "DELETE FROM setup_links WHERE digest IN
        (SELECT digest FROM setup_links WHERE expires_at < $1 LIMIT $2)";
    UPLOADS = "DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE created_at < $1 LIMIT $2)";
    INVITATIONS = "DELETE FROM invitations WHERE user_id IN
        (SELECT user_id FROM invitations WHERE expires_at < $1 LIMIT $2)";
    /// Those that were never finished as well, once they are as old.
    REVIEWS = "DELETE FROM reviews WHERE id IN (SELECT id FROM reviews WHERE due_at < $1 AND created_at < $1 LIMIT $2)";
}

/// What can be purged; each has its own retention period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purgeable {
    Flows,
    Sessions,
    Devices,
    Throttles,
    /// Counters of failures in a row, which are counted over whatever time.
    FailuresInARow,
    Tokens,
    Grants,
    Logouts,
    Letters,
    Assertions,
    PushedRequests,
    RegistrationTokens,
    DeviceCodes,
    IdempotencyKeys,
    SetUpLinks,
    Invitations,
    Uploads,
    /// With the people on them.
    Reviews,
}

impl Purgeable {
    const fn statement(self) -> &'static str {
        match self {
            Self::Flows => FLOWS,
            Self::Sessions => SESSIONS,
            Self::Devices => DEVICES,
            Self::Throttles => THROTTLES,
            Self::FailuresInARow => FAILURES_IN_A_ROW,
            Self::Tokens => TOKENS,
            Self::Grants => GRANTS,
            Self::Logouts => LOGOUTS,
            Self::Letters => LETTERS,
            Self::Assertions => ASSERTIONS,
            Self::PushedRequests => PUSHED_REQUESTS,
            Self::DeviceCodes => DEVICE_CODES,
            Self::RegistrationTokens => REGISTRATION_TOKENS,
            Self::IdempotencyKeys => IDEMPOTENCY_KEYS,
            Self::SetUpLinks => SETUP_LINKS,
            Self::Invitations => INVITATIONS,
            Self::Uploads => UPLOADS,
            Self::Reviews => REVIEWS,
        }
    }
}

/// Removes up to `batch` rows that ended before `before`; how many.
pub(crate) async fn remove(
    tx: &mut Tx,
    what: Purgeable,
    before: Timestamp,
    batch: i64,
) -> Result<u64, Fault> {
    let done = sqlx::query(what.statement()).bind(before.millis()).bind(batch).execute(&mut **tx).await;
    Ok(done.map_err(asking("purge"))?.rows_affected())
}
