//! Opaque access tokens (RFC 6749, section 1.4).

use super::db::{Conn, Tx, asking, parsed, statements};
use crate::base::{Digest, Fault, GrantId, Timestamp, kinds};

statements! {
    INSERT = "INSERT INTO access_tokens (digest, grant_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    LIVE = "SELECT t.grant_id AS grant_id FROM access_tokens t
        JOIN grants g ON g.id = t.grant_id JOIN clients c ON c.id = g.client_id
        WHERE t.digest = $1 AND t.expires_at > $2 AND g.revoked_at IS NULL AND c.disabled_at IS NULL";
}

pub(crate) async fn insert(
    tx: &mut Tx,
    digest: &Digest<kinds::Access>,
    grant: &GrantId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(digest.as_str())
        .bind(grant.as_str())
        .bind(now.millis())
        .bind(expires_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("issue an access token"))?;
    Ok(())
}

/// The grant behind a token, while the token, its grant and its client are all good.
pub(crate) async fn live_grant(
    conn: &mut Conn,
    digest: &Digest<kinds::Access>,
    now: Timestamp,
) -> Result<Option<GrantId>, Fault> {
    let row = sqlx::query(LIVE).bind(digest.as_str()).bind(now.millis()).fetch_optional(conn).await;
    row.map_err(asking("find a token"))?.map(|row| parsed(&row, "grant_id", GrantId::parse)).transpose()
}
