//! `gatehouse client invitation`: the tokens with which services register themselves.

use clap::Subcommand;
use serde_json::json;

use super::why::Why;
use super::{Failure, show};
use crate::admin::registration;
use crate::kit::Kit;
use crate::model::Actor;

const AT_ONCE: i64 = 200;

#[derive(Subcommand)]
pub(super) enum Action {
    /// List the tokens that still work, the one that ends first before the others.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a token back before its end. What was registered with it stays.
    Withdraw {
        /// As it is listed.
        id: String,
        #[command(flatten)]
        why: Why,
    },
}

pub(super) async fn run(kit: &Kit, action: Action) -> Result<(), Failure> {
    match action {
        Action::List { json } => list(kit, json).await,
        Action::Withdraw { id, why } => match registration::withdraw(kit, &why.actor(), &id).await? {
            true => {
                show::line("The token no longer works.");
                Ok(())
            }
            false => Err(Failure(format!("no registration token {id} works"))),
        },
    }
}

async fn list(kit: &Kit, as_json: bool) -> Result<(), Failure> {
    let mut tokens = Vec::new();
    let mut after = None;
    loop {
        let page = registration::given(kit, &Actor::Operator, after.as_deref(), AT_ONCE).await?;
        tokens.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let cells = tokens.iter().map(|token| {
        [token.digest.as_str().to_owned(), show::time(token.created_at), show::time(token.expires_at)]
    });
    if as_json {
        let document = |[id, created_at, expires_at]: [String; 3]| json!({ "id": id, "created_at": created_at, "expires_at": expires_at });
        show::json(&cells.map(document).collect());
    } else {
        show::table(&["ID", "Made", "Works until"], cells.map(Vec::from).collect());
    }
    Ok(())
}
