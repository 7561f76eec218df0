//! One of the services: its secret, its status, its end (P31, P33).

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::{Console, ConsoleForm, audit, path, service_logo};
use crate::admin::clients::{self, Rotation};
use crate::admin::events::Filter;
use crate::admin::services::{self, Listed};
use crate::admin::{Refusal, console};
use crate::base::{Error, Secret, Span, kinds, paths};
use crate::model::{Client, ClientSettings, EventKind, SecurityProfile};
use crate::policy::permission::{self, Action as Permission};
use crate::view::TimeText;
use crate::view::pages::LoginPage;
use crate::view::pages::console::{
    Action, Cell, ConsoleForm as FormPage, Fact, Field, Part, RecordPage, SecretPage, Table,
};
use crate::web::respond::page;

pub(super) const BACK: (&str, &str) = (paths::CONSOLE_SERVICES, "Go to the services");

/// Refuses what was asked of the service with an identifier.
pub(super) fn refuse(at: &Console, id: &str, error: Error<Refusal>) -> Response {
    let error = match error {
        Error::Refused(Refusal::Unknown(_)) => {
            Error::Refused(Refusal::Unknown(format!("there is no service with the ID {id}")))
        }
        other => other,
    };
    at.refuse(error, BACK)
}

/// How long the secret before works beside a new one.
const OVERLAP: Span = Span::days(1);

pub(super) fn kind(client: &Client) -> &'static str {
    match (client.settings.profile, client.is_confidential()) {
        (SecurityProfile::Fapi2, _) => "FAPI 2.0",
        (SecurityProfile::Oidc, true) => "With a server",
        (SecurityProfile::Oidc, false) => "Browser or mobile app",
    }
}

pub(super) fn status(client: &Client) -> &'static str {
    if client.is_active() { "Active" } else { "Switched off" }
}

pub(super) async fn one(at: Console, Path(id): Path<String>) -> Response {
    let listed = match services::find(&at.web.kit, &at.actor, &id).await {
        Ok(listed) => listed,
        Err(error) => return refuse(&at, &id, error),
    };
    let client = &listed.client;
    let shown = RecordPage {
        frame: at.frame(paths::CONSOLE_SERVICES),
        title: client.name.clone(),
        facts: facts(&at, &listed),
        actions: actions(&at, client),
        tables: vec![Part { heading: "Recent refusals", table: refusals(&at, client).await }],
    };
    at.show(StatusCode::OK, &shown)
}

/// What was received from the service that could not be answered, and what is wrong with it.
async fn refusals(at: &Console, client: &Client) -> Table {
    let filter = Filter {
        client: Some(client.id.clone()),
        kind: Some(EventKind::RequestRefused),
        ..Filter::default()
    };
    let rows = audit::newest(at, &filter, 10).await;
    let rows = rows.iter().map(|listed| {
        let detail = listed.event.detail.clone().unwrap_or_default();
        let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let received = detail.get("received").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut lines: Vec<String> = received
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
            .collect();
        if lines.is_empty() {
            lines.push("No parameters that tell anything".to_owned());
        }
        let wrong = vec![format!("{}: {}", text("error"), text("said")), text("cause")];
        vec![
            Cell::time(Some(TimeText::date_at_clock_time(listed.event.at)), ""),
            Cell::code(text("endpoint")),
            Cell::Lines { lines },
            Cell::Lines { lines: wrong.into_iter().filter(|line| !line.is_empty()).collect() },
        ]
    });
    let columns = ["Time", "Where", "What was received", "What is wrong"];
    let empty = "No recent refusals.";
    Table::new("refusals", "Requests that were refused, the newest first", &columns, rows.collect(), empty)
}

fn facts(at: &Console, listed: &Listed) -> Vec<Fact> {
    let client = &listed.client;
    let settings: &ClientSettings = &client.settings;
    let lines = |lines: &[String]| match lines {
        [] => Cell::text("None"),
        lines => Cell::Lines { lines: lines.to_vec() },
    };
    let optional = |text: &Option<String>| Cell::text(text.clone().unwrap_or_else(|| "None".to_owned()));
    let yes = |fact: bool| Cell::text(if fact { "Yes" } else { "No" });
    vec![
        Fact::new("Client ID", Cell::code(client.id.as_str())),
        Fact::new("Discovery address", Cell::code(discovery(at))),
        Fact::new("Status", Cell::tag(status(client))),
        Fact::new("Type", Cell::text(kind(client))),
        Fact::new("How it proves its identity", Cell::code(settings.authentication.name())),
        Fact::new("Redirect addresses", lines(&settings.redirect_uris)),
        Fact::new("Addresses after logging out", lines(&settings.post_logout_redirect_uris)),
        Fact::new("Logout notification address", optional(&settings.backchannel_logout_uri)),
        Fact::new("Home page", optional(&settings.home_page)),
        Fact::new("Logo", service_logo::cell(settings)),
        Fact::new("Links at the foot of its login pages", lines(&settings.footer_links)),
        Fact::new("Safeguarding message", optional(&settings.safeguarding_notice)),
        Fact::new("Safeguarding page", optional(&settings.safeguarding_uri)),
        Fact::new("Exit page address", optional(&settings.exit_uri)),
        Fact::new("Asks people to share", yes(settings.asks_consent)),
        Fact::new("Run by", optional(&settings.organisation)),
        Fact::new(
            "Last used",
            Cell::time(listed.last_used_at.map(TimeText::date_at_clock_time), "Not in 90 days"),
        ),
        Fact::new("Added", Cell::time(Some(TimeText::date_at_clock_time(client.created_at)), "")),
        Fact::new("Changed", Cell::time(Some(TimeText::date_at_clock_time(client.updated_at)), "")),
    ]
}

