//! `gatehouse restore`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::why::Why;
use super::{Failure, ask, open, show};
use crate::admin::restored;
use crate::base::Timestamp;
use crate::config::Config;
use crate::model::Actor;
use crate::store::Place;
use crate::store::restored::Voided;

#[derive(Args)]
pub(super) struct Options {
    /// A backup of an SQLite database. Without one, the database is taken to be restored already.
    file: Option<PathBuf>,
    /// Do not ask for confirmation.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    why: Why,
}

pub(super) async fn run(config: Config, Options { file, yes, why }: Options) -> Result<(), Failure> {
    let actor = why.actor();
    let voided = match file {
        Some(file) => put_in_place(config, &file, yes, &actor).await?,
        None => {
            let kit = open::ready_kit(config).await?;
            let _claim = kit.store.claim()?;
            ask::confirm("Log everybody out, and take back every code and token?", yes)?;
            restored::void(&kit, &actor).await?
        }
    };
    tell(voided);
    Ok(())
}

/// Makes a copy of the backup ready beside the database, and only then gives it the database's place: no provider can
/// start in between and accept what is void.
async fn put_in_place(mut config: Config, file: &Path, yes: bool, actor: &Actor) -> Result<Voided, Failure> {
    let Some(place) = Place::of(&config.database.url)? else {
        return Err(Failure(
            "gatehouse restore FILE is for SQLite: fill this PostgreSQL database with pg_restore or psql, and then run \
             gatehouse restore without a file"
                .to_owned(),
        ));
    };
    let _claim = place.claim()?;
    let draft = place.draft(file)?;
    let held = draft.check().await?;
    config.database.url = draft.url();
    let kit = open::ready_kit(config).await?;
    ask::confirm(
        &format!(
            "Put {} ({} people, {} services, newest event {}) in the place of {}, and log everybody out?",
            file.display(),
            held.people,
            held.services,
            held.newest.map_or("none".to_owned(), show::time),
            place.path()
        ),
        yes,
    )?;
    let voided = restored::void(&kit, actor).await?;
    draft.finish().await?;
    let kept = place.put(&draft, &mark(kit.now())).await?;
    show::line(format_args!("{} is in the place of {}.", file.display(), place.path()));
    if let Some(kept) = kept {
        show::line(format_args!("The database that was there is kept as {kept}."));
    }
    Ok(voided)
}

/// What the name of a former database ends with.
fn mark(now: Timestamp) -> String {
    let shown: String = show::time(now).chars().take_while(|c| *c != '.' && *c != 'Z').collect();
    format!("replaced-{}", shown.replace(':', ""))
}

fn tell(Voided { sessions, grants, access_tokens, letters }: Voided) {
    show::line("Nothing works any more that may have been used since the copy was made:");
    show::facts(&[
        ("Sessions ended", sessions.to_string()),
        ("Grants revoked", grants.to_string()),
        ("Tokens removed", access_tokens.to_string()),
        ("Emails withdrawn", letters.to_string()),
    ]);
    show::line("People log in again. Invitations still work.");
    show::line(
        "Do again what was done since: people erased or deactivated, passwords, secrets and keys changed.",
    );
}
