//! `gatehouse session`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::why::Why;
use super::{Failure, open, show, user_import};
use crate::admin::people::ROWS;
use crate::admin::sessions::{self, Filter, Listed};
use crate::admin::{clients, users};
use crate::base::{ClientId, SessionId};
use crate::config::Config;
use crate::kit::Kit;
use crate::model::Actor;

const WHO: &Actor = &Actor::Operator;

#[derive(Subcommand)]
pub(super) enum Action {
    /// List who is logged in, the session used last first.
    List {
        /// Only this person's sessions.
        #[arg(long, value_name = "EMAIL")]
        person: Option<String>,
        /// Only sessions that have reached this service.
        #[arg(long, value_name = "ID", value_parser = user_import::client_id)]
        service: Option<ClientId>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Log somebody out of one browser. `gatehouse user log-out` does it everywhere.
    End {
        /// The session's identifier, as `gatehouse session list` shows it.
        id: String,
        #[command(flatten)]
        why: Why,
    },
}

pub(super) async fn run(config: Config, action: Action) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    match action {
        Action::List { person, service, json } => list(&kit, person, service, json).await,
        Action::End { id, why } => end(&kit, &id, &why.actor()).await,
    }
}

async fn list(
    kit: &Kit,
    person: Option<String>,
    service: Option<ClientId>,
    as_json: bool,
) -> Result<(), Failure> {
    let of = match person {
        Some(email) => Some(users::find(kit, WHO, &email).await?),
        None => None,
    };
    if let Some(id) = &service {
        clients::find(kit, WHO, id.as_str()).await?;
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let filter = Filter { of: of.as_ref(), at: service.as_ref(), ..Filter::default() };
        let page = sessions::list(kit, WHO, filter, after.as_deref(), ROWS).await?;
        found.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if as_json {
        show::json(&found.iter().map(document).collect());
        return Ok(());
    }
    let rows = found.iter().map(|Listed { session, user, services }| {
        let services: Vec<&str> = services.iter().map(|(_, name)| name.as_str()).collect();
        vec![
            session.id.as_str().to_owned(),
            user.email.to_string(),
            services.join("\n"),
            session.browser.clone(),
            show::time(session.authenticated_at),
            show::time(session.last_used_at),
        ]
    });
    show::table(&["ID", "Email", "Services", "Device", "Started", "Last used"], rows.collect());
    Ok(())
}

fn document(Listed { session, user, services }: &Listed) -> Value {
    let services: Vec<&str> = services.iter().map(|(id, _)| id.as_str()).collect();
    json!({
        "id": session.id.as_str(), "email": user.email.shown(), "name": user.name, "services": services,
        "browser": session.browser, "started_at": show::time(session.authenticated_at),
        "last_used_at": show::time(session.last_used_at), "expires_at": show::time(session.expires_at),
    })
}

async fn end(kit: &Kit, id: &str, actor: &Actor) -> Result<(), Failure> {
    let ended = match SessionId::parse(id) {
        Some(id) => sessions::end(kit, actor, &id).await?,
        None => None,
    };
    let Some((user, session)) = ended else {
        return Err(Failure(format!("there is no open session {id}")));
    };
    show::line(format_args!("{} is logged out of {}.", user.email, session.browser));
    Ok(())
}
