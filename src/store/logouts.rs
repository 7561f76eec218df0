//! Services that are to be told that a session has ended: a row for each session and service.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, number, parsed, statements, time};
use crate::base::{ClientId, Fault, SessionId, Subject, Timestamp, UserId};

statements! {
    REACHED_BY_SESSION = "SELECT DISTINCT g.session_id, g.client_id, u.subject FROM grants g
        JOIN sessions s ON s.id = g.session_id JOIN users u ON u.id = s.user_id
        WHERE s.id = $1 AND s.ended_at IS NULL";
    REACHED_BY_USER = "SELECT DISTINCT g.session_id, g.client_id, u.subject FROM grants g
        JOIN sessions s ON s.id = g.session_id JOIN users u ON u.id = s.user_id
        WHERE s.user_id = $1 AND s.ended_at IS NULL";
    INSERT = "INSERT INTO logouts (session_id, client_id, subject, due_at, attempts, state)
        VALUES ($1, $2, $3, $4, 0, 'queued') ON CONFLICT (session_id, client_id) DO NOTHING";
    /// Taking one moves its next try into the future: a worker that dies leaves it to others by then.
    LEASE = "UPDATE logouts SET attempts = attempts + 1, due_at = $2 WHERE (session_id, client_id) =
        (SELECT session_id, client_id FROM logouts WHERE state = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT 1)
        AND state = 'queued' AND due_at <= $1 RETURNING *";
    RETRY = "UPDATE logouts SET due_at = $3, last_error = $4
        WHERE session_id = $1 AND client_id = $2 AND state = 'queued'";
    SETTLE = "UPDATE logouts SET state = $3, settled_at = $4, last_error = $5
        WHERE session_id = $1 AND client_id = $2 AND state = 'queued'";
    UNTOLD = "SELECT client_id FROM logouts WHERE session_id = $1 AND state <> 'told'";
    /// Whose first try is still under way, or has yet to begin.
    BEING_TOLD = "SELECT client_id FROM logouts WHERE session_id = $1 AND state = 'queued' AND last_error IS NULL";
    NEXT_DUE = "SELECT due_at FROM logouts WHERE state = 'queued' ORDER BY due_at LIMIT 1";
}

/// A service that a session has reached.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    pub(crate) session_id: SessionId,
    pub(crate) client_id: ClientId,
    /// The person's own: who has been erased meanwhile is still to be logged out.
    pub(crate) subject: Subject,
}

/// One that is to be told, and how often that was tried.
#[derive(Clone, Debug)]
pub(crate) struct QueuedLogout {
    pub(crate) reached: Reached,
    pub(crate) attempts: i64,
}

fn reached(row: &AnyRow) -> Result<Reached, Fault> {
    Ok(Reached {
        session_id: parsed(row, "session_id", SessionId::parse)?,
        client_id: parsed(row, "client_id", ClientId::parse)?,
        subject: parsed(row, "subject", Subject::parse)?,
    })
}

/// The services that a session has reached; none where it has ended.
pub(crate) async fn reached_by_session(conn: &mut Conn, session: &SessionId) -> Result<Vec<Reached>, Fault> {
    let rows = sqlx::query(REACHED_BY_SESSION).bind(session.as_str()).fetch_all(conn).await;
    rows.map_err(asking("list services"))?.iter().map(reached).collect()
}

/// The services that the sessions of a person have reached, those left out that have ended.
pub(crate) async fn reached_by_user(conn: &mut Conn, user: &UserId) -> Result<Vec<Reached>, Fault> {
    let rows = sqlx::query(REACHED_BY_USER).bind(user.as_str()).fetch_all(conn).await;
    rows.map_err(asking("list services"))?.iter().map(reached).collect()
}

/// Queues word for a service. That of the same session is queued once.
pub(crate) async fn insert(tx: &mut Tx, reached: &Reached, now: Timestamp) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(reached.session_id.as_str())
        .bind(reached.client_id.as_str())
        .bind(reached.subject.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("queue a log-out"))?;
    Ok(())
}

/// Takes the one that has waited longest, for this caller alone until `until`.
pub(crate) async fn lease(
    tx: &mut Tx,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<QueuedLogout>, Fault> {
    let row = sqlx::query(LEASE).bind(now.millis()).bind(until.millis()).fetch_optional(&mut **tx).await;
    let Some(row) = row.map_err(asking("take a log-out"))? else { return Ok(None) };
    Ok(Some(QueuedLogout { reached: reached(&row)?, attempts: number(&row, "attempts")? }))
}

/// Puts one back for which the service could not be reached this time.
pub(crate) async fn retry(tx: &mut Tx, reached: &Reached, due_at: Timestamp, why: &str) -> Result<(), Fault> {
    sqlx::query(RETRY)
        .bind(reached.session_id.as_str())
        .bind(reached.client_id.as_str())
        .bind(due_at.millis())
        .bind(why)
        .execute(&mut **tx)
        .await
        .map_err(asking("put a log-out back"))?;
    Ok(())
}

/// Settles one for good: told where there is no reason why not.
pub(crate) async fn settle(
    tx: &mut Tx,
    reached: &Reached,
    now: Timestamp,
    why_not: Option<&str>,
) -> Result<(), Fault> {
    sqlx::query(SETTLE)
        .bind(reached.session_id.as_str())
        .bind(reached.client_id.as_str())
        .bind(if why_not.is_none() { "told" } else { "failed" })
        .bind(now.millis())
        .bind(why_not)
        .execute(&mut **tx)
        .await
        .map_err(asking("settle a log-out"))?;
    Ok(())
}

/// The services that have not been told that a session has ended.
pub(crate) async fn untold(conn: &mut Conn, session: &SessionId) -> Result<Vec<ClientId>, Fault> {
    let rows = sqlx::query(UNTOLD).bind(session.as_str()).fetch_all(conn).await;
    let rows = rows.map_err(asking("list services"))?;
    rows.iter().map(|row| parsed(row, "client_id", ClientId::parse)).collect()
}

/// Whether a service is being told for the first time that a session has ended.
pub(crate) async fn is_being_told(conn: &mut Conn, session: &SessionId) -> Result<bool, Fault> {
    let row = sqlx::query(BEING_TOLD).bind(session.as_str()).fetch_optional(conn).await;
    Ok(row.map_err(asking("look at the log-outs"))?.is_some())
}

/// When the next one is to be tried.
pub(crate) async fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>, Fault> {
    let row = sqlx::query(NEXT_DUE).fetch_optional(conn).await.map_err(asking("look at the log-outs"))?;
    row.map(|row| time(&row, "due_at")).transpose()
}
