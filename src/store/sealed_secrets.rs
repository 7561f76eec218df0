//! The secrets of clients that sign with theirs, sealed.

use super::db::{Conn, Tx, asking, optional_time, statements, text};
use crate::base::{ClientId, Digest, Fault, Timestamp, kinds};

statements! {
    ADD = "INSERT INTO sealed_secrets (digest, client_id, sealed) VALUES ($1, $2, $3)";
    OF_CLIENT = "SELECT k.sealed, s.expires_at FROM sealed_secrets k JOIN client_secrets s ON s.digest = k.digest
        WHERE k.client_id = $1";
    FORGET = "DELETE FROM sealed_secrets WHERE client_id = $1";
}

/// Keeps the secret behind a digest that is kept already.
pub(crate) async fn add(
    tx: &mut Tx,
    digest: &Digest<kinds::Client>,
    client: &ClientId,
    sealed: &str,
) -> Result<(), Fault> {
    let done =
        sqlx::query(ADD).bind(digest.as_str()).bind(client.as_str()).bind(sealed).execute(&mut **tx).await;
    done.map_err(asking("keep a sealed secret"))?;
    Ok(())
}

/// A client's secrets that are valid now, as they were sealed.
pub(crate) async fn live(conn: &mut Conn, client: &ClientId, now: Timestamp) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query(OF_CLIENT).bind(client.as_str()).fetch_all(conn).await;
    let mut live = Vec::new();
    for row in rows.map_err(asking("read sealed secrets"))? {
        if optional_time(&row, "expires_at")?.is_none_or(|end| now < end) {
            live.push(text(&row, "sealed")?);
        }
    }
    Ok(live)
}

/// Erases the secrets of a client, and leaves their digests.
pub(crate) async fn forget(tx: &mut Tx, client: &ClientId) -> Result<(), Fault> {
    let done = sqlx::query(FORGET).bind(client.as_str()).execute(&mut **tx).await;
    done.map_err(asking("erase sealed secrets"))?;
    Ok(())
}
