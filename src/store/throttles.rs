//! Counters of attempts, shared by all nodes and kept across restarts.

use super::db::{Conn, Tx, asking, number, optional_time, statements, time};
use crate::base::{Fault, Timestamp};
use crate::model::Tally;

statements! {
    /// An upsert rather than a look: it takes the row's lock on PostgreSQL, so that read and write are one.
    LOCK = "INSERT INTO throttles (bucket, count, window_start, pauses, paused_until, consecutive, touched_at)
        VALUES ($1, 0, $2, 0, NULL, 0, $2)
        ON CONFLICT (bucket) DO UPDATE SET touched_at = excluded.touched_at RETURNING *";
    SAVE = "UPDATE throttles SET count = $2, window_start = $3, pauses = $4, paused_until = $5, consecutive = $6
        WHERE bucket = $1";
    GIVE_BACK = "UPDATE throttles SET count = CASE WHEN count > 0 THEN count - 1 ELSE 0 END,
        consecutive = CASE WHEN consecutive > 0 THEN consecutive - 1 ELSE 0 END WHERE bucket = $1";
    STANDING = "SELECT paused_until, consecutive FROM throttles WHERE bucket = $1";
    FORGET = "DELETE FROM throttles WHERE bucket = $1";
}

/// Reads a counter and keeps others from changing it until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, bucket: &str, now: Timestamp) -> Result<Tally, Fault> {
    let row = sqlx::query(LOCK).bind(bucket).bind(now.millis()).fetch_one(&mut **tx).await;
    let row = row.map_err(asking("read a counter"))?;
    Ok(Tally {
        count: number(&row, "count")?,
        window_start: time(&row, "window_start")?,
        pauses: number(&row, "pauses")?,
        paused_until: optional_time(&row, "paused_until")?,
        consecutive: number(&row, "consecutive")?,
    })
}

/// Takes one attempt off a counter again.
pub(crate) async fn give_back(tx: &mut Tx, bucket: &str) -> Result<(), Fault> {
    let done = sqlx::query(GIVE_BACK).bind(bucket).execute(&mut **tx).await;
    done.map_err(asking("change a counter"))?;
    Ok(())
}

/// Writes a counter back. Belongs in the transaction of [`lock`].
pub(crate) async fn save(tx: &mut Tx, bucket: &str, tally: &Tally) -> Result<(), Fault> {
    sqlx::query(SAVE)
        .bind(bucket)
        .bind(tally.count)
        .bind(tally.window_start.millis())
        .bind(tally.pauses)
        .bind(tally.paused_until.map(Timestamp::millis))
        .bind(tally.consecutive)
        .execute(&mut **tx)
        .await
        .map_err(asking("write a counter"))?;
    Ok(())
}

/// Until when a counter keeps everybody waiting, and how many attempts in a row it has counted, as it was last written.
pub(crate) async fn standing(conn: &mut Conn, bucket: &str) -> Result<(Option<Timestamp>, i64), Fault> {
    let row = sqlx::query(STANDING).bind(bucket).fetch_optional(conn).await;
    match row.map_err(asking("read a counter"))? {
        Some(row) => Ok((optional_time(&row, "paused_until")?, number(&row, "consecutive")?)),
        None => Ok((None, 0)),
    }
}

/// Starts a counter afresh.
pub(crate) async fn forget(tx: &mut Tx, bucket: &str) -> Result<(), Fault> {
    let done = sqlx::query(FORGET).bind(bucket).execute(&mut **tx).await;
    done.map_err(asking("reset a counter"))?;
    Ok(())
}
