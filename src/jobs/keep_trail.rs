//! Keeps the audit trail: chains what was recorded, signs it, and looks once a day whether it is whole.

use crate::admin::events::{self, Look};
use crate::audit::chain;
use crate::base::Fault;
use crate::kit::Kit;

/// Chains everything that waits.
pub(crate) async fn round(kit: &Kit) -> Result<(), Fault> {
    chain::catch_up(kit, chain::LATEST).await
}

/// Chains what has come lately. Whatever was kept later than it should have been waits for a [`round`]: to look for it
/// all the time would cost more than what causes it.
pub(crate) async fn keep_up(kit: &Kit) -> Result<(), Fault> {
    chain::catch_up(kit, chain::LATELY).await
}

/// Looks whether the trail is whole, and says so in the log where it is not.
pub(crate) async fn inspect(kit: &Kit) -> Result<(), Fault> {
    if let Err(broken) = events::inspect(kit, Look::default()).await? {
        tracing::error!(row = broken.seq, why = broken.why, "the audit trail is not whole");
    }
    Ok(())
}
