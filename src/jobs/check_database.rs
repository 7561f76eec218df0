//! Looks through the database for damage: a large one as soon as it is served from, and each once a day.

use std::sync::Arc;
use std::time::Duration;

use crate::base::Fault;
use crate::kit::Kit;
use crate::store::Depth;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Looks for ever, or until damage has been found.
pub(super) async fn run(kit: Arc<Kit>) {
    // A smaller one was looked through before the start.
    let mut depth = Depth::Quick;
    if !kit.store.is_large() {
        depth = Depth::Full;
        tokio::time::sleep(DAY).await;
    }
    loop {
        match round(&kit, depth).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(fault) => {
                tracing::error!(fault = fault.to_string(), "the database cannot be looked through");
            }
        }
        depth = Depth::Full;
        tokio::time::sleep(DAY).await;
    }
}

/// Looks once; whether the database is sound. Where it is not, nothing more is served from it.
pub(crate) async fn round(kit: &Kit, depth: Depth) -> Result<bool, Fault> {
    let Some(damage) = kit.store.examine(depth).await? else { return Ok(true) };
    tracing::error!(damage = damage.to_string(), "the database is damaged; the provider stops");
    kit.store.note_damage()?;
    kit.damage.send_replace(Some(damage));
    Ok(false)
}
