//! Sessions at the provider.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, number, optional_time, parsed, statements, text, time};
use super::users;
use crate::base::{ClientId, Digest, Fault, SessionId, Timestamp, UserId, kinds};
use crate::model::{Session, User};

statements! {
    INSERT = "INSERT INTO sessions (id, digest, user_id, authenticated_at, previous_login_at, created_at,
        last_used_at, expires_at, browser, address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    BY_DIGEST = "SELECT * FROM sessions WHERE digest = $1 AND ended_at IS NULL";
    BY_ID = "SELECT * FROM sessions WHERE id = $1";
    /// The person's columns under their own names, the session's under names that differ.
    WITH_USER = "SELECT u.*, s.id AS session_id, s.authenticated_at AS authenticated_at,
        s.previous_login_at AS previous_login_at, s.created_at AS session_created_at,
        s.last_used_at AS last_used_at, s.expires_at AS expires_at, s.browser AS browser, s.address AS address
        FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.digest = $1 AND s.ended_at IS NULL";
    OF_USER = "SELECT * FROM sessions WHERE user_id = $1 AND ended_at IS NULL
        ORDER BY authenticated_at DESC LIMIT 100";
    TOUCH = "UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2";
    RENEW = "UPDATE sessions SET digest = $2, previous_login_at = authenticated_at, authenticated_at = $3,
        last_used_at = $3, expires_at = $4 WHERE id = $1 AND ended_at IS NULL RETURNING id";
    END = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id";
    /// Everybody's, the one used last first.
    PAGE = "SELECT * FROM sessions s WHERE ended_at IS NULL AND expires_at > $1 AND last_used_at > $2
        AND (last_used_at, id) < ($3, $4) ORDER BY last_used_at DESC, id DESC LIMIT $5";
    /// The same, of those that have reached a service.
    PAGE_AT = "SELECT * FROM sessions s WHERE ended_at IS NULL AND expires_at > $1 AND last_used_at > $2
        AND (last_used_at, id) < ($3, $4) AND EXISTS (SELECT 1 FROM grants g WHERE g.session_id = s.id
        AND g.client_id = $6 AND g.revoked_at IS NULL) ORDER BY last_used_at DESC, id DESC LIMIT $5";
    /// The one that began last first. Those that began before $6 are over.
    PAGE_BY_START = "SELECT * FROM sessions s WHERE ended_at IS NULL AND expires_at > $1 AND last_used_at > $2
        AND authenticated_at > $6 AND (authenticated_at, id) < ($3, $4)
        ORDER BY authenticated_at DESC, id DESC LIMIT $5";
    PAGE_AT_BY_START = "SELECT * FROM sessions s WHERE ended_at IS NULL AND expires_at > $1 AND last_used_at > $2
        AND authenticated_at > $6 AND (authenticated_at, id) < ($3, $4) AND EXISTS (SELECT 1 FROM grants g
        WHERE g.session_id = s.id AND g.client_id = $7 AND g.revoked_at IS NULL)
        ORDER BY authenticated_at DESC, id DESC LIMIT $5";
    COUNT = "SELECT COUNT(*) AS live FROM sessions WHERE ended_at IS NULL AND expires_at > $1 AND last_used_at > $2";
    /// An update rather than a look: whoever ends the session waits, or is waited for.
    HOLD = "UPDATE sessions SET id = id WHERE id = $1 AND ended_at IS NULL RETURNING id";
    END_OTHERS = "UPDATE sessions SET ended_at = $3 WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL";
    END_ALL = "UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL";
}

fn session(row: &AnyRow) -> Result<Session, Fault> {
    Ok(Session {
        id: parsed(row, "id", SessionId::parse)?,
        digest: Digest::stored(text(row, "digest")?),
        user_id: parsed(row, "user_id", UserId::parse)?,
        authenticated_at: time(row, "authenticated_at")?,
        previous_login_at: optional_time(row, "previous_login_at")?,
        created_at: time(row, "created_at")?,
        last_used_at: time(row, "last_used_at")?,
        expires_at: time(row, "expires_at")?,
        ended_at: optional_time(row, "ended_at")?,
        browser: text(row, "browser")?,
        address: text(row, "address")?,
    })
}

pub(crate) async fn insert(tx: &mut Tx, session: &Session) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(session.id.as_str())
        .bind(session.digest.as_str())
        .bind(session.user_id.as_str())
        .bind(session.authenticated_at.millis())
        .bind(session.previous_login_at.map(Timestamp::millis))
        .bind(session.created_at.millis())
        .bind(session.last_used_at.millis())
        .bind(session.expires_at.millis())
        .bind(session.browser.as_str())
        .bind(session.address.as_str())
        .execute(&mut **tx)
        .await
        .map_err(asking("begin a session"))?;
    Ok(())
}

