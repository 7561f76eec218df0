//! Relying parties, as administrators look for them and look at them.

use std::collections::HashMap;

use sqlx::any::AnyRow;

use super::clients::client;
use super::db::{
    Conn, Tx, among_a_hundred, asking, hundreds, number, optional_time, parsed, statements, text, time,
};
use super::words::{self, Found, Search};
use crate::base::words::words as words_of;
use crate::base::{ClientId, Fault, SessionId, Timestamp, UserId};
use crate::model::{Client, EventKind};

statements! {
    BY_ID = "SELECT * FROM clients WHERE id > $1 ORDER BY id LIMIT $2";
    BY_NAME = "SELECT * FROM clients WHERE (name, id) > ($1, $2) ORDER BY name, id LIMIT $3";
    /// The one that has not been used for longest first, and before it those that never were.
    BY_LAST_USE = "SELECT c.* FROM clients c WHERE COALESCE(c.last_used_at, 0) >= $1
        AND (COALESCE(c.last_used_at, 0) > $1 OR c.id > $2) ORDER BY COALESCE(c.last_used_at, 0), c.id LIMIT $3";
    /// The one that was switched off last first, and after them those that are on.
    BY_STATUS = "SELECT c.* FROM clients c WHERE COALESCE(c.disabled_at, 0) <= $1
        AND (COALESCE(c.disabled_at, 0) < $1 OR c.id < $2) ORDER BY COALESCE(c.disabled_at, 0) DESC, c.id DESC LIMIT $3";
    LATEST_USE = "SELECT COALESCE(last_used_at, 0) AS at FROM clients ORDER BY COALESCE(last_used_at, 0) DESC LIMIT 1";
    USED_SINCE = "SELECT client_id, MAX(at) AS at FROM events WHERE kind = $1 AND at > $2 AND client_id IS NOT NULL
        GROUP BY client_id ORDER BY client_id";
    NOTE_USE = "UPDATE clients SET last_used_at = $2 WHERE id = $1 AND COALESCE(last_used_at, 0) < $2";
    BY_EXACT_NAME = "SELECT * FROM clients WHERE name = $1 ORDER BY id LIMIT 2";
    /// Each service by the first of its words that begins as wanted.
    SEARCH = "SELECT c.*, w.word FROM words w JOIN clients c ON c.id = w.id
        WHERE w.kind = 'client' AND w.word <= $2 AND (w.word, w.id) > ($7, $8)
        AND EXISTS (SELECT 1 FROM words a WHERE a.kind = 'client' AND a.id = w.id AND a.word >= $3 AND a.word <= $4)
        AND EXISTS (SELECT 1 FROM words b WHERE b.kind = 'client' AND b.id = w.id AND b.word >= $5 AND b.word <= $6)
        AND NOT EXISTS (SELECT 1 FROM words e WHERE e.kind = 'client' AND e.id = w.id AND e.word >= $1
            AND e.word < w.word)
        ORDER BY w.word, w.id LIMIT $9";
    OF_ADMINISTRATOR = "SELECT c.* FROM service_administrators a JOIN clients c ON c.id = a.client_id
        WHERE a.user_id = $1 ORDER BY c.name, c.id LIMIT 1000";
    /// By the index of its events, not by that of all tokens: hence the kind is not a plain column here.
    LAST_USED = "SELECT at FROM events WHERE client_id = $1 AND kind || '' = 'grant.tokens_issued' AND at > $2
        ORDER BY at DESC LIMIT 1";
    OF_SESSIONS = among_a_hundred!("SELECT DISTINCT g.session_id, c.id, c.name
        FROM grants g JOIN clients c ON c.id = g.client_id WHERE g.revoked_at IS NULL AND g.session_id");
    NAMESAKE = "SELECT 1 AS there FROM clients WHERE name = $1 AND id <> $2 LIMIT 1";
    COUNT = "SELECT COUNT(*) AS services FROM clients";
    WITHOUT_WORDS = "SELECT * FROM clients c WHERE c.id > $1 AND NOT EXISTS
        (SELECT 1 FROM words w WHERE w.kind = 'client' AND w.id = c.id) ORDER BY c.id LIMIT $2";
}

/// In which order services are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Name,
    Id,
    /// Those that were never used first, then the longest ago.
    LastUse,
    /// Those that are switched off first, the last of them before the others.
    Status,
}

/// Up to `limit` services after the place that two texts name, each with the first text of its own place; from the first
/// one, where no place is named.
pub(crate) async fn list(
    conn: &mut Conn,
    order: Order,
    place: Option<(&str, &str)>,
    limit: i64,
) -> Result<Vec<(Client, String)>, Fault> {
    let (key, id) = place.unwrap_or_default();
    let moment = |first: i64| if place.is_some() { key.parse().unwrap_or(first) } else { first };
    let query = match order {
        Order::Name => sqlx::query(BY_NAME).bind(key).bind(id),
        Order::Id => sqlx::query(BY_ID).bind(id),
        Order::LastUse => sqlx::query(BY_LAST_USE).bind(moment(0)).bind(id),
        Order::Status => sqlx::query(BY_STATUS).bind(moment(i64::MAX)).bind(id),
    };
    let rows = query.bind(limit).fetch_all(conn).await.map_err(asking("list clients"))?;
    let listed = |row: &AnyRow| {
        let client = client(row)?;
        let moment = |at: Option<Timestamp>| at.map_or(0, Timestamp::millis).to_string();
        let key = match order {
            Order::Name => client.name.clone(),
            Order::Id => String::new(),
            Order::LastUse => moment(optional_time(row, "last_used_at")?),
            Order::Status => moment(client.disabled_at),
        };
        Ok((client, key))
    };
    rows.iter().map(listed).collect()
}

