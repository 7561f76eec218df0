//! The order of the audit trail, and the keys of its personal fields.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, number, optional_text, statements, text};
use super::events::event;
use crate::base::{Fault, Timestamp, UserId};
use crate::model::Event;

statements! {
    /// Those that came lately and have no place yet. In the order of time, which has an index: by their identifiers
    /// everything would be gone through that has a place.
    UNCHAINED = "SELECT e.* FROM events e WHERE e.at >= $1
        AND NOT EXISTS (SELECT 1 FROM trail t WHERE t.event_id = e.id) ORDER BY e.at, e.id LIMIT $2";
    /// Piece by piece, because no statement may take for long.
    STRAYS = "SELECT COUNT(*) AS events, MAX(e.id) AS last,
        COUNT(CASE WHEN t.event_id IS NULL AND e.at < $2 THEN 1 END) AS strays
        FROM (SELECT id, at FROM events WHERE id > $1 ORDER BY id LIMIT $3) e LEFT JOIN trail t ON t.event_id = e.id";
    LAST = "SELECT t.seq, t.hash, e.at FROM trail t JOIN events e ON e.id = t.event_id ORDER BY t.seq DESC LIMIT 1";
    HASH = "SELECT hash FROM trail WHERE seq = $1";
    APPEND = "INSERT INTO trail (seq, event_id, hash) VALUES ($1, $2, $3)";
    ADD_HEAD = "INSERT INTO trail_heads (seq, kind, signed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    LAST_HEAD = "SELECT seq, signed FROM trail_heads ORDER BY seq DESC LIMIT 1";
    HEADS = "SELECT seq, signed FROM trail_heads WHERE seq >= $1 AND seq <= $2 ORDER BY seq, kind";
    ROWS = "SELECT t.seq, t.hash, t.event_id AS chained, e.* FROM trail t LEFT JOIN events e ON e.id = t.event_id
        WHERE t.seq > $1 ORDER BY t.seq LIMIT $2";
    FORGET_EVENTS = "DELETE FROM events WHERE id IN (SELECT event_id FROM trail WHERE seq <= $1)";
    FORGET_ROWS = "DELETE FROM trail WHERE seq <= $1";
    FORGET_HEADS = "DELETE FROM trail_heads WHERE seq < $1";
    KEY = "SELECT sealed FROM person_keys WHERE user_id = $1";
    PUT_KEY = "INSERT INTO person_keys (user_id, sealed) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING";
    FORGET_KEY = "DELETE FROM person_keys WHERE user_id = $1";
}

/// A row of the chain with what it is about; `None` where that is gone.
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) hash: String,
    pub(crate) event: Option<Event>,
}

/// The last row: its place, its hash, and when its event was.
pub(crate) async fn last(conn: &mut Conn) -> Result<Option<(i64, String, Timestamp)>, Fault> {
    let row = sqlx::query(LAST).fetch_optional(conn).await.map_err(asking("find the end of the trail"))?;
    let read = |row: AnyRow| Ok((number(&row, "seq")?, text(&row, "hash")?, super::db::time(&row, "at")?));
    row.map(read).transpose()
}

/// The hash of the row at a place.
pub(crate) async fn hash_of(conn: &mut Conn, seq: i64) -> Result<Option<String>, Fault> {
    let row = sqlx::query(HASH).bind(seq).fetch_optional(conn).await;
    row.map_err(asking("read the trail"))?.map(|row| text(&row, "hash")).transpose()
}

/// Events since a moment that have no place in the chain yet, the oldest first.
pub(crate) async fn unchained(conn: &mut Conn, since: Timestamp, limit: i64) -> Result<Vec<Event>, Fault> {
    let rows = sqlx::query(UNCHAINED).bind(since.millis()).bind(limit).fetch_all(conn).await;
    rows.map_err(asking("read the trail"))?.iter().map(event).collect()
}

