//! People: the list, and inviting somebody (P34, P35).

use axum::http::StatusCode;
use axum::response::Response;

use super::choice::Choice;
use super::{Console, ConsoleForm, address, cursor, field_errors, neighbours, path};
use crate::admin::invitations;
use crate::admin::people::{self, LastLogin, Listed, Query as Wanted, ROWS};
use crate::admin::users::{self, NewUser};
use crate::admin::{Flaw, Refusal};
use crate::base::{Error, Span, Timestamp, paths};
use crate::model::{Client, Email, Profile};
use crate::oidc::params::Params;
use crate::policy::permission::Action as Permission;
use crate::store::people::Order;
use crate::view::pages::console::{
    Action, Cell, Column, ConsoleForm as FormPage, Field, Frame, ListPage, SearchForm, Table,
};
use crate::view::{FieldError, TimeText, when};
use crate::web::extract::{Query, Unwanted};
use crate::web::pages::email_error;

pub(super) const BACK: (&str, &str) = (paths::CONSOLE_PEOPLE, "Go to the people");

pub(super) async fn list(at: Console, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    let words = params.field("q");
    let order = match params.field("sort") {
        "email" => Order::Email,
        "last-login" => Order::LastLogin,
        _ => Order::Name,
    };
    let last_login = match params.field("last-login") {
        "never" => LastLogin::Never,
        days => days.parse().map_or(LastLogin::Whenever, |days: u32| {
            LastLogin::Before(at.web.kit.now() - Span::days(days.min(10_000)))
        }),
    };
    let after = cursor(&params).map(str::to_owned);
    let wanted = Wanted { words: words.to_owned(), order, last_login, after };
    let page = match people::list(&at.web.kit, &at.actor, &wanted, ROWS).await {
        Ok(page) => page,
        Err(error) => return at.refuse(error, BACK),
    };
    let (previous, next) = neighbours(paths::CONSOLE_PEOPLE, &params, page.next.as_deref());
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
    let shown = ListPage {
        frame: at.frame(paths::CONSOLE_PEOPLE),
        title: "People".to_owned(),
        lead: None,
        actions,
        search: Some(SearchForm {
            action: paths::CONSOLE_PEOPLE,
            fields: vec![
                Field::new("text", "q", "Name, email or organisation").value(words),
                Field::new("select", "last-login", "Last login").value(params.field("last-login")).one_of([
                    ("", "At any time, or never"),
                    ("90", "More than 90 days ago"),
                    ("365", "More than a year ago"),
                    ("never", "Never"),
                ]),
            ],
            button: "Search",
        }),
        table: table(&page.rows, &wanted),
        previous,
        next,
    };
    at.show(StatusCode::OK, &shown)
}

