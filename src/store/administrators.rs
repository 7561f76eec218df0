//! Who looks after the provider.

use std::collections::HashMap;

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, among_a_hundred, asking, hundreds, number, parsed, statements, text, time};
use super::users;
use crate::base::{ClientId, Digest, Fault, SessionId, Timestamp, UserId, kinds};
use crate::model::{Role, User};

statements! {
    PUT = "INSERT INTO administrators (user_id, role, created_at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id) DO UPDATE SET role = $2";
    REMOVE = "DELETE FROM administrators WHERE user_id = $1";
    ROLE = "SELECT role FROM administrators WHERE user_id = $1";
    /// From the few to the many: the name is not a plain column here, lest everybody be gone through in its order.
    ALL = "SELECT u.*, a.role FROM administrators a JOIN users u ON u.id = a.user_id
        ORDER BY (u.name || ''), u.id LIMIT 1000";
    OWNERS = "SELECT COUNT(*) AS owners FROM administrators a JOIN users u ON u.id = a.user_id
        WHERE a.role = 'owner' AND u.disabled_at IS NULL AND a.user_id <> $1";
    ROLES = among_a_hundred!("SELECT user_id, role FROM administrators WHERE user_id");
    SERVICES = "SELECT client_id FROM service_administrators WHERE user_id = $1";
    ADD_SERVICE = "INSERT INTO service_administrators (user_id, client_id) VALUES ($1, $2)";
    CLEAR_SERVICES = "DELETE FROM service_administrators WHERE user_id = $1";
    /// The console's token with the person behind it, while token, grant, person and client are all good.
    AT_CONSOLE = "SELECT u.*, g.session_id, g.authenticated_at FROM access_tokens t
        JOIN grants g ON g.id = t.grant_id JOIN clients c ON c.id = t.client_id JOIN users u ON u.id = g.user_id
        WHERE t.digest = $1 AND t.client_id = $2 AND t.expires_at > $3 AND g.revoked_at IS NULL
        AND c.disabled_at IS NULL AND u.disabled_at IS NULL";
    ADD_LINK = "INSERT INTO setup_links (digest, expires_at) VALUES ($1, $2)";
    /// No longer, once an administrator was made another way.
    LINK_IS_GOOD = "SELECT 1 AS good FROM setup_links WHERE digest = $1 AND expires_at > $2 AND used_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM administrators)";
    USE_LINK = "UPDATE setup_links SET used_at = $2 WHERE digest = $1 AND expires_at > $2 AND used_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM administrators) RETURNING digest";
    CLEAR_LINKS = "DELETE FROM setup_links WHERE used_at IS NULL";
}

/// Gives a role, in the place of the one there was, with the services that it is for.
pub(crate) async fn put(
    tx: &mut Tx,
    user: &UserId,
    role: Role,
    services: &[ClientId],
    now: Timestamp,
) -> Result<(), Fault> {
    let doing = || asking("give a role");
    let done =
        sqlx::query(PUT).bind(user.as_str()).bind(role.name()).bind(now.millis()).execute(&mut **tx).await;
    done.map_err(doing())?;
    sqlx::query(CLEAR_SERVICES).bind(user.as_str()).execute(&mut **tx).await.map_err(doing())?;
    for service in services {
        let added =
            sqlx::query(ADD_SERVICE).bind(user.as_str()).bind(service.as_str()).execute(&mut **tx).await;
        added.map_err(doing())?;
    }
    Ok(())
}

/// Takes a role away; `false` where there was none.
pub(crate) async fn remove(tx: &mut Tx, user: &UserId) -> Result<bool, Fault> {
    sqlx::query(CLEAR_SERVICES)
        .bind(user.as_str())
        .execute(&mut **tx)
        .await
        .map_err(asking("take a role"))?;
    let done = sqlx::query(REMOVE).bind(user.as_str()).execute(&mut **tx).await;
    Ok(done.map_err(asking("take a role"))?.rows_affected() == 1)
}

