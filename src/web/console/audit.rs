//! The audit log (P38).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::{Console, address, cursor, neighbours, path};
use crate::admin::events::{self, Filter, Listed};
use crate::admin::people::ROWS;
use crate::admin::users;
use crate::base::{ClientId, Error, Fault, Span, UserId, paths};
use crate::model::{Actor, EventKind};
use crate::oidc::params::Params;
use crate::view::pages::console::{Action as Link, Cell, Column, Field, ListPage, SearchForm, Table};
use crate::view::{FieldError, TimeText, spreadsheet, when};
use crate::web::extract::{Query, Unwanted};
use crate::web::respond::{problem, redirect};

const BACK: (&str, &str) = (paths::CONSOLE_AUDIT, "Go to the audit log");
/// What a list is asked for by that begins with the oldest event.
const OLDEST: &str = "oldest";
/// The most rows in one file: more of them are for the command line.
const MOST_ROWS: i64 = 10_000;

pub(super) async fn list(at: Console, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    let (filter, errors) = match read(&at, &params).await {
        Ok(read) => read,
        Err(fault) => return problem::broken(fault),
    };
    let after = cursor(&params);
    let page = match events::list(&at.web.kit, &at.actor, &filter, after, ROWS).await {
        Ok(page) => page,
        Err(error) => return at.refuse(error, BACK),
    };
    let checked = match events::last_check(&at.web.kit).await {
        Ok(checked) => checked,
        Err(fault) => return problem::broken(fault),
    };
    let (previous, next) = neighbours(paths::CONSOLE_AUDIT, &params, page.next.as_deref());
    let query = params.without(&["after"]).to_query();
    let file = format!("{}?{query}", paths::CONSOLE_AUDIT_FILE);
    let mut frame = at.frame(paths::CONSOLE_AUDIT);
    let status = match errors.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    frame.errors = errors;
    let shown = ListPage {
        frame,
        title: "Audit log".to_owned(),
        lead: Some(match checked {
            Some((when, None)) => {
                format!("Log checked: no gaps, {}.", TimeText::date_at_clock_time(when).text)
            }
            Some((when, Some(why))) => format!(
                "The log has been damaged or changed: {why}. Found {}. Tell your technical team.",
                TimeText::date_at_clock_time(when).text
            ),
            None => "The log has not been checked yet. It is checked once a day.".to_owned(),
        }),
        actions: vec![Link {
            text: download(page.next.is_some(), filter.upwards),
            href: file,
            is_main: false,
        }],
        search: Some(SearchForm { action: paths::CONSOLE_AUDIT, fields: fields(&params), button: "Show" }),
        table: Table {
            id: "events",
            caption: format!("Events, the {} first", end(filter.upwards)),
            columns: columns(&params, filter.upwards),
            rows: page.rows.iter().map(|listed| row(listed, true)).collect(),
            empty: "No events match.",
        },
        previous,
        next,
    };
    at.show(status, &shown)
}

/// Where there is one page of events, all of them are in the file.
fn download(are_more: bool, upwards: bool) -> String {
    match are_more {
        false => "Download these events (CSV)".to_owned(),
        true => format!("Download these events (CSV, the {} 10,000 at most)", end(upwards)),
    }
}

/// The end of the log at which a list begins.
const fn end(upwards: bool) -> &'static str {
    if upwards { "oldest" } else { "newest" }
}

/// The columns; that of the time turns the list round.
fn columns(params: &Params, upwards: bool) -> Vec<Column> {
    let kept = params.without(&["after", "sort"]);
    let turned = if upwards { kept } else { kept.with("sort", OLDEST) };
    let query = turned.to_query();
    let time = Column {
        text: "Time",
        sort_url: Some(format!("{}?{query}", paths::CONSOLE_AUDIT).trim_end_matches('?').to_owned()),
        sorted: Some(if upwards { "ascending" } else { "descending" }),
    };
    let [person, event, by, result] =
        ["Person or service", "Event", "By and from", "Result"].map(Column::plain);
    vec![person, time, event, by, result]
}

/// What is asked for, and what is wrong with it; what is wrong asks for nothing.
async fn read(at: &Console, params: &Params) -> Result<(Filter, Vec<FieldError>), Fault> {
    let mut errors = Vec::new();
    let mut day = |name: &'static str, called: &str| {
        let text = params.get(name)?;
        let day = when::parse(text);
        if day.is_none() {
            errors.push(FieldError::new(name, format!("{called} must be a date, like 2026-11-22")));
        }
        day
    };
    let since = day("from", "Date from");
    // The day that is named belongs to it.
    let until = day("to", "Date to").map(|to| when::day_begins(to + Span::hours(36)));
    if since.zip(until).is_some_and(|(since, until)| until <= since) {
        errors.push(FieldError::new("from", "Date from must be the same as or before date to"));
    }
    let user = match params.get("person") {
        Some(text) => person(at, text).await?,
        None => None,
    };
    if user.is_none() && params.get("person").is_some() {
        errors.push(FieldError::new("person", NOBODY));
    }
    let kind = params.get("event").and_then(EventKind::parse);
    let named = params.get("service").and_then(ClientId::parse);
    let client = named.or_else(|| own_service(at));
    let upwards = params.field("sort") == OLDEST;
    Ok((Filter { since, until, kind, user, client, upwards }, errors))
}

