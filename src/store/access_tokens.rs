//! Opaque access tokens (RFC 6749, section 1.4).

use sqlx::any::AnyRow;

use super::db::{
    Conn, Tx, asking, optional_parsed, optional_text, optional_time, parsed, statements, text, time,
};
use super::users;
use crate::base::{ClientId, Digest, Fault, GrantId, Timestamp, UserId, kinds};
use crate::model::{Confirmation, User};

statements! {
    INSERT = "INSERT INTO access_tokens (digest, grant_id, client_id, scope, audience, confirmation, actor, created_at,
        expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    LIVE = "SELECT u.*, t.client_id AS token_client, t.scope AS granted_scope, t.audience, t.confirmation,
        g.claims AS granted_claims FROM access_tokens t
        JOIN grants g ON g.id = t.grant_id JOIN clients c ON c.id = t.client_id JOIN users u ON u.id = g.user_id
        WHERE t.digest = $1 AND t.expires_at > $2 AND g.revoked_at IS NULL AND c.disabled_at IS NULL
        AND u.disabled_at IS NULL";
    /// A token of a client's own has no grant and no person.
    STATE = "SELECT t.*, g.user_id, g.authenticated_at, u.subject FROM access_tokens t
        JOIN clients c ON c.id = t.client_id LEFT JOIN grants g ON g.id = t.grant_id
        LEFT JOIN users u ON u.id = g.user_id WHERE t.digest = $1 AND t.expires_at > $2 AND c.disabled_at IS NULL
        AND (t.grant_id IS NULL OR (g.revoked_at IS NULL AND u.disabled_at IS NULL))";
    /// Those that descend from grants go with these.
    REMOVE_OWN = "DELETE FROM access_tokens WHERE client_id = $1 AND grant_id IS NULL";
    REMOVE = "DELETE FROM access_tokens WHERE digest = $1";
}

/// An access token, as it is issued.
pub(crate) struct NewToken<'a> {
    pub(crate) digest: Digest<kinds::Access>,
    /// `None` for a token of a client's own.
    pub(crate) grant_id: Option<&'a GrantId>,
    pub(crate) client_id: &'a ClientId,
    /// Scope values, separated by spaces.
    pub(crate) scope: &'a str,
    /// The addresses of the services that it is for, separated by spaces; `None` where it is for us.
    pub(crate) audience: Option<&'a str>,
    pub(crate) confirmation: Option<&'a Confirmation>,
    /// The service that acts for the person with it, as JSON (RFC 8693, section 4.1).
    pub(crate) actor: Option<&'a str>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

pub(crate) async fn insert(tx: &mut Tx, token: &NewToken<'_>) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(token.digest.as_str())
        .bind(token.grant_id.map(GrantId::as_str))
        .bind(token.client_id.as_str())
        .bind(token.scope)
        .bind(token.audience)
        .bind(token.confirmation.map(Confirmation::to_text))
        .bind(token.actor)
        .bind(token.created_at.millis())
        .bind(token.expires_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("issue an access token"))?;
    Ok(())
}

/// What a token opens.
pub(crate) struct Opened {
    pub(crate) user: User,
    pub(crate) client_id: ClientId,
    /// Scope values, separated by spaces.
    pub(crate) scope: String,
    /// The `claims` parameter, as `oidc` wrote it down.
    pub(crate) claims: Option<String>,
    /// The addresses of the services that it is for, separated by spaces; `None` where it is for us.
    pub(crate) audience: Option<String>,
    pub(crate) confirmation: Option<Confirmation>,
}

/// What is behind a person's token, while the token, its grant, its client and its person are all good.
pub(crate) async fn open(
    conn: &mut Conn,
    digest: &Digest<kinds::Access>,
    now: Timestamp,
) -> Result<Option<Opened>, Fault> {
    let row = sqlx::query(LIVE).bind(digest.as_str()).bind(now.millis()).fetch_optional(conn).await;
    let Some(row) = row.map_err(asking("find a token"))? else { return Ok(None) };
    Ok(Some(Opened {
        user: users::user(&row)?,
        client_id: parsed(&row, "token_client", ClientId::parse)?,
        scope: text(&row, "granted_scope")?,
        claims: optional_text(&row, "granted_claims")?,
        audience: optional_text(&row, "audience")?,
        confirmation: optional_parsed(&row, "confirmation", Confirmation::parse)?,
    }))
}

/// What there is to say of a live token.
pub(crate) struct TokenState {
    /// `None` for a token of a client's own.
    pub(crate) grant_id: Option<GrantId>,
    pub(crate) client_id: ClientId,
    /// Scope values, separated by spaces.
    pub(crate) scope: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// The addresses of the services that it is for, separated by spaces; `None` where it is for us.
    pub(crate) audience: Option<String>,
    pub(crate) confirmation: Option<Confirmation>,
    /// The service that acts for the person with it, as JSON.
    pub(crate) actor: Option<String>,
    /// The person, and the name under which services know them; `None` for a token of a client's own.
    pub(crate) user_id: Option<UserId>,
    pub(crate) subject: Option<String>,
    /// When the person proved who they are.
    pub(crate) authenticated_at: Option<Timestamp>,
}

fn state(row: &AnyRow) -> Result<TokenState, Fault> {
    Ok(TokenState {
        grant_id: optional_parsed(row, "grant_id", GrantId::parse)?,
        client_id: parsed(row, "client_id", ClientId::parse)?,
        scope: text(row, "scope")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        audience: optional_text(row, "audience")?,
        confirmation: optional_parsed(row, "confirmation", Confirmation::parse)?,
        actor: optional_text(row, "actor")?,
        user_id: optional_parsed(row, "user_id", UserId::parse)?,
        subject: optional_text(row, "subject")?,
        authenticated_at: optional_time(row, "authenticated_at")?,
    })
}

/// The state of any token that is good.
pub(crate) async fn find(
    conn: &mut Conn,
    digest: &Digest<kinds::Access>,
    now: Timestamp,
) -> Result<Option<TokenState>, Fault> {
    let row = sqlx::query(STATE).bind(digest.as_str()).bind(now.millis()).fetch_optional(conn).await;
    row.map_err(asking("find a token"))?.as_ref().map(state).transpose()
}

/// Removes a token: nothing needs to know of it any more.
pub(crate) async fn remove(tx: &mut Tx, digest: &Digest<kinds::Access>) -> Result<(), Fault> {
    let done = sqlx::query(REMOVE).bind(digest.as_str()).execute(&mut **tx).await;
    done.map_err(asking("revoke a token"))?;
    Ok(())
}

/// Removes the tokens of a client's own.
pub(crate) async fn remove_own(tx: &mut Tx, client: &ClientId) -> Result<(), Fault> {
    let done = sqlx::query(REMOVE_OWN).bind(client.as_str()).execute(&mut **tx).await;
    done.map_err(asking("revoke tokens"))?;
    Ok(())
}
