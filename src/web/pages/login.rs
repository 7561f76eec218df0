//! Log-in, step 1 of 2 (P01): email and password.

use std::sync::Arc;

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::accounts::flow::{self, Begun, Flooded, NewFlow};
use crate::accounts::log_in::{self, Credentials, PasswordStep};
use crate::accounts::session::Current;
use crate::base::{Error, Fault, paths};
use crate::model::{Email, FlowStage, Visit};
use crate::oidc::authorize;
use crate::oidc::params::Params;
use crate::outbox;
use crate::policy::password::MOST_BYTES;
use crate::view::pages::{CancelledPage, LoginPage};
use crate::view::{FieldError, messages};
use crate::web::Web;
use crate::web::cookies::Cookies;
use crate::web::extract::{AtFlow, FlowForm, is_only_looking};
use crate::web::pages::{email_error, trouble};
use crate::web::respond::{page, problem, redirect};

/// How many journeys one browser has under way.
const MOST_FLOWS: usize = 8;

/// Begins a journey for whoever is not logged in, and sends the browser into it.
pub(in crate::web) async fn begin(web: &Web, new: NewFlow, parts: &Parts, path: &str) -> Response {
    if is_only_looking(parts) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let visit = parts.extensions.get::<Visit>().cloned().unwrap_or_default();
    match flow::begin_for_stranger(&web.kit, new, &visit).await {
        Ok(begun) => self::begun(web, &begun, &Cookies::read(&parts.headers), path),
        Err(Error::Refused(Flooded)) => trouble::too_many_begun(web, &parts.uri),
        Err(Error::Fault(fault)) => problem::broken(fault),
    }
}

/// Sends a browser into the journey that was just begun for it.
pub(in crate::web) fn begun(web: &Web, begun: &Begun, cookies: &Cookies, path: &str) -> Response {
    let style = web.front.cookies;
    let mut response = redirect::to_flow(path, &begun.id);
    for name in cookies.surplus_flows(style, MOST_FLOWS - 1) {
        response = redirect::with_cookie(response, style.take_back(name));
    }
    let life = Some(web.kit.settings().login.flow);
    redirect::with_cookie(response, style.give(&style.flow_name(&begun.id), &begun.binding, life))
}

/// Has somebody who is logged in prove it again before a change, and brings them back to a page of theirs.
pub(in crate::web) async fn again(
    web: &Web,
    current: &Current,
    headers: &HeaderMap,
    path: &str,
) -> Result<Response, Fault> {
    let email = Some(current.user.email.shown().to_owned());
    let returns_to = Some(path.to_owned());
    let new = NewFlow { email, returns_to, again: true, ..NewFlow::default() };
    let begun = flow::begin(&web.kit, new).await?;
    Ok(self::begun(web, &begun, &Cookies::read(headers), paths::LOGIN))
}

/// Without a journey, begins one that leads to no service in particular.
pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    parts: Parts,
    at: Result<AtFlow, Response>,
) -> Response {
    if !names_a_flow(parts.uri.query()) {
        return begin(&web, NewFlow::default(), &parts, paths::LOGIN).await;
    }
    let at = match at {
        Ok(at) => at,
        Err(response) => return response,
    };
    match &at.journey.flow.stage {
        FlowStage::Password | FlowStage::Code { .. } => {
            let flow = &at.journey.flow;
            let shown = LoginPage {
                banner: flow.banner.clone(),
                email: flow.email.clone().unwrap_or_default(),
                ..blank(&at).await
            };
            if let Err(fault) = flow::forget_banner(&at.web.kit, flow).await {
                return problem::broken(fault);
            }
            page::page(&at.web, StatusCode::OK, &shown, &at.chrome())
        }
        FlowStage::Welcome { .. } => redirect::to_flow(paths::WELCOME, at.id()),
        FlowStage::Done | FlowStage::Cancelled => trouble::over(&at),
    }
}

pub(in crate::web) fn names_a_flow(query: Option<&str>) -> bool {
    Params::parse(query.unwrap_or_default().as_bytes()).is_ok_and(|params| params.has("flow"))
}

pub(in crate::web) async fn post(FlowForm { at, form }: FlowForm) -> Response {
    match submit(&at, &form).await {
        Ok(response) => response,
        Err(fault) => problem::broken(fault),
    }
}

async fn submit(at: &AtFlow, form: &Params) -> Result<Response, Fault> {
    let kit = &at.web.kit;
    let (typed, password) = (form.field("email").trim(), form.field("password"));
    let email = Email::parse(typed);
    let mut errors = Vec::new();
    if let Err(error) = &email {
        errors.push(FieldError::new("email", email_error(*error)));
    }
    if password.is_empty() {
        errors.push(FieldError::new("password", messages::ENTER_PASSWORD));
    }
    let Some(email) = email.ok().filter(|_| errors.is_empty()) else {
        return Ok(retry(at, typed, errors).await);
    };
    let not_correct = || vec![FieldError::new("email", messages::NOT_CORRECT)];
    // A password that nobody can have chosen is not worth a hash.
    if password.len() > MOST_BYTES {
        return Ok(retry(at, typed, not_correct()).await);
    }
    let device = at.cookies.device(at.web.front.cookies);
    let credentials = Credentials { email: &email, password, device: device.as_ref() };
    Ok(match log_in::check_password(kit, &at.journey, credentials, &at.visit).await? {
        PasswordStep::CodeSent { binding } => {
            let style = at.web.front.cookies;
            let cookie = style.give(&style.flow_name(at.id()), &binding, Some(kit.settings().login.flow));
            redirect::with_cookie(redirect::to_flow(paths::LOGIN_CODE, at.id()), cookie)
        }
        PasswordStep::Wrong => {
            // So that the reset, which is the likely next step, has it filled in.
            flow::remember_email(kit, &at.journey.flow, &email).await?;
            retry(at, typed, not_correct()).await
        }
        PasswordStep::TooMany { until } => trouble::too_many_passwords(at, until),
        PasswordStep::TooManyCodes { until } => trouble::too_many_new_codes(at, paths::LOGIN_CODE, until),
        PasswordStep::Busy => trouble::busy(at, paths::LOGIN, at.id()),
        PasswordStep::Closed => trouble::over(at),
    })
}

async fn retry(at: &AtFlow, email: &str, errors: Vec<FieldError>) -> Response {
    let shown = LoginPage { errors, email: email.to_owned(), ..blank(at).await };
    page::page(&at.web, StatusCode::UNPROCESSABLE_ENTITY, &shown, &at.chrome())
}

async fn blank(at: &AtFlow) -> LoginPage {
    LoginPage {
        flow: at.id().to_string(),
        token: at.token(),
        again: at.journey.flow.again,
        // Only a hint: where the outbox cannot be looked at, the page does without.
        mail_slow: outbox::is_slow(&at.web.kit).await.unwrap_or(false),
        ..LoginPage::default()
    }
}

/// Cancel, at either step: the service is told, or the person is.
pub(in crate::web) async fn cancel(at: AtFlow) -> Response {
    match authorize::cancel(&at.web.kit, &at.journey).await {
        Ok(Some(response)) => redirect::answer(&at.web, &response),
        Ok(None) if matches!(at.journey.flow.stage, FlowStage::Welcome { .. }) => {
            redirect::to_flow(paths::WELCOME, at.id())
        }
        Ok(None) => page::page(&at.web, StatusCode::OK, &CancelledPage, &at.chrome()).into_response(),
        Err(fault) => problem::broken(fault),
    }
}