/// How many events before a moment have no place in the chain.
pub(crate) async fn strays(conn: &mut Conn, before: Timestamp) -> Result<i64, Fault> {
    const PIECE: i64 = 10_000;
    let (mut strays, mut after) = (0, String::new());
    loop {
        let piece = sqlx::query(STRAYS).bind(after.as_str()).bind(before.millis()).bind(PIECE);
        let piece = piece.fetch_one(&mut *conn).await.map_err(asking("read the trail"))?;
        strays += number(&piece, "strays")?;
        match optional_text(&piece, "last")? {
            Some(last) if number(&piece, "events")? == PIECE => after = last,
            _ => return Ok(strays),
        }
    }
}

pub(crate) async fn append(tx: &mut Tx, seq: i64, event: &Event, hash: &str) -> Result<(), Fault> {
    let done = sqlx::query(APPEND).bind(seq).bind(event.id.as_str()).bind(hash).execute(&mut **tx).await;
    done.map_err(asking("continue the trail"))?;
    Ok(())
}

/// Up to `limit` rows after a place.
pub(crate) async fn rows(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Row>, Fault> {
    let rows = sqlx::query(ROWS).bind(after).bind(limit).fetch_all(conn).await;
    let read = |row: &AnyRow| {
        let is_there = optional_text(row, "id")?.is_some();
        Ok(Row {
            seq: number(row, "seq")?,
            hash: text(row, "hash")?,
            event: if is_there { Some(event(row)?) } else { None },
        })
    };
    rows.map_err(asking("read the trail"))?.iter().map(read).collect()
}

pub(crate) async fn add_head(tx: &mut Tx, seq: i64, kind: &str, signed: &str) -> Result<(), Fault> {
    let done = sqlx::query(ADD_HEAD).bind(seq).bind(kind).bind(signed).execute(&mut **tx).await;
    done.map_err(asking("sign the trail"))?;
    Ok(())
}

fn head(row: &AnyRow) -> Result<(i64, String), Fault> {
    Ok((number(row, "seq")?, text(row, "signed")?))
}

pub(crate) async fn last_head(conn: &mut Conn) -> Result<Option<(i64, String)>, Fault> {
    let row = sqlx::query(LAST_HEAD).fetch_optional(conn).await;
    row.map_err(asking("read the trail"))?.as_ref().map(head).transpose()
}

/// The heads from one place to another.
pub(crate) async fn heads(conn: &mut Conn, (from, to): (i64, i64)) -> Result<Vec<(i64, String)>, Fault> {
    let rows = sqlx::query(HEADS).bind(from).bind(to).fetch_all(conn).await;
    rows.map_err(asking("read the trail"))?.iter().map(head).collect()
}

/// Removes everything up to a place, but for the head that stands there.
pub(crate) async fn forget(tx: &mut Tx, until: i64) -> Result<(), Fault> {
    for statement in [FORGET_EVENTS, FORGET_ROWS, FORGET_HEADS] {
        sqlx::query(statement).bind(until).execute(&mut **tx).await.map_err(asking("shorten the trail"))?;
    }
    Ok(())
}

/// The sealed key of a person's fields.
pub(crate) async fn key(conn: &mut Conn, user: &UserId) -> Result<Option<String>, Fault> {
    let row = sqlx::query(KEY).bind(user.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a person's key"))?.map(|row| text(&row, "sealed")).transpose()
}

/// Keeps a key, unless there is one.
pub(crate) async fn put_key(tx: &mut Tx, user: &UserId, sealed: &str) -> Result<(), Fault> {
    let done = sqlx::query(PUT_KEY).bind(user.as_str()).bind(sealed).execute(&mut **tx).await;
    done.map_err(asking("keep a person's key"))?;
    Ok(())
}

pub(crate) async fn forget_key(tx: &mut Tx, user: &UserId) -> Result<(), Fault> {
    let done = sqlx::query(FORGET_KEY).bind(user.as_str()).execute(&mut **tx).await;
    done.map_err(asking("forget a person's key"))?;
    Ok(())
}
