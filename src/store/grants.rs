//! What a person allowed a client: the root from which tokens descend, and the authorization code it was issued
//! with (RFC 6749, section 4.1.2).

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, number, optional_text, optional_time, parsed, statements, text, time};
use crate::base::{ClientId, Digest, Fault, GrantId, SessionId, Timestamp, UserId, kinds};

statements! {
    INSERT = "INSERT INTO grants (id, user_id, client_id, session_id, scope, claims, code, code_expires_at,
        redirect_uri, code_challenge, nonce, authenticated_at, created_at, expires_at,
        refresh_until, offline_at, resources, key_thumbprint, refresh_generation, refreshed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 0, $13)";
    BY_ID = "SELECT * FROM grants WHERE id = $1";
    /// Whoever uses a generation of refresh tokens first moves the grant on; the others find it moved.
    MOVE_ON = "UPDATE grants SET refresh_generation = $2, refreshed_at = $3
        WHERE id = $1 AND refresh_generation = $2 - 1 AND revoked_at IS NULL RETURNING id";
    BIND = "UPDATE grants SET key_thumbprint = $2 WHERE id = $1";
    REFRESHED = "UPDATE grants SET refreshed_at = $2 WHERE id = $1 AND refreshed_at < $2";
    TAKE_CODE = "UPDATE grants SET code_used_at = $2 WHERE code = $1 AND code_used_at IS NULL RETURNING *";
    OF_CODE = "SELECT id FROM grants WHERE code = $1";
    REVOKE = "UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    /// What was allowed for the time after logging out stays.
    REVOKE_SESSION = "UPDATE grants SET revoked_at = $2
        WHERE session_id = $1 AND revoked_at IS NULL AND offline_at IS NULL";
    REVOKE_CLIENT = "UPDATE grants SET revoked_at = $2 WHERE client_id = $1 AND revoked_at IS NULL";
    REVOKE_BETWEEN = "UPDATE grants SET revoked_at = $3
        WHERE user_id = $1 AND client_id = $2 AND revoked_at IS NULL";
    /// What was allowed for the time after logging out is not known to be this browser's, wherever it was allowed.
    REVOKE_ELSEWHERE = "UPDATE grants SET revoked_at = $3
        WHERE user_id = $1 AND (session_id <> $2 OR offline_at IS NOT NULL) AND revoked_at IS NULL";
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
    pub(crate) code: Digest<kinds::Code>,
    pub(crate) code_expires_at: Timestamp,
    pub(crate) redirect_uri: String,
    /// RFC 7636, method S256.
    pub(crate) code_challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    /// When the person proved who they are, for the `auth_time` claim.
    pub(crate) authenticated_at: Timestamp,
    /// When its refresh tokens end, whatever happens; `None` where there are none.
    pub(crate) refresh_until: Option<Timestamp>,
    /// Since when it holds without the session too (OpenID Connect Core 1.0, section 11).
    pub(crate) offline_at: Option<Timestamp>,
    /// The addresses of the services that its tokens may be for, separated by spaces.
    pub(crate) resources: Option<String>,
    /// The thumbprint of the key that its code, and the refresh tokens of a public client, can be used with (RFC 9449,
    /// sections 5 and 10); or of the certificate ([`crate::model::Confirmation::to_thumbprint`]).
    pub(crate) key_thumbprint: Option<String>,
    /// How many generations of refresh tokens have been used.
    pub(crate) refresh_generation: i64,
    /// When the last one was; when it was issued, before the first.
    pub(crate) refreshed_at: Timestamp,
    pub(crate) created_at: Timestamp,
    /// When nothing that descends from it can be alive any more.
    pub(crate) expires_at: Timestamp,
    pub(crate) revoked_at: Option<Timestamp>,
}

fn grant(row: &AnyRow) -> Result<Grant, Fault> {
    Ok(Grant {
        id: parsed(row, "id", GrantId::parse)?,
        user_id: parsed(row, "user_id", UserId::parse)?,
        client_id: parsed(row, "client_id", ClientId::parse)?,
        session_id: parsed(row, "session_id", SessionId::parse)?,
        scope: text(row, "scope")?,
        claims: optional_text(row, "claims")?,
        code: Digest::stored(text(row, "code")?),
        code_expires_at: time(row, "code_expires_at")?,
        redirect_uri: text(row, "redirect_uri")?,
        code_challenge: optional_text(row, "code_challenge")?,
        nonce: optional_text(row, "nonce")?,
        authenticated_at: time(row, "authenticated_at")?,
        refresh_until: optional_time(row, "refresh_until")?,
        offline_at: optional_time(row, "offline_at")?,
        resources: optional_text(row, "resources")?,
        key_thumbprint: optional_text(row, "key_thumbprint")?,
        refresh_generation: number(row, "refresh_generation")?,
        refreshed_at: time(row, "refreshed_at")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        revoked_at: optional_time(row, "revoked_at")?,
    })
}

