//! Telling services that a session has ended (OpenID Connect Back-Channel Logout 1.0).
//!
//! Word is queued in the transaction that ends the session, and delivered by a worker, with retries: a service that is
//! down delays nobody's log-out. The token is signed when it is sent, so that each try brings a fresh one.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::base::{Fault, Span, base64url};
use crate::fetch::FetchError;
use crate::kit::Kit;
use crate::model::Client;
use crate::oidc::subject;
use crate::store::logouts::{self, QueuedLogout, Reached};

/// How long one attempt may take before another worker may try.
const LEASE: Span = Span::minutes(1);
/// How long a logout token is good (section 4 advises two minutes at most).
const LIFE: Span = Span::minutes(2);
/// The waits between attempts; after the last there is no other.
const WAITS: [Span; 6] = [
    Span::seconds(5),
    Span::seconds(30),
    Span::minutes(2),
    Span::minutes(10),
    Span::hours(1),
    Span::hours(6),
];

/// What one round of the worker did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    Settled,
    PutBack,
    /// Nothing is due; the next is so far off, where one waits.
    Idle {
        next: Option<Span>,
    },
}

/// A logout token (section 2.4). It has no nonce, so that it can never pass for an ID token.
#[derive(Serialize)]
struct LogoutToken<'a> {
    iss: String,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    sid: &'a str,
    events: Value,
}

/// Tells one service that is due. Two workers never tell the same at once.
pub(crate) async fn deliver_next(kit: &Kit) -> Result<Round, Fault> {
    let now = kit.now();
    let due = logouts::next_due(&mut *kit.store.read().await?).await?;
    if due.is_none_or(|due| now < due) {
        return Ok(Round::Idle { next: due.map(|due| due.since(now)) });
    }
    let mut tx = kit.store.begin().await?;
    let Some(queued) = logouts::lease(&mut tx, now, now + LEASE).await? else {
        return Ok(Round::Idle { next: None });
    };
    tx.commit().await?;
    let QueuedLogout { reached, attempts } = queued;
    match tell(kit, &reached).await? {
        Told::Yes => settle(kit, &reached, None).await,
        Told::Never(why) => settle(kit, &reached, Some(&why)).await,
        Told::NotYet(why) => {
            let turn = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
            match WAITS.get(turn) {
                Some(wait) => put_back(kit, &reached, *wait, &why).await,
                None => settle(kit, &reached, Some(&why)).await,
            }
        }
    }
}

enum Told {
    Yes,
    NotYet(String),
    Never(String),
}

async fn tell(kit: &Kit, reached: &Reached) -> Result<Told, Fault> {
    let known = kit.client(&reached.client_id).await?.filter(|known| known.client.is_active());
    let address = known.as_ref().and_then(|known| known.client.settings.backchannel_logout_uri.as_deref());
    let (Some(known), Some(address)) = (&known, address) else {
        return Ok(Told::Never("the service does not want to hear of it any more".to_owned()));
    };
    let subject = subject::of(kit, &known.client, reached.subject.as_str());
    let token = sign(kit, &known.client, &subject, reached)?;
    Ok(match kit.fetcher.post_form(address, &[("logout_token", &token)]).await {
        Ok(_) => Told::Yes,
        // The service has read it and will not have it (section 2.8): it would not have it later either.
        Err(error @ FetchError::Status(StatusCode::BAD_REQUEST)) => Told::Never(format!("{address} {error}")),
        Err(error) => Told::NotYet(format!("{address} {error}")),
    })
}

/// Signed as the client's ID tokens are (section 2.6).
fn sign(kit: &Kit, client: &Client, subject: &str, reached: &Reached) -> Result<String, Fault> {
    let now = kit.now();
    let mut jti = [0; 16];
    kit.random.fill(&mut jti);
    let token = LogoutToken {
        iss: kit.config.issuer(),
        sub: subject,
        aud: client.id.as_str(),
        iat: now.seconds(),
        exp: (now + LIFE).seconds(),
        jti: base64url(jti),
        sid: reached.session_id.as_str(),
        events: json!({ "http://schemas.openid.net/event/backchannel-logout": {} }),
    };
    let algorithm = client.settings.id_token_algorithm;
    kit.sign(algorithm, "logout+jwt", &token)
}

async fn settle(kit: &Kit, reached: &Reached, why_not: Option<&str>) -> Result<Round, Fault> {
    let mut tx = kit.store.begin().await?;
    logouts::settle(&mut tx, reached, kit.now(), why_not).await?;
    tx.commit().await?;
    match why_not {
        None => tracing::info!(client = %reached.client_id, "a service was told of a log-out"),
        Some(why) => {
            tracing::error!(client = %reached.client_id, why, "a service cannot be told of a log-out")
        }
    }
    Ok(Round::Settled)
}

async fn put_back(kit: &Kit, reached: &Reached, wait: Span, why: &str) -> Result<Round, Fault> {
    let mut tx = kit.store.begin().await?;
    logouts::retry(&mut tx, reached, kit.now() + wait, why).await?;
    tx.commit().await?;
    tracing::warn!(client = %reached.client_id, why, "a service was not told of a log-out yet");
    Ok(Round::PutBack)
}
