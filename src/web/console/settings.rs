//! The settings that can be changed while the provider runs: all of them, and a form for each section.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Console, ConsoleForm, field_errors, path};
use crate::admin::settings::{self, Listed, Seen, Wishes};
use crate::admin::{Flaw, Refusal};
use crate::base::{Error, Timestamp, paths};
use crate::config::{SECTIONS, Setting, Shape};
use crate::oidc::params::Params;
use crate::policy::permission::Action as Permission;
use crate::view::FieldError;
use crate::view::pages::LoginPage;
use crate::view::pages::console::{
    Action, Cell, ConsoleForm as FormPage, Fact, Field, Frame, Part, RecordPage, Table,
};
use crate::web::respond::page;

const BACK: (&str, &str) = (paths::CONSOLE_SETTINGS, "Go to the settings");
/// Before the name of a setting that is to go back to what is configured.
const RESET: &str = "reset-";

/// A section's heading, what stands over its table, and the way to its form.
const TITLES: [(&str, &str, &str); 4] = [
    ("Names and colours", "On every page and in every email", "Change names and colours"),
    ("Logging in", "Codes, passwords and pages", "Change logging in"),
    ("Staying logged in", "Sessions and browsers", "Change staying logged in"),
    ("How long things are kept", "In days, where 0 means never", "Change how long things are kept"),
];

/// What each setting is called here. The hint is that of the reference where none stands here.
const LABELS: &[(&str, &str, Option<&str>)] = &[
    ("brand.council", "Name of the council", Some("At most 64 characters")),
    ("brand.service", "Name of the login service", None),
    (
        "brand.home_url",
        "Home page",
        Some("Where the logo and the name lead, for example https://www.example.gov.uk/"),
    ),
    ("brand.phone", "Telephone number of the support line", Some("")),
    ("brand.opening_hours", "When the support line is open", Some("It follows the words “The line is open”")),
    (
        "brand.safeguarding_url",
        "Safeguarding page",
        Some("For anybody worried about a child or young person"),
    ),
    (
        "brand.brand",
        "Colour of the heading",
        Some("For example #173f4e. Colours that are hard to read are refused"),
    ),
    ("brand.on_brand", "Colour of words on the heading", Some("")),
    ("brand.action", "Colour of buttons", Some("")),
    ("brand.on_action", "Colour of words on buttons", Some("")),
    (
        "brand.footer_links",
        "Links at the foot of every page",
        Some(
            "One on each line, at most 5: the words, a space and the address, \
             for example About us https://www.example.gov.uk/about",
        ),
    ),
    ("login.code_minutes", "Minutes that an emailed code works", None),
    ("login.code_resend_seconds", "Seconds before another code", None),
    ("login.password_min_length", "Length of new passwords", None),
    ("login.flow_minutes", "Minutes to log in", None),
    ("login.welcome_page", "Welcome page", None),
    ("session.idle_minutes", "Minutes without use", None),
    ("session.hours", "Hours logged in", None),
    ("session.device_days", "Days that a browser is remembered", None),
    ("session.logged_out_page", "Logged out page", None),
    ("retention.flow_days", "Journeys", None),
    ("retention.session_days", "Sessions", None),
    ("retention.event_days", "Audit log", None),
    ("retention.letter_days", "Emails", None),
    ("retention.throttle_days", "Failed attempts", None),
    ("retention.dormant_days", "People who do not log in", None),
    ("retention.deactivated_days", "People who are deactivated", None),
];

fn label(setting: &'static Setting) -> &'static str {
    let known = LABELS.iter().find(|(name, ..)| *name == setting.name());
    known.map_or(setting.name(), |(_, label, _)| label)
}

fn hint(setting: &'static Setting) -> Option<String> {
    let own = LABELS.iter().find(|(name, ..)| *name == setting.name()).and_then(|(.., hint)| *hint);
    let hint = own.map_or_else(|| setting.about().trim_end_matches('.').to_owned(), str::to_owned);
    Some(hint).filter(|hint| !hint.is_empty())
}

/// A value as people read it, in lines.
fn said(value: &Value) -> Vec<String> {
    match value {
        Value::Null => vec!["Not set".to_owned()],
        Value::Bool(yes) => vec![if *yes { "Yes" } else { "No" }.to_owned()],
        Value::String(text) => vec![text.clone()],
        Value::Array(links) if links.is_empty() => vec!["None".to_owned()],
        Value::Array(links) => links.iter().map(link).collect(),
        other => vec![other.to_string()],
    }
}

fn link(link: &Value) -> String {
    let part = |name: &str| link.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}", part("text"), part("href"))
}