pub(crate) async fn insert(tx: &mut Tx, grant: &Grant) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(grant.id.as_str())
        .bind(grant.user_id.as_str())
        .bind(grant.client_id.as_str())
        .bind(grant.session_id.as_str())
        .bind(grant.scope.as_str())
        .bind(grant.claims.as_deref())
        .bind(grant.code.as_str())
        .bind(grant.code_expires_at.millis())
        .bind(grant.redirect_uri.as_str())
        .bind(grant.code_challenge.as_deref())
        .bind(grant.nonce.as_deref())
        .bind(grant.authenticated_at.millis())
        .bind(grant.created_at.millis())
        .bind(grant.expires_at.millis())
        .bind(grant.refresh_until.map(Timestamp::millis))
        .bind(grant.offline_at.map(Timestamp::millis))
        .bind(grant.resources.as_deref())
        .bind(grant.key_thumbprint.as_deref())
        .execute(&mut **tx)
        .await
        .map_err(asking("record a grant"))?;
    Ok(())
}

/// Takes a code: `Some` for exactly one caller, whether or not it has expired.
pub(crate) async fn take_code(
    tx: &mut Tx,
    code: &Digest<kinds::Code>,
    now: Timestamp,
) -> Result<Option<Grant>, Fault> {
    let row = sqlx::query(TAKE_CODE).bind(code.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await;
    row.map_err(asking("take a code"))?.as_ref().map(grant).transpose()
}

pub(crate) async fn by_id(conn: &mut Conn, id: &GrantId) -> Result<Option<Grant>, Fault> {
    let row = sqlx::query(BY_ID).bind(id.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a grant"))?.as_ref().map(grant).transpose()
}

/// Moves a grant on to a generation of refresh tokens: true for exactly one caller.
pub(crate) async fn move_on(
    tx: &mut Tx,
    id: &GrantId,
    generation: i64,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row = sqlx::query(MOVE_ON)
        .bind(id.as_str())
        .bind(generation)
        .bind(now.millis())
        .fetch_optional(&mut **tx)
        .await;
    Ok(row.map_err(asking("use a refresh token"))?.is_some())
}

/// Binds what descends from a grant to a key.
pub(crate) async fn bind(tx: &mut Tx, id: &GrantId, thumbprint: &str) -> Result<(), Fault> {
    let done = sqlx::query(BIND).bind(id.as_str()).bind(thumbprint).execute(&mut **tx).await;
    done.map_err(asking("bind a grant"))?;
    Ok(())
}

/// Notes that a refresh token was used that goes on working.
pub(crate) async fn refreshed(tx: &mut Tx, id: &GrantId, now: Timestamp) -> Result<(), Fault> {
    let done = sqlx::query(REFRESHED).bind(id.as_str()).bind(now.millis()).execute(&mut **tx).await;
    done.map_err(asking("note the use of a refresh token"))?;
    Ok(())
}

/// The grant of a code that was taken before; `None` where there never was such a code.
pub(crate) async fn of_code(conn: &mut Conn, code: &Digest<kinds::Code>) -> Result<Option<GrantId>, Fault> {
    let row = sqlx::query(OF_CODE).bind(code.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a code"))?.map(|row| parsed(&row, "id", GrantId::parse)).transpose()
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

/// Revokes all that was granted to a client: rare enough to look through the table.
pub(crate) async fn revoke_client(tx: &mut Tx, client: &ClientId, now: Timestamp) -> Result<(), Fault> {
    let done = sqlx::query(REVOKE_CLIENT).bind(client.as_str()).bind(now.millis()).execute(&mut **tx).await;
    done.map_err(asking("revoke grants"))?;
    Ok(())
}

/// Revokes what a person granted to a client.
pub(crate) async fn revoke_between(
    tx: &mut Tx,
    user: &UserId,
    client: &ClientId,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(REVOKE_BETWEEN)
        .bind(user.as_str())
        .bind(client.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("revoke grants"))?;
    Ok(())
}

/// Revokes all that a person granted.
pub(crate) async fn revoke_user(tx: &mut Tx, user: &UserId, now: Timestamp) -> Result<(), Fault> {
    let done = sqlx::query(REVOKE_USER).bind(user.as_str()).bind(now.millis()).execute(&mut **tx).await;
    done.map_err(asking("revoke grants"))?;
    Ok(())
}

/// Revokes all that a person granted but for what lives and dies with the session that stays.
pub(crate) async fn revoke_elsewhere(
    tx: &mut Tx,
    user: &UserId,
    stays: &SessionId,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(REVOKE_ELSEWHERE)
        .bind(user.as_str())
        .bind(stays.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("revoke grants"))?;
    Ok(())
}
