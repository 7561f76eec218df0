//! Single facts about this installation, such as which master key seals it.

use super::db::{Conn, Tx, asking, statements, text};
use crate::base::{Fault, Timestamp};

statements! {
    FIND = "SELECT value FROM facts WHERE name = $1";
    /// Writes what is there, for the sake of the row's lock.
    CLAIM = "INSERT INTO facts (name, value) VALUES ($1, '') ON CONFLICT (name) DO UPDATE SET value = ''";
    SET = "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
    LEASE = "UPDATE facts SET value = $3 WHERE name = $1 AND CAST(value AS BIGINT) < CAST($2 AS BIGINT) RETURNING name";
    SET_ONCE = "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
}

pub(crate) async fn find(conn: &mut Conn, name: &str) -> Result<Option<String>, Fault> {
    let row = sqlx::query(FIND).bind(name).fetch_optional(conn).await.map_err(asking("read a fact"))?;
    row.map(|row| text(&row, "value")).transpose()
}

/// Records a fact in the place of the one there was.
pub(crate) async fn set(tx: &mut Tx, name: &str, value: &str) -> Result<(), Fault> {
    sqlx::query(SET).bind(name).bind(value).execute(&mut **tx).await.map_err(asking("record a fact"))?;
    Ok(())
}

/// Records a fact, unless it is recorded already.
pub(crate) async fn set_once(tx: &mut Tx, name: &str, value: &str) -> Result<(), Fault> {
    sqlx::query(SET_ONCE).bind(name).bind(value).execute(&mut **tx).await.map_err(asking("record a fact"))?;
    Ok(())
}

/// Takes a task until a moment; `false` while somebody else has it. The fact must be there, with a number.
pub(crate) async fn lease(tx: &mut Tx, name: &str, now: Timestamp, until: Timestamp) -> Result<bool, Fault> {
    let row = sqlx::query(LEASE)
        .bind(name)
        .bind(now.millis().to_string())
        .bind(until.millis().to_string())
        .fetch_optional(&mut **tx)
        .await;
    Ok(row.map_err(asking("take a task"))?.is_some())
}

/// Keeps every other transaction that claims the same name waiting until this one ends.
pub(crate) async fn claim(tx: &mut Tx, name: &str) -> Result<(), Fault> {
    sqlx::query(CLAIM).bind(name).execute(&mut **tx).await.map_err(asking("claim a task"))?;
    Ok(())
}
