//! Keeps the audit trail: chains what was recorded, signs it, and looks once a day whether it is whole.

use crate::admin::events;
use crate::audit::chain;
use crate::base::{Fault, Span};
use crate::kit::Kit;

/// Chains everything that waits.
pub(crate) async fn round(kit: &Kit) -> Result<(), Fault> {
    go_on(kit, chain::LATEST).await
}

/// Chains what has come lately. Whatever was kept later than it should have been waits for a [`round`]: to look for it
/// all the time would cost more than what causes it.
pub(crate) async fn keep_up(kit: &Kit) -> Result<(), Fault> {
    go_on(kit, chain::LATELY).await
}

async fn go_on(kit: &Kit, mut back: Span) -> Result<(), Fault> {
    while chain::chain(kit, back).await? {
        // The oldest come first: nothing from before the last of them is left.
        back = Span::seconds(0);
    }
    Ok(())
}

/// Looks whether the trail is whole, and says so in the log where it is not.
pub(crate) async fn inspect(kit: &Kit) -> Result<(), Fault> {
    if let Err(broken) = events::inspect(kit).await? {
        tracing::error!(row = broken.seq, why = broken.why, "the audit trail is not whole");
    }
    Ok(())
}