/// What is searched for is found in an order of its own.
fn table(rows: &[Listed], wanted: &Wanted) -> Table {
    let is_free = wanted.words.trim().is_empty() && wanted.last_login == LastLogin::Whenever;
    let order = is_free.then_some(wanted.order);
    let column = |text, name: &str, of| Column {
        text,
        sort_url: order.map(|_| address(paths::CONSOLE_PEOPLE, &[("sort", name)])),
        sorted: (order == Some(of)).then_some("ascending"),
    };
    let caption = match order {
        None => "People who were found",
        Some(Order::LastLogin) => "Everybody who has logged in, the longest ago first",
        Some(_) => "Everybody",
    };
    Table {
        id: "people",
        caption: caption.to_owned(),
        columns: vec![
            column("Name", "name", Order::Name),
            column("Email", "email", Order::Email),
            Column::plain("Organisation"),
            column("Last login", "last-login", Order::LastLogin),
            Column::plain("Status"),
        ],
        rows: rows.iter().map(row).collect(),
        empty: "No people found.",
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
    show_invite(&at, &Params::default(), &Choice::default(), Vec::new()).await
}

async fn show_invite(at: &Console, typed: &Params, services: &Choice, errors: Vec<FieldError>) -> Response {
    let value = |name| typed.field(name).to_owned();
    let mut fields = vec![
        Field::new("text", "name", "Name").value(value("name")),
        Field::new("email", "email", "Email").hint("Their login codes go here").value(value("email")),
        Field::new("text", "organisation", "Organisation")
            .hint("For example, the school that they work for")
            .value(value("organisation")),
    ];
    match service_fields(at, services).await {
        Ok(of_services) => fields.extend(of_services),
        Err(error) => return at.refuse(error, BACK),
    }
    let frame = Frame { errors, ..at.frame(paths::CONSOLE_PEOPLE) };
    let by = (paths::CONSOLE_INVITE.to_owned(), "Send invitation");
    at.ask(FormPage {
        lead: vec![
            "They will get an email with a link to choose a password. The link works for 7 days and can be used once.".to_owned(),
        ],
        fields,
        log_in_url: (!at.is_fresh()).then(|| at.fresh_url(paths::CONSOLE)),
        ..FormPage::new(frame, "Invite a person", by, paths::CONSOLE_PEOPLE)
    })
}

/// The services that people are invited to.
pub(super) async fn service_fields(at: &Console, services: &Choice) -> Result<Vec<Field>, Error<Refusal>> {
    let hint = "The invitation will name those you choose. You can choose none";
    services.fields(at, hint, Client::is_active).await
}

pub(super) async fn post_invite(ConsoleForm { at, form }: ConsoleForm) -> Response {
    let mut services = Choice::read(&form);
    if !at.is_fresh() {
        return show_invite(&at, &form, &services, Vec::new()).await;
    }
    let mut flaws = Vec::new();
    let (name, email, organisation) = details(&form, &mut flaws);
    let mut errors = field_errors(&flaws);
    let chosen = services.chosen(&at).await.map_err(|error| errors.push(error));
    let (Some(email), Ok(chosen), true) = (email, chosen, errors.is_empty() && at.reason_is_fit()) else {
        return show_invite(&at, &form, &services, errors).await;
    };
    let to = email.shown().to_owned();
    let new = NewUser { email, name, organisation, profile: Profile::default(), password: None };
    match invitations::invite(&at.web.kit, &at.actor, new, &chosen).await {
        Ok((_, expires_at)) => at.done(paths::CONSOLE_PEOPLE, &sent(&to, expires_at)),
        Err(Error::Refused(Refusal::Unfit(flaws))) => {
            show_invite(&at, &form, &services, field_errors(&flaws)).await
        }
        Err(Error::Refused(Refusal::Conflict(_))) => {
            show_invite(&at, &form, &services, vec![taken(&at, &to).await]).await
        }
        Err(error) => at.refuse(error, BACK),
    }
}

/// That an email is somebody's already, and whose.
pub(super) async fn taken(at: &Console, email: &str) -> FieldError {
    let error = FieldError::new("email", format!("{email} already has an account"));
    match users::find(&at.web.kit, &at.actor, email).await {
        Ok(user) => error.leading_to(path(paths::CONSOLE_PERSON, user.id.as_str())),
        Err(_) => error,
    }
}

/// What is said when an invitation is on its way.
pub(super) fn sent(to: &str, expires_at: Timestamp) -> String {
    format!("Invitation sent to {to}. It works until {}.", when::clock_time_and_date(expires_at))
}

/// Name, email and organisation of somebody, with what is wrong with them.
pub(super) fn details(form: &Params, flaws: &mut Vec<Flaw>) -> (String, Option<Email>, Option<String>) {
    let name = form.field("name").trim().to_owned();
    flaws.extend(users::check_name(&name).err());
    let email = Email::parse(form.field("email"))
        .map_err(|error| flaws.push(Flaw::of("email", email_error(error))))
        .ok();
    let organisation = Some(form.field("organisation").trim().to_owned()).filter(|text| !text.is_empty());
    (name, email, organisation)
}
