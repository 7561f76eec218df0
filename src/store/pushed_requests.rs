//! Authorization requests that clients pushed (RFC 9126), until they are used or too old.

use super::db::{Conn, Tx, asking, optional_time, parsed, statements, text, time};
use crate::base::{ClientId, Digest, Fault, Timestamp, kinds};

statements! {
    INSERT = "INSERT INTO pushed_requests (digest, client_id, params, expires_at) VALUES ($1, $2, $3, $4)";
    FIND = "SELECT * FROM pushed_requests WHERE digest = $1";
    TAKE = "UPDATE pushed_requests SET used_at = $2 WHERE digest = $1 AND used_at IS NULL RETURNING digest";
}

/// A request, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct PushedRequest {
    pub(crate) digest: Digest<kinds::Pushed>,
    pub(crate) client_id: ClientId,
    /// The parameters, as a query string.
    pub(crate) params: String,
    /// Until when a browser may come with it.
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

pub(crate) async fn insert(tx: &mut Tx, pushed: &PushedRequest) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(pushed.digest.as_str())
        .bind(pushed.client_id.as_str())
        .bind(pushed.params.as_str())
        .bind(pushed.expires_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("keep a pushed request"))?;
    Ok(())
}

/// The request, however old, used or not.
pub(crate) async fn find(
    conn: &mut Conn,
    digest: &Digest<kinds::Pushed>,
) -> Result<Option<PushedRequest>, Fault> {
    let row = sqlx::query(FIND).bind(digest.as_str()).fetch_optional(conn).await;
    let Some(row) = row.map_err(asking("find a pushed request"))? else { return Ok(None) };
    Ok(Some(PushedRequest {
        digest: digest.clone(),
        client_id: parsed(&row, "client_id", ClientId::parse)?,
        params: text(&row, "params")?,
        expires_at: time(&row, "expires_at")?,
        used_at: optional_time(&row, "used_at")?,
    }))
}

/// Uses a request up: true for exactly one caller.
pub(crate) async fn take(tx: &mut Tx, digest: &Digest<kinds::Pushed>, now: Timestamp) -> Result<bool, Fault> {
    let row = sqlx::query(TAKE).bind(digest.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("use a pushed request"))?.is_some())
}
