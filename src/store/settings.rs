//! What administrators have set in the place of the configuration file: one row.

use super::db::{Conn, Tx, asking, statements, text, time};
use crate::base::{Fault, Timestamp};

statements! {
    READ = "SELECT document, updated_at FROM settings";
    WRITE = "UPDATE settings SET document = $1, updated_at = $2 WHERE updated_at = $3";
}

/// The settings as they were written.
pub(crate) struct Written {
    /// A JSON object.
    pub(crate) document: String,
    pub(crate) updated_at: Timestamp,
}

pub(crate) async fn read(conn: &mut Conn) -> Result<Written, Fault> {
    let row = sqlx::query(READ).fetch_one(conn).await.map_err(asking("read the settings"))?;
    Ok(Written { document: text(&row, "document")?, updated_at: time(&row, "updated_at")? })
}

/// Writes them; `false` where they have changed since they were read.
pub(crate) async fn write(tx: &mut Tx, written: &Written, read_at: Timestamp) -> Result<bool, Fault> {
    let done = sqlx::query(WRITE)
        .bind(&written.document)
        .bind(written.updated_at.millis())
        .bind(read_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("write the settings"))?;
    Ok(done.rows_affected() == 1)
}
