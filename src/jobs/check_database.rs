//! Looks through the database for damage: a large one as soon as it is served from, and each once a day.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::base::{Fault, cores};
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
    let (store, runtime) = (kit.store.clone(), Handle::current());
    // The thread that the driver starts for it stays on the cores of the one that asks: not on that of the requests.
    let looking = tokio::task::spawn_blocking(move || {
        cores::scatter();
        runtime.block_on(store.examine(depth))
    });
    let found =
        looking.await.map_err(|error| Fault::caused("the database cannot be looked through", error))??;
    let Some(damage) = found else { return Ok(true) };
    tracing::error!(damage = damage.to_string(), "the database is damaged; the provider stops");
    // A disk that will not even take that is no reason to go on.
    if let Err(fault) = kit.store.note_damage() {
        tracing::error!(fault = fault.to_string(), "the damage cannot be noted for the next start");
    }
    kit.damage.send_replace(Some(damage));
    Ok(false)
}
