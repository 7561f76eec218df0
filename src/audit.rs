//! The audit trail: who did what, from where, recorded in the transaction that did it.

use crate::base::{ClientId, EventId, Fault, SessionId, UserId};
use crate::kit::Kit;
use crate::model::{Event, EventKind, Visit};
use crate::store::{Tx, events};

/// Something that happened, on its way into the trail.
pub(crate) struct Entry<'a> {
    kind: EventKind,
    visit: Option<&'a Visit>,
    user: Option<&'a UserId>,
    client: Option<&'a ClientId>,
    session: Option<&'a SessionId>,
}

impl<'a> Entry<'a> {
    /// Something that a visitor did.
    pub(crate) const fn by_visitor(kind: EventKind, visit: &'a Visit) -> Self {
        Self { kind, visit: Some(visit), user: None, client: None, session: None }
    }

    /// Something that an operator did on the command line.
    pub(crate) const fn by_operator(kind: EventKind) -> Self {
        Self { kind, visit: None, user: None, client: None, session: None }
    }

    pub(crate) const fn user(mut self, user: Option<&'a UserId>) -> Self {
        self.user = user;
        self
    }

    pub(crate) const fn client(mut self, client: Option<&'a ClientId>) -> Self {
        self.client = client;
        self
    }

    pub(crate) const fn session(mut self, session: &'a SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// Records it. Where that fails the whole transaction must: an act without its record does not happen.
    pub(crate) async fn record(self, kit: &Kit, tx: &mut Tx) -> Result<(), Fault> {
        let event = Event {
            id: EventId::generate(kit.now(), &*kit.random),
            at: kit.now(),
            kind: self.kind,
            user_id: self.user.cloned(),
            client_id: self.client.cloned(),
            session_id: self.session.cloned(),
            address: self.visit.map(|visit| visit.address.clone()),
            reference: self.visit.map(|visit| visit.reference.clone()),
        };
        events::insert(tx, &event).await
    }
}
