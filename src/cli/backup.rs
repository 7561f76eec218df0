//! `gatehouse backup`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Failure, show};
use crate::app;
use crate::config::Config;

#[derive(Args)]
pub(super) struct Options {
    /// The file to write, which must not be there yet.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(config: Config, Options { file, json: as_json }: Options) -> Result<(), Failure> {
    let store = app::used_store(&config).await?;
    let held = store.back_up(&file).await?;
    let bytes = file.metadata()?.len();
    let shown = file.display();
    if as_json {
        show::json(&json!({
            "file": shown.to_string(), "bytes": bytes, "people": held.people, "services": held.services,
            "events": held.events, "newest_event_at": held.newest.map(show::time),
        }));
        return Ok(());
    }
    show::line(format_args!("{shown} is a whole copy of the database, and has been checked."));
    show::facts(&[
        ("People", held.people.to_string()),
        ("Services", held.services.to_string()),
        ("Events", held.events.to_string()),
        ("Newest event", show::optional_time(held.newest)),
        ("Bytes", bytes.to_string()),
    ]);
    show::line(match &config.keys.master_key {
        Some(_) => "It is worth nothing without the master key: keep a copy of that elsewhere.".to_owned(),
        None => format!(
            "It is worth nothing without the master key: keep a copy of {} elsewhere.",
            config.keys.master_key_file.display()
        ),
    });
    Ok(())
}