/// The session of a cookie, unless it was ended. Whether it is too old is for `policy` to say.
pub(crate) async fn by_digest(
    conn: &mut Conn,
    digest: &Digest<kinds::Session>,
) -> Result<Option<Session>, Fault> {
    let row = sqlx::query(BY_DIGEST).bind(digest.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a session"))?.as_ref().map(session).transpose()
}

/// The same, with the person whose it is.
pub(crate) async fn with_user(
    conn: &mut Conn,
    digest: &Digest<kinds::Session>,
) -> Result<Option<(Session, User)>, Fault> {
    let row = sqlx::query(WITH_USER).bind(digest.as_str()).fetch_optional(conn).await;
    let Some(row) = row.map_err(asking("find a session"))? else { return Ok(None) };
    let user = users::user(&row)?;
    let session = Session {
        id: parsed(&row, "session_id", SessionId::parse)?,
        digest: digest.clone(),
        user_id: user.id.clone(),
        authenticated_at: time(&row, "authenticated_at")?,
        previous_login_at: optional_time(&row, "previous_login_at")?,
        created_at: time(&row, "session_created_at")?,
        last_used_at: time(&row, "last_used_at")?,
        expires_at: time(&row, "expires_at")?,
        ended_at: None,
        browser: text(&row, "browser")?,
        address: text(&row, "address")?,
    };
    Ok(Some((session, user)))
}

pub(crate) async fn by_id(conn: &mut Conn, id: &SessionId) -> Result<Option<Session>, Fault> {
    let row = sqlx::query(BY_ID).bind(id.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a session"))?.as_ref().map(session).transpose()
}

/// In which order sessions are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// The one used last first.
    #[default]
    LastUse,
    /// The one that began last first.
    Start,
}

/// Which sessions of anybody are wanted: none that is over.
pub(crate) struct Wanted<'a> {
    pub(crate) now: Timestamp,
    pub(crate) used_after: Timestamp,
    /// What began before is over.
    pub(crate) begun_after: Timestamp,
    /// Only those that have reached it.
    pub(crate) service: Option<&'a ClientId>,
    pub(crate) order: Order,
    /// They come before the session that has this moment, of its order, and this identifier.
    pub(crate) before: (i64, &'a str),
}

/// Up to `limit` sessions.
pub(crate) async fn page(conn: &mut Conn, wanted: &Wanted<'_>, limit: i64) -> Result<Vec<Session>, Fault> {
    let statement = match (wanted.order, wanted.service) {
        (Order::LastUse, None) => PAGE,
        (Order::LastUse, Some(_)) => PAGE_AT,
        (Order::Start, None) => PAGE_BY_START,
        (Order::Start, Some(_)) => PAGE_AT_BY_START,
    };
    let mut query = sqlx::query(statement)
        .bind(wanted.now.millis())
        .bind(wanted.used_after.millis())
        .bind(wanted.before.0)
        .bind(wanted.before.1)
        .bind(limit);
    if wanted.order == Order::Start {
        query = query.bind(wanted.begun_after.millis());
    }
    if let Some(service) = wanted.service {
        query = query.bind(service.as_str());
    }
    let rows = query.fetch_all(conn).await;
    rows.map_err(asking("list sessions"))?.iter().map(session).collect()
}

/// The moment that places a session in an order.
pub(crate) fn moment(order: Order, session: &Session) -> Timestamp {
    match order {
        Order::LastUse => session.last_used_at,
        Order::Start => session.authenticated_at,
    }
}

/// How many sessions are not over and were used after `used_after`.
pub(crate) async fn count(conn: &mut Conn, now: Timestamp, used_after: Timestamp) -> Result<i64, Fault> {
    let row = sqlx::query(COUNT).bind(now.millis()).bind(used_after.millis()).fetch_one(conn).await;
    number(&row.map_err(asking("count sessions"))?, "live")
}

/// A person's newest sessions that were not ended, at most a hundred.
pub(crate) async fn of_user(conn: &mut Conn, user: &UserId) -> Result<Vec<Session>, Fault> {
    let rows = sqlx::query(OF_USER).bind(user.as_str()).fetch_all(conn).await;
    rows.map_err(asking("list sessions"))?.iter().map(session).collect()
}

/// Keeps a session from being ended until the transaction is over; `false` where it has been ended.
pub(crate) async fn hold(tx: &mut Tx, id: &SessionId) -> Result<bool, Fault> {
    let row = sqlx::query(HOLD).bind(id.as_str()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("hold a session"))?.is_some())
}

pub(crate) async fn touch(tx: &mut Tx, id: &SessionId, now: Timestamp) -> Result<(), Fault> {
    sqlx::query(TOUCH)
        .bind(id.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("note the use of a session"))?;
    Ok(())
}

/// The same person has proved who they are again: a new cookie, the same session. False where it has ended.
pub(crate) async fn renew(
    tx: &mut Tx,
    id: &SessionId,
    digest: &Digest<kinds::Session>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, Fault> {
    let row = sqlx::query(RENEW)
        .bind(id.as_str())
        .bind(digest.as_str())
        .bind(now.millis())
        .bind(expires_at.millis())
        .fetch_optional(&mut **tx)
        .await;
    Ok(row.map_err(asking("renew a session"))?.is_some())
}

/// Ends a session; `false` where it had ended.
pub(crate) async fn end(tx: &mut Tx, id: &SessionId, now: Timestamp) -> Result<bool, Fault> {
    let row = sqlx::query(END).bind(id.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("end a session"))?.is_some())
}

/// Ends every session of a person but the one that stays.
pub(crate) async fn end_others(
    tx: &mut Tx,
    user: &UserId,
    stays: &SessionId,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(END_OTHERS)
        .bind(user.as_str())
        .bind(stays.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("end sessions"))?;
    Ok(())
}

/// Ends every session of a person; how many.
pub(crate) async fn end_all(tx: &mut Tx, user: &UserId, now: Timestamp) -> Result<u64, Fault> {
    let done = sqlx::query(END_ALL).bind(user.as_str()).bind(now.millis()).execute(&mut **tx).await;
    Ok(done.map_err(asking("end sessions"))?.rows_affected())
}
