//! `gatehouse serve`.

use std::sync::Arc;

use axum::Router;

use super::{Failure, open};
use crate::admin::administrators;
use crate::app::{self, App, Stage};
use crate::base::{SystemClock, paths};
use crate::config::Config;
use crate::jobs::keep_time;

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    open::log(&config.log);
    #[cfg(target_os = "linux")]
    keep_memory_private();
    let clock = Arc::new(SystemClock::default());
    let (address, issuer) = (config.listen.address, config.issuer());
    // A port that is taken, a certificate that cannot be used or a page that is broken is found out before anything is made.
    let door = app::open_door(&config.listen).await?;
    let stage = Stage::set(&config)?;
    let kit = open::kit(config, Arc::clone(&clock) as _).await?;
    let _claim = kit.store.claim()?;
    keep_time::round(&kit, &clock).await?;
    let app = App::start(kit, stage).await?;
    tracing::info!(issuer, %address, "ready");
    if let Some(link) = administrators::set_up_link(&app.kit).await? {
        // To standard error and not to the log: whoever reads logs must not become an owner.
        eprintln!(
            "\nNobody administers this provider yet. Open this address within an hour to make the first owner's \
             account:\n\n  {issuer}{}\n",
            paths::SET_UP_LINK.replace("{token}", link.reveal())
        );
    }
    app.run(door, Router::new(), clock, told_to_stop()).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Leaves no core file with keys in it behind, and lets no other process of this user look inside.
#[cfg(target_os = "linux")]
fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "this process's memory cannot be kept from core files");
    }
}

/// Waits for an interrupt or a polite request to end.
pub(super) async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
