//! People: the list, and inviting somebody (P34, P35).

use axum::http::StatusCode;
use axum::response::Response;

use super::{Console, ConsoleForm, address, cursor, field_errors, neighbours, path};
use crate::admin::invitations;
use crate::admin::people::{self, Listed, Query as Wanted, ROWS};
use crate::admin::services;
use crate::admin::users::NewUser;
use crate::admin::{Flaw, Refusal};
use crate::base::{ClientId, Error, Span, Timestamp, paths};
use crate::model::{Email, Profile};
use crate::oidc::params::Params;
use crate::policy::permission::Action as Permission;
use crate::store::people::Order;
use crate::view::pages::console::{
    Action, Cell, Column, ConsoleForm as FormPage, Field, ListPage, SearchForm, Table,
};
use crate::view::{FieldError, TimeText, when};
use crate::web::extract::{Query, Unwanted};
use crate::web::pages::email_error;

pub(super) const BACK: (&str, &str) = (paths::CONSOLE_PEOPLE, "Go to the people");

pub(super) async fn list(at: Console, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    show(&at, &params, None).await
}

pub(super) async fn show(at: &Console, params: &Params, banner: Option<String>) -> Response {
    let words = params.field("q");
    let order = match params.field("sort") {
        "email" => Order::Email,
        "last-login" => Order::LastLogin,
        _ => Order::Name,
    };
    let days = params.get("dormant").and_then(|days| days.parse().ok());
    let dormant_since = days.map(|days: u32| at.web.kit.now() - Span::days(days.min(10_000)));
    let order = if dormant_since.is_some() { Order::LastLogin } else { order };
    let after = cursor(params).map(str::to_owned);
    let wanted = Wanted { words: words.to_owned(), order, dormant_since, after };
    let page = match people::list(&at.web.kit, &at.actor, &wanted, ROWS).await {
        Ok(page) => page,
        Err(error) => return at.refuse(error, BACK),
    };
    let (previous, next) = neighbours(paths::CONSOLE_PEOPLE, params, page.next.as_deref());
    let mut actions = Vec::new();
    if at.may(Permission::InvitePeople) {
        actions.push(Action {
            text: "Invite a person".into(),
            href: paths::CONSOLE_INVITE.into(),
            is_main: true,
        });
        actions.push(Action {
            text: "Import a list".into(),
            href: paths::CONSOLE_IMPORT.into(),
            is_main: false,
        });
    }
    let mut frame = at.frame(paths::CONSOLE_PEOPLE);
    frame.banner = banner;
    let shown = ListPage {
        frame,
        title: "People".to_owned(),
        lead: None,
        actions,
        search: Some(SearchForm {
            action: paths::CONSOLE_PEOPLE,
            fields: vec![
                Field::new("text", "q", "Name, email or organisation").value(words),
                Field::new("select", "dormant", "Last login").value(params.field("dormant")).one_of([
                    ("", "At any time, or never"),
                    ("90", "More than 90 days ago"),
                    ("365", "More than a year ago"),
                ]),
            ],
            button: "Search",
        }),
        table: table(&page.rows, words.trim().is_empty().then_some(order)),
        previous,
        next,
    };
    at.show(StatusCode::OK, &shown)
}

/// What is searched for is found in an order of its own.
fn table(rows: &[Listed], order: Option<Order>) -> Table {
    let column = |text, name: &str, of| Column {
        text,
        sort_url: order.map(|_| address(paths::CONSOLE_PEOPLE, &[("sort", name)])),
        is_sorted: order == Some(of),
    };
    Table {
        id: "people",
        caption: if order.is_some() { "Everybody" } else { "People who were found" }.to_owned(),
        columns: vec![
            column("Name", "name", Order::Name),
            column("Email", "email", Order::Email),
            Column::plain("Organisation"),
            column("Last login", "last-login", Order::LastLogin),
            Column::plain("Status"),
        ],
        rows: rows.iter().map(row).collect(),
        empty: "Nobody was found.",
    }
}

fn row(listed: &Listed) -> Vec<Cell> {
    let user = &listed.user;
    vec![
        Cell::link(user.name.clone(), path(paths::CONSOLE_PERSON, user.id.as_str())),
        Cell::text(user.email.shown()),
        Cell::text(user.organisation.clone().unwrap_or_else(|| "None".to_owned())),
        Cell::time(user.last_login_at.map(TimeText::date_at_clock_time), "Never"),
        Cell::tag(listed.status.shown()),
    ]
}

