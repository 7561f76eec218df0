//! The trail as it happens, for a system that watches over many: every event in its order, at least once, and never
//! before it has its place.

use serde_json::{Value, json};

use super::personal;
use crate::base::{Fault, Span, hex_lower, hmac_sha256};
use crate::fetch::syslog;
use crate::kit::Kit;
use crate::model::Event;
use crate::store::{facts, trail};

/// Events in one post.
const BATCH: i64 = 100;
/// How long one node has the task before another may take it.
const LEASE: Span = Span::minutes(1);

/// Where events are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Webhook,
    Syslog,
}

impl Target {
    const fn position(self) -> &'static str {
        match self {
            Self::Webhook => "feed_webhook_position",
            Self::Syslog => "feed_syslog_position",
        }
    }

    const fn lease(self) -> &'static str {
        match self {
            Self::Webhook => "feed_webhook_lease",
            Self::Syslog => "feed_syslog_lease",
        }
    }
}

/// What came of one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// So many events went out, and there may be more.
    Sent(usize),
    Idle,
    /// They could not be sent; they wait.
    Refused(String),
}

/// Sends the events that come next. The first time, those count that come from now on.
pub(crate) async fn round(kit: &Kit, target: Target) -> Result<Round, Fault> {
    let Some(position) = position(kit, target).await? else { return Ok(Round::Idle) };
    let mut conn = kit.store.read().await?;
    let rows = trail::rows(&mut conn, position, BATCH).await?;
    let Some(last) = rows.last().map(|row| row.seq) else { return Ok(Round::Idle) };
    let mut documents = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(event) = row.event {
            let event = personal::open(kit, &mut conn, event).await?;
            documents.push((event.kind.name(), document(row.seq, &event)));
        }
    }
    drop(conn);
    if !claim(kit, target).await? {
        return Ok(Round::Idle);
    }
    let sent = match target {
        Target::Webhook => post(kit, &documents).await,
        Target::Syslog => write(kit, &documents).await,
    };
    let mut tx = kit.store.begin().await?;
    if sent.is_ok() {
        facts::set(&mut tx, target.position(), &last.to_string()).await?;
    }
    facts::set(&mut tx, target.lease(), "0").await?;
    tx.commit().await?;
    Ok(sent.map_or_else(Round::Refused, |()| Round::Sent(documents.len())))
}

/// The last place that was sent; the present end, where nothing ever was.
async fn position(kit: &Kit, target: Target) -> Result<Option<i64>, Fault> {
    let mut conn = kit.store.read().await?;
    if let Some(text) = facts::find(&mut conn, target.position()).await? {
        return Ok(text.parse().ok());
    }
    let end = trail::last(&mut conn).await?.map_or(0, |(seq, ..)| seq);
    drop(conn);
    let mut tx = kit.store.begin().await?;
    facts::set_once(&mut tx, target.position(), &end.to_string()).await?;
    tx.commit().await?;
    Ok(None)
}

async fn claim(kit: &Kit, target: Target) -> Result<bool, Fault> {
    let mut tx = kit.store.begin().await?;
    facts::set_once(&mut tx, target.lease(), "0").await?;
    let claimed = facts::lease(&mut tx, target.lease(), kit.now(), kit.now() + LEASE).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// An event as it is told.
fn document(seq: i64, event: &Event) -> Value {
    json!({
        "seq": seq, "id": event.id.as_str(), "at": event.at.millis(), "kind": event.kind.name(),
        "user_id": event.user_id.as_ref().map(|id| id.as_str()),
        "client_id": event.client_id.as_ref().map(|id| id.as_str()),
        "session_id": event.session_id.as_ref().map(|id| id.as_str()),
        "actor": event.actor, "reason": event.reason, "address": event.address, "reference": event.reference,
        "detail": event.detail,
    })
}

async fn post(kit: &Kit, documents: &[(&str, Value)]) -> Result<(), String> {
    let Some(webhook) = &kit.config.feed.webhook else { return Ok(()) };
    let events: Vec<&Value> = documents.iter().map(|(_, document)| document).collect();
    let body = json!({ "iss": kit.config.issuer(), "events": events }).to_string();
    let at = kit.now().seconds();
    let mac = hmac_sha256(webhook.secret.reveal().as_bytes(), format!("{at}.{body}").as_bytes());
    let signature = format!("t={at},v1={}", hex_lower(mac));
    let posted = kit.fetcher.post_json(&webhook.address, body, ("gatehouse-signature", &signature)).await;
    posted.map(drop).map_err(|error| error.to_string())
}

async fn write(kit: &Kit, documents: &[(&str, Value)]) -> Result<(), String> {
    let Some(target) = &kit.config.feed.syslog else { return Ok(()) };
    let host = kit.config.host();
    let lines: Vec<String> = documents
        .iter()
        .map(|(kind, document)| {
            let at = document.get("at").and_then(Value::as_i64).unwrap_or_default();
            syslog::line(at, &host, kind, &document.to_string())
        })
        .collect();
    syslog::send(target, &lines).await.map_err(|error| error.to_string())
}
