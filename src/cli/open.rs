//! Opens the tools of the house for a command.

use std::io::IsTerminal as _;
use std::sync::Arc;

use super::Failure;
use crate::app::{self, Surroundings};
use crate::base::{Clock, OsRandom, SystemClock};
use crate::config::{Config, Log};
use crate::hash::Cost;
use crate::keys;
use crate::kit::Kit;

/// The tools, on a database that is made where there is none, with the real clock and the real randomness.
pub(super) async fn kit(config: Config, clock: Arc<dyn Clock>) -> Result<Kit, Failure> {
    Ok(app::open_kit(config, surroundings(clock)).await?)
}

fn surroundings(clock: Arc<dyn Clock>) -> Surroundings {
    Surroundings { clock, random: Arc::new(OsRandom), cost: Cost::STANDARD }
}

/// The tools for a command that works on what is there: a database that is brought up to date, and never made.
pub(super) async fn ready_kit(config: Config) -> Result<Kit, Failure> {
    let clock = Arc::new(SystemClock::default());
    let kit = app::open_used_kit(config, surroundings(clock)).await?;
    kit.store.migrate().await?;
    keys::check_master_key(&kit).await?;
    keys::ensure(&kit).await?;
    kit.reload_settings().await?;
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
