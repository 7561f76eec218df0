//! Keeps the audit trail: chains what was recorded, signs it, and looks once a day whether it is whole.

use crate::admin::events;
use crate::audit::chain;
use crate::base::Fault;
use crate::kit::Kit;

/// Chains everything that waits.
pub(crate) async fn round(kit: &Kit) -> Result<(), Fault> {
    while chain::chain(kit).await? {}
    Ok(())
}

/// Looks whether the trail is whole, and says so in the log where it is not.
pub(crate) async fn inspect(kit: &Kit) -> Result<(), Fault> {
    if let Err(broken) = events::inspect(kit).await? {
        tracing::error!(row = broken.seq, why = broken.why, "the audit trail is not whole");
    }
    Ok(())
}
