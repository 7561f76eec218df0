//! What a person allowed a client: the root from which codes and tokens descend.

use super::db::{Conn, Tx, asking, optional_text, optional_time, parsed, statements, text, time};
use crate::base::{ClientId, Fault, GrantId, SessionId, Timestamp, UserId};

statements! {
    INSERT = "INSERT INTO grants (id, user_id, client_id, session_id, scope, claims, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    BY_ID = "SELECT * FROM grants WHERE id = $1";
    REVOKE = "UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    REVOKE_SESSION = "UPDATE grants SET revoked_at = $2 WHERE session_id = $1 AND revoked_at IS NULL";
    REVOKE_USER = "UPDATE grants SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";
}

/// A grant, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) id: GrantId,
    pub(crate) user_id: UserId,
    pub(crate) client_id: ClientId,
    pub(crate) session_id: SessionId,
    /// Scope values, separated by spaces.
    pub(crate) scope: String,
    /// The `claims` parameter, as `oidc` wrote it down.
    pub(crate) claims: Option<String>,
    pub(crate) created_at: Timestamp,
    /// When nothing that descends from it can be alive any more.
    pub(crate) expires_at: Timestamp,
    pub(crate) revoked_at: Option<Timestamp>,
}

pub(crate) async fn insert(tx: &mut Tx, grant: &Grant) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(grant.id.as_str())
        .bind(grant.user_id.as_str())
        .bind(grant.client_id.as_str())
        .bind(grant.session_id.as_str())
        .bind(grant.scope.as_str())
        .bind(grant.claims.as_deref())
        .bind(grant.created_at.millis())
        .bind(grant.expires_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("record a grant"))?;
    Ok(())
}

pub(crate) async fn by_id(conn: &mut Conn, id: &GrantId) -> Result<Option<Grant>, Fault> {
    let row = sqlx::query(BY_ID).bind(id.as_str()).fetch_optional(conn).await;
    let Some(row) = row.map_err(asking("find a grant"))? else { return Ok(None) };
    Ok(Some(Grant {
        id: id.clone(),
        user_id: parsed(&row, "user_id", UserId::parse)?,
        client_id: parsed(&row, "client_id", ClientId::parse)?,
        session_id: parsed(&row, "session_id", SessionId::parse)?,
        scope: text(&row, "scope")?,
        claims: optional_text(&row, "claims")?,
        created_at: time(&row, "created_at")?,
        expires_at: time(&row, "expires_at")?,
        revoked_at: optional_time(&row, "revoked_at")?,
    }))
}

/// Revokes a grant and with it everything that descends from it.
pub(crate) async fn revoke(tx: &mut Tx, id: &GrantId, now: Timestamp) -> Result<(), Fault> {
    let done = sqlx::query(REVOKE).bind(id.as_str()).bind(now.millis()).execute(&mut **tx).await;
    done.map_err(asking("revoke a grant"))?;
    Ok(())
}

/// Revokes what was granted in a session.
pub(crate) async fn revoke_session(tx: &mut Tx, session: &SessionId, now: Timestamp) -> Result<(), Fault> {
    let done = sqlx::query(REVOKE_SESSION).bind(session.as_str()).bind(now.millis()).execute(&mut **tx).await;
    done.map_err(asking("revoke grants"))?;
    Ok(())
}

/// Revokes all that a person granted.
pub(crate) async fn revoke_user(tx: &mut Tx, user: &UserId, now: Timestamp) -> Result<(), Fault> {
    let done = sqlx::query(REVOKE_USER).bind(user.as_str()).bind(now.millis()).execute(&mut **tx).await;
    done.map_err(asking("revoke grants"))?;
    Ok(())
}
