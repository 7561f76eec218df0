//! `gatehouse settings`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::why::Why;
use super::{Failure, open, show};
use crate::admin::settings::{self, Listed, Seen, Wishes};
use crate::config::{Config, Setting};
use crate::kit::Kit;
use crate::model::Actor;

#[derive(Subcommand)]
pub(super) enum Action {
    /// List the settings that can be changed while the provider runs.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change a setting. It then counts before the configuration file and the environment.
    Set {
        /// Its name, such as brand.phone.
        name: String,
        /// Its value, written as in an environment variable.
        value: String,
        #[command(flatten)]
        why: Why,
    },
    /// Put a setting back to what is configured.
    Reset {
        /// Its name, such as brand.phone.
        name: String,
        #[command(flatten)]
        why: Why,
    },
}

pub(super) async fn run(config: Config, action: Action) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    match action {
        Action::List { json } => list(&settings::list(&kit, &Actor::Operator).await?, json),
        Action::Set { name, value, why } => {
            let setting = Setting::find(&name).map_err(|why| Failure(format!("{name} {why}")))?;
            change(&kit, why, Wishes::from([(name, Some(setting.read(&value)))])).await?;
        }
        Action::Reset { name, why } => change(&kit, why, Wishes::from([(name, None)])).await?,
    }
    Ok(())
}

async fn change(kit: &Kit, why: Why, wishes: Wishes) -> Result<(), Failure> {
    let differences = settings::change(kit, &why.actor(), &wishes, None).await?;
    if differences.is_empty() {
        show::line("No changes: it is so already.");
        return Ok(());
    }
    for difference in &differences {
        let (before, after) = (shown(&difference.before), shown(&difference.after));
        show::line(format_args!("{}: {before} -> {after}", difference.setting.name()));
    }
    show::line("Running nodes take it up within a few seconds.");
    Ok(())
}

fn shown(value: &Value) -> String {
    if value.is_null() { "(nothing)".to_owned() } else { value.to_string() }
}

fn list(seen: &Seen, as_json: bool) {
    if as_json {
        let document = |listed: &Listed| {
            json!({
                "name": listed.setting.name(), "value": listed.value, "configured": listed.configured,
                "is_changed": listed.is_changed,
            })
        };
        show::json(&seen.settings.iter().map(document).collect());
        return;
    }
    let rows = seen.settings.iter().map(|listed| {
        let configured = if listed.is_changed { shown(&listed.configured) } else { String::new() };
        vec![listed.setting.name().to_owned(), shown(&listed.value), configured]
    });
    show::table(&["Setting", "Value", "In place of"], rows.collect());
    for misfit in &seen.misfits {
        show::line(format_args!("! {misfit}: it does not count until it is mended or reset."));
    }
}
