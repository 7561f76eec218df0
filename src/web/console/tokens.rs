//! Tokens with which services register themselves.

use axum::http::StatusCode;
use axum::response::Response;

use super::{Console, ConsoleForm, Frame, cursor, neighbours};
use crate::admin::registration::{self, Given};
use crate::admin::{Refusal, people};
use crate::base::{Error, Span, Timestamp, base64url, paths};
use crate::config::OpenTo;
use crate::store::registration_tokens::InitialToken;
use crate::view::pages::console::{
    Action, Cell, ConsoleForm as FormPage, Fact, Field, ListPage, SecretPage, Table,
};
use crate::view::{FieldError, TimeText};
use crate::web::extract::{Query, Unwanted};

const BACK: (&str, &str) = (paths::CONSOLE_TOKENS, "Go to the registration tokens");
/// How long a token may work, in hours and in words.
const LIVES: [(&str, &str); 3] = [("24", "1 day"), ("168", "7 days"), ("720", "30 days")];

pub(super) async fn list(at: Console, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    let page = match registration::given(&at.web.kit, &at.actor, cursor(&params), people::ROWS).await {
        Ok(page) => page,
        Err(error) => return at.refuse(error, (paths::CONSOLE_SERVICES, "Go to the services")),
    };
    let (previous, next) = neighbours(paths::CONSOLE_TOKENS, &params, page.next.as_deref());
    let columns = ["Made", "Works until"];
    let rows = page.rows.iter().map(row).collect();
    let shown = ListPage {
        frame: at.frame(paths::CONSOLE_SERVICES),
        title: "Registration tokens".to_owned(),
        lead: Some(lead(at.web.kit.config.registration.open_to).to_owned()),
        actions: vec![Action {
            text: "Make a token".to_owned(),
            href: paths::CONSOLE_TOKEN_NEW.to_owned(),
            is_main: true,
        }],
        search: None,
        table: Table::new("tokens", "Tokens that work", &columns, rows, "There are no tokens that work."),
        previous,
        next,
    };
    at.show(StatusCode::OK, &shown)
}

const fn lead(open_to: OpenTo) -> &'static str {
    match open_to {
        OpenTo::Invited => "A service that has one of these tokens can register itself.",
        OpenTo::Anybody => "Every service can register itself at the moment, with a token or without one.",
        OpenTo::Nobody => {
            "No service can register itself at the moment, even with a token: the setting registration.open_to does not let it."
        }
    }
}

fn moment(at: Timestamp) -> Cell {
    Cell::time(Some(TimeText::date_at_clock_time(at)), "")
}

fn row(token: &InitialToken) -> Vec<Cell> {
    vec![
        moment(token.created_at),
        Cell::Button {
            time: TimeText::date_at_clock_time(token.expires_at),
            action: paths::CONSOLE_TOKENS.to_owned(),
            name: "withdraw",
            value: token.digest.as_str().to_owned(),
            text: "Withdraw",
            unseen: format!("the token made {}", TimeText::date_at_clock_time(token.created_at).text),
        },
    ]
}

pub(super) async fn withdraw(ConsoleForm { at, form }: ConsoleForm) -> Response {
    if !at.is_fresh() {
        return at.log_in_again(paths::CONSOLE_TOKENS);
    }
    match registration::withdraw(&at.web.kit, &at.actor, form.field("withdraw")).await {
        Ok(true) => at.done(paths::CONSOLE_TOKENS, "The token no longer works."),
        Ok(false) => at.done(paths::CONSOLE_TOKENS, "The token did not work any more."),
        Err(error) => at.refuse(error, BACK),
    }
}

pub(super) async fn get_new(at: Console) -> Response {
    show_new(&at, "24", Vec::new())
}

fn show_new(at: &Console, hours: &str, errors: Vec<FieldError>) -> Response {
    let mut form = [0; 16];
    at.web.kit.random.fill(&mut form);
    let by = (paths::CONSOLE_TOKEN_NEW.to_owned(), "Make a token");
    let frame = Frame { errors, ..at.frame(paths::CONSOLE_SERVICES) };
    at.ask(FormPage {
        lead: vec!["Whoever has the token can register services with it until it ends. It is shown once, on the next page.".to_owned()],
        fields: vec![
            Field::new("hidden", "form", "").value(base64url(form)),
            Field::new("radios", "hours", "How long it works").value(hours).one_of(LIVES),
        ],
        ..FormPage::new(frame, "Make a registration token", by, paths::CONSOLE_TOKENS)
    })
}

/// Makes a token: a form that is sent twice makes one.
pub(super) async fn post_new(ConsoleForm { at, form }: ConsoleForm) -> Response {
    let hours = form.field("hours");
    if at.must_ask_again() {
        return show_new(&at, hours, Vec::new());
    }
    if !at.is_fresh() {
        return at.log_in_again(paths::CONSOLE_TOKEN_NEW);
    }
    let Some(life) =
        LIVES.iter().find(|(known, _)| *known == hours).and_then(|(known, _)| known.parse().ok())
    else {
        return show_new(&at, hours, vec![FieldError::new("hours", "Select how long it works")]);
    };
    let given =
        registration::invite_once(&at.web.kit, &at.actor, Span::hours(life), form.field("form")).await;
    match given {
        Ok(Given { secret, expires_at }) => {
            let mut frame = at.frame(paths::CONSOLE_SERVICES);
            frame.banner = Some("Token made.".to_owned());
            let secret = Some(secret.reveal().to_owned());
            let facts = vec![Fact::new("Works until", moment(expires_at))];
            at.show(StatusCode::OK, &SecretPage { frame, secret, facts, ..without_secret(&at) })
        }
        Err(Error::Refused(Refusal::Conflict(_))) => {
            let again_url = Some(paths::CONSOLE_TOKEN_NEW.to_owned());
            at.show(StatusCode::CONFLICT, &SecretPage { again_url, ..without_secret(&at) })
        }
        Err(error) => at.refuse(error, BACK),
    }
}

fn without_secret(at: &Console) -> SecretPage {
    SecretPage {
        frame: at.frame(paths::CONSOLE_SERVICES),
        title: "Registration token".to_owned(),
        what: "registration token",
        word: "token",
        secret: None,
        again_url: None,
        facts: Vec::new(),
        next_url: paths::CONSOLE_TOKENS.to_owned(),
        next: "Go to the registration tokens",
    }
}
