//! `gatehouse user update`.

use clap::Args;

use super::why::Why;
use super::{Failure, show, user_show};
use crate::admin::people::{self, Details};
use crate::admin::users;
use crate::kit::Kit;
use crate::model::{Actor, Email};

#[derive(Args)]
pub(super) struct Options {
    /// Their email, as it is now.
    #[arg(value_name = "EMAIL")]
    person: String,
    #[command(flatten)]
    changes: Changes,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    why: Why,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// The name they are greeted by.
    #[arg(long)]
    name: Option<String>,
    /// Their new email. Both addresses are told, and they are logged out everywhere.
    #[arg(long, value_name = "NEW_EMAIL")]
    email: Option<String>,
    /// The school, practice or council they belong to; "" for none.
    #[arg(long)]
    organisation: Option<String>,
}

pub(super) async fn run(kit: &Kit, options: Options) -> Result<(), Failure> {
    let user = users::find(kit, &Actor::Operator, &options.person).await?;
    let Changes { name, email, organisation } = options.changes;
    let email = match email {
        Some(text) => {
            Email::parse(&text).map_err(|_| Failure(format!("{text:?} is not an email address")))?
        }
        None => user.email.clone(),
    };
    let organisation = match organisation {
        Some(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        None => user.organisation.clone(),
    };
    let name = name.map_or_else(|| user.name.clone(), |name| name.trim().to_owned());
    let moves = email.canonical() != user.email.canonical();
    let details = Details { email, name, organisation };
    let changed = people::change(kit, &options.why.actor(), &user, details).await?;
    user_show::one(kit, &changed, options.json).await?;
    if moves && !options.json {
        show::line(format_args!("\n{} and {} are told by email.", user.email, changed.email));
    }
    Ok(())
}
