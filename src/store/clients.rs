//! Relying parties and their secrets.

use sqlx::any::AnyRow;

use super::db::{
    Conn, Tx, asking, is_conflict, json, optional_time, parsed, statements, text, time, to_json,
};
use super::services;
use super::words::{self, Found};
use crate::base::{ClientId, Digest, Fault, Timestamp};
use crate::model::{Client, ClientSecret};

statements! {
    INSERT = "INSERT INTO clients (id, name, settings, created_at, updated_at, disabled_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    BY_ID = "SELECT * FROM clients WHERE id = $1";
    PAGE = "SELECT * FROM clients WHERE id > $1 ORDER BY id LIMIT $2";
    UPDATE = "UPDATE clients SET name = $2, settings = $3, updated_at = $4 WHERE id = $1 AND updated_at = $5";
    DISABLE = "UPDATE clients SET disabled_at = $2, updated_at = $2 WHERE id = $1 AND disabled_at IS NULL";
    ENABLE = "UPDATE clients SET disabled_at = NULL, updated_at = $2 WHERE id = $1 AND disabled_at IS NOT NULL";
    REMOVE = "DELETE FROM clients WHERE id = $1";
    /// An update rather than a look: whoever changes the same client waits.
    HOLD = "UPDATE clients SET id = id WHERE id = $1 RETURNING id";
    ADD_SECRET = "INSERT INTO client_secrets (digest, client_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    SECRETS = "SELECT digest, created_at, expires_at FROM client_secrets WHERE client_id = $1";
    EXPIRE_SECRETS = "UPDATE client_secrets SET expires_at = $2
        WHERE client_id = $1 AND (expires_at IS NULL OR expires_at > $2)";
}

pub(super) fn client(row: &AnyRow) -> Result<Client, Fault> {
    Ok(Client {
        id: parsed(row, "id", ClientId::parse)?,
        name: text(row, "name")?,
        settings: json(row, "settings")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        disabled_at: optional_time(row, "disabled_at")?,
    })
}

/// Registers a client; `false` where its identifier is taken.
pub(crate) async fn insert(tx: &mut Tx, client: &Client) -> Result<bool, Fault> {
    let inserted = sqlx::query(INSERT)
        .bind(client.id.as_str())
        .bind(client.name.as_str())
        .bind(to_json(&client.settings)?)
        .bind(client.created_at.millis())
        .bind(client.updated_at.millis())
        .bind(client.disabled_at.map(Timestamp::millis))
        .execute(&mut **tx)
        .await;
    match inserted {
        Ok(_) => {
            services::index(tx, client).await?;
            Ok(true)
        }
        Err(error) if is_conflict(&error) => Ok(false),
        Err(error) => Err(asking("register a client")(error)),
    }
}

pub(crate) async fn by_id(conn: &mut Conn, id: &ClientId) -> Result<Option<Client>, Fault> {
    let row = sqlx::query(BY_ID).bind(id.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a client"))?.as_ref().map(client).transpose()
}

/// Up to `limit` clients in the order of their identifiers, from the one after `after`.
pub(crate) async fn page(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<Client>, Fault> {
    let rows = sqlx::query(PAGE).bind(after).bind(limit).fetch_all(conn).await;
    rows.map_err(asking("list clients"))?.iter().map(client).collect()
}

/// Writes back a client's name and settings; `false` where it is gone, or has changed since `read_at`.
pub(crate) async fn update(tx: &mut Tx, client: &Client, read_at: Timestamp) -> Result<bool, Fault> {
    let done = sqlx::query(UPDATE)
        .bind(client.id.as_str())
        .bind(client.name.as_str())
        .bind(to_json(&client.settings)?)
        .bind(client.updated_at.millis())
        .bind(read_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("change a client"))?;
    services::index(tx, client).await?;
    Ok(done.rows_affected() == 1)
}

/// Switches a client off or on; `false` where it was so already.
pub(crate) async fn set_active(
    tx: &mut Tx,
    id: &ClientId,
    active: bool,
    now: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(if active { ENABLE } else { DISABLE })
        .bind(id.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("change a client's status"))?;
    Ok(done.rows_affected() == 1)
}

/// Removes a client with its secrets, grants, codes and tokens; `false` where it is gone already.
pub(crate) async fn remove(tx: &mut Tx, id: &ClientId) -> Result<bool, Fault> {
    words::clear(tx, Found::Client, id.as_str()).await?;
    let done = sqlx::query(REMOVE).bind(id.as_str()).execute(&mut **tx).await;
    Ok(done.map_err(asking("remove a client"))?.rows_affected() == 1)
}

/// Keeps everybody else from changing a client until the transaction is over; `false` where there is none.
pub(crate) async fn hold(tx: &mut Tx, id: &ClientId) -> Result<bool, Fault> {
    let row = sqlx::query(HOLD).bind(id.as_str()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("hold a client"))?.is_some())
}

pub(crate) async fn add_secret(tx: &mut Tx, secret: &ClientSecret) -> Result<(), Fault> {
    sqlx::query(ADD_SECRET)
        .bind(secret.digest.as_str())
        .bind(secret.client_id.as_str())
        .bind(secret.created_at.millis())
        .bind(secret.expires_at.map(Timestamp::millis))
        .execute(&mut **tx)
        .await
        .map_err(asking("keep a client secret"))?;
    Ok(())
}

/// Every secret of a client, those included that have ended.
pub(crate) async fn secrets(conn: &mut Conn, id: &ClientId) -> Result<Vec<ClientSecret>, Fault> {
    let rows = sqlx::query(SECRETS).bind(id.as_str()).fetch_all(conn).await;
    let secret = |row: &AnyRow| {
        Ok(ClientSecret {
            digest: Digest::stored(text(row, "digest")?),
            client_id: id.clone(),
            created_at: time(row, "created_at")?,
            expires_at: optional_time(row, "expires_at")?,
        })
    };
    rows.map_err(asking("read client secrets"))?.iter().map(secret).collect()
}

/// Lets every present secret of a client end at `end`, where it does not end earlier.
pub(crate) async fn expire_secrets(tx: &mut Tx, id: &ClientId, end: Timestamp) -> Result<(), Fault> {
    sqlx::query(EXPIRE_SECRETS)
        .bind(id.as_str())
        .bind(end.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("end client secrets"))?;
    Ok(())
}
