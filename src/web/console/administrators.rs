//! Who looks after the provider, and making somebody an administrator.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::choice::Choice;
use super::people::BACK as PEOPLE;
use super::person::detail;
use super::{Console, ConsoleForm, field_errors, path};
use crate::admin::people::Detail;
use crate::admin::{Refusal, administrators};
use crate::base::{Error, paths};
use crate::model::Role;
use crate::view::pages::console::{Cell, ConsoleForm as FormPage, Field, Frame, ListPage, Table};
use crate::view::{FieldError, TimeText};
use crate::web::respond::problem;

const NONE: &str = "none";

pub(super) async fn list(at: Console) -> Response {
    let listed = match administrators::list(&at.web.kit, &at.actor).await {
        Ok(listed) => listed,
        Err(error) => return at.refuse(error, (paths::CONSOLE, "Go to the dashboard")),
    };
    let rows = listed.iter().map(|(user, role)| {
        vec![
            Cell::link(user.name.clone(), path(paths::CONSOLE_PERSON, user.id.as_str())),
            Cell::text(user.email.shown()),
            Cell::text(role.shown()),
            Cell::time(user.last_login_at.map(TimeText::date_at_clock_time), "Never"),
            Cell::tag(if user.is_active() { "Active" } else { "Deactivated" }),
        ]
    });
    let columns = ["Name", "Email", "Role", "Last login", "Status"];
    let shown = ListPage {
        frame: at.frame(paths::CONSOLE_ADMINISTRATORS),
        title: "Administrators".to_owned(),
        lead: Some(
            "To make somebody an administrator, find them under People and change their role.".to_owned(),
        ),
        actions: Vec::new(),
        search: None,
        table: Table::new("administrators", "Administrators", &columns, rows.collect(), "There are none."),
        previous: None,
        next: None,
    };
    at.show(StatusCode::OK, &shown)
}

pub(super) async fn get_role(at: Console, Path(id): Path<String>) -> Response {
    match detail(&at, &id).await {
        Ok(detail) => {
            let own = match administrators::find(&at.web.kit, &detail.user.id).await {
                Ok(own) => own,
                Err(fault) => return problem::broken(fault),
            };
            let services = Choice::of(own.map(|own| own.services).unwrap_or_default());
            let role = detail.role.map_or(NONE, Role::name);
            show(&at, &detail, &Wanted { role, services }, Vec::new()).await
        }
        Err(error) => at.refuse(error, PEOPLE),
    }
}

/// What a form asks for.
struct Wanted<'a> {
    role: &'a str,
    services: Choice,
}

async fn show(at: &Console, detail: &Detail, wanted: &Wanted<'_>, errors: Vec<FieldError>) -> Response {
    let boxes = match wanted.services.fields(at, "For a service administrator only", |_| true).await {
        Ok(boxes) => boxes,
        Err(error) => return at.refuse(error, PEOPLE),
    };
    let frame = Frame { errors, ..at.frame(paths::CONSOLE_PEOPLE) };
    let title = format!("Change the role of {}", detail.user.name);
    let by = (path(paths::CONSOLE_PERSON_ROLE, detail.user.id.as_str()), "Save role");
    let cancel = path(paths::CONSOLE_PERSON, detail.user.id.as_str());
    let mut fields = vec![Field::new("radios", "role", "Role").value(wanted.role).one_of([
        (NONE, "No role: uses services like everybody else"),
        (Role::Auditor.name(), "Auditor: reads everything, changes nothing"),
        (Role::Support.name(), "Support: looks after people, not services"),
        (Role::Services.name(), "Service administrator: looks after the services chosen below"),
        (Role::Owner.name(), "Owner: everything, administrators included"),
    ])];
    fields.extend(boxes);
    at.ask(FormPage {
        lead: vec!["Every administrator is told by email when somebody gets a role.".to_owned()],
        fields,
        log_in_url: (!at.is_fresh()).then(|| at.fresh_url(paths::CONSOLE)),
        ..FormPage::new(frame, title, by, cancel)
    })
}

pub(super) async fn post_role(Path(id): Path<String>, ConsoleForm { at, form }: ConsoleForm) -> Response {
    let detail = match detail(&at, &id).await {
        Ok(detail) => detail,
        Err(error) => return at.refuse(error, PEOPLE),
    };
    let mut wanted = Wanted { role: form.field("role"), services: Choice::read(&form) };
    if !at.is_fresh() {
        return show(&at, &detail, &wanted, Vec::new()).await;
    }
    let chosen = match wanted.services.chosen(&at).await {
        Ok(chosen) if at.reason_is_fit() => chosen,
        Ok(_) => return show(&at, &detail, &wanted, Vec::new()).await,
        Err(wrong) => return show(&at, &detail, &wanted, vec![wrong]).await,
    };
    let (kit, actor) = (&at.web.kit, &at.actor);
    let done = match Role::parse(wanted.role) {
        Some(parsed) => administrators::give(kit, actor, &detail.user, (parsed, &chosen)).await,
        None => administrators::take(kit, actor, &detail.user).await.map(drop),
    };
    match done {
        Ok(()) => at.done(&path(paths::CONSOLE_PERSON, detail.user.id.as_str()), "Changes saved."),
        Err(Error::Refused(Refusal::Unfit(flaws))) => show(&at, &detail, &wanted, field_errors(&flaws)).await,
        Err(error) => at.refuse(error, PEOPLE),
    }
}
