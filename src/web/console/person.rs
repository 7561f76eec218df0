//! One person, and their details (P34b).

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::people::{BACK, details};
use super::{Console, ConsoleForm, address, audit, field_errors, path};
use crate::admin::events::Filter;
use crate::admin::people::{self, Detail, Details, Status};
use crate::admin::{Flaw, Refusal};
use crate::base::{Error, Timestamp, UserId, paths};
use crate::model::User;
use crate::oidc::params::Params;
use crate::policy::permission::Action as Permission;
use crate::view::pages::console::{
    Action, Cell, ConsoleForm as FormPage, Fact, Field, Frame, Part, RecordPage, Table,
};
use crate::view::{FieldError, TimeText};

/// The person with an identifier, with everything around them.
pub(super) async fn detail(at: &Console, id: &str) -> Result<Detail, Error<Refusal>> {
    let unknown = || Error::Refused(Refusal::Unknown("there is no such person".to_owned()));
    people::detail(&at.web.kit, &at.actor, &UserId::parse(id).ok_or_else(unknown)?).await
}

pub(super) async fn get(at: Console, Path(id): Path<String>) -> Response {
    let detail = match detail(&at, &id).await {
        Ok(detail) => detail,
        Err(error) => return at.refuse(error, BACK),
    };
    let mut tables = vec![Part { heading: "Where they are logged in", table: sessions(&detail) }];
    let mut actions = actions(&at, &detail);
    if at.may(Permission::SeeEvents) {
        let filter = Filter { user: Some(detail.user.id.clone()), ..Filter::default() };
        let rows = audit::newest(&at, &filter, 20).await;
        let columns = ["Time", "Event", "By and from", "Result"];
        let rows = rows.iter().map(|listed| audit::row(listed, false)).collect();
        let table = Table::new("events", "The last 20 events", &columns, rows, "Nothing has happened yet.");
        tables.push(Part { heading: "What happened", table });
        actions.push(audit::address_of("person", detail.user.id.as_str()));
    }
    let frame = at.frame(paths::CONSOLE_PEOPLE);
    let shown = RecordPage { frame, title: detail.user.name.clone(), facts: facts(&detail), actions, tables };
    at.show(StatusCode::OK, &shown)
}

fn facts(detail: &Detail) -> Vec<Fact> {
    let user = &detail.user;
    let time = |at: Option<Timestamp>, otherwise| Cell::time(at.map(TimeText::date_at_clock_time), otherwise);
    let mut facts = vec![
        Fact::new("Email", Cell::text(user.email.shown())),
        Fact::new("Organisation", Cell::text(user.organisation.clone().unwrap_or_else(|| "None".to_owned()))),
        Fact::new("Status", Cell::tag(detail.status.shown())),
    ];
    match detail.status {
        Status::Locked { until } => {
            facts.push(Fact::new(
                "Locked until",
                time(until, "they reset the password, or you unlock the account"),
            ));
        }
        Status::Invited => {
            let until = detail.invitation.as_ref().map(|invitation| invitation.expires_at);
            facts.push(Fact::new("Invitation works until", time(until, "")));
        }
        _ => {}
    }
    if user.new_password_asked_at.is_some() {
        facts.push(Fact::new("New password requested", time(user.new_password_asked_at, "")));
    }
    if let Some(role) = detail.role {
        facts.push(Fact::new("Administrator", Cell::text(role.shown())));
    }
    facts.extend([
        Fact::new("Last login", time(user.last_login_at, "Never")),
        Fact::new("Password changed", time(user.password_changed_at, "Never")),
        Fact::new("Added", time(Some(user.created_at), "")),
        Fact::new("Identifier given to services", Cell::code(user.subject.to_string())),
    ]);
    facts
}

fn actions(at: &Console, detail: &Detail) -> Vec<Action> {
    let id = detail.user.id.as_str();
    let to = |text: &str, href: String, is_main| Action { text: text.to_owned(), href, is_main };
    let deed =
        |text, deed: &str| to(text, path(paths::CONSOLE_PERSON_DEED, id).replace("{deed}", deed), false);
    let mut actions = Vec::new();
    // Those who look after the provider are looked after by owners only.
    let within_reach = detail.role.is_none() || at.may(Permission::ChangeAdministrators);
    if at.may(Permission::ChangePeople) && within_reach {
        actions.push(to("Change details", path(paths::CONSOLE_PERSON_EDIT, id), true));
        match detail.status {
            Status::Active => {}
            Status::Locked { .. } => actions.push(deed("Unlock", "unlock")),
            Status::Invited => {
                actions.push(deed("Send the invitation again", "invite"));
                actions.push(deed("Withdraw the invitation", "withdraw"));
            }
            Status::InvitationOver => actions.push(deed("Send a new invitation", "invite")),
            Status::Deactivated => actions.push(deed("Activate", "activate")),
        }
        if detail.user.password.is_some() && detail.user.is_active() {
            actions.push(deed("Ask for a new password", "new-password"));
            actions.push(deed("Log out everywhere", "log-out"));
        }
        if detail.user.is_active() {
            actions.push(deed("Deactivate", "deactivate"));
        }
    }
    if at.may(Permission::ChangeAdministrators) {
        actions.push(to("Change role", path(paths::CONSOLE_PERSON_ROLE, id), false));
    }
    if let Some(organisation) =
        detail.user.organisation.as_deref().filter(|_| at.may(Permission::ReviewAccess))
    {
        let href = address(paths::CONSOLE_REVIEW_NEW, &[("organisation", organisation)]);
        actions.push(to("Review this organisation", href, false));
    }
    if at.may(Permission::ExportPerson) {
        actions.push(deed("Export personal data", "data"));
    }
    if at.may(Permission::ErasePerson) {
        actions.push(deed("Erase", "erase"));
    }
    actions
}

