//! People, as administrators look for them and look after them.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, is_conflict, number, statements, text, to_json};
use super::users;
use super::words::{self, Found, Search};
use crate::base::words::words as words_of;
use crate::base::{Fault, Timestamp, UserId};
use crate::model::User;

statements! {
    BY_NAME = "SELECT * FROM users WHERE (name, id) > ($1, $2) ORDER BY name, id LIMIT $3";
    BY_EMAIL = "SELECT * FROM users WHERE email_canonical > $1 ORDER BY email_canonical LIMIT $2";
    /// Those who have not logged in for longest first.
    BY_LAST_LOGIN = "SELECT * FROM users WHERE last_login_at IS NOT NULL AND (last_login_at, id) > ($1, $2)
        ORDER BY last_login_at, id LIMIT $3";
    NEVER = "SELECT * FROM users WHERE last_login_at IS NULL AND (name, id) > ($1, $2) ORDER BY name, id LIMIT $3";
    /// Each person by the first of their words that begins as wanted.
    SEARCH = "SELECT u.*, w.word FROM words w JOIN users u ON u.id = w.id
        WHERE w.kind = 'user' AND w.word <= $2 AND (w.word, w.id) > ($7, $8)
        AND EXISTS (SELECT 1 FROM words a WHERE a.kind = 'user' AND a.id = w.id AND a.word >= $3 AND a.word <= $4)
        AND EXISTS (SELECT 1 FROM words b WHERE b.kind = 'user' AND b.id = w.id AND b.word >= $5 AND b.word <= $6)
        AND NOT EXISTS (SELECT 1 FROM words e WHERE e.kind = 'user' AND e.id = w.id AND e.word >= $1
            AND e.word < w.word)
        ORDER BY w.word, w.id LIMIT $9";
    /// Whom somebody has looked after since, by activating them for example, is given as long again.
    DORMANT = "SELECT * FROM users u WHERE u.last_login_at < $1 AND u.updated_at < $1 AND u.disabled_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM administrators a WHERE a.user_id = u.id) ORDER BY u.last_login_at LIMIT $2";
    NEVER_HERE = "SELECT * FROM users u WHERE u.last_login_at IS NULL AND u.updated_at < $1 AND u.disabled_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM administrators a WHERE a.user_id = u.id) LIMIT $2";
    ENDED = "SELECT * FROM users u WHERE u.disabled_at < $1
        AND NOT EXISTS (SELECT 1 FROM administrators a WHERE a.user_id = u.id) ORDER BY u.disabled_at LIMIT $2";
    /// An update rather than a look: whoever changes the person waits.
    HOLD = "UPDATE users SET id = id WHERE id = $1 AND COALESCE(last_login_at, -1) = $2
        AND COALESCE(disabled_at, -1) = $3
        AND NOT EXISTS (SELECT 1 FROM administrators a WHERE a.user_id = $1) RETURNING id";
    UPDATE = "UPDATE users SET email = $2, email_canonical = $3, name = $4, organisation = $5, profile = $6,
        updated_at = $7 WHERE id = $1 AND updated_at = $8";
    ASK_NEW_PASSWORD = "UPDATE users SET new_password_asked_at = $2, updated_at = $2 WHERE id = $1";
    REMOVE = "DELETE FROM users WHERE id = $1";
    COUNT = "SELECT COUNT(*) AS people, COUNT(disabled_at) AS disabled,
        COUNT(CASE WHEN password IS NULL AND disabled_at IS NULL THEN 1 END) AS invited FROM users";
    WITHOUT_WORDS = "SELECT * FROM users u WHERE u.id > $1 AND NOT EXISTS
        (SELECT 1 FROM words w WHERE w.kind = 'user' AND w.id = u.id) ORDER BY u.id LIMIT $2";
}

/// In which order people are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Name,
    Email,
    /// The longest ago first, without those who never have.
    LastLogin,
    /// Only those who have never logged in, by name.
    Never,
}

/// Up to `limit` people after the place that two texts name.
pub(crate) async fn list(
    conn: &mut Conn,
    order: Order,
    (key, id): (&str, &str),
    limit: i64,
) -> Result<Vec<User>, Fault> {
    let query = match order {
        Order::Name => sqlx::query(BY_NAME).bind(key).bind(id),
        Order::Never => sqlx::query(NEVER).bind(key).bind(id),
        Order::Email => sqlx::query(BY_EMAIL).bind(key),
        Order::LastLogin => sqlx::query(BY_LAST_LOGIN).bind(key.parse().unwrap_or(i64::MIN)).bind(id),
    };
    let rows = query.bind(limit).fetch_all(conn).await.map_err(asking("list people"))?;
    rows.iter().map(users::user).collect()
}

/// Up to `limit` people who have every word, each with the word that places them, after the place that two texts name.
pub(crate) async fn search(
    conn: &mut Conn,
    search: &Search,
    place: (&str, &str),
    limit: i64,
) -> Result<Vec<(User, String)>, Fault> {
    let mut query = sqlx::query(SEARCH);
    for bound in search.bounds(conn, Found::User, place).await? {
        query = query.bind(bound);
    }
    let rows = query.bind(limit).fetch_all(conn).await.map_err(asking("search people"))?;
    rows.iter().map(|row: &AnyRow| Ok((users::user(row)?, text(row, "word")?))).collect()
}

