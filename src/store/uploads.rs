//! Files that somebody has sent and has yet to say yes to.

use super::db::{Conn, Tx, asking, statements, text};
use crate::base::{Fault, Timestamp, UserId};

statements! {
    INSERT = "INSERT INTO uploads (id, user_id, sealed, created_at) VALUES ($1, $2, $3, $4)";
    FIND = "SELECT sealed FROM uploads WHERE id = $1 AND user_id = $2";
    REMOVE = "DELETE FROM uploads WHERE id = $1 AND user_id = $2 RETURNING id";
}

pub(crate) async fn insert(
    tx: &mut Tx,
    (id, user): (&str, &UserId),
    sealed: &str,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(id)
        .bind(user.as_str())
        .bind(sealed)
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("keep a file"))?;
    Ok(())
}

/// A file of somebody's own.
pub(crate) async fn find(conn: &mut Conn, id: &str, user: &UserId) -> Result<Option<String>, Fault> {
    let row = sqlx::query(FIND).bind(id).bind(user.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a file"))?.map(|row| text(&row, "sealed")).transpose()
}

/// Takes a file away; true for one caller only.
pub(crate) async fn take(tx: &mut Tx, id: &str, user: &UserId) -> Result<bool, Fault> {
    let row = sqlx::query(REMOVE).bind(id).bind(user.as_str()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("take a file"))?.is_some())
}
