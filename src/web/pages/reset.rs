//! The forgotten password (P04, P05, P06).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use crate::accounts::emailed_code::{self, CodeEntry, Resent};
use crate::accounts::flow::{self, NewFlow};
use crate::accounts::new_password::Refusal;
use crate::accounts::reset::{self, AskStep, CodeStep, PasswordStep};
use crate::base::{Fault, paths};
use crate::model::{Email, FlowStage, Purpose, User};
use crate::oidc::params::Params;
use crate::policy::{self, password::Problem};
use crate::view::pages::{NewPasswordPage, ResetCodePage, ResetEmailPage, ResetPasswordPage};
use crate::view::{FieldError, TimeText, messages};
use crate::web::Web;
use crate::web::extract::{AtFlow, FlowForm};
use crate::web::pages::{code_error, email_error, login, trouble};
use crate::web::respond::{page, problem, redirect};

const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Step 1. Without a journey, begins one that leads to no service in particular.
pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    parts: Parts,
    at: Result<AtFlow, Response>,
) -> Response {
    if !login::names_a_flow(parts.uri.query()) {
        return login::begin(&web, NewFlow::default(), &parts, paths::RESET).await;
    }
    match at {
        Ok(at) => {
            let email = at.journey.flow.email.clone().unwrap_or_default();
            show_email(&at, StatusCode::OK, email, Vec::new())
        }
        Err(response) => response,
    }
}

fn show_email(at: &AtFlow, status: StatusCode, email: String, errors: Vec<FieldError>) -> Response {
    let shown = ResetEmailPage { flow: at.id().to_string(), token: at.token(), errors, banner: None, email };
    page::page(&at.web, status, &shown, &at.chrome())
}

pub(in crate::web) async fn post(FlowForm { at, form }: FlowForm) -> Response {
    ask(&at, &form).await.unwrap_or_else(problem::broken)
}

async fn ask(at: &AtFlow, form: &Params) -> Result<Response, Fault> {
    let typed = form.field("email").trim();
    let email = match Email::parse(typed) {
        Ok(email) => email,
        Err(error) => {
            let errors = vec![FieldError::new("email", email_error(error))];
            return Ok(show_email(at, WRONG, typed.to_owned(), errors));
        }
    };
    Ok(match reset::ask(&at.web.kit, &at.journey, &email, &at.visit).await? {
        AskStep::Asked => redirect::to_flow(paths::RESET_CODE, at.id()),
        AskStep::TooMany { until } => trouble::too_many_new_codes(at, paths::RESET_CODE, until),
        AskStep::Closed => trouble::over(at),
    })
}

/// Step 2.
pub(in crate::web) async fn get_code(at: AtFlow) -> Response {
    look(&at).await.unwrap_or_else(problem::broken)
}

async fn look(at: &AtFlow) -> Result<Response, Fault> {
    let flow = &at.journey.flow;
    let said = ResetSaid { banner: flow.banner.clone(), ..ResetSaid::default() };
    let response = show_code(at, StatusCode::OK, said).await?;
    flow::forget_banner(&at.web.kit, flow).await?;
    Ok(response)
}

#[derive(Default)]
struct ResetSaid {
    banner: Option<String>,
    error: Option<FieldError>,
    keep: String,
}

async fn show_code(at: &AtFlow, status: StatusCode, said: ResetSaid) -> Result<Response, Fault> {
    let Some((_, expires)) = emailed_code::times(&at.web.kit, &at.journey, Purpose::Reset).await? else {
        return Ok(redirect::to_flow(paths::RESET, at.id()));
    };
    let shown = ResetCodePage {
        flow: at.id().to_string(),
        token: at.token(),
        errors: said.error.into_iter().collect(),
        banner: said.banner,
        email: at.journey.flow.email.clone().unwrap_or_default(),
        code: said.keep.chars().take(100).collect(),
        expires: TimeText::when(expires, at.web.kit.now()),
    };
    Ok(page::page(&at.web, status, &shown, &at.chrome()))
}

pub(in crate::web) async fn post_code(FlowForm { at, form }: FlowForm) -> Response {
    submit_code(&at, &form).await.unwrap_or_else(problem::broken)
}

async fn submit_code(at: &AtFlow, form: &Params) -> Result<Response, Fault> {
    let typed = form.field("code").to_owned();
    let entry = policy::emailed_code::read(&typed);
    let CodeEntry::Code(code) = &entry else {
        let said = ResetSaid { error: code_error(&entry), keep: typed, banner: None };
        return show_code(at, WRONG, said).await;
    };
    match reset::check_code(&at.web.kit, &at.journey, code, &at.visit).await? {
        CodeStep::Right { binding } => {
            let style = at.web.front.cookies;
            let life = Some(at.web.kit.settings().login.flow);
            let cookie = style.give(&style.flow_name(at.id()), &binding, life);
            Ok(redirect::with_cookie(redirect::to_flow(paths::RESET_PASSWORD, at.id()), cookie))
        }
        CodeStep::Wrong => {
            let error = Some(FieldError::new("code", messages::CODE_WRONG));
            show_code(at, WRONG, ResetSaid { error, keep: typed, banner: None }).await
        }
        CodeStep::ExpiredAndResent => {
            let error = Some(FieldError::new("code", messages::CODE_EXPIRED));
            show_code(at, WRONG, ResetSaid { error, ..ResetSaid::default() }).await
        }
        CodeStep::UsedUp => Ok(trouble::too_many_codes(at, paths::RESET)),
        CodeStep::Closed => Ok(redirect::to_flow(paths::RESET_PASSWORD, at.id())),
    }
}

