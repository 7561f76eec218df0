//! Keeps every growing table bounded.

use crate::admin::retention;
use crate::audit::chain;
use crate::base::{Fault, Span, Timestamp};
use crate::kit::Kit;
use crate::store::purge::{self, Purgeable};

/// Rows in one transaction: small enough that nobody waits for it.
const BATCH: i64 = 500;

/// Removes everything whose time has come.
pub(crate) async fn round(kit: &Kit) -> Result<(), Fault> {
    let settings = kit.settings();
    let keep = &settings.retention;
    let nothing = Span::seconds(0);
    for (what, kept_for) in [
        (Purgeable::Flows, keep.flows),
        (Purgeable::Sessions, keep.sessions),
        (Purgeable::Devices, nothing),
        (Purgeable::Throttles, keep.throttles),
        // Guessing slowly must not be worth while (NIST SP 800-63B-4, section 3.2.2).
        (Purgeable::FailuresInARow, Span::days(365)),
        (Purgeable::Tokens, Span::days(1)),
        (Purgeable::Grants, Span::days(1)),
        (Purgeable::Logouts, Span::days(7)),
        (Purgeable::Letters, keep.letters),
        (Purgeable::Assertions, nothing),
        // A journey that began at the last moment may end as late as this, however short new ones are by now.
        (Purgeable::PushedRequests, Span::hours(2)),
        (Purgeable::RegistrationTokens, nothing),
        (Purgeable::DeviceCodes, Span::hours(1)),
        (Purgeable::IdempotencyKeys, Span::days(1)),
        (Purgeable::Uploads, Span::hours(1)),
        (Purgeable::SetUpLinks, Span::days(1)),
        // For as long, it can be said that one was used or is too old.
        (Purgeable::Invitations, Span::days(30)),
        (Purgeable::Reviews, keep.events),
    ] {
        let removed = purge(kit, what, kit.now() - kept_for).await?;
        if removed > 0 {
            tracing::info!(table = ?what, removed, "purged");
        }
    }
    purge_trail(kit, kit.now() - keep.events).await?;
    retention::round(kit).await
}

/// The trail has an order of its own.
async fn purge_trail(kit: &Kit, before: Timestamp) -> Result<(), Fault> {
    let mut total = 0;
    loop {
        match chain::shorten(kit, before).await? {
            0 => break,
            removed => total += removed,
        }
    }
    if total > 0 {
        tracing::info!(table = "Events", removed = total, "purged");
    }
    Ok(())
}

async fn purge(kit: &Kit, what: Purgeable, before: Timestamp) -> Result<u64, Fault> {
    let mut total = 0;
    // To the end, however much it is: what comes in under load must go out as fast.
    loop {
        let mut tx = kit.store.begin().await?;
        let removed = purge::remove(&mut tx, what, before, BATCH).await?;
        tx.commit().await?;
        total += removed;
        if removed < u64::try_from(BATCH).unwrap_or(u64::MAX) {
            break;
        }
    }
    Ok(total)
}
