//! What happened to somebody's account, for their own eyes.

use serde_json::{Value, json};

use crate::base::{Fault, Span, Timestamp, UserId};
use crate::kit::Kit;
use crate::model::{EventKind, Visit};
use crate::store::{events, sessions};

/// How far back a person looks.
const MEMORY: Span = Span::days(90);
const MOST: i64 = 200;

/// What an event carries for its owner's history: with which browser, in words, somebody did it.
pub(super) fn seen(visit: &Visit) -> Value {
    json!({ "browser": visit.browser })
}

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
        let seen = event.detail.as_ref().and_then(|detail| detail.get("browser")?.as_str());
        let browser = match (seen, &event.session_id) {
            (Some(browser), _) => Some(browser.to_owned()),
            (None, Some(id)) => sessions::by_id(&mut conn, id).await?.map(|session| session.browser),
            (None, None) => None,
        };
        happened.push(Happened { at: event.at, kind: event.kind, browser });
    }
    Ok(happened)
}
