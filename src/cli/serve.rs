//! `gatehouse serve`.

use std::sync::Arc;

use axum::Router;

use super::{Failure, open};
use crate::app::{self, App};
use crate::base::SystemClock;
use crate::config::Config;
use crate::jobs::keep_time;

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    open::log(&config.log);
    let clock = Arc::new(SystemClock::default());
    let (address, issuer) = (config.listen.address, config.issuer());
    let kit = open::kit(config, Arc::clone(&clock) as _).await?;
    keep_time::round(&kit, &clock).await?;
    let app = App::start(kit).await?;
    let listener = app::listen(address).await?;
    tracing::info!(issuer, %address, "ready");
    app.run(listener, Router::new(), clock, told_to_stop()).await;
    tracing::info!("stopped");
    Ok(())
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
