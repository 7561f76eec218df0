//! Browsers that people have logged in with before.

use super::db::{Conn, Tx, asking, parsed, statements, time};
use crate::base::{Digest, Fault, UserId, kinds};
use crate::model::Device;

statements! {
    PUT = "INSERT INTO devices (digest, user_id, created_at, last_used_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (digest, user_id) DO UPDATE SET last_used_at = excluded.last_used_at, expires_at = excluded.expires_at";
    FIND = "SELECT * FROM devices WHERE digest = $1 AND user_id = $2";
    REKEY = "UPDATE devices SET digest = $2 WHERE digest = $1";
    FORGET_OLDEST = "DELETE FROM devices WHERE user_id = $1 AND digest NOT IN
        (SELECT digest FROM devices WHERE user_id = $1 ORDER BY last_used_at DESC LIMIT $2)";
    FORGET_OTHERS = "DELETE FROM devices WHERE user_id = $1 AND digest <> $2";
    FORGET_ALL = "DELETE FROM devices WHERE user_id = $1";
}

/// Remembers a browser, or that it was used again.
pub(crate) async fn put(tx: &mut Tx, device: &Device) -> Result<(), Fault> {
    sqlx::query(PUT)
        .bind(device.digest.as_str())
        .bind(device.user_id.as_str())
        .bind(device.created_at.millis())
        .bind(device.last_used_at.millis())
        .bind(device.expires_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("remember a browser"))?;
    Ok(())
}

/// A browser, as this person is known at it.
pub(crate) async fn find(
    conn: &mut Conn,
    digest: &Digest<kinds::Device>,
    user: &UserId,
) -> Result<Option<Device>, Fault> {
    let row = sqlx::query(FIND).bind(digest.as_str()).bind(user.as_str()).fetch_optional(conn).await;
    let Some(row) = row.map_err(asking("find a browser"))? else { return Ok(None) };
    Ok(Some(Device {
        digest: digest.clone(),
        user_id: parsed(&row, "user_id", UserId::parse)?,
        created_at: time(&row, "created_at")?,
        last_used_at: time(&row, "last_used_at")?,
        expires_at: time(&row, "expires_at")?,
    }))
}

/// Gives a browser another secret: whoever is known at it stays so, and the old secret is worth nothing.
pub(crate) async fn rekey(
    tx: &mut Tx,
    old: &Digest<kinds::Device>,
    new: &Digest<kinds::Device>,
) -> Result<(), Fault> {
    let done = sqlx::query(REKEY).bind(old.as_str()).bind(new.as_str()).execute(&mut **tx).await;
    done.map_err(asking("give a browser another secret"))?;
    Ok(())
}

/// Keeps the `keep` most recently used browsers of a person.
pub(crate) async fn forget_oldest(tx: &mut Tx, user: &UserId, keep: i64) -> Result<(), Fault> {
    let done = sqlx::query(FORGET_OLDEST).bind(user.as_str()).bind(keep).execute(&mut **tx).await;
    done.map_err(asking("forget old browsers"))?;
    Ok(())
}

/// Forgets the browsers of a person but for one.
pub(crate) async fn forget_others(
    tx: &mut Tx,
    user: &UserId,
    stays: &Digest<kinds::Device>,
) -> Result<(), Fault> {
    let done = sqlx::query(FORGET_OTHERS).bind(user.as_str()).bind(stays.as_str()).execute(&mut **tx).await;
    done.map_err(asking("forget browsers"))?;
    Ok(())
}

pub(crate) async fn forget_all(tx: &mut Tx, user: &UserId) -> Result<(), Fault> {
    let done = sqlx::query(FORGET_ALL).bind(user.as_str()).execute(&mut **tx).await;
    done.map_err(asking("forget browsers"))?;
    Ok(())
}