/// Whose time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// Who can log in and last did before a moment.
    Dormant,
    /// Who can log in, never did, and was added before a moment.
    NeverHere,
    /// Who was deactivated before a moment.
    Deactivated,
}

/// Up to `limit` people whose time was up `before` a moment, administrators left out.
pub(crate) async fn overdue(
    conn: &mut Conn,
    which: Overdue,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<User>, Fault> {
    let statement = match which {
        Overdue::Dormant => DORMANT,
        Overdue::NeverHere => NEVER_HERE,
        Overdue::Deactivated => ENDED,
    };
    let rows = sqlx::query(statement).bind(before.millis()).bind(limit).fetch_all(conn).await;
    rows.map_err(asking("list whose time is up"))?.iter().map(users::user).collect()
}

/// Keeps a person as they are until the transaction ends, but for what that does itself; `false` where they have logged
/// in, been deactivated, activated or erased, or become an administrator, since they were read.
pub(crate) async fn hold_unless_changed(tx: &mut Tx, read: &User) -> Result<bool, Fault> {
    let or_never = |at: Option<Timestamp>| at.map_or(-1, Timestamp::millis);
    let row = sqlx::query(HOLD)
        .bind(read.id.as_str())
        .bind(or_never(read.last_login_at))
        .bind(or_never(read.disabled_at))
        .fetch_optional(&mut **tx)
        .await;
    Ok(row.map_err(asking("hold a person"))?.is_some())
}

/// Has a person be found by name, email and organisation.
pub(crate) async fn index(tx: &mut Tx, user: &User) -> Result<(), Fault> {
    let organisation = user.organisation.as_deref().unwrap_or_default();
    let words = words_of(&format!("{} {} {organisation}", user.name, user.email.canonical()));
    words::put(tx, Found::User, user.id.as_str(), &words).await
}

/// Up to `limit` people whom no search finds yet, after one of them.
pub(crate) async fn without_words(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<User>, Fault> {
    let rows = sqlx::query(WITHOUT_WORDS).bind(after).bind(limit).fetch_all(conn).await;
    rows.map_err(asking("list people"))?.iter().map(users::user).collect()
}

/// What came of writing a person's new details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// Somebody else has the email.
    Taken,
    /// They were changed meanwhile.
    Stale,
}

/// Writes a person's details, unless they have changed since they were read.
pub(crate) async fn update(tx: &mut Tx, user: &User, now: Timestamp) -> Result<Written, Fault> {
    let done = sqlx::query(UPDATE)
        .bind(user.id.as_str())
        .bind(user.email.shown())
        .bind(user.email.canonical())
        .bind(user.name.as_str())
        .bind(user.organisation.as_deref())
        .bind(to_json(&user.profile)?)
        .bind(now.millis())
        .bind(user.updated_at.millis())
        .execute(&mut **tx)
        .await;
    match done {
        Ok(done) if done.rows_affected() == 1 => {
            index(tx, user).await?;
            Ok(Written::Done)
        }
        Ok(_) => Ok(Written::Stale),
        Err(error) if is_conflict(&error) => Ok(Written::Taken),
        Err(error) => Err(asking("change a person")(error)),
    }
}

/// Has somebody choose a new password the next time they log in.
pub(crate) async fn ask_new_password(tx: &mut Tx, id: &UserId, now: Timestamp) -> Result<(), Fault> {
    let done = sqlx::query(ASK_NEW_PASSWORD).bind(id.as_str()).bind(now.millis()).execute(&mut **tx).await;
    done.map_err(asking("ask for a new password"))?;
    Ok(())
}

/// Removes a person with everything that hangs on them but the audit trail.
pub(crate) async fn remove(tx: &mut Tx, id: &UserId) -> Result<(), Fault> {
    words::clear(tx, Found::User, id.as_str()).await?;
    sqlx::query(REMOVE).bind(id.as_str()).execute(&mut **tx).await.map_err(asking("remove a person"))?;
    Ok(())
}

/// How many people there are.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Counts {
    pub(crate) people: i64,
    pub(crate) disabled: i64,
    /// Those without a password.
    pub(crate) invited: i64,
}

/// Counts everybody: work for a job, not for a page.
pub(crate) async fn count(conn: &mut Conn) -> Result<Counts, Fault> {
    let row = sqlx::query(COUNT).fetch_one(conn).await.map_err(asking("count people"))?;
    Ok(Counts {
        people: number(&row, "people")?,
        disabled: number(&row, "disabled")?,
        invited: number(&row, "invited")?,
    })
}

/// The place of a person in an order: what [`list`] goes on from.
pub(crate) fn place(order: Order, user: &User) -> (String, String) {
    let key = match order {
        Order::Name | Order::Never => user.name.clone(),
        Order::Email => user.email.canonical().to_owned(),
        Order::LastLogin => user.last_login_at.map_or(String::new(), |at| at.millis().to_string()),
    };
    (key, user.id.as_str().to_owned())
}
