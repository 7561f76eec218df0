//! The console: the pages on which administrators look after services and people.
//!
//! Each handler asks one use case of `admin`, which checks the permission and records what was done, and fills one of
//! the shapes of `view::pages::console`. A change needs a log-in of the last 15 minutes, and a form that this console
//! served to the same session.
//!
//! Every form that is shown by [`Console::ask`] takes a reason ([`reason`]); whoever handles one asks
//! [`Console::reason_is_fit`] or [`Console::must_ask_again`] before anything is done.
//!
//! **To add a page:** its path in `base::paths`, a handler here, its line in [`routes`] and in [`border`], and in
//! [`MENU`] where people are to find it by themselves.

mod administrators;
mod audit;
mod border;
mod choice;
mod dashboard;
mod door;
mod import;
mod keys;
mod mail;
mod people;
mod person;
mod person_deeds;
mod reason;
mod reviews;
mod service_check;
mod service_form;
mod service_list;
mod service_logo;
mod services;
mod sessions;
mod settings;
mod tokens;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

#[cfg(test)]
pub(crate) use self::border::BORDERS;
use self::door::{Console, ConsoleForm};
use self::upload::ConsoleUpload;
use crate::admin::{Flaw, Refusal};
use crate::base::{Error, Fault, paths};
use crate::oidc::params::Params;
use crate::policy::permission::{Action, Reach, reaches};
use crate::view::pages::console::{ConsoleForm as FormPage, ConsoleRefusedPage, Frame, MenuItem};
use crate::view::{Chrome, FieldError};
use crate::web::Web;
use crate::web::respond::{page, problem};
use crate::web::said;

/// The pages that stand in the menu, and what one must be allowed to see them.
const MENU: &[(&str, &str, Action)] = &[
    ("Dashboard", paths::CONSOLE, Action::SeeStatus),
    ("Services", paths::CONSOLE_SERVICES, Action::SeeServices),
    ("People", paths::CONSOLE_PEOPLE, Action::SeePeople),
    ("Reviews", paths::CONSOLE_REVIEWS, Action::SeePeople),
    ("Sessions", paths::CONSOLE_SESSIONS, Action::SeeSessions),
    ("Audit log", paths::CONSOLE_AUDIT, Action::SeeEvents),
    ("Keys", paths::CONSOLE_KEYS, Action::SeeKeys),
    ("Email", paths::CONSOLE_MAIL, Action::SeeMail),
    ("Administrators", paths::CONSOLE_ADMINISTRATORS, Action::SeeAdministrators),
    ("Settings", paths::CONSOLE_SETTINGS, Action::SeeSettings),
];

/// Who sends too large a logo is told so, and what they typed is shown to them again.
const WITH_LOGO: DefaultBodyLimit = DefaultBodyLimit::max(1024 * 1024);

/// Every route of the console.
pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route(paths::CONSOLE_LOGIN, get(door::log_in))
        .route(paths::CONSOLE_CALLBACK, get(door::callback))
        .route(paths::CONSOLE, get(dashboard::get))
        .route(paths::CONSOLE_SERVICES, get(service_list::list))
        .route(
            paths::CONSOLE_SERVICE_NEW,
            get(service_form::get_new).post(service_form::post_new).layer(WITH_LOGO),
        )
        .route(paths::CONSOLE_SERVICE, get(services::one))
        .route(
            paths::CONSOLE_SERVICE_EDIT,
            get(service_form::get_edit).post(service_form::post_edit).layer(WITH_LOGO),
        )
        .route(paths::CONSOLE_SERVICE_SECRET, get(services::ask_secret).post(services::make_secret))
        .route(paths::CONSOLE_SERVICE_STATUS, get(services::ask_status).post(services::set_status))
        .route(paths::CONSOLE_SERVICE_REMOVE, get(services::ask_remove).post(services::remove))
        .route(paths::CONSOLE_SERVICE_CHECK, get(service_check::ask).post(service_check::check))
        .route(paths::CONSOLE_TOKENS, get(tokens::list).post(tokens::withdraw))
        .route(paths::CONSOLE_TOKEN_NEW, get(tokens::get_new).post(tokens::post_new))
        .route(paths::CONSOLE_SERVICE_PREVIEW, get(services::preview))
        .route(paths::CONSOLE_PEOPLE, get(people::list))
        .route(paths::CONSOLE_INVITE, get(people::get_invite).post(people::post_invite))
        .route(paths::CONSOLE_IMPORT_EXAMPLE, get(import::example))
        .route(
            paths::CONSOLE_IMPORT,
            get(import::get).post(import::post).layer(DefaultBodyLimit::max(import::LARGEST_BODY)),
        )
        .route(paths::CONSOLE_IMPORT_SEND, post(import::send))
        .route(paths::CONSOLE_PERSON, get(person::get))
        .route(paths::CONSOLE_PERSON_EDIT, get(person::get_edit).post(person::post_edit))
        .route(paths::CONSOLE_PERSON_ROLE, get(administrators::get_role).post(administrators::post_role))
        .route(paths::CONSOLE_PERSON_EXPORT, post(person_deeds::export))
        .route(paths::CONSOLE_PERSON_DEED, get(person_deeds::ask).post(person_deeds::perform))
        .route(paths::CONSOLE_REVIEWS, get(reviews::list))
        .route(paths::CONSOLE_REVIEW_NEW, get(reviews::get_new).post(reviews::post_new))
        .route(paths::CONSOLE_REVIEW, get(reviews::one))
        .route(paths::CONSOLE_REVIEW_WITHDRAW, get(reviews::ask_withdraw).post(reviews::withdraw))
        .route(paths::CONSOLE_SESSIONS, get(sessions::list).post(sessions::end))
        .route(paths::CONSOLE_AUDIT, get(audit::list))
        .route(paths::CONSOLE_AUDIT_FILE, get(audit::file))
        .route(paths::CONSOLE_KEYS, get(keys::list))
        .route(paths::CONSOLE_KEYS_CHANGE, get(keys::ask).post(keys::change))
        .route(paths::CONSOLE_SETTINGS, get(settings::all))
        .route(paths::CONSOLE_SETTINGS_EDIT, get(settings::get_edit).post(settings::post_edit))
        .route(paths::CONSOLE_SETTINGS_PREVIEW, get(settings::preview))
        .route(paths::CONSOLE_MAIL, get(mail::list))
        .route(paths::CONSOLE_ADMINISTRATORS, get(administrators::list))
}

