//! The audit trail.

use super::db::{Tx, asking, statements};
use crate::base::{ClientId, Fault, SessionId, UserId};
use crate::model::Event;

statements! {
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
