//! Refresh tokens (RFC 6749, section 1.5). A row is never changed: how far a grant has come stands with the grant.

use super::db::{Conn, Tx, asking, number, parsed, statements};
use crate::base::{Digest, Fault, GrantId, Timestamp, kinds};

statements! {
    INSERT = "INSERT INTO refresh_tokens (digest, grant_id, generation, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (digest) DO NOTHING";
    FIND = "SELECT grant_id, generation FROM refresh_tokens WHERE digest = $1";
}

/// Where a refresh token stands among those of its grant.
pub(crate) struct RefreshToken {
    pub(crate) grant_id: GrantId,
    /// 1 for what came with the code.
    pub(crate) generation: i64,
}

/// Writes a token down. One that is there already, because a lost answer is given again, stays as it is.
pub(crate) async fn insert(
    tx: &mut Tx,
    digest: &Digest<kinds::Refresh>,
    token: &RefreshToken,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(digest.as_str())
        .bind(token.grant_id.as_str())
        .bind(token.generation)
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("issue a refresh token"))?;
    Ok(())
}

pub(crate) async fn find(
    conn: &mut Conn,
    digest: &Digest<kinds::Refresh>,
) -> Result<Option<RefreshToken>, Fault> {
    let row = sqlx::query(FIND).bind(digest.as_str()).fetch_optional(conn).await;
    let Some(row) = row.map_err(asking("find a refresh token"))? else { return Ok(None) };
    Ok(Some(RefreshToken {
        grant_id: parsed(&row, "grant_id", GrantId::parse)?,
        generation: number(&row, "generation")?,
    }))
}