pub(super) fn discovery(at: &Console) -> String {
    format!("{}{}", at.web.kit.config.issuer(), paths::OPENID_CONFIGURATION)
}

fn actions(at: &Console, client: &Client) -> Vec<Action> {
    let id = client.id.as_str();
    let action =
        |text: &str, pattern, is_main| Action { text: text.to_owned(), href: path(pattern, id), is_main };
    // The console is part of the provider: nobody changes it.
    let is_console = id == console::CLIENT;
    let may = |action| !is_console && permission::allows(&at.actor, action, Some(&client.id));
    let preview = action("See its login page", paths::CONSOLE_SERVICE_PREVIEW, false);
    let mut actions = Vec::new();
    if may(Permission::ChangeService) {
        actions.push(action("Change", paths::CONSOLE_SERVICE_EDIT, true));
    }
    actions.push(preview);
    if may(Permission::ChangeService) {
        actions.push(action("Check this service", paths::CONSOLE_SERVICE_CHECK, false));
        if client.settings.authentication.has_secret() {
            actions.push(action("Make a new secret", paths::CONSOLE_SERVICE_SECRET, false));
        }
        let text = if client.is_active() { "Switch off" } else { "Switch on" };
        actions.push(action(text, paths::CONSOLE_SERVICE_STATUS, false));
    }
    if may(Permission::RemoveService) {
        actions.push(action("Remove", paths::CONSOLE_SERVICE_REMOVE, false));
    }
    actions
}

/// The login page of a service, as people see it; its form leads nowhere.
pub(super) async fn preview(at: Console, Path(id): Path<String>) -> Response {
    match clients::find(&at.web.kit, &at.actor, &id).await {
        Ok(client) => {
            let chrome = at.web.front.chrome_for(Some(&client));
            page::page(&at.web, StatusCode::OK, &LoginPage::default(), &chrome)
        }
        Err(error) => refuse(&at, &id, error),
    }
}

/// The page that shows a secret: straight from the form that made it, and never again.
pub(super) fn show_secret(
    at: &Console,
    client: &Client,
    secret: Option<&Secret<kinds::Client>>,
    banner: &str,
) -> Response {
    let mut frame = at.frame(paths::CONSOLE_SERVICES);
    frame.banner = Some(banner.to_owned());
    let secret = secret.map(|secret| secret.reveal().to_owned());
    at.show(StatusCode::OK, &SecretPage { frame, secret, ..without_secret(at, client) })
}

/// The page that a form leads to that made a secret before, such as one that is loaded again.
pub(super) fn shown_before(at: &Console, client: &Client) -> Response {
    let again_url = client.settings.authentication.has_secret();
    let again_url = again_url.then(|| path(paths::CONSOLE_SERVICE_SECRET, client.id.as_str()));
    at.show(StatusCode::CONFLICT, &SecretPage { again_url, ..without_secret(at, client) })
}

fn without_secret(at: &Console, client: &Client) -> SecretPage {
    SecretPage {
        frame: at.frame(paths::CONSOLE_SERVICES),
        title: client.name.clone(),
        what: "client secret",
        word: "secret",
        secret: None,
        again_url: None,
        facts: vec![
            Fact::new("Client ID", Cell::code(client.id.as_str())),
            Fact::new("Discovery address", Cell::code(discovery(at))),
        ],
        next_url: path(paths::CONSOLE_SERVICE, client.id.as_str()),
        next: "Go to the service",
    }
}

/// The question whether somebody is sure.
struct Question {
    title: String,
    lead: Vec<String>,
    pattern: &'static str,
    button: String,
    is_warning: bool,
    fields: Vec<Field>,
}

async fn question(at: &Console, id: &str, ask: impl FnOnce(&Client) -> Question) -> Response {
    let client = match clients::find(&at.web.kit, &at.actor, id).await {
        Ok(client) => client,
        Err(error) => return refuse(at, id, error),
    };
    let asked = ask(&client);
    let by = (path(asked.pattern, client.id.as_str()), asked.button);
    let cancel = path(paths::CONSOLE_SERVICE, client.id.as_str());
    at.ask(FormPage {
        lead: asked.lead,
        fields: asked.fields,
        is_warning: asked.is_warning,
        ..FormPage::new(at.frame(paths::CONSOLE_SERVICES), asked.title, by, cancel)
    })
}

