//! What people let services know of them.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, optional_time, parsed, statements, text, time};
use crate::base::{ClientId, Fault, Timestamp, UserId};

statements! {
    PUT = "INSERT INTO consents (user_id, client_id, scope, given_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id, client_id) DO UPDATE SET scope = $3, given_at = $4";
    FIND = "SELECT scope FROM consents WHERE user_id = $1 AND client_id = $2";
    /// An update rather than a look: whoever withdraws it waits, or is waited for.
    HOLD = "UPDATE consents SET scope = scope WHERE user_id = $1 AND client_id = $2 RETURNING scope";
    OF_USER = "SELECT c.client_id, c.scope, c.given_at, MAX(g.refreshed_at) AS used_at FROM consents c
        LEFT JOIN grants g ON g.user_id = c.user_id AND g.client_id = c.client_id WHERE c.user_id = $1
        GROUP BY c.client_id, c.scope, c.given_at";
    REMOVE = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";
}

/// A person's consent to one service.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    pub(crate) client_id: ClientId,
    /// Scope values, separated by spaces.
    pub(crate) scope: String,
    pub(crate) given_at: Timestamp,
    /// When the service last had something of it, as far as that is still known.
    pub(crate) used_at: Option<Timestamp>,
}

fn consent(row: &AnyRow) -> Result<Consent, Fault> {
    Ok(Consent {
        client_id: parsed(row, "client_id", ClientId::parse)?,
        scope: text(row, "scope")?,
        given_at: time(row, "given_at")?,
        used_at: optional_time(row, "used_at")?,
    })
}

/// Notes a consent in the place of the one there was.
pub(crate) async fn put(tx: &mut Tx, user: &UserId, consent: &Consent) -> Result<(), Fault> {
    sqlx::query(PUT)
        .bind(user.as_str())
        .bind(consent.client_id.as_str())
        .bind(consent.scope.as_str())
        .bind(consent.given_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("note a consent"))?;
    Ok(())
}

/// What a person lets a service know: scope values, separated by spaces.
pub(crate) async fn scope(
    conn: &mut Conn,
    user: &UserId,
    client: &ClientId,
) -> Result<Option<String>, Fault> {
    let row = sqlx::query(FIND).bind(user.as_str()).bind(client.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a consent"))?.map(|row| text(&row, "scope")).transpose()
}

/// The same, kept from being withdrawn until the transaction is over.
pub(crate) async fn hold(tx: &mut Tx, user: &UserId, client: &ClientId) -> Result<Option<String>, Fault> {
    let row = sqlx::query(HOLD).bind(user.as_str()).bind(client.as_str()).fetch_optional(&mut **tx).await;
    row.map_err(asking("hold a consent"))?.map(|row| text(&row, "scope")).transpose()
}

pub(crate) async fn of_user(conn: &mut Conn, user: &UserId) -> Result<Vec<Consent>, Fault> {
    let rows = sqlx::query(OF_USER).bind(user.as_str()).fetch_all(conn).await;
    rows.map_err(asking("list consents"))?.iter().map(consent).collect()
}

/// Takes a consent away; false where there was none.
pub(crate) async fn remove(tx: &mut Tx, user: &UserId, client: &ClientId) -> Result<bool, Fault> {
    let done = sqlx::query(REMOVE).bind(user.as_str()).bind(client.as_str()).execute(&mut **tx).await;
    Ok(done.map_err(asking("withdraw a consent"))?.rows_affected() == 1)
}
