//! `gatehouse plan`, `gatehouse apply` and `gatehouse export`: settings, services and administrators as a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::why::Why;
use super::{Failure, ask, open, show};
use crate::admin::declared::{self, Change, Declared};
use crate::config::Config;
use crate::kit::Kit;
use crate::model::Actor;

#[derive(Args)]
pub(super) struct Options {
    /// A TOML file with `[services.ID]`, `[administrators]`, and settings in `[brand]`, `[login]`, `[session]` and
    /// `[retention]`, as `gatehouse export` writes it.
    file: PathBuf,
    /// Also remove services, take roles, and put settings back, that the file does not name. A section of settings that it
    /// does not have is left alone.
    #[arg(long)]
    prune: bool,
}

#[derive(Args)]
pub(super) struct Apply {
    #[command(flatten)]
    options: Options,
    /// Do not ask before anything is changed.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    why: Why,
}

pub(super) async fn plan(config: Config, options: Options) -> Result<(), Failure> {
    let declared = read(&options.file)?;
    let kit = open::ready_kit(config).await?;
    say(&planned(&kit, &declared, options.prune).await?);
    Ok(())
}

async fn planned(kit: &Kit, declared: &Declared, prune: bool) -> Result<Vec<Change>, Failure> {
    Ok(declared::plan(kit, &Actor::Operator, declared, prune).await?)
}

fn say(changes: &[Change]) {
    for change in changes {
        show::line(change);
    }
    match changes.len() {
        0 => show::line("No changes: everything already matches the file."),
        1 => show::line("1 change."),
        more => show::line(format_args!("{more} changes.")),
    }
}

pub(super) async fn apply(config: Config, apply: Apply) -> Result<(), Failure> {
    let declared = read(&apply.options.file)?;
    let kit = open::ready_kit(config).await?;
    let changes = planned(&kit, &declared, apply.options.prune).await?;
    say(&changes);
    if changes.is_empty() {
        return Ok(());
    }
    if !apply.yes && !agreed()? {
        return Err(Failure("nothing has been changed".to_owned()));
    }
    let actor = apply.why.actor();
    for change in changes {
        let what = change.to_string();
        let id = match &change {
            Change::AddService(client) => client.id.to_string(),
            _ => String::new(),
        };
        let done = declared::apply(&kit, &actor, change).await;
        let secret = done.map_err(|error| {
            let Failure(why) = error.into();
            // Without the mark that it has in the list.
            let what = what.lines().next().unwrap_or_default().trim_start_matches(['+', '~', '-', ' ']);
            Failure(format!(
                "{what}: {why}\nThe changes listed above it were made. Correct the file and apply it again."
            ))
        })?;
        if let Some(secret) = secret {
            show::line(format_args!("The secret of {id}, shown this once: {}", secret.reveal()));
        }
    }
    show::line("Done.");
    Ok(())
}

/// Asks whoever sits at the terminal. Where nobody does, they must have said so beforehand.
fn agreed() -> Result<bool, Failure> {
    if !ask::is_somebody_there() {
        let why = "nobody can be asked here, and nothing has been changed: say --yes, or use gatehouse plan to look";
        return Err(Failure(why.to_owned()));
    }
    ask::agreed("Change this?")
}

fn read(file: &Path) -> Result<Declared, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure(format!("{} cannot be read: {error}", file.display())))?;
    toml::from_str(&text)
        .map_err(|error| Failure(format!("{}: {}", file.display(), error.to_string().trim())))
}

pub(super) async fn export(config: Config) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    let mut declared = declared::export(&kit, &Actor::Operator).await?;
    for service in declared.services.iter_mut().flat_map(BTreeMap::values_mut) {
        // TOML has no word for nothing; what is not there is nothing.
        service.settings.retain(|_, value| !value.is_null());
    }
    let text = toml::to_string_pretty(&declared)
        .map_err(|error| Failure(format!("this cannot be written as TOML: {error}")))?;
    show::line(text.trim_end());
    Ok(())
}