/// A value as it is typed.
fn typed(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(links) => links.iter().map(link).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

pub(super) async fn all(at: Console) -> Response {
    let seen = match settings::list(&at.web.kit, &at.actor).await {
        Ok(seen) => seen,
        Err(error) => return at.refuse(error, (paths::CONSOLE, "Go to the dashboard")),
    };
    let changed = seen.settings.iter().filter(|listed| listed.is_changed).count();
    let mut facts = vec![Fact::new("Changed", Cell::text(format!("{changed} of {}", seen.settings.len())))];
    if !seen.misfits.is_empty() {
        let lines = seen.misfits.iter().map(ToString::to_string).collect();
        facts.push(Fact::new("Set and not in use", Cell::Lines { lines }));
    }
    let tables = SECTIONS.into_iter().zip(TITLES).map(|(section, (heading, caption, _))| {
        let own = seen.settings.iter().filter(|listed| listed.setting.section() == section);
        let columns = ["Setting", "Value", "In the configuration"];
        Part { heading, table: Table::new(section, caption, &columns, own.map(row).collect(), "None.") }
    });
    let shown = RecordPage {
        frame: at.frame(paths::CONSOLE_SETTINGS),
        title: "Settings".to_owned(),
        facts,
        actions: actions(&at),
        tables: tables.collect(),
    };
    at.show(StatusCode::OK, &shown)
}

fn row(listed: &Listed) -> Vec<Cell> {
    let configured = if listed.is_changed { said(&listed.configured) } else { vec!["The same".to_owned()] };
    vec![
        Cell::text(label(listed.setting)),
        Cell::Lines { lines: said(&listed.value) },
        Cell::Lines { lines: configured },
    ]
}

fn actions(at: &Console) -> Vec<Action> {
    let mut actions = Vec::new();
    if at.may(Permission::ChangeSettings) {
        actions.extend(SECTIONS.into_iter().zip(TITLES).map(|(section, (.., text))| Action {
            text: text.to_owned(),
            href: path(paths::CONSOLE_SETTINGS_EDIT, section),
            is_main: section == "brand",
        }));
    }
    let href = paths::CONSOLE_SETTINGS_PREVIEW.to_owned();
    actions.push(Action { text: "See the login page".to_owned(), href, is_main: false });
    actions
}

/// The login page of no service in particular, as people see it; its form leads nowhere.
pub(super) async fn preview(at: Console) -> Response {
    page::page(&at.web, StatusCode::OK, &LoginPage::default(), &at.web.front.chrome())
}

/// The settings of one section, as they were at one moment.
struct Section {
    name: &'static str,
    title: &'static str,
    settings: Vec<Listed>,
    version: Timestamp,
}

async fn section(at: &Console, name: &str) -> Result<Section, Error<Refusal>> {
    let Seen { mut settings, version, .. } = settings::list(&at.web.kit, &at.actor).await?;
    let known = SECTIONS.into_iter().zip(TITLES).find(|(section, _)| *section == name);
    let Some((name, (.., title))) = known else {
        return Err(Error::Refused(Refusal::Unknown("there are no such settings".to_owned())));
    };
    settings.retain(|listed| listed.setting.section() == name);
    Ok(Section { name, title, settings, version })
}

impl Section {
    /// As the form shows it.
    fn written(&self) -> Params {
        let settings =
            self.settings.iter().map(|listed| (listed.setting.key().to_owned(), typed(&listed.value)));
        settings.chain([("version".to_owned(), self.version.millis().to_string())]).collect()
    }

    fn fields(&self, typed: &Params) -> Vec<Field> {
        let mut fields = vec![Field::new("hidden", "version", "").value(typed.field("version"))];
        fields.extend(self.settings.iter().map(|Listed { setting, .. }| {
            let kind = match setting.shape() {
                Shape::Switch => "radios",
                Shape::List => "area",
                Shape::Text | Shape::Number => "text",
            };
            let field = Field { hint: hint(setting), ..Field::new(kind, setting.key(), label(setting)) };
            let field = field.value(typed.field(setting.key()));
            if kind == "radios" { field.one_of([("yes", "Yes"), ("no", "No")]) } else { field }
        }));
        let changed = self.settings.iter().filter(|listed| listed.is_changed).map(|listed| {
            let name = format!("{RESET}{}", listed.setting.key());
            let text = format!("{}: {}", label(listed.setting), said(&listed.configured).join(", "));
            let is_chosen = typed.has(&name);
            (name, text, is_chosen)
        });
        let changed: Vec<_> = changed.collect();
        if !changed.is_empty() {
            let back = Field::new("checks", "reset", "Go back to what is configured").any_of(changed);
            fields.push(back.hint("For what you choose here, the configuration of the server counts again"));
        }
        fields
    }

    /// What the form wishes. A field that is left empty goes back to what is configured where it can be.
    fn wishes(&self, form: &Params) -> Wishes {
        let mut wishes = Wishes::new();
        for Listed { setting, .. } in &self.settings {
            let text = form.field(setting.key()).trim();
            let wish = match setting.shape() {
                _ if form.has(&format!("{RESET}{}", setting.key())) => None,
                _ if !form.has(setting.key()) => continue,
                Shape::Switch => Some(json!(text == "yes")),
                Shape::List => Some(links(text)),
                Shape::Text if text.is_empty() && setting.is_optional() => None,
                Shape::Text | Shape::Number => Some(setting.read(text)),
            };
            wishes.insert(setting.name().to_owned(), wish);
        }
        wishes
    }
}

fn links(lines: &str) -> Value {
    let link = |line: &str| {
        let (text, href) = line.rsplit_once(char::is_whitespace).unwrap_or((line, ""));
        json!({ "text": text.trim_end(), "href": href })
    };
    lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(link).collect()
}

fn shown(at: &Console, section: &Section, typed: &Params, errors: Vec<FieldError>) -> Response {
    let frame = Frame { errors, ..at.frame(paths::CONSOLE_SETTINGS) };
    let by = (path(paths::CONSOLE_SETTINGS_EDIT, section.name), "Save changes");
    let log_in_url = (!at.is_fresh()).then(|| at.fresh_url(paths::CONSOLE));
    at.ask(FormPage {
        fields: section.fields(typed),
        log_in_url,
        ..FormPage::new(frame, section.title, by, paths::CONSOLE_SETTINGS)
    })
}

/// A flaw in the words of the form.
fn in_its_words(flaw: &Flaw) -> Flaw {
    let Ok(setting) = Setting::find(flaw.field) else { return flaw.clone() };
    let why = flaw.say.strip_prefix(setting.name()).unwrap_or(&flaw.say).trim_start();
    let why = why.replace(", without quotes", "").replace(", in quotes", "");
    let why = why.split_once("; it must be ").map_or(why.clone(), |(_, bounds)| format!("must be {bounds}"));
    Flaw::of(setting.key(), format!("{} {why}", label(setting)))
}

pub(super) async fn get_edit(at: Console, Path(name): Path<String>) -> Response {
    match section(&at, &name).await {
        Ok(section) => shown(&at, &section, &section.written(), Vec::new()),
        Err(error) => at.refuse(error, BACK),
    }
}

pub(super) async fn post_edit(Path(name): Path<String>, ConsoleForm { at, form }: ConsoleForm) -> Response {
    let section = match section(&at, &name).await {
        Ok(section) => section,
        Err(error) => return at.refuse(error, BACK),
    };
    if !at.is_fresh() || !at.reason_is_fit() {
        return shown(&at, &section, &form, Vec::new());
    }
    // What somebody else has saved since this form was served is not written over.
    let seen = form.field("version").parse().map_or(section.version, Timestamp::from_millis);
    match settings::change(&at.web.kit, &at.actor, &section.wishes(&form), Some(seen)).await {
        Ok(_) => at.done(paths::CONSOLE_SETTINGS, "Changes saved."),
        Err(Error::Refused(Refusal::Unfit(flaws))) => {
            let flaws: Vec<Flaw> = flaws.iter().map(in_its_words).collect();
            shown(&at, &section, &form, field_errors(&flaws))
        }
        Err(error) => at.refuse(error, BACK),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_label_here() {
        for setting in Setting::every() {
            assert_ne!(label(setting), setting.name());
            assert!(SECTIONS.contains(&setting.section()));
        }
        assert_eq!(LABELS.len(), Setting::every().len());
    }
}
