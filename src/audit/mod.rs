//! The audit trail: who did what, from where and why, recorded in the transaction that did it, chained and signed soon
//! after ([`chain`]), and checked by anybody who has the public key ([`check`]). What is personal in it is sealed
//! ([`personal`]).

pub(crate) mod chain;
pub(crate) mod check;
pub(crate) mod feed;
pub(crate) mod personal;

use serde_json::Value;

use crate::base::{ClientId, EventId, Fault, SessionId, UserId};
use crate::kit::Kit;
use crate::model::{Actor, Event, EventKind, Visit};
use crate::store::{Tx, events};

/// Something that happened, on its way into the trail.
pub(crate) struct Entry<'a> {
    kind: EventKind,
    visit: Option<&'a Visit>,
    user: Option<&'a UserId>,
    client: Option<&'a ClientId>,
    session: Option<&'a SessionId>,
    actor: Option<&'a Actor>,
    detail: Option<Value>,
}

impl<'a> Entry<'a> {
    /// Something that a visitor did.
    pub(crate) fn by_visitor(kind: EventKind, visit: &'a Visit) -> Self {
        Self { visit: Some(visit), ..Self::unasked(kind) }
    }

    /// Something that was done through one of the doors of administration.
    pub(crate) fn by(kind: EventKind, actor: &'a Actor) -> Self {
        Self { visit: actor.visit(), actor: Some(actor), ..Self::unasked(kind) }
    }

    /// Something that happened by itself.
    pub(crate) const fn unasked(kind: EventKind) -> Self {
        Self { kind, visit: None, user: None, client: None, session: None, actor: None, detail: None }
    }

    pub(crate) fn user(mut self, user: Option<&'a UserId>) -> Self {
        self.user = user;
        self
    }

    pub(crate) fn client(mut self, client: Option<&'a ClientId>) -> Self {
        self.client = client;
        self
    }

    pub(crate) fn session(mut self, session: &'a SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// What there is to say beside all that: names of fields and what they became, never a secret.
    pub(crate) fn detail(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }

    /// Records it. Where that fails the whole transaction must: an act without its record does not happen.
    pub(crate) async fn record(self, kit: &Kit, tx: &mut Tx) -> Result<(), Fault> {
        let mut event = Event {
            id: EventId::generate(kit.now(), &*kit.random),
            at: kit.now(),
            kind: self.kind,
            user_id: self.user.cloned(),
            client_id: self.client.cloned(),
            session_id: self.session.cloned(),
            address: self.visit.map(|visit| visit.address.clone()),
            reference: self.visit.map(|visit| visit.reference.clone()),
            actor: self.actor.map(|actor| actor.name().to_owned()),
            detail: self.detail,
            reason: self.actor.and_then(Actor::reason).map(|reason| reason.as_str().to_owned()),
        };
        personal::seal(kit, tx, &mut event).await?;
        events::insert(tx, &event).await
    }
}
