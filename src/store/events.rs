//! The audit trail.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, number, optional_parsed, optional_text, parsed, statements, time};
use crate::base::{ClientId, EventId, Fault, SessionId, Timestamp, UserId, strict_json};
use crate::model::{Event, EventKind};

statements! {
    OF_USER = "SELECT * FROM events WHERE user_id = $1 ORDER BY at DESC, id DESC LIMIT $2";
    COUNT = "SELECT COUNT(*) AS events FROM events WHERE kind = $1 AND at >= $2 AND at < $3";
    INSERT = "INSERT INTO events (id, at, kind, user_id, client_id, session_id, address, reference,
        actor, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
}

pub(crate) async fn insert(tx: &mut Tx, event: &Event) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(event.id.as_str())
        .bind(event.at.millis())
        .bind(event.kind.name())
        .bind(event.user_id.as_ref().map(UserId::as_str))
        .bind(event.client_id.as_ref().map(ClientId::as_str))
        .bind(event.session_id.as_ref().map(SessionId::as_str))
        .bind(event.address.as_deref())
        .bind(event.reference.as_deref())
        .bind(event.actor.as_deref())
        .bind(event.detail.as_ref().map(ToString::to_string))
        .execute(&mut **tx)
        .await
        .map_err(asking("record an event"))?;
    Ok(())
}

fn event(row: &AnyRow) -> Result<Event, Fault> {
    Ok(Event {
        id: parsed(row, "id", EventId::parse)?,
        at: time(row, "at")?,
        kind: parsed(row, "kind", EventKind::parse)?,
        user_id: optional_parsed(row, "user_id", UserId::parse)?,
        client_id: optional_parsed(row, "client_id", ClientId::parse)?,
        session_id: optional_parsed(row, "session_id", SessionId::parse)?,
        address: optional_text(row, "address")?,
        reference: optional_text(row, "reference")?,
        actor: optional_text(row, "actor")?,
        detail: optional_text(row, "detail")?.as_deref().and_then(strict_json),
    })
}

/// What happened to a person, the newest first.
pub(crate) async fn of_user(conn: &mut Conn, user: &UserId, limit: i64) -> Result<Vec<Event>, Fault> {
    let rows = sqlx::query(OF_USER).bind(user.as_str()).bind(limit).fetch_all(conn).await;
    rows.map_err(asking("list events"))?.iter().map(event).collect()
}

/// How many events of a kind there were from one moment to another.
pub(crate) async fn count(
    conn: &mut Conn,
    kind: EventKind,
    (from, until): (Timestamp, Timestamp),
) -> Result<i64, Fault> {
    let row =
        sqlx::query(COUNT).bind(kind.name()).bind(from.millis()).bind(until.millis()).fetch_one(conn).await;
    number(&row.map_err(asking("count events"))?, "events")
}