fn sessions(detail: &Detail) -> Table {
    let rows = detail.sessions.iter().map(|session| {
        vec![
            Cell::text(session.browser.clone()),
            Cell::time(Some(TimeText::date_at_clock_time(session.authenticated_at)), ""),
            Cell::time(Some(TimeText::date_at_clock_time(session.last_used_at)), ""),
            Cell::text(session.address.clone()),
        ]
    });
    let columns = ["Device", "Logged in", "Last used", "Network address"];
    Table::new("sessions", "Browsers", &columns, rows.collect(), "They are not logged in anywhere.")
}

pub(super) async fn get_edit(at: Console, Path(id): Path<String>) -> Response {
    match detail(&at, &id).await {
        Ok(detail) => show_edit(&at, &detail.user, &written(&detail.user), Vec::new()),
        Err(error) => at.refuse(error, BACK),
    }
}

fn written(user: &User) -> Params {
    let pairs = [
        ("version", user.updated_at.millis().to_string()),
        ("name", user.name.clone()),
        ("email", user.email.shown().to_owned()),
        ("organisation", user.organisation.clone().unwrap_or_default()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn show_edit(at: &Console, user: &User, typed: &Params, errors: Vec<FieldError>) -> Response {
    let value = |name| typed.field(name).to_owned();
    let frame = Frame { errors, ..at.frame(paths::CONSOLE_PEOPLE) };
    let by = (path(paths::CONSOLE_PERSON_EDIT, user.id.as_str()), "Save changes");
    let cancel = path(paths::CONSOLE_PERSON, user.id.as_str());
    at.ask(FormPage {
        lead: vec![
            "If you change the email, login codes go to the new address. We will email both addresses."
                .to_owned(),
        ],
        fields: vec![
            Field::new("hidden", "version", "").value(value("version")),
            Field::new("text", "name", "Name").value(value("name")),
            Field::new("email", "email", "Email").value(value("email")),
            Field::new("text", "organisation", "Organisation").value(value("organisation")),
        ],
        log_in_url: (!at.is_fresh()).then(|| at.fresh_url(paths::CONSOLE)),
        ..FormPage::new(frame, format!("Change the details of {}", user.name), by, cancel)
    })
}

/// Another email is the other half of logging in: it is asked about once more before it is saved.
fn confirm_email(at: &Console, user: &User, form: &Params, email: &str) -> Response {
    let carried = ["version", "name", "email", "organisation"];
    let mut fields: Vec<Field> =
        carried.into_iter().map(|name| Field::new("hidden", name, "").value(form.field(name))).collect();
    fields.push(Field::new("hidden", "sure", "").value("yes"));
    let edit = path(paths::CONSOLE_PERSON_EDIT, user.id.as_str());
    let title = format!("Change the email of {}?", user.name);
    at.ask(FormPage {
        lead: vec![
            format!("{} will get codes at {email}. We will email both addresses.", user.name),
            "Check that the request really came from this person.".to_owned(),
        ],
        fields,
        ..FormPage::new(at.frame(paths::CONSOLE_PEOPLE), title, (edit.clone(), "Change the email"), edit)
    })
}

pub(super) async fn post_edit(Path(id): Path<String>, ConsoleForm { at, form }: ConsoleForm) -> Response {
    let user = match detail(&at, &id).await {
        Ok(detail) => detail.user,
        Err(error) => return at.refuse(error, BACK),
    };
    if !at.is_fresh() {
        return show_edit(&at, &user, &form, Vec::new());
    }
    let mut flaws = Vec::new();
    let (name, email, organisation) = details(&form, &mut flaws);
    let Some(email) = email.filter(|_| flaws.is_empty() && at.reason_is_fit()) else {
        return show_edit(&at, &user, &form, field_errors(&flaws));
    };
    if email.canonical() != user.email.canonical() && !form.has("sure") {
        return confirm_email(&at, &user, &form, email.shown());
    }
    let read_at = form.field("version").parse().map_or(user.updated_at, Timestamp::from_millis);
    let read = User { updated_at: read_at, ..user.clone() };
    let wanted = Details { email, name, organisation };
    match people::change(&at.web.kit, &at.actor, &read, wanted).await {
        Ok(changed) => at.done(&path(paths::CONSOLE_PERSON, changed.id.as_str()), "Changes saved."),
        Err(Error::Refused(Refusal::Unfit(flaws))) => show_edit(&at, &user, &form, field_errors(&flaws)),
        Err(Error::Refused(Refusal::Conflict(say))) => {
            show_edit(&at, &user, &form, field_errors(&[Flaw::of("", say)]))
        }
        Err(error) => at.refuse(error, BACK),
    }
}