pub(super) async fn get_invite(at: Console) -> Response {
    show_invite(&at, &Params::default(), Vec::new()).await
}

async fn show_invite(at: &Console, typed: &Params, errors: Vec<FieldError>) -> Response {
    let value = |name| typed.field(name).to_owned();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut frame = at.frame(paths::CONSOLE_PEOPLE);
    frame.errors = errors;
    let shown = FormPage {
        frame,
        title: "Invite a person".to_owned(),
        lead: vec![
            "They get an email with a link to choose a password. The link works once, for 7 days.".to_owned(),
        ],
        table: None,
        action: paths::CONSOLE_INVITE.to_owned(),
        fields: vec![
            Field::new("text", "name", "Name").value(value("name")),
            Field::new("email", "email", "Email").hint("Their login codes go here").value(value("email")),
            Field::new("text", "organisation", "Organisation")
                .hint("For example, the school that they work for")
                .value(value("organisation")),
            service_field(at, typed.field("service")).await,
        ],
        button: "Send invitation".to_owned(),
        cancel: paths::CONSOLE_PEOPLE.to_owned(),
        links: Vec::new(),
        is_upload: false,
        is_warning: false,
        log_in_url: (!at.is_fresh()).then(|| at.fresh_url(paths::CONSOLE)),
    };
    at.show(status, &shown)
}

/// The service in whose name people are invited.
pub(super) async fn service_field(at: &Console, chosen: &str) -> Field {
    let mut offered = vec![(String::new(), "No service in particular".to_owned())];
    if let Ok(page) = services::list(&at.web.kit, &at.actor, "", None, ROWS).await {
        let active = page.rows.into_iter().filter(|listed| listed.client.is_active());
        offered.extend(active.map(|listed| (listed.client.id.to_string(), listed.client.name)));
    }
    let options = offered.iter().map(|(id, name)| (id.as_str(), name.as_str()));
    Field::new("select", "service", "Service")
        .hint("The email is sent in its name")
        .value(chosen)
        .one_of(options)
}

pub(super) async fn post_invite(ConsoleForm { at, form }: ConsoleForm) -> Response {
    if !at.is_fresh() {
        return show_invite(&at, &form, Vec::new()).await;
    }
    let (new, service) = match read(&form) {
        Ok(read) => read,
        Err(flaws) => return show_invite(&at, &form, field_errors(&flaws, "name")).await,
    };
    let to = new.email.shown().to_owned();
    match invitations::invite(&at.web.kit, &at.actor, new, service.as_ref()).await {
        Ok((_, expires_at)) => show(&at, &Params::default(), Some(sent(&to, expires_at))).await,
        Err(Error::Refused(Refusal::Unfit(flaws))) => {
            show_invite(&at, &form, field_errors(&flaws, "name")).await
        }
        Err(Error::Refused(Refusal::Conflict(say))) => {
            show_invite(&at, &form, field_errors(&[Flaw::of("email", say)], "email")).await
        }
        Err(error) => at.refuse(error, BACK),
    }
}

/// What is said when an invitation is on its way.
pub(super) fn sent(to: &str, expires_at: Timestamp) -> String {
    format!("Invitation sent to {to}. It works until {}.", when::clock_time_and_date(expires_at))
}

fn read(form: &Params) -> Result<(NewUser, Option<ClientId>), Vec<Flaw>> {
    let mut flaws = Vec::new();
    let (name, email, organisation) = details(form, &mut flaws);
    match email {
        Some(email) if flaws.is_empty() => {
            let new = NewUser { email, name, organisation, profile: Profile::default(), password: None };
            Ok((new, ClientId::parse(form.field("service"))))
        }
        _ => Err(flaws),
    }
}

/// Name, email and organisation of somebody, with what is wrong with them.
pub(super) fn details(form: &Params, flaws: &mut Vec<Flaw>) -> (String, Option<Email>, Option<String>) {
    let name = form.field("name").trim().to_owned();
    if name.is_empty() {
        flaws.push(Flaw::of("name", "Enter a name"));
    }
    let email = Email::parse(form.field("email"))
        .map_err(|error| flaws.push(Flaw::of("email", email_error(error))))
        .ok();
    let organisation = Some(form.field("organisation").trim().to_owned()).filter(|text| !text.is_empty());
    (name, email, organisation)
}