/// Up to which moment it is noted when services were used; `None` where nothing is.
pub(crate) async fn noted_until(conn: &mut Conn) -> Result<Option<Timestamp>, Fault> {
    let row = sqlx::query(LATEST_USE).fetch_optional(conn).await.map_err(asking("find the last use"))?;
    let at = row.map(|row| time(&row, "at")).transpose()?;
    Ok(at.filter(|at| at.millis() > 0))
}

/// The services that were given tokens since a moment, by identifier, each with when it last was.
pub(crate) async fn used_since(
    conn: &mut Conn,
    since: Timestamp,
) -> Result<Vec<(ClientId, Timestamp)>, Fault> {
    let kind = EventKind::TokensIssued.name();
    let rows = sqlx::query(USED_SINCE).bind(kind).bind(since.millis()).fetch_all(conn).await;
    let rows = rows.map_err(asking("list the uses of clients"))?;
    rows.iter().map(|row| Ok((parsed(row, "client_id", ClientId::parse)?, time(row, "at")?))).collect()
}

/// Notes when a service was last used.
pub(crate) async fn note_use(tx: &mut Tx, id: &ClientId, at: Timestamp) -> Result<(), Fault> {
    let done = sqlx::query(NOTE_USE).bind(id.as_str()).bind(at.millis()).execute(&mut **tx).await;
    done.map_err(asking("note the use of a client"))?;
    Ok(())
}

/// The services with a name, as it is written; two stand for all where there are several.
pub(crate) async fn by_exact_name(conn: &mut Conn, name: &str) -> Result<Vec<Client>, Fault> {
    let rows = sqlx::query(BY_EXACT_NAME).bind(name).fetch_all(conn).await;
    rows.map_err(asking("find clients by their name"))?.iter().map(client).collect()
}

/// Up to `limit` services that have every word, each with the word that places it, after the place that two texts name.
pub(crate) async fn search(
    conn: &mut Conn,
    search: &Search,
    place: (&str, &str),
    limit: i64,
) -> Result<Vec<(Client, String)>, Fault> {
    let mut query = sqlx::query(SEARCH);
    for bound in search.bounds(conn, Found::Client, place).await? {
        query = query.bind(bound);
    }
    let rows = query.bind(limit).fetch_all(conn).await.map_err(asking("search clients"))?;
    rows.iter().map(|row: &AnyRow| Ok((client(row)?, text(row, "word")?))).collect()
}

/// The services of an administrator who looks after some only, at most a thousand.
pub(crate) async fn of_administrator(conn: &mut Conn, user: &UserId) -> Result<Vec<Client>, Fault> {
    let rows = sqlx::query(OF_ADMINISTRATOR).bind(user.as_str()).fetch_all(conn).await;
    rows.map_err(asking("list an administrator's clients"))?.iter().map(client).collect()
}

/// Has a service be found by its name and identifier.
pub(super) async fn index(tx: &mut Tx, client: &Client) -> Result<(), Fault> {
    let words = words_of(&format!("{} {}", client.name, client.id));
    words::put(tx, Found::Client, client.id.as_str(), &words).await
}

/// Has every service be found that is not yet: those of before there were words.
pub(crate) async fn index_missing(tx: &mut Tx) -> Result<(), Fault> {
    let rows = sqlx::query(WITHOUT_WORDS).bind("").bind(100_000_i64).fetch_all(&mut **tx).await;
    for row in rows.map_err(asking("list clients"))? {
        index(tx, &client(&row)?).await?;
    }
    Ok(())
}

/// When a service last was given tokens, as far back as `since`.
pub(crate) async fn last_used(
    conn: &mut Conn,
    id: &ClientId,
    since: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    let row = sqlx::query(LAST_USED).bind(id.as_str()).bind(since.millis()).fetch_optional(conn).await;
    row.map_err(asking("find the last use of a client"))?.map(|row| time(&row, "at")).transpose()
}

/// The services that each of some sessions has reached, by name.
pub(crate) async fn of_sessions(
    conn: &mut Conn,
    ids: &[&SessionId],
) -> Result<HashMap<SessionId, Vec<(ClientId, String)>>, Fault> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let rows = hundreds(conn, OF_SESSIONS, &ids).await.map_err(asking("list the clients of sessions"))?;
    let mut reached: HashMap<SessionId, Vec<(ClientId, String)>> = HashMap::new();
    for row in &rows {
        let service = (parsed(row, "id", ClientId::parse)?, text(row, "name")?);
        reached.entry(parsed(row, "session_id", SessionId::parse)?).or_default().push(service);
    }
    for services in reached.values_mut() {
        services.sort_by(|(_, one), (_, other)| one.cmp(other));
    }
    Ok(reached)
}

/// Whether another service has a name.
pub(crate) async fn has_namesake(conn: &mut Conn, name: &str, id: &str) -> Result<bool, Fault> {
    let row = sqlx::query(NAMESAKE).bind(name).bind(id).fetch_optional(conn).await;
    Ok(row.map_err(asking("look for a name"))?.is_some())
}

pub(crate) async fn count(conn: &mut Conn) -> Result<i64, Fault> {
    let row = sqlx::query(COUNT).fetch_one(conn).await;
    number(&row.map_err(asking("count clients"))?, "services")
}
