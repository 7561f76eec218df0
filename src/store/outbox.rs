//! Letters that wait to be sent.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, number, optional_text, parsed, statements, text, time};
use crate::base::{Fault, LetterId, Timestamp};
use crate::model::{LetterState, QueuedLetter};

statements! {
    INSERT = "INSERT INTO outbox (id, kind, sealed, created_at, due_at, expires_at, attempts, state, settled_at)
        VALUES ($1, $2, $3, $4, $4, $5, 0, $6, $7)";
    /// Taking a letter moves its next try into the future: a worker that dies leaves it to others by then.
    LEASE = "UPDATE outbox SET attempts = attempts + 1, due_at = $2 WHERE id = (SELECT id FROM outbox
        WHERE state = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT 1)
        AND state = 'queued' AND due_at <= $1 RETURNING *";
    RETRY = "UPDATE outbox SET due_at = $2, last_error = $3 WHERE id = $1 AND state = 'queued'";
    SETTLE = "UPDATE outbox SET state = $2, settled_at = $3, last_error = $4, sealed = ''
        WHERE id = $1 AND state = 'queued'";
    WAITING = "SELECT COUNT(*) AS waiting FROM outbox WHERE state = 'queued' AND created_at < $1";
    UNSENT = "SELECT * FROM outbox WHERE state IN ('queued', 'failed', 'expired') AND attempts > 0
        OR state = 'queued' ORDER BY created_at DESC LIMIT 100";
    FAILED = "SELECT COUNT(*) AS failed FROM outbox WHERE settled_at >= $1 AND state = 'failed'";
    NEXT_DUE = "SELECT due_at FROM outbox WHERE state = 'queued' ORDER BY due_at LIMIT 1";
}

fn letter(row: &AnyRow) -> Result<QueuedLetter, Fault> {
    Ok(QueuedLetter {
        id: parsed(row, "id", LetterId::parse)?,
        kind: text(row, "kind")?,
        sealed: text(row, "sealed")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        attempts: number(row, "attempts")?,
    })
}

pub(crate) async fn insert(tx: &mut Tx, letter: &QueuedLetter) -> Result<(), Fault> {
    insert_as(tx, letter, "queued", None).await
}

/// Writes a row of the same shape that nobody will ever send.
///
/// A reset for an address that nobody has must cost the same writes as one for an address that somebody has.
pub(crate) async fn insert_decoy(tx: &mut Tx, letter: &QueuedLetter) -> Result<(), Fault> {
    insert_as(tx, letter, LetterState::Expired.name(), Some(letter.created_at)).await
}

async fn insert_as(
    tx: &mut Tx,
    letter: &QueuedLetter,
    state: &str,
    settled_at: Option<Timestamp>,
) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(letter.id.as_str())
        .bind(letter.kind.as_str())
        .bind(letter.sealed.as_str())
        .bind(letter.created_at.millis())
        .bind(letter.expires_at.millis())
        .bind(state)
        .bind(settled_at.map(Timestamp::millis))
        .execute(&mut **tx)
        .await
        .map_err(asking("queue a letter"))?;
    Ok(())
}

/// Takes the letter that has waited longest, for this caller alone until `until`.
pub(crate) async fn lease(
    tx: &mut Tx,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<QueuedLetter>, Fault> {
    let row = sqlx::query(LEASE).bind(now.millis()).bind(until.millis()).fetch_optional(&mut **tx).await;
    row.map_err(asking("take a letter"))?.as_ref().map(letter).transpose()
}

/// Puts a letter back that could not be sent this time.
pub(crate) async fn retry(tx: &mut Tx, id: &LetterId, due_at: Timestamp, why: &str) -> Result<(), Fault> {
    let done = sqlx::query(RETRY).bind(id.as_str()).bind(due_at.millis()).bind(why).execute(&mut **tx).await;
    done.map_err(asking("put a letter back"))?;
    Ok(())
}

/// Settles a letter for good and erases what it said.
pub(crate) async fn settle(
    tx: &mut Tx,
    id: &LetterId,
    state: LetterState,
    now: Timestamp,
    why: Option<&str>,
) -> Result<(), Fault> {
    sqlx::query(SETTLE)
        .bind(id.as_str())
        .bind(state.name())
        .bind(now.millis())
        .bind(why)
        .execute(&mut **tx)
        .await
        .map_err(asking("settle a letter"))?;
    Ok(())
}

/// How many letters have waited since before `since`.
pub(crate) async fn waiting_since(conn: &mut Conn, since: Timestamp) -> Result<i64, Fault> {
    let row = sqlx::query(WAITING).bind(since.millis()).fetch_one(conn).await;
    number(&row.map_err(asking("count letters"))?, "waiting")
}

/// A letter that is not sent, as administrators see it: not whose it is, nor what it says.
pub(crate) struct Standing {
    pub(crate) kind: String,
    pub(crate) created_at: Timestamp,
    pub(crate) attempts: i64,
    /// "queued", "failed" or "expired".
    pub(crate) state: String,
    pub(crate) last_error: Option<String>,
}

/// The newest letters that wait, failed or were too late, at most a hundred.
pub(crate) async fn unsent(conn: &mut Conn) -> Result<Vec<Standing>, Fault> {
    let rows = sqlx::query(UNSENT).fetch_all(conn).await.map_err(asking("list letters"))?;
    let standing = |row: &AnyRow| {
        Ok(Standing {
            kind: text(row, "kind")?,
            created_at: time(row, "created_at")?,
            attempts: number(row, "attempts")?,
            state: text(row, "state")?,
            last_error: optional_text(row, "last_error")?,
        })
    };
    rows.iter().map(standing).collect()
}

/// How many letters failed for good since a moment.
pub(crate) async fn failed_since(conn: &mut Conn, since: Timestamp) -> Result<i64, Fault> {
    let row = sqlx::query(FAILED).bind(since.millis()).fetch_one(conn).await;
    number(&row.map_err(asking("count letters"))?, "failed")
}

/// When the next letter is to be tried.
pub(crate) async fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>, Fault> {
    let row = sqlx::query(NEXT_DUE).fetch_optional(conn).await.map_err(asking("look at the outbox"))?;
    row.map(|row| time(&row, "due_at")).transpose()
}
