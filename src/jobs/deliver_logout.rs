//! Tells services that sessions have ended.

use std::sync::Arc;
use std::time::Duration;

use crate::base::Span;
use crate::kit::Kit;
use crate::oidc::logout::back_channel::{self, Round};

/// Another node, or a command, may have ended a session and rung no bell here.
const LONGEST_NAP: Duration = Duration::from_secs(5);

/// Tells them for ever.
pub(super) async fn run(kit: Arc<Kit>) {
    loop {
        match back_channel::deliver_next(&kit).await {
            Ok(Round::Settled | Round::PutBack) => {}
            Ok(Round::Idle { next }) => nap(&kit, next).await,
            Err(fault) => {
                tracing::error!(fault = fault.to_string(), "services cannot be told of log-outs");
                tokio::time::sleep(LONGEST_NAP).await;
            }
        }
    }
}

async fn nap(kit: &Kit, next: Option<Span>) {
    let nap = next.map_or(LONGEST_NAP, |next| next.to_std().clamp(Duration::from_millis(50), LONGEST_NAP));
    let _ = tokio::time::timeout(nap, kit.logout_bell.notified()).await;
}
