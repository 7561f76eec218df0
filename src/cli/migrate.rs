//! `gatehouse migrate`.

use std::sync::Arc;

use super::{Failure, open, show};
use crate::base::SystemClock;
use crate::config::Config;
use crate::keys;

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let kit = open::kit(config, Arc::new(SystemClock::default())).await?;
    let pending = kit.store.pending_migrations().await?;
    kit.store.migrate().await?;
    keys::check_master_key(&kit).await?;
    match pending {
        0 => show::line("The database was up to date."),
        1 => show::line("The database is up to date: 1 migration was done."),
        many => show::line(format_args!("The database is up to date: {many} migrations were done.")),
    }
    Ok(())
}