pub(in crate::web) async fn new_code(FlowForm { at, .. }: FlowForm) -> Response {
    resend(&at).await.unwrap_or_else(problem::broken)
}

async fn resend(at: &AtFlow) -> Result<Response, Fault> {
    let banner = match emailed_code::send_again(&at.web.kit, &at.journey, Purpose::Reset, &at.visit).await? {
        Resent::Sent => messages::NEW_CODE_SENT,
        Resent::JustSent => messages::CODE_SENT_JUST_NOW,
        Resent::TooMany { until } => return Ok(trouble::too_many_new_codes(at, paths::RESET_CODE, until)),
        Resent::Closed => return Ok(trouble::too_many_codes(at, paths::RESET)),
    };
    // To a page of its own: loading that again sends nothing.
    flow::tell(&at.web.kit, &at.journey.flow, banner).await?;
    Ok(redirect::to_flow(paths::RESET_CODE, at.id()))
}

/// The address that another code is asked of, opened: the page that has the button.
pub(in crate::web) async fn no_new_code(at: AtFlow) -> Response {
    redirect::to_flow(paths::RESET_CODE, at.id())
}

/// Step 3: only once the code was right.
pub(in crate::web) async fn get_password(at: AtFlow) -> Response {
    match reset::chooser(&at.web.kit, &at.journey).await {
        Ok(Some(user)) => show_password(&at, StatusCode::OK, &user, Vec::new()),
        Ok(None) => redirect::to_flow(paths::LOGIN, at.id()),
        Err(fault) => problem::broken(fault),
    }
}

fn show_password(at: &AtFlow, status: StatusCode, user: &User, errors: Vec<FieldError>) -> Response {
    let shown = ResetPasswordPage {
        flow: at.id().to_string(),
        token: at.token(),
        errors,
        banner: None,
        email: user.email.shown().to_owned(),
        min_length: at.web.kit.settings().login.password_min_length,
    };
    // Whoever forgot the password has come by themselves; only who knew it is told why they must choose another.
    let knew_it = matches!(at.journey.flow.stage, FlowStage::Code { .. });
    match user.new_password_asked_at.filter(|_| knew_it) {
        Some(_) => page::page(&at.web, status, &NewPasswordPage(shown), &at.chrome()),
        None => page::page(&at.web, status, &shown, &at.chrome()),
    }
}

pub(in crate::web) async fn post_password(FlowForm { at, form }: FlowForm) -> Response {
    submit_password(&at, &form).await.unwrap_or_else(problem::broken)
}

async fn submit_password(at: &AtFlow, form: &Params) -> Result<Response, Fault> {
    let kit = &at.web.kit;
    let Some(user) = reset::chooser(kit, &at.journey).await? else {
        return Ok(redirect::to_flow(paths::LOGIN, at.id()));
    };
    let typed = (form.field("new_password"), form.field("confirm_password"));
    Ok(match reset::set_password(kit, &at.journey, typed, &at.visit).await? {
        PasswordStep::Done => redirect::to_flow(paths::LOGIN, at.id()),
        PasswordStep::Refused(refusal) => {
            let errors = password_errors(refusal, kit.settings().login.password_min_length);
            show_password(at, WRONG, &user, errors)
        }
        PasswordStep::Busy => trouble::busy(at, paths::RESET_PASSWORD, at.id()),
        PasswordStep::Closed => redirect::to_flow(paths::LOGIN, at.id()),
    })
}

pub(super) fn password_errors(refusal: Refusal, min_length: usize) -> Vec<FieldError> {
    let new = |text: &str| vec![FieldError::new("new_password", text)];
    let confirm = |text: &str| vec![FieldError::new("confirm_password", text)];
    match refusal {
        Refusal::Password(Problem::Empty) => new(messages::ENTER_NEW_PASSWORD),
        Refusal::Password(Problem::Short { characters }) => {
            new(&messages::password_short(min_length, characters))
        }
        Refusal::Password(Problem::Long) => new(messages::PASSWORD_LONG),
        Refusal::Password(Problem::Common) => new(messages::PASSWORD_COMMON),
        Refusal::Password(Problem::Personal) => new(messages::PASSWORD_PERSONAL),
        Refusal::SameAsBefore => new(messages::PASSWORD_SAME),
        Refusal::ConfirmationEmpty { both: false } => confirm(messages::CONFIRM_NEW_PASSWORD),
        Refusal::ConfirmationEmpty { both: true } => {
            [new(messages::ENTER_NEW_PASSWORD), confirm(messages::CONFIRM_NEW_PASSWORD)].concat()
        }
        Refusal::Different => confirm(messages::PASSWORDS_DIFFER),
    }
}

/// Cancel, at any step of the reset: back to the log-in.
pub(in crate::web) async fn cancel(at: AtFlow) -> Response {
    match reset::cancel(&at.web.kit, &at.journey).await {
        Ok(()) => redirect::to_flow(paths::LOGIN, at.id()),
        Err(fault) => problem::broken(fault),
    }
}
