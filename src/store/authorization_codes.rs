//! Authorization codes (RFC 6749, section 4.1.2).

use super::db::{Conn, Tx, asking, optional_text, parsed, statements, text, time};
use crate::base::{Digest, Fault, GrantId, Timestamp, kinds};

statements! {
    INSERT = "INSERT INTO authorization_codes (digest, grant_id, redirect_uri, code_challenge, nonce,
        authenticated_at, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    TAKE = "UPDATE authorization_codes SET used_at = $2 WHERE digest = $1 AND used_at IS NULL RETURNING *";
    GRANT_OF = "SELECT grant_id FROM authorization_codes WHERE digest = $1";
}

/// A code, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationCode {
    pub(crate) digest: Digest<kinds::Code>,
    pub(crate) grant_id: GrantId,
    pub(crate) redirect_uri: String,
    /// RFC 7636, method S256.
    pub(crate) code_challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    /// When the person proved who they are, for the `auth_time` claim.
    pub(crate) authenticated_at: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

pub(crate) async fn insert(tx: &mut Tx, code: &AuthorizationCode) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(code.digest.as_str())
        .bind(code.grant_id.as_str())
        .bind(code.redirect_uri.as_str())
        .bind(code.code_challenge.as_deref())
        .bind(code.nonce.as_deref())
        .bind(code.authenticated_at.millis())
        .bind(code.created_at.millis())
        .bind(code.expires_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("issue a code"))?;
    Ok(())
}

/// Takes a code: `Some` for exactly one caller, whether or not it has expired.
pub(crate) async fn take(
    tx: &mut Tx,
    digest: &Digest<kinds::Code>,
    now: Timestamp,
) -> Result<Option<AuthorizationCode>, Fault> {
    let row = sqlx::query(TAKE).bind(digest.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await;
    let Some(row) = row.map_err(asking("take a code"))? else { return Ok(None) };
    Ok(Some(AuthorizationCode {
        digest: digest.clone(),
        grant_id: parsed(&row, "grant_id", GrantId::parse)?,
        redirect_uri: text(&row, "redirect_uri")?,
        code_challenge: optional_text(&row, "code_challenge")?,
        nonce: optional_text(&row, "nonce")?,
        authenticated_at: time(&row, "authenticated_at")?,
        created_at: time(&row, "created_at")?,
        expires_at: time(&row, "expires_at")?,
    }))
}

/// The grant of a code that was taken before; `None` where there never was such a code.
pub(crate) async fn grant_of(
    conn: &mut Conn,
    digest: &Digest<kinds::Code>,
) -> Result<Option<GrantId>, Fault> {
    let row = sqlx::query(GRANT_OF).bind(digest.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a code"))?.map(|row| parsed(&row, "grant_id", GrantId::parse)).transpose()
}
