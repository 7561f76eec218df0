//! The public keys of clients: those that were registered, and those that are published at an address.
//!
//! What was fetched is good for an hour. A signature by a key that is not among them asks for them anew, at most once
//! a minute, so that a client can change its keys at any time (OpenID Connect Core 1.0, section 10.1.1) and nobody can
//! make us ask all the time.

use std::sync::Arc;

use super::assertion::Disproof;
use crate::base::{Span, Timestamp, strict_json};
use crate::jose::{PublicKeys, Unverified};
use crate::kit::{HeldKeys, Kit};
use crate::model::Client;

/// How long fetched keys are good.
const FRESH: Span = Span::hours(1);
/// How soon they may be asked for again for the sake of a key that is not among them.
const PAUSE: Span = Span::seconds(60);
/// How soon after a failure.
const PAUSE_AFTER_FAILURE: Span = Span::seconds(10);
pub(crate) const ACCEPTED: &str = "application/jwk-set+json, application/json";

/// Asks a client's keys; and asks newer ones, where those at hand have no answer.
pub(super) async fn check(
    kit: &Kit,
    client: &Client,
    ask: impl Fn(&PublicKeys) -> Result<(), Unverified>,
) -> Result<(), Disproof> {
    let held = current(kit, client, None).await?;
    let mut outcome = ask(keys(&held)?);
    if outcome == Err(Unverified::NoKey) {
        let newer = current(kit, client, Some(held.read_at)).await?;
        outcome = ask(keys(&newer)?);
    }
    outcome.map_err(|unverified| {
        Disproof::new(match unverified {
            Unverified::Algorithm => "it is not signed by an algorithm that was agreed",
            Unverified::NoKey => "it is by none of the client's keys",
            Unverified::Signature => "its signature is not that of the key it names",
        })
    })
}

fn keys(held: &HeldKeys) -> Result<&Arc<PublicKeys>, Disproof> {
    held.keys.as_ref().map_err(|why| Disproof::new(why.clone()))
}

/// The keys of a client as they are now; others than those that were read at `outdated`, if that may be asked.
async fn current(kit: &Kit, client: &Client, outdated: Option<Timestamp>) -> Result<HeldKeys, Disproof> {
    let source = match (&client.settings.jwks, &client.settings.jwks_uri) {
        (Some(set), _) => set.to_string(),
        (None, Some(uri)) => uri.clone(),
        (None, None) => return Err(Disproof::new("the client has no keys registered")),
    };
    // Whoever comes while the keys are being fetched waits for them.
    let place = kit.client_keys.of(&client.id);
    let mut place = place.lock().await;
    let is_fetched = client.settings.jwks.is_none();
    if let Some(held) = place.as_ref().filter(|held| held.source == source)
        && !(is_fetched && is_due(held, outdated, kit.now()))
    {
        return Ok(held.clone());
    }
    let keys = match &client.settings.jwks {
        Some(set) => PublicKeys::import(set),
        None => fetch(kit, &source).await,
    };
    let held = HeldKeys { source, keys: keys.map(Arc::new), read_at: kit.now() };
    Ok(place.insert(held).clone())
}

fn is_due(held: &HeldKeys, outdated: Option<Timestamp>, now: Timestamp) -> bool {
    let pause = match (&held.keys, outdated) {
        (Err(_), _) => PAUSE_AFTER_FAILURE,
        (Ok(_), Some(outdated)) if outdated == held.read_at => PAUSE,
        (Ok(_), _) => FRESH,
    };
    now >= held.read_at + pause
}

async fn fetch(kit: &Kit, uri: &str) -> Result<PublicKeys, String> {
    let body = kit.fetcher.get(uri, ACCEPTED).await.map_err(|error| format!("jwks_uri {uri} {error}"))?;
    read(&body).map_err(|why| format!("jwks_uri {uri} {why}"))
}

/// The keys in what a client publishes.
///
/// # Errors
/// Words that follow the address.
pub(crate) fn read(body: &[u8]) -> Result<PublicKeys, String> {
    let document = std::str::from_utf8(body).ok().and_then(strict_json);
    let document = document.ok_or("leads to something that is not JSON")?;
    PublicKeys::import(&document).map_err(|why| format!("leads to keys that cannot be used: {why}"))
}
