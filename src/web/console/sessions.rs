//! Who is logged in (P37).

use axum::http::StatusCode;
use axum::response::Response;

use super::{Answer, Console, ConsoleForm, audit, cursor, neighbours, path};
use crate::admin::people;
use crate::admin::people::ROWS;
use crate::admin::sessions::{self, Filter, Listed};
use crate::base::{ClientId, Error, SessionId, paths};
use crate::oidc::params::Params;
use crate::policy::permission::Action;
use crate::store::sessions::Order;
use crate::view::pages::console::{Cell, Column, Field, Frame, ListPage, SearchForm, Table};
use crate::view::{FieldError, TimeText};
use crate::web::extract::{Query, Unwanted};
use crate::web::respond::{problem, redirect};

const BACK: (&str, &str) = (paths::CONSOLE_SESSIONS, "Go to the sessions");

pub(super) async fn list(at: Console, query: Result<Query, Unwanted>) -> Response {
    show(&at, query).await.unwrap_or_else(problem::broken)
}

async fn show(at: &Console, query: Result<Query, Unwanted>) -> Answer {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    let kit = &at.web.kit;
    let mut errors = Vec::new();
    let mut of = None;
    if let Some(text) = params.get("person") {
        match audit::person(at, text).await? {
            Some(id) => match people::find_for_sessions(kit, &at.actor, &id).await {
                Ok(user) => of = Some(user),
                Err(error) => return Ok(at.refuse(error, BACK)),
            },
            None => errors.push(FieldError::new("person", audit::NOBODY)),
        }
    }
    let service = params.get("service").and_then(ClientId::parse);
    let order = if params.field("sort") == "started" { Order::Start } else { Order::LastUse };
    let filter = Filter { of: of.as_ref(), at: service.as_ref(), order };
    let page = match sessions::list(kit, &at.actor, filter, cursor(&params), ROWS).await {
        Ok(page) => page,
        Err(error) => return Ok(at.refuse(error, BACK)),
    };
    let may_end = at.may(Action::EndSessions);
    let rows = page.rows.iter().map(|listed| row(listed, may_end)).collect();
    let how = match order {
        Order::LastUse => "most recently used first",
        Order::Start => "most recently started first",
    };
    let caption = match &of {
        Some(user) => format!("Where {} is logged in, {how}", user.name),
        None => format!("Sessions, {how}"),
    };
    let (previous, next) = neighbours(paths::CONSOLE_SESSIONS, &params, page.next.as_deref());
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shown = ListPage {
        frame: Frame { errors, ..at.frame(paths::CONSOLE_SESSIONS) },
        title: "Sessions".to_owned(),
        lead: None,
        actions: Vec::new(),
        search: Some(SearchForm {
            action: paths::CONSOLE_SESSIONS,
            fields: vec![
                Field::new("hidden", "sort", "").value(params.field("sort")),
                Field::new("text", "person", "Email of a person").value(params.field("person")),
                Field::new("text", "service", "Client ID of a service").value(params.field("service")),
            ],
            button: "Show",
        }),
        table: Table {
            id: "sessions",
            caption,
            columns: columns(&params, order),
            rows,
            empty: "Nobody is logged in there.",
        },
        previous,
        next,
    };
    Ok(at.show(status, &shown))
}

/// The columns; in another order, the same sessions are listed.
fn columns(params: &Params, order: Order) -> Vec<Column> {
    let kept = params.without(&["after", "sort"]);
    let column = |text, name: &str, of| Column {
        text,
        sort_url: Some(format!("{}?{}", paths::CONSOLE_SESSIONS, kept.clone().with("sort", name).to_query())),
        sorted: (order == of).then_some("descending"),
    };
    vec![
        Column::plain("Person"),
        Column::plain("Services"),
        Column::plain("Device"),
        column("Started", "started", Order::Start),
        column("Last used", "last-used", Order::LastUse),
    ]
}

fn row(listed: &Listed, may_end: bool) -> Vec<Cell> {
    let Listed { session, user, services } = listed;
    let names: Vec<String> = services.iter().map(|(_, name)| name.clone()).collect();
    let moment = TimeText::date_at_clock_time;
    let last_used = match may_end {
        true => Cell::Button {
            time: moment(session.last_used_at),
            action: paths::CONSOLE_SESSIONS.to_owned(),
            name: "end",
            value: session.id.as_str().to_owned(),
            text: "Log out",
            unseen: format!("{} from {}", user.name, session.browser),
        },
        false => Cell::time(Some(moment(session.last_used_at)), ""),
    };
    vec![
        Cell::link(user.name.clone(), path(paths::CONSOLE_PERSON, user.id.as_str())),
        Cell::Lines { lines: if names.is_empty() { vec!["None yet".to_owned()] } else { names } },
        Cell::text(session.browser.clone()),
        Cell::time(Some(moment(session.authenticated_at)), ""),
        last_used,
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
            let said = format!("You have logged out {} from {}.", user.name, session.browser);
            at.done(paths::CONSOLE_SESSIONS, &said)
        }
        Ok(None) => redirect::see_other(paths::CONSOLE_SESSIONS),
        Err(Error::Refused(refusal)) => at.refuse(Error::Refused(refusal), BACK),
        Err(Error::Fault(fault)) => problem::broken(fault),
    }
}
