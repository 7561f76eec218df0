//! Opaque access tokens (RFC 6749, section 1.4).

use super::db::{Conn, Tx, asking, optional_text, statements, text};
use super::users;
use crate::base::{Digest, Fault, GrantId, Timestamp, kinds};
use crate::model::User;

statements! {
    INSERT = "INSERT INTO access_tokens (digest, grant_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    LIVE = "SELECT u.*, g.scope AS granted_scope, g.claims AS granted_claims FROM access_tokens t
        JOIN grants g ON g.id = t.grant_id JOIN clients c ON c.id = g.client_id JOIN users u ON u.id = g.user_id
        WHERE t.digest = $1 AND t.expires_at > $2 AND g.revoked_at IS NULL AND c.disabled_at IS NULL
        AND u.disabled_at IS NULL";
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

/// What a token opens.
pub(crate) struct Opened {
    pub(crate) user: User,
    /// Scope values, separated by spaces.
    pub(crate) scope: String,
    /// The `claims` parameter, as `oidc` wrote it down.
    pub(crate) claims: Option<String>,
}

/// What is behind a token, while the token, its grant, its client and its person are all good.
pub(crate) async fn open(
    conn: &mut Conn,
    digest: &Digest<kinds::Access>,
    now: Timestamp,
) -> Result<Option<Opened>, Fault> {
    let row = sqlx::query(LIVE).bind(digest.as_str()).bind(now.millis()).fetch_optional(conn).await;
    let Some(row) = row.map_err(asking("find a token"))? else { return Ok(None) };
    Ok(Some(Opened {
        user: users::user(&row)?,
        scope: text(&row, "granted_scope")?,
        claims: optional_text(&row, "granted_claims")?,
    }))
}