impl Console {
    /// What stands around the content of a page that belongs to an item of the menu.
    fn frame(&self, here: &str) -> Frame {
        let may = |action| reaches(&self.actor, action) != Reach::No;
        let menu = MENU.iter().filter(|(_, _, action)| may(*action)).map(|(text, href, _)| MenuItem {
            text,
            href,
            is_here: *href == here,
        });
        Frame {
            menu: menu.collect(),
            who: format!("{}, {}", self.user.name, self.role.shown()),
            token: self.token(),
            errors: Vec::new(),
            banner: self.said.clone(),
        }
    }

    /// Sends somebody on to a page, which says what was done.
    fn done(&self, page: &str, said: &str) -> Response {
        said::and_say(&self.web, &self.session_id, page, said)
    }

    fn may(&self, action: Action) -> bool {
        reaches(&self.actor, action) != Reach::No
    }

    fn show<P: crate::view::Page>(&self, status: StatusCode, shown: &P) -> Response {
        let shown = page::page(&self.web, status, shown, &chrome(&self.web));
        said::once(&self.web, self.said.as_ref(), shown)
    }

    /// A form with the field for the reason, and with what is wrong with it in the order of its fields.
    fn ask(&self, form: FormPage) -> Response {
        self.ask_to_look(self.with_reason(form))
    }

    /// A form whose button changes nothing, so that there is no reason to give.
    fn ask_to_look(&self, form: FormPage) -> Response {
        let is_good = form.frame.errors.is_empty();
        let status = if is_good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        self.show(status, &form.in_order())
    }

    /// The page for something that was refused as a whole.
    fn refuse(&self, error: Error<Refusal>, (back, back_text): (&str, &str)) -> Response {
        let refusal = match error {
            Error::Refused(refusal) => refusal,
            Error::Fault(fault) => return problem::broken(fault),
        };
        let (status, title) = match &refusal {
            Refusal::Forbidden => (StatusCode::FORBIDDEN, "You cannot do this"),
            Refusal::Unknown(_) => (StatusCode::NOT_FOUND, "Not found"),
            Refusal::Conflict(_) => (StatusCode::CONFLICT, "This could not be done"),
            Refusal::Unfit(_) => (StatusCode::UNPROCESSABLE_ENTITY, "This could not be done"),
            Refusal::Busy => (StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment"),
        };
        let say = match &refusal {
            Refusal::Forbidden => "Your role does not allow it. Ask an owner if you need to.".to_owned(),
            other => sentence(&other.to_string()),
        };
        let shown = ConsoleRefusedPage {
            frame: self.frame(back),
            title: title.to_owned(),
            say,
            back: back.to_owned(),
            back_text: back_text.to_owned(),
        };
        self.show(status, &shown)
    }
}

/// These pages belong to no service.
pub(super) fn chrome(web: &Web) -> Chrome {
    Chrome { service: "Administration".to_owned(), ..web.front.chrome() }
}

/// With a capital and a full stop: for words of our own, not for what somebody typed.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// What is wrong with each field.
fn field_errors(flaws: &[Flaw]) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = Vec::new();
    for flaw in flaws {
        // A field says one thing at a time.
        if flaw.field.is_empty() || !errors.iter().any(|error| error.field == flaw.field) {
            errors.push(FieldError::new(flaw.field, flaw.say.clone()));
        }
    }
    errors
}

/// A path of the console with the identifiers that belong in it.
fn path(pattern: &str, id: &str) -> String {
    pattern.replace("{id}", id)
}

/// An address with parameters.
fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    let params: Params = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let query = params.to_query();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The addresses of the pages before and after one, where `trail` names the pages that led to it.
fn neighbours(path: &str, params: &Params, next: Option<&str>) -> (Option<String>, Option<String>) {
    let trail = params.get("after").unwrap_or_default();
    let kept = params.without(&["after"]);
    let with = |trail: &str| {
        let params = if trail.is_empty() { kept.clone() } else { kept.clone().with("after", trail) };
        let query = params.to_query();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    };
    let previous = (!trail.is_empty()).then(|| with(trail.rsplit_once('~').map_or("", |(before, _)| before)));
    let next = next.map(|next| {
        // The way back is twenty pages long: an address has an end.
        let kept: Vec<&str> = trail.split('~').filter(|part| !part.is_empty()).collect();
        let from = kept.len().saturating_sub(19);
        let mut parts: Vec<&str> = kept.into_iter().skip(from).collect();
        parts.push(next);
        with(&parts.join("~"))
    });
    (previous, next)
}

/// The cursor of the page that is asked for.
fn cursor(params: &Params) -> Option<&str> {
    params.get("after").map(|trail| trail.rsplit('~').next().unwrap_or(trail))
}

type Answer = Result<Response, Fault>;