/// What is said where a filter names nobody.
pub(super) const NOBODY: &str = "Nobody has that email";

/// The person whom a filter names, by an email or an identifier.
pub(super) async fn person(at: &Console, text: &str) -> Result<Option<UserId>, Fault> {
    if let Some(id) = UserId::parse(text) {
        return Ok(Some(id));
    }
    match users::find(&at.web.kit, &at.actor, text.trim()).await {
        Ok(user) => Ok(Some(user.id)),
        Err(Error::Fault(fault)) => Err(fault),
        Err(Error::Refused(_)) => Ok(None),
    }
}

/// Whoever looks after some services only sees the events of one at a time.
fn own_service(at: &Console) -> Option<ClientId> {
    match &at.actor {
        Actor::Administrator { administrator, .. } => administrator.services.first().cloned(),
        _ => None,
    }
}

fn fields(params: &Params) -> Vec<Field> {
    let value = |name| params.field(name).to_owned();
    let kinds = EventKind::ALL.iter().map(|kind| (kind.name(), kind.shown()));
    vec![
        Field::new("hidden", "sort", "").value(value("sort")),
        Field::new("text", "from", "Date from").hint("For example, 2026-11-22").value(value("from")),
        Field::new("text", "to", "Date to").hint("Includes this day").value(value("to")),
        Field::new("select", "event", "Event")
            .value(value("event"))
            .one_of([("", "Every event")].into_iter().chain(kinds)),
        Field::new("text", "person", "Email of a person").value(value("person")),
        Field::new("text", "service", "Client ID of a service").value(value("service")),
    ]
}

/// One event, for this page, and for that of the person whom it happened to.
pub(super) fn row(listed: &Listed, names_person: bool) -> Vec<Cell> {
    let Listed { event, person, actor } = listed;
    let someone = match (&event.user_id, person) {
        (Some(id), Some(name)) => Cell::link(name.clone(), path(paths::CONSOLE_PERSON, id.as_str())),
        (Some(_), None) => Cell::text("Somebody who was erased"),
        (None, _) => match &event.client_id {
            Some(client) => Cell::link(client.to_string(), path(paths::CONSOLE_SERVICE, client.as_str())),
            None => Cell::text("Nobody"),
        },
    };
    let by = match actor.as_deref() {
        None if event.user_id.is_none() => "The service",
        None => "Themselves",
        Some("operator") => "A command on the server",
        Some(name) => name,
    };
    let mut from = vec![by.to_owned()];
    from.extend(event.address.clone());
    from.extend(event.reference.as_ref().map(|reference| format!("Reference {reference}")));
    // First, so that it stays in view where the table is wider than the screen.
    let mut cells = if names_person { vec![someone] } else { Vec::new() };
    let text = event.kind.shown();
    cells.extend([
        Cell::time(Some(TimeText::date_at_clock_time(event.at)), ""),
        event.reason.clone().map_or_else(|| Cell::text(text), |reason| Cell::Done { text, reason }),
        Cell::Lines { lines: from },
        Cell::tag(if event.kind.is_refusal() { "Refused" } else { "Done" }),
    ]);
    cells
}

/// The newest events of one kind or about one thing, for another page.
pub(super) async fn newest(at: &Console, filter: &Filter, limit: i64) -> Vec<Listed> {
    let page = events::list(&at.web.kit, &at.actor, filter, None, limit).await;
    page.map(|page| page.rows).unwrap_or_default()
}

/// Where the events about something are.
pub(super) fn address_of(name: &str, value: &str) -> Link {
    Link {
        text: "See the audit log".into(),
        href: address(paths::CONSOLE_AUDIT, &[(name, value)]),
        is_main: false,
    }
}

pub(super) async fn file(at: Console, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    let (filter, errors) = match read(&at, &params).await {
        Ok(read) => read,
        Err(fault) => return problem::broken(fault),
    };
    if !errors.is_empty() {
        // Not everything, where something was asked for that there is not: the page says what is wrong.
        return redirect::see_other(&format!("{}?{}", paths::CONSOLE_AUDIT, params.to_query()));
    }
    let written = async {
        events::exported(&at.web.kit, &at.actor, &filter).await?;
        let page = events::list(&at.web.kit, &at.actor, &filter, None, MOST_ROWS).await?;
        Ok::<_, Error<crate::admin::Refusal>>(page.rows)
    };
    let rows = match written.await {
        Ok(rows) => rows,
        Err(error) => return at.refuse(error, BACK),
    };
    let headings = ["Time", "Event", "Person", "By", "Service", "From", "Reference", "Detail", "Reason"];
    let mut text = format!("{}\r\n", spreadsheet::line(headings));
    for listed in rows {
        let Listed { event, person, actor } = listed;
        let cells = [
            when::iso(event.at),
            event.kind.name().to_owned(),
            person.unwrap_or_default(),
            actor.unwrap_or_default(),
            event.client_id.map(|id| id.to_string()).unwrap_or_default(),
            event.address.unwrap_or_default(),
            event.reference.unwrap_or_default(),
            event.detail.map(|detail| detail.to_string()).unwrap_or_default(),
            event.reason.unwrap_or_default(),
        ];
        text.push_str(&spreadsheet::line(cells));
        text.push_str("\r\n");
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"events.csv\""),
    ];
    (headers, text).into_response()
}
