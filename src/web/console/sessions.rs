//! Who is logged in (P37).

use axum::http::StatusCode;
use axum::response::Response;

use super::{Answer, Console, ConsoleForm, address, cursor, neighbours, path};
use crate::admin::people;
use crate::admin::people::ROWS;
use crate::admin::sessions::{self, Listed};
use crate::base::{Error, SessionId, UserId, paths};
use crate::oidc::params::Params;
use crate::policy::permission::Action;
use crate::view::TimeText;
use crate::view::pages::console::{Cell, ListPage, Table};
use crate::web::extract::{Query, Unwanted};
use crate::web::respond::{problem, redirect};

const BACK: (&str, &str) = (paths::CONSOLE_SESSIONS, "Go to the sessions");

pub(super) async fn list(at: Console, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    show(&at, &params, None).await.unwrap_or_else(problem::broken)
}

async fn show(at: &Console, params: &Params, banner: Option<String>) -> Answer {
    let kit = &at.web.kit;
    let of = match params.get("person").and_then(UserId::parse) {
        Some(id) => match people::find(kit, &at.actor, &id).await {
            Ok(user) => Some(user),
            Err(error) => return Ok(at.refuse(error, BACK)),
        },
        None => None,
    };
    let page = match sessions::list(kit, &at.actor, of.as_ref(), cursor(params), ROWS).await {
        Ok(page) => page,
        Err(error) => return Ok(at.refuse(error, BACK)),
    };
    let may_end = at.may(Action::EndSessions);
    let rows = page.rows.iter().map(|listed| row(listed, may_end)).collect();
    let caption = match &of {
        Some(user) => format!("Where {} is logged in", user.name),
        None => "Sessions, the one used last first".to_owned(),
    };
    let columns = ["Person", "Services", "Device", "Last used", "Action"];
    let (previous, next) = neighbours(paths::CONSOLE_SESSIONS, params, page.next.as_deref());
    let mut frame = at.frame(paths::CONSOLE_SESSIONS);
    frame.banner = banner;
    let shown = ListPage {
        frame,
        title: "Sessions".to_owned(),
        lead: Some("To see the sessions of one person, find them under People.".to_owned()),
        actions: Vec::new(),
        search: None,
        table: Table::new("sessions", caption, &columns, rows, "Nobody is logged in."),
        previous,
        next,
    };
    Ok(at.show(StatusCode::OK, &shown))
}

fn row(listed: &Listed, may_end: bool) -> Vec<Cell> {
    let Listed { session, user, services } = listed;
    let names: Vec<String> = services.iter().map(|(_, name)| name.clone()).collect();
    let action = match may_end {
        true => Cell::Button {
            action: paths::CONSOLE_SESSIONS.to_owned(),
            name: "end",
            value: session.id.as_str().to_owned(),
            text: "Log out",
            unseen: format!("{} from {}", user.name, session.browser),
        },
        false => Cell::text("None"),
    };
    vec![
        Cell::link(user.name.clone(), path(paths::CONSOLE_PERSON, user.id.as_str())),
        Cell::Lines { lines: if names.is_empty() { vec!["None yet".to_owned()] } else { names } },
        Cell::text(session.browser.clone()),
        Cell::time(Some(TimeText::date_at_clock_time(session.last_used_at)), ""),
        action,
    ]
}

pub(super) async fn end(ConsoleForm { at, form }: ConsoleForm) -> Response {
    if !at.is_fresh() {
        return at.log_in_again(paths::CONSOLE_SESSIONS);
    }
    let Some(id) = SessionId::parse(form.field("end")) else {
        return redirect::see_other(paths::CONSOLE_SESSIONS);
    };
    match sessions::end(&at.web.kit, &at.actor, &id).await {
        Ok(Some((user, session))) => {
            let banner = format!("You have logged out {} from {}.", user.name, session.browser);
            show(&at, &Params::default(), Some(banner)).await.unwrap_or_else(problem::broken)
        }
        Ok(None) => redirect::see_other(&address(paths::CONSOLE_SESSIONS, &[])),
        Err(Error::Refused(refusal)) => at.refuse(Error::Refused(refusal), BACK),
        Err(Error::Fault(fault)) => problem::broken(fault),
    }
}