pub(super) async fn ask_secret(at: Console, Path(id): Path<String>) -> Response {
    let seen = match clients::secrets_in_use(&at.web.kit, &at.actor, &id).await {
        Ok(seen) => seen,
        Err(error) => return refuse(&at, &id, error),
    };
    question(&at, &id, |client| Question {
        title: format!("Make a new secret for {}?", client.name),
        lead: vec![
            "The new secret is shown once, on the next page.".to_owned(),
            "The old one works for one more day, so that the service can change over without a break."
                .to_owned(),
        ],
        pattern: paths::CONSOLE_SERVICE_SECRET,
        button: "Make a new secret".to_owned(),
        is_warning: false,
        fields: vec![Field::new("hidden", "seen", "").value(seen)],
    })
    .await
}

/// Makes a secret, unless one was made since the question was asked: a form that is sent twice makes one.
pub(super) async fn make_secret(Path(id): Path<String>, ConsoleForm { at, form }: ConsoleForm) -> Response {
    if at.must_ask_again() {
        return ask_secret(at, Path(id)).await;
    }
    if !at.is_fresh() {
        return at.log_in_again(&path(paths::CONSOLE_SERVICE_SECRET, &id));
    }
    let client = match clients::find(&at.web.kit, &at.actor, &id).await {
        Ok(client) => client,
        Err(error) => return refuse(&at, &id, error),
    };
    let rotation = Rotation { overlap: OVERLAP, seen: Some(form.field("seen")) };
    match clients::rotate_secret(&at.web.kit, &at.actor, &client, rotation).await {
        Ok(secret) => {
            show_secret(&at, &client, Some(&secret), "New secret made. The old one works for one more day.")
        }
        Err(Error::Refused(Refusal::Conflict(_))) => shown_before(&at, &client),
        Err(error) => refuse(&at, &id, error),
    }
}

pub(super) async fn ask_status(at: Console, Path(id): Path<String>) -> Response {
    question(&at, &id, |client| {
        let off = client.is_active();
        let lead = if off {
            "Nobody will be able to log in to it, and access it has already been given stops working. You can switch it on again."
        } else {
            "People can log in to it again."
        };
        Question {
            title: format!("Switch {} {}?", client.name, if off { "off" } else { "on" }),
            lead: vec![lead.to_owned()],
            pattern: paths::CONSOLE_SERVICE_STATUS,
            button: format!("Switch {} {}", if off { "off" } else { "on" }, client.name),
            is_warning: off,
            // What is wanted, and not the other of what there is: a form that is sent twice does it once.
            fields: vec![Field::new("hidden", "active", "").value(if off { "no" } else { "yes" })],
        }
    })
    .await
}

pub(super) async fn set_status(Path(id): Path<String>, ConsoleForm { at, form }: ConsoleForm) -> Response {
    if at.must_ask_again() {
        return ask_status(at, Path(id)).await;
    }
    if !at.is_fresh() {
        return at.log_in_again(&path(paths::CONSOLE_SERVICE_STATUS, &id));
    }
    let active = form.field("active") == "yes";
    let kit = &at.web.kit;
    let changed = async {
        let client = clients::find(kit, &at.actor, &id).await?;
        clients::set_active(kit, &at.actor, &client, active).await
    };
    match changed.await {
        Ok(_) => {
            let said = if active { "Switched on." } else { "Switched off." };
            at.done(&path(paths::CONSOLE_SERVICE, &id), said)
        }
        Err(error) => refuse(&at, &id, error),
    }
}

pub(super) async fn ask_remove(at: Console, Path(id): Path<String>) -> Response {
    question(&at, &id, |client| Question {
        title: format!("Remove {}?", client.name),
        lead: vec![
            "Its registration, its secrets and everything that people granted it are removed permanently."
                .to_owned(),
            "To stop it for a while, switch it off instead.".to_owned(),
        ],
        pattern: paths::CONSOLE_SERVICE_REMOVE,
        button: format!("Remove {} permanently", client.name),
        is_warning: true,
        fields: Vec::new(),
    })
    .await
}

pub(super) async fn remove(Path(id): Path<String>, ConsoleForm { at, .. }: ConsoleForm) -> Response {
    if at.must_ask_again() {
        return ask_remove(at, Path(id)).await;
    }
    if !at.is_fresh() {
        return at.log_in_again(&path(paths::CONSOLE_SERVICE_REMOVE, &id));
    }
    let removed = async {
        let client = clients::find(&at.web.kit, &at.actor, &id).await?;
        clients::remove(&at.web.kit, &at.actor, &client).await
    };
    match removed.await {
        Ok(()) => at.done(paths::CONSOLE_SERVICES, "Service removed."),
        Err(error) => refuse(&at, &id, error),
    }
}
