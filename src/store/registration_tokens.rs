//! Tokens with which services register themselves, and look after their registration (RFC 7591, section 3; RFC 7592,
//! section 2).

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, parsed, statements, text, time};
use crate::base::{ClientId, Digest, Fault, Timestamp, kinds};

statements! {
    INSERT_INITIAL = "INSERT INTO registration_tokens (digest, created_at, expires_at) VALUES ($1, $2, $3)";
    INSERT = "INSERT INTO registration_tokens (digest, client_id, created_at) VALUES ($1, $2, $3)";
    /// Those that still work, the one that ends first before the others.
    INITIAL = "SELECT digest, created_at, expires_at FROM registration_tokens WHERE client_id IS NULL
        AND expires_at > $1 AND (expires_at, digest) > ($2, $3) ORDER BY expires_at, digest LIMIT $4";
    WITHDRAW = "DELETE FROM registration_tokens WHERE digest = $1 AND client_id IS NULL AND expires_at > $2
        RETURNING digest";
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

/// A token with which anybody who has it may register.
pub(crate) struct InitialToken {
    pub(crate) digest: Digest<kinds::InitialAccess>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// Up to `limit` tokens that still work, after the place that an end and a digest name.
pub(crate) async fn initial(
    conn: &mut Conn,
    now: Timestamp,
    (end, digest): (i64, &str),
    limit: i64,
) -> Result<Vec<InitialToken>, Fault> {
    let rows = sqlx::query(INITIAL)
        .bind(now.millis())
        .bind(end)
        .bind(digest)
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(asking("list registration tokens"))?;
    let token = |row: &AnyRow| {
        Ok(InitialToken {
            digest: Digest::stored(text(row, "digest")?),
            created_at: time(row, "created_at")?,
            expires_at: time(row, "expires_at")?,
        })
    };
    rows.iter().map(token).collect()
}

/// Withdraws a token, named by its digest; `false` where there is none that still works.
pub(crate) async fn withdraw(tx: &mut Tx, digest: &str, now: Timestamp) -> Result<bool, Fault> {
    let row = sqlx::query(WITHDRAW).bind(digest).bind(now.millis()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("withdraw a registration token"))?.is_some())
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
