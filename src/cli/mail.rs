//! `gatehouse mail`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Failure, open, show};
use crate::admin::mail;
use crate::config::Config;
use crate::model::Actor;
use crate::store::outbox::Standing;

#[derive(Subcommand)]
pub(super) enum Action {
    /// List the emails that wait, failed or were too late, the newest first. Whom they are for is not kept where it can
    /// be read.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(config: Config, action: Action) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    let Action::List { json } = action;
    let letters = mail::list(&kit, &Actor::Operator).await?;
    if json {
        show::json(&letters.iter().map(document).collect());
        return Ok(());
    }
    if letters.is_empty() {
        show::line("Every email has been sent.");
        return Ok(());
    }
    let rows = letters.iter().map(|letter| {
        vec![
            letter.kind.replace('_', " "),
            show::time(letter.created_at),
            mail::state(letter).to_owned(),
            letter.attempts.to_string(),
            letter.last_error.clone().unwrap_or_default(),
        ]
    });
    show::table(&["Email", "Written", "State", "Tries", "What the mail server said"], rows.collect());
    Ok(())
}

fn document(letter: &Standing) -> Value {
    json!({
        "kind": letter.kind, "created_at": show::time(letter.created_at), "state": letter.state,
        "attempts": letter.attempts, "last_error": letter.last_error,
    })
}
