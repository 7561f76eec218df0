//! What happened to somebody's account, for their own eyes.

use crate::base::{Fault, Span, Timestamp, UserId};
use crate::kit::Kit;
use crate::model::EventKind;
use crate::store::{events, sessions};

/// How far back a person looks.
const MEMORY: Span = Span::days(90);
const MOST: i64 = 200;

/// Something that happened.
pub(crate) struct Happened {
    pub(crate) at: Timestamp,
    pub(crate) kind: EventKind,
    /// The browser, as far as that is still known.
    pub(crate) browser: Option<String>,
}

/// What happened to a person in the last 90 days, the newest first.
pub(crate) async fn of(kit: &Kit, user: &UserId) -> Result<Vec<Happened>, Fault> {
    let since = kit.now() - MEMORY;
    let mut conn = kit.store.read().await?;
    let mut happened = Vec::new();
    for event in events::of_user(&mut conn, user, MOST).await?.into_iter().filter(|event| event.at >= since) {
        let browser = match &event.session_id {
            Some(id) => sessions::by_id(&mut conn, id).await?.map(|session| session.browser),
            None => None,
        };
        happened.push(Happened { at: event.at, kind: event.kind, browser });
    }
    Ok(happened)
}
