//! Ending a session so that every service of it hears: some from us ([`back_channel`]), some through the browser
//! (OpenID Connect Front-Channel Logout 1.0). Who cannot be told is named.

use std::time::Duration;

use url::Url;

use super::back_channel::{self, Round};
use crate::accounts::session::{self, Current};
use crate::base::{ClientId, Fault, SessionId};
use crate::kit::Kit;
use crate::model::{Client, Visit};
use crate::store::logouts;

/// How long a person waits for services to answer before those that have not are named.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// What is left to do, and to say, when a session has ended.
#[derive(Debug, Default)]
pub(crate) struct Farewell {
    /// Addresses of services for the browser to call.
    pub(crate) frames: Vec<String>,
    /// The services that hear of it from us, and those that nobody can tell.
    told_by_us: Vec<Client>,
    deaf: Vec<Client>,
}

/// How many services would be logged out of.
pub(crate) async fn reach(kit: &Kit, session: &SessionId) -> Result<usize, Fault> {
    Ok(logouts::reached_by_session(&mut *kit.store.read().await?, session).await?.len())
}

/// Ends the session, and finds out how its services hear. Who asked for it knows.
pub(crate) async fn say(
    kit: &Kit,
    current: &Current,
    visit: &Visit,
    asked_by: Option<&ClientId>,
) -> Result<Farewell, Fault> {
    let reached = logouts::reached_by_session(&mut *kit.store.read().await?, &current.session.id).await?;
    session::end(kit, current, visit).await?;
    let mut farewell = Farewell::default();
    for reached in reached {
        let known = kit.client(&reached.client_id).await?;
        let Some(client) = known.map(|known| known.client.clone()).filter(Client::is_active) else {
            continue;
        };
        let settings = &client.settings;
        let frame =
            settings.frontchannel_logout_uri.as_deref().and_then(|uri| frame(kit, uri, &reached.session_id));
        let is_framed = frame.is_some();
        farewell.frames.extend(frame);
        if asked_by == Some(&client.id) {
            continue;
        }
        if settings.backchannel_logout_uri.is_some() {
            farewell.told_by_us.push(client);
        } else if !is_framed {
            farewell.deaf.push(client);
        }
    }
    Ok(farewell)
}

/// The names of the services that could not be told so far. Waits a moment for those that are being told.
pub(crate) async fn not_told(
    kit: &Kit,
    farewell: &Farewell,
    session: &SessionId,
) -> Result<Vec<String>, Fault> {
    let mut names: Vec<String> = farewell.deaf.iter().map(|client| client.name.clone()).collect();
    if !farewell.told_by_us.is_empty() {
        // Whoever is slow is told in the background all the same.
        let _ = tokio::time::timeout(PATIENCE, tell(kit, session)).await;
        let untold = logouts::untold(&mut *kit.store.read().await?, session).await?;
        let untold = farewell.told_by_us.iter().filter(|client| untold.contains(&client.id));
        names.extend(untold.map(|client| client.name.clone()));
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// Helps the worker, and waits for what it has begun.
async fn tell(kit: &Kit, session: &SessionId) -> Result<(), Fault> {
    while !matches!(back_channel::deliver_next(kit).await?, Round::Idle { .. }) {}
    while logouts::is_being_told(&mut *kit.store.read().await?, session).await? {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// OpenID Connect Front-Channel Logout 1.0, section 2.
fn frame(kit: &Kit, uri: &str, session: &SessionId) -> Option<String> {
    let mut url = Url::parse(uri).ok()?;
    url.query_pairs_mut().append_pair("iss", &kit.config.issuer()).append_pair("sid", session.as_str());
    Some(url.into())
}
