//! Links by which people choose their first password.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, optional_time, parsed, statements, text, time};
use crate::base::{ClientId, Digest, Fault, Timestamp, UserId, kinds};
use crate::model::Invitation;

statements! {
    PUT = "INSERT INTO invitations (user_id, digest, services, inviter, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id) DO UPDATE SET digest = excluded.digest,
        services = excluded.services, inviter = excluded.inviter, created_at = excluded.created_at,
        expires_at = excluded.expires_at, used_at = NULL, withdrawn_at = NULL";
    BY_DIGEST = "SELECT * FROM invitations WHERE digest = $1";
    OF_USER = "SELECT * FROM invitations WHERE user_id = $1";
    TAKE = "UPDATE invitations SET used_at = $2 WHERE digest = $1 AND used_at IS NULL AND withdrawn_at IS NULL
        AND expires_at > $2 RETURNING user_id";
    TAKE_OF_USER = "UPDATE invitations SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL
        AND withdrawn_at IS NULL AND expires_at > $2 RETURNING user_id";
    WITHDRAW = "UPDATE invitations SET withdrawn_at = $2 WHERE user_id = $1 AND used_at IS NULL
        AND withdrawn_at IS NULL RETURNING user_id";
}

fn services(text: &str) -> Option<Vec<ClientId>> {
    text.split_whitespace().map(ClientId::parse).collect()
}

fn invitation(row: &AnyRow) -> Result<Invitation, Fault> {
    Ok(Invitation {
        user_id: parsed(row, "user_id", UserId::parse)?,
        digest: Digest::stored(text(row, "digest")?),
        services: parsed(row, "services", services)?,
        inviter: text(row, "inviter")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        used_at: optional_time(row, "used_at")?,
        withdrawn_at: optional_time(row, "withdrawn_at")?,
    })
}

/// Keeps an invitation in the place of the one there was.
pub(crate) async fn put(tx: &mut Tx, invitation: &Invitation) -> Result<(), Fault> {
    sqlx::query(PUT)
        .bind(invitation.user_id.as_str())
        .bind(invitation.digest.as_str())
        .bind(invitation.services.iter().map(ClientId::as_str).collect::<Vec<_>>().join(" "))
        .bind(invitation.inviter.as_str())
        .bind(invitation.created_at.millis())
        .bind(invitation.expires_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("keep an invitation"))?;
    Ok(())
}

pub(crate) async fn by_digest(
    conn: &mut Conn,
    digest: &Digest<kinds::Invitation>,
) -> Result<Option<Invitation>, Fault> {
    let row = sqlx::query(BY_DIGEST).bind(digest.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find an invitation"))?.as_ref().map(invitation).transpose()
}

pub(crate) async fn of_user(conn: &mut Conn, user: &UserId) -> Result<Option<Invitation>, Fault> {
    let row = sqlx::query(OF_USER).bind(user.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find an invitation"))?.as_ref().map(invitation).transpose()
}

/// Uses an invitation up; whose it was, where it was good.
pub(crate) async fn take(
    tx: &mut Tx,
    digest: &Digest<kinds::Invitation>,
    now: Timestamp,
) -> Result<Option<UserId>, Fault> {
    let row = sqlx::query(TAKE).bind(digest.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await;
    row.map_err(asking("use an invitation"))?.map(|row| parsed(&row, "user_id", UserId::parse)).transpose()
}

/// Uses somebody's invitation up, by whatever way they came; `false` where none was open.
pub(crate) async fn take_of_user(tx: &mut Tx, user: &UserId, now: Timestamp) -> Result<bool, Fault> {
    let row =
        sqlx::query(TAKE_OF_USER).bind(user.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("use an invitation"))?.is_some())
}

/// Withdraws somebody's invitation; `false` where none was open.
pub(crate) async fn withdraw(tx: &mut Tx, user: &UserId, now: Timestamp) -> Result<bool, Fault> {
    let row = sqlx::query(WITHDRAW).bind(user.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("withdraw an invitation"))?.is_some())
}
