//! `gatehouse key`.

use clap::Subcommand;
use serde_json::json;

use super::why::Why;
use super::{Failure, ask, open, show};
use crate::admin::keys::{self, Listed, published};
use crate::config::Config;
use crate::keys::Start;
use crate::model::Algorithm;

#[derive(Subcommand)]
pub(super) enum Action {
    /// List the signing keys.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a new signing key. It is published at once and signs after the announced time.
    Rotate {
        /// The algorithm. Without it, every algorithm that has a key.
        #[arg(long, value_parser = algorithm)]
        algorithm: Option<Algorithm>,
        /// Sign with it at once, where the old key can no longer be trusted. Services that keep our keys refuse
        /// what it signs until they fetch them again.
        #[arg(long)]
        now: bool,
        /// Do not ask for confirmation.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        why: Why,
    },
}

pub(super) fn algorithm(name: &str) -> Result<Algorithm, String> {
    let known = Algorithm::ALL.map(Algorithm::name).join(", ");
    Algorithm::parse(name).ok_or_else(|| format!("choose one of {known}"))
}

pub(super) async fn run(config: Config, action: Action) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    match action {
        Action::List { json } => list(&published(&kit), json),
        Action::Rotate { algorithm, now, yes, why } => {
            if now {
                let question =
                    "Sign with a new key at once? Services refuse logins until they have fetched it.";
                ask::confirm(question, yes)?;
            }
            let start = if now { Start::Now } else { Start::Announced };
            for (algorithm, kid) in keys::rotate(&kit, &why.actor(), algorithm, start).await? {
                show::line(format_args!("{}: new key {kid}", algorithm.name()));
            }
            show::line("Running nodes publish it within a few seconds.");
        }
    }
    Ok(())
}

fn list(keys: &[Listed], as_json: bool) {
    if as_json {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| {
                json!({
                    "kid": key.kid.as_str(), "algorithm": key.algorithm.name(), "state": key.state.shown(),
                    "created_at": show::time(key.created_at), "active_from": show::time(key.active_from),
                    "remove_after": key.remove_after.map(show::time),
                })
            })
            .collect();
        return show::json(&json!(keys));
    }
    let rows = keys
        .iter()
        .map(|key| {
            vec![
                key.kid.to_string(),
                key.algorithm.name().to_owned(),
                key.state.shown().to_owned(),
                show::time(key.active_from),
                show::optional_time(key.remove_after),
            ]
        })
        .collect();
    show::table(&["Key ID", "Algorithm", "State", "Used from", "Removed after"], rows);
}
