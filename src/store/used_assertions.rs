//! Assertions that clients have used to prove who they are, until they are too old to be used again.

use super::db::{Tx, asking, statements};
use crate::base::{Fault, Timestamp};

statements! {
    /// Of all who try at once, one finds the place empty.
    SPEND = "INSERT INTO used_assertions (digest, expires_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";
}

/// Notes an assertion as used; `false` where it was used before.
pub(crate) async fn spend(tx: &mut Tx, digest: &str, expires_at: Timestamp) -> Result<bool, Fault> {
    let done = sqlx::query(SPEND).bind(digest).bind(expires_at.millis()).execute(&mut **tx).await;
    Ok(done.map_err(asking("note an assertion"))?.rows_affected() == 1)
}
