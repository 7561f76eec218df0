//! `gatehouse administrator`.

use clap::Subcommand;
use serde_json::json;

use super::why::Why;
use super::{Failure, ask, open, show};
use crate::admin::{administrators, users};
use crate::base::{ClientId, paths};
use crate::config::Config;
use crate::kit::Kit;
use crate::model::{Actor, Role};

#[derive(Subcommand)]
pub(super) enum Action {
    /// List administrators.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give somebody who has an account a role, in the place of the one they have. Every administrator is told by mail.
    Set {
        /// Their email.
        email: String,
        /// owner, services, support or auditor.
        #[arg(long, value_parser = role)]
        role: Role,
        /// The identifier of a service that they look after; for the role services, as often as needed.
        #[arg(long = "service", value_name = "ID", value_parser = super::user_import::client_id)]
        services: Vec<ClientId>,
        #[command(flatten)]
        why: Why,
    },
    /// Take somebody's role away.
    Remove {
        /// Their email.
        email: String,
        /// Do not ask for confirmation.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Print a link by which the first owner makes an account, good for an hour.
    Link,
}

fn role(name: &str) -> Result<Role, String> {
    let known: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
    Role::parse(name).ok_or_else(|| format!("choose one of {}", known.join(", ")))
}

pub(super) async fn run(config: Config, action: Action) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    match action {
        Action::List { json } => list(&kit, json).await,
        Action::Set { email, role, services, why } => {
            if role != Role::Services && !services.is_empty() {
                return Err(Failure("--service is only for --role services".to_owned()));
            }
            let user = users::find(&kit, &Actor::Operator, &email).await?;
            administrators::give(&kit, &why.actor(), &user, (role, &services)).await?;
            show::line(format_args!("{} has the role {}.", user.email, role.name()));
            Ok(())
        }
        Action::Remove { email, yes, why } => {
            let user = users::find(&kit, &Actor::Operator, &email).await?;
            ask::confirm(&format!("Take away the role of {} ({})?", user.name, user.email), yes)?;
            let said = match administrators::take(&kit, &why.actor(), &user).await? {
                true => "no longer has a role",
                false => "had no role",
            };
            show::line(format_args!("{} {said}.", user.email));
            Ok(())
        }
        Action::Link => match administrators::set_up_link(&kit).await? {
            Some(link) => {
                let path = paths::SET_UP_LINK.replace("{token}", link.reveal());
                show::line(format_args!("{}{path}", kit.config.issuer()));
                Ok(())
            }
            None => Err(Failure("there are administrators already: an owner can make others".to_owned())),
        },
    }
}

async fn list(kit: &Kit, as_json: bool) -> Result<(), Failure> {
    let listed = administrators::list(kit, &Actor::Operator).await?;
    let mut services = Vec::with_capacity(listed.len());
    for (user, _) in &listed {
        let known = administrators::find(kit, &user.id).await?;
        let own = known.map(|known| known.services).unwrap_or_default();
        services.push(own.iter().map(ToString::to_string).collect::<Vec<String>>());
    }
    if as_json {
        let documents = listed.iter().zip(&services).map(|((user, role), services)| {
            json!({
                "email": user.email.shown(), "name": user.name, "role": role.name(), "services": services,
                "last_login_at": user.last_login_at.map(show::time),
            })
        });
        show::json(&documents.collect());
        return Ok(());
    }
    let rows = listed.iter().zip(&services).map(|((user, role), services)| {
        vec![
            user.name.clone(),
            user.email.to_string(),
            role.shown().to_owned(),
            services.join("\n"),
            show::optional_time(user.last_login_at),
        ]
    });
    show::table(&["Name", "Email", "Role", "Services", "Last login"], rows.collect());
    Ok(())
}