/// Somebody's role, and the services that it is for where it is for some only.
pub(crate) async fn find(conn: &mut Conn, user: &UserId) -> Result<Option<(Role, Vec<ClientId>)>, Fault> {
    let row = sqlx::query(ROLE).bind(user.as_str()).fetch_optional(&mut *conn).await;
    let Some(row) = row.map_err(asking("find a role"))? else { return Ok(None) };
    let role = parsed(&row, "role", Role::parse)?;
    let services = if role == Role::Services { services(conn, user).await? } else { Vec::new() };
    Ok(Some((role, services)))
}

/// The roles of those of some people who have one.
pub(crate) async fn roles(conn: &mut Conn, users: &[&UserId]) -> Result<HashMap<UserId, Role>, Fault> {
    let ids: Vec<&str> = users.iter().map(|id| id.as_str()).collect();
    let rows = hundreds(conn, ROLES, &ids).await.map_err(asking("find roles"))?;
    let keyed = |row| Ok((parsed(row, "user_id", UserId::parse)?, parsed(row, "role", Role::parse)?));
    rows.iter().map(keyed).collect()
}

async fn services(conn: &mut Conn, user: &UserId) -> Result<Vec<ClientId>, Fault> {
    let rows = sqlx::query(SERVICES).bind(user.as_str()).fetch_all(conn).await;
    let rows = rows.map_err(asking("list an administrator's services"))?;
    let found: Result<Vec<ClientId>, Fault> =
        rows.iter().map(|row| parsed(row, "client_id", ClientId::parse)).collect();
    // Databases differ in what comes first, capitals or small letters.
    found.map(|mut found| {
        found.sort();
        found
    })
}

/// Every administrator by name, at most a thousand.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<(User, Role)>, Fault> {
    let rows = sqlx::query(ALL).fetch_all(conn).await.map_err(asking("list administrators"))?;
    rows.iter().map(|row: &AnyRow| Ok((users::user(row)?, parsed(row, "role", Role::parse)?))).collect()
}

/// How many owners can log in beside one person.
pub(crate) async fn owners_beside(conn: &mut Conn, user: &UserId) -> Result<i64, Fault> {
    let row = sqlx::query(OWNERS).bind(user.as_str()).fetch_one(conn).await;
    number(&row.map_err(asking("count owners"))?, "owners")
}

/// Whoever holds a token of the console.
pub(crate) struct Holder {
    pub(crate) user: User,
    pub(crate) session_id: SessionId,
    pub(crate) authenticated_at: Timestamp,
}

pub(crate) async fn at_console(
    conn: &mut Conn,
    token: &Digest<kinds::Access>,
    console: &ClientId,
    now: Timestamp,
) -> Result<Option<Holder>, Fault> {
    let row = sqlx::query(AT_CONSOLE)
        .bind(token.as_str())
        .bind(console.as_str())
        .bind(now.millis())
        .fetch_optional(conn)
        .await;
    let Some(row) = row.map_err(asking("find a token of the console"))? else { return Ok(None) };
    Ok(Some(Holder {
        user: users::user(&row)?,
        session_id: parsed(&row, "session_id", SessionId::parse)?,
        authenticated_at: time(&row, "authenticated_at")?,
    }))
}

/// Keeps a link for setting up, in the place of those before it.
pub(crate) async fn put_link(
    tx: &mut Tx,
    link: &Digest<kinds::SetUp>,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    let doing = || asking("keep a link for setting up");
    sqlx::query(CLEAR_LINKS).execute(&mut **tx).await.map_err(doing())?;
    let done = sqlx::query(ADD_LINK).bind(link.as_str()).bind(expires_at.millis()).execute(&mut **tx).await;
    done.map_err(doing())?;
    Ok(())
}

pub(crate) async fn link_is_good(
    conn: &mut Conn,
    link: &Digest<kinds::SetUp>,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row = sqlx::query(LINK_IS_GOOD).bind(link.as_str()).bind(now.millis()).fetch_optional(conn).await;
    Ok(row.map_err(asking("find a link for setting up"))?.is_some())
}

/// Uses a link up; `false` where it is not good.
pub(crate) async fn use_link(
    tx: &mut Tx,
    link: &Digest<kinds::SetUp>,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row = sqlx::query(USE_LINK).bind(link.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await;
    let used = row.map_err(asking("use a link for setting up"))?;
    used.map(|row| text(&row, "digest")).transpose().map(|digest| digest.is_some())
}
