//! The audit trail.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, number, optional_parsed, optional_text, parsed, statements, time};
use crate::base::{ClientId, EventId, Fault, SessionId, Timestamp, UserId, strict_json};
use crate::model::{Event, EventKind};

/// Events beyond a place, found by an index where there is a wish that has one.
macro_rules! filtered {
    ($by:literal, $beyond:literal, $order:literal) => {
        concat!(
            "SELECT * FROM events WHERE ",
            $by,
            " at >= $1 AND at < $2 AND (at, id) ",
            $beyond,
            " ($3, $4) AND ($5 = '' OR kind = $5) AND ($6 = '' OR user_id = $6) ORDER BY ",
            $order,
            " LIMIT $8"
        )
    };
    ($by:literal, the newest first) => {
        filtered!($by, "<", "at DESC, id DESC")
    };
    ($by:literal, the oldest first) => {
        filtered!($by, ">", "at, id")
    };
}

statements! {
    OF_USER = "SELECT * FROM events WHERE user_id = $1 ORDER BY at DESC, id DESC LIMIT $2";
    BY_TIME = filtered!("($7 = '' OR $7 = '') AND", the newest first);
    BY_USER = filtered!("user_id = $7 AND", the newest first);
    BY_CLIENT = filtered!("client_id = $7 AND", the newest first);
    BY_KIND = filtered!("kind = $7 AND", the newest first);
    BY_TIME_UP = filtered!("($7 = '' OR $7 = '') AND", the oldest first);
    BY_USER_UP = filtered!("user_id = $7 AND", the oldest first);
    BY_CLIENT_UP = filtered!("client_id = $7 AND", the oldest first);
    BY_KIND_UP = filtered!("kind = $7 AND", the oldest first);
    COUNT = "SELECT COUNT(*) AS events FROM events WHERE kind = $1 AND at >= $2 AND at < $3";
    WHOSE = "SELECT DISTINCT user_id FROM events WHERE kind = $1 AND at > $2 AND user_id IS NOT NULL LIMIT $3";
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

pub(super) fn event(row: &AnyRow) -> Result<Event, Fault> {
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
        reason: None,
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

/// Up to `limit` people to whom something of a kind has happened since a moment.
pub(crate) async fn whose(
    conn: &mut Conn,
    kind: EventKind,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<UserId>, Fault> {
    let rows = sqlx::query(WHOSE).bind(kind.name()).bind(since.millis()).bind(limit).fetch_all(conn).await;
    let rows = rows.map_err(asking("list whose events there are"))?;
    rows.iter().map(|row| parsed(row, "user_id", UserId::parse)).collect()
}

/// Which events are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) kind: Option<EventKind>,
    pub(crate) user: Option<&'a UserId>,
    pub(crate) client: Option<&'a ClientId>,
    /// The oldest first, instead of the newest.
    pub(crate) upwards: bool,
    /// In that order, they come after the event at this moment with this identifier.
    pub(crate) after: (i64, &'a str),
}

/// Up to `limit` events.
pub(crate) async fn list(conn: &mut Conn, wanted: &Wanted<'_>, limit: i64) -> Result<Vec<Event>, Fault> {
    let kind = wanted.kind.map_or("", EventKind::name);
    let user = wanted.user.map_or("", UserId::as_str);
    let (statements, by) = match (wanted.client, user, kind) {
        (Some(client), ..) => ((BY_CLIENT, BY_CLIENT_UP), client.as_str()),
        (None, "", "") => ((BY_TIME, BY_TIME_UP), ""),
        (None, "", kind) => ((BY_KIND, BY_KIND_UP), kind),
        (None, user, _) => ((BY_USER, BY_USER_UP), user),
    };
    // An index is entered at one bound: it must be the place where the list goes on.
    let (since, until) = (wanted.since.millis(), wanted.until.millis());
    let (statement, since, until) = match wanted.upwards {
        false => (statements.0, since, until.min(wanted.after.0.saturating_add(1))),
        true => (statements.1, since.max(wanted.after.0), until),
    };
    let rows = sqlx::query(statement)
        .bind(since)
        .bind(until)
        .bind(wanted.after.0)
        .bind(wanted.after.1)
        .bind(kind)
        .bind(user)
        .bind(by)
        .bind(limit)
        .fetch_all(conn)
        .await;
    rows.map_err(asking("list events"))?.iter().map(event).collect()
}
