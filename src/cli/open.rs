//! Opens the tools of the house for a command.

use std::io::IsTerminal as _;
use std::sync::Arc;

use super::Failure;
use crate::app::{self, Surroundings};
use crate::base::{Clock, OsRandom};
use crate::config::{Config, Log};
use crate::hash::Cost;
use crate::keys;
use crate::kit::Kit;

/// The tools, with the real clock and the real randomness.
pub(super) async fn kit(config: Config, clock: Arc<dyn Clock>) -> Result<Kit, Failure> {
    let surroundings = Surroundings { clock, random: Arc::new(OsRandom), cost: Cost::STANDARD };
    Ok(app::open_kit(config, surroundings).await?)
}

/// The tools for a command that works on the database: current, and opened by the right master key.
pub(super) async fn ready_kit(config: Config) -> Result<Kit, Failure> {
    let kit = kit(config, Arc::new(crate::base::SystemClock::default())).await?;
    kit.store.migrate().await?;
    keys::check_master_key(&kit).await?;
    keys::ensure(&kit).await?;
    Ok(kit)
}

/// Starts the log, on standard output.
pub(super) fn log(settings: &Log) {
    use tracing_subscriber::EnvFilter;
    // Libraries speak only when something is wrong, whatever is wanted of us: at their finer levels they print
    // what they handle.
    let filter = EnvFilter::new(format!("warn,gatehouse={}", settings.level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    if settings.json {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
    } else {
        // Colours are for people, not for files.
        builder.with_ansi(std::io::stdout().is_terminal()).init();
    }
}
