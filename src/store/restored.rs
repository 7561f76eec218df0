//! What is void once a copy has been put in the place of a database: all that may have been used, ended or rotated since
//! the copy was made, of which the copy knows nothing.
//!
//! What a client has signed (RFC 7523, RFC 9449) may have been used too, and is good for five minutes at most.

use super::db::{Tx, asking, statements};
use crate::base::{Fault, Timestamp};

statements! {
    SESSIONS = "UPDATE sessions SET ended_at = $1 WHERE ended_at IS NULL";
    /// With the authorization code and the refresh tokens of each.
    GRANTS = "UPDATE grants SET revoked_at = $1 WHERE revoked_at IS NULL";
    ACCESS_TOKENS = "DELETE FROM access_tokens";
    /// With their challenges.
    FLOWS = "DELETE FROM flows";
    DEVICE_CODES = "DELETE FROM device_codes";
    PUSHED_REQUESTS = "DELETE FROM pushed_requests";
    IDEMPOTENCY_KEYS = "DELETE FROM idempotency_keys";
    /// Those of services that are registered are theirs for good, like their secrets.
    REGISTRATION_TOKENS = "DELETE FROM registration_tokens WHERE client_id IS NULL";
    SETUP_LINKS = "DELETE FROM setup_links";
    UPLOADS = "DELETE FROM uploads";
    LETTERS = "UPDATE outbox SET state = 'expired', settled_at = $1, sealed = '',
        last_error = 'its code is void since the database was restored' WHERE state = 'queued' AND kind = $2";
}

/// How much was void.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voided {
    pub(crate) sessions: u64,
    pub(crate) grants: u64,
    pub(crate) access_tokens: u64,
    pub(crate) letters: u64,
}

/// Voids everything, whatever it takes. `letters` are the kinds of those that hold a code.
pub(crate) async fn void(tx: &mut Tx, letters: &[&str], now: Timestamp) -> Result<Voided, Fault> {
    let doing = || asking("void what may have been used");
    tx.without_haste().await?;
    let mut marked = async |statement| {
        let done = sqlx::query(statement).bind(now.millis()).execute(&mut **tx).await;
        done.map(|done| done.rows_affected()).map_err(doing())
    };
    let (sessions, grants) = (marked(SESSIONS).await?, marked(GRANTS).await?);
    let mut removed = async |statement| {
        let done = sqlx::query(statement).execute(&mut **tx).await;
        done.map(|done| done.rows_affected()).map_err(doing())
    };
    let access_tokens = removed(ACCESS_TOKENS).await?;
    for statement in
        [FLOWS, DEVICE_CODES, PUSHED_REQUESTS, IDEMPOTENCY_KEYS, REGISTRATION_TOKENS, SETUP_LINKS, UPLOADS]
    {
        removed(statement).await?;
    }
    let mut unsent = 0;
    for kind in letters {
        let done = sqlx::query(LETTERS).bind(now.millis()).bind(*kind).execute(&mut **tx).await;
        unsent += done.map_err(doing())?.rows_affected();
    }
    Ok(Voided { sessions, grants, access_tokens, letters: unsent })
}
