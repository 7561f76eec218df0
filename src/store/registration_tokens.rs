//! Tokens with which services register themselves, and look after their registration (RFC 7591, section 3; RFC 7592,
//! section 2).

use super::db::{Conn, Tx, asking, parsed, statements};
use crate::base::{ClientId, Digest, Fault, Timestamp, kinds};

statements! {
    INSERT_INITIAL = "INSERT INTO registration_tokens (digest, created_at, expires_at) VALUES ($1, $2, $3)";
    INSERT = "INSERT INTO registration_tokens (digest, client_id, created_at) VALUES ($1, $2, $3)";
    IS_GOOD = "SELECT digest FROM registration_tokens
        WHERE digest = $1 AND client_id IS NULL AND expires_at > $2";
    CLIENT = "SELECT client_id FROM registration_tokens WHERE digest = $1 AND client_id IS NOT NULL";
}

/// Writes a token down with which anybody who has it may register.
pub(crate) async fn insert_initial(
    tx: &mut Tx,
    digest: &Digest<kinds::InitialAccess>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(INSERT_INITIAL)
        .bind(digest.as_str())
        .bind(now.millis())
        .bind(expires_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("issue a registration token"))?;
    Ok(())
}

/// Writes down the token of a registration.
pub(crate) async fn insert(
    tx: &mut Tx,
    digest: &Digest<kinds::Registration>,
    client: &ClientId,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(digest.as_str())
        .bind(client.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("issue a registration token"))?;
    Ok(())
}

/// Whether somebody may register with this token.
pub(crate) async fn is_good(
    conn: &mut Conn,
    digest: &Digest<kinds::InitialAccess>,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row = sqlx::query(IS_GOOD).bind(digest.as_str()).bind(now.millis()).fetch_optional(conn).await;
    Ok(row.map_err(asking("find a registration token"))?.is_some())
}

/// Whose registration a token opens.
pub(crate) async fn client(
    conn: &mut Conn,
    digest: &Digest<kinds::Registration>,
) -> Result<Option<ClientId>, Fault> {
    let row = sqlx::query(CLIENT).bind(digest.as_str()).fetch_optional(conn).await;
    let row = row.map_err(asking("find a registration token"))?;
    row.map(|row| parsed(&row, "client_id", ClientId::parse)).transpose()
}
