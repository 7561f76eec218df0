//! Sends what waits in the outbox.

use std::sync::Arc;
use std::time::Duration;

use crate::base::Span;
use crate::kit::Kit;
use crate::mail::Mailer;
use crate::outbox::{self, Round};
use crate::view::Engine;

/// Another node may have queued a letter and rung only its own bell.
const LONGEST_NAP: Duration = Duration::from_secs(5);

/// Sends letters for ever.
pub(super) async fn run(kit: Arc<Kit>, mailer: Arc<Mailer>, engine: Arc<Engine>) {
    loop {
        match outbox::deliver_due(&kit, &mailer, &engine).await {
            Ok(Round::Worked) => {}
            Ok(Round::Idle { next }) => nap(&kit, next).await,
            Err(fault) => {
                tracing::error!(fault = fault.to_string(), "the outbox cannot be worked on");
                tokio::time::sleep(LONGEST_NAP).await;
            }
        }
    }
}

async fn nap(kit: &Kit, next: Option<Span>) {
    let nap = next.map_or(LONGEST_NAP, |next| next.to_std().clamp(Duration::from_millis(50), LONGEST_NAP));
    let _ = tokio::time::timeout(nap, kit.mail_bell.notified()).await;
}
