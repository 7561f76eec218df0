//! Sends the audit trail to where it is watched.

use std::sync::Arc;
use std::time::Duration;

use crate::audit::feed::{self, Round, Target};
use crate::kit::Kit;

const NAP: Duration = Duration::from_secs(1);
/// After the last of several refusals in a row.
const LONGEST_NAP: Duration = Duration::from_secs(60);

/// Sends events for ever.
pub(super) async fn run(kit: Arc<Kit>, target: Target) {
    let mut nap = NAP;
    loop {
        match feed::round(&kit, target).await {
            Ok(Round::Sent(_)) => {
                nap = NAP;
                continue;
            }
            Ok(Round::Idle) => nap = NAP,
            Ok(Round::Refused(why)) => {
                tracing::warn!(?target, why, "events cannot be sent on; they wait");
                nap = (nap * 2).min(LONGEST_NAP);
            }
            Err(fault) => {
                tracing::error!(?target, fault = fault.to_string(), "events cannot be sent on");
                nap = LONGEST_NAP;
            }
        }
        tokio::time::sleep(nap).await;
    }
}
