//! Log-in, step 2 of 2 (P02): the emailed code.

use axum::http::StatusCode;
use axum::response::Response;

use crate::accounts::emailed_code::{self, CodeEntry, Resent};
use crate::accounts::flow;
use crate::accounts::log_in::{self, CodeStep};
use crate::accounts::session::{Browser, LoggedIn};
use crate::base::{Fault, paths};
use crate::model::{FlowStage, Purpose};
use crate::oidc::authorize;
use crate::oidc::params::Params;
use crate::oidc::session_state::browser_state;
use crate::policy;
use crate::view::pages::LoginCodePage;
use crate::view::{FieldError, TimeText, messages};
use crate::web::extract::{AtFlow, FlowForm};
use crate::web::pages::{code_error, trouble};
use crate::web::respond::{page, problem, redirect};

/// Looking at the page sends nothing.
pub(in crate::web) async fn get(at: AtFlow) -> Response {
    look(&at).await.unwrap_or_else(problem::broken)
}

async fn look(at: &AtFlow) -> Result<Response, Fault> {
    let flow = &at.journey.flow;
    let said = flow.banner.as_deref().map_or(Said::Nothing, Said::Banner);
    let response = show(at, StatusCode::OK, said).await?;
    flow::forget_banner(&at.web.kit, flow).await?;
    Ok(response)
}

/// The address that another code is asked of, opened: the page that has the button.
pub(in crate::web) async fn no_new_code(at: AtFlow) -> Response {
    redirect::to_flow(paths::LOGIN_CODE, at.id())
}

pub(in crate::web) async fn post(FlowForm { at, form }: FlowForm) -> Response {
    submit(&at, &form).await.unwrap_or_else(problem::broken)
}

pub(in crate::web) async fn new_code(FlowForm { at, .. }: FlowForm) -> Response {
    resend(&at).await.unwrap_or_else(problem::broken)
}

async fn submit(at: &AtFlow, form: &Params) -> Result<Response, Fault> {
    let typed = form.field("code");
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let entry = policy::emailed_code::read(typed);
    let CodeEntry::Code(code) = &entry else {
        return match code_error(&entry) {
            Some(error) => show(at, wrong, Said::Error { error, keep: typed }).await,
            None => Ok(trouble::over(at)),
        };
    };
    let style = at.web.front.cookies;
    let (session, device) = (at.cookies.session(style), at.cookies.device(style));
    let browser = Browser { session: session.as_ref(), device: device.as_ref(), visit: &at.visit };
    match log_in::check_code(&at.web.kit, &at.journey, code, &browser).await? {
        CodeStep::LoggedIn(logged_in) => Ok(welcome(at, &logged_in)),
        CodeStep::NewPasswordFirst { binding } => {
            let life = Some(at.web.kit.settings().login.flow);
            let cookie = style.give(&style.flow_name(at.id()), &binding, life);
            Ok(redirect::with_cookie(redirect::to_flow(paths::RESET_PASSWORD, at.id()), cookie))
        }
        CodeStep::Wrong => {
            let error = FieldError::new("code", messages::CODE_WRONG);
            show(at, wrong, Said::Error { error, keep: typed }).await
        }
        CodeStep::ExpiredAndResent => {
            let error = FieldError::new("code", messages::CODE_EXPIRED);
            show(at, wrong, Said::Error { error, keep: "" }).await
        }
        CodeStep::UsedUp => Ok(trouble::too_many_codes(at, paths::LOGIN)),
        CodeStep::Closed => Ok(elsewhere(at)),
    }
}

/// Gives the cookies of the session and goes on to the greeting.
fn welcome(at: &AtFlow, logged_in: &LoggedIn) -> Response {
    let style = at.web.front.cookies;
    let mut response = redirect::to_flow(paths::WELCOME, at.id());
    response = redirect::with_cookie(response, style.give(&style.session_name(), &logged_in.session, None));
    let state = browser_state(&at.web.kit, &logged_in.session_id);
    response = redirect::with_cookie(response, style.show_state(&state));
    if let Some(device) = &logged_in.device {
        let life = Some(at.web.kit.settings().session.device);
        response = redirect::with_cookie(response, style.give(&style.device_name(), device, life));
    }
    response
}

async fn resend(at: &AtFlow) -> Result<Response, Fault> {
    if !matches!(at.journey.flow.stage, FlowStage::Code { .. }) {
        return Ok(elsewhere(at));
    }
    let banner = match emailed_code::send_again(&at.web.kit, &at.journey, Purpose::LogIn, &at.visit).await? {
        Resent::Sent => messages::NEW_CODE_SENT,
        Resent::JustSent => messages::CODE_SENT_JUST_NOW,
        Resent::TooMany { until } => return Ok(trouble::too_many_new_codes(at, paths::LOGIN_CODE, until)),
        Resent::Closed => return Ok(trouble::too_many_codes(at, paths::LOGIN)),
    };
    // To a page of its own: loading that again sends nothing.
    flow::tell(&at.web.kit, &at.journey.flow, banner).await?;
    Ok(redirect::to_flow(paths::LOGIN_CODE, at.id()))
}

enum Said<'a> {
    Nothing,
    Error { error: FieldError, keep: &'a str },
    Banner(&'a str),
}

async fn show(at: &AtFlow, status: StatusCode, said: Said<'_>) -> Result<Response, Fault> {
    if !matches!(at.journey.flow.stage, FlowStage::Code { .. }) {
        return Ok(elsewhere(at));
    }
    let Some((sent, expires)) = emailed_code::times(&at.web.kit, &at.journey, Purpose::LogIn).await? else {
        return Ok(redirect::to_flow(paths::LOGIN, at.id()));
    };
    let now = at.web.kit.now();
    let mut shown = LoginCodePage {
        flow: at.id().to_string(),
        token: at.token(),
        errors: Vec::new(),
        banner: None,
        code: String::new(),
        sent: TimeText::when(sent, now),
        expires: TimeText::when(expires, now),
    };
    match said {
        Said::Nothing => {}
        Said::Banner(text) => shown.banner = Some(text.to_owned()),
        Said::Error { error, keep } => {
            shown.code = keep.chars().take(100).collect();
            shown.errors.push(error);
        }
    }
    let response = page::page(&at.web, status, &shown, &at.chrome());
    // Without the greeting, the form's post ends at the relying party.
    let straight_on = !authorize::greets(&at.web.kit, at.journey.client.as_ref());
    Ok(match authorize::request_of(&at.journey).filter(|_| straight_on) {
        Some(request) => page::letting_forms_end_at(response, &request.reply.redirect),
        None => response,
    })
}

/// Where a journey is that is not at this step.
fn elsewhere(at: &AtFlow) -> Response {
    match at.journey.flow.stage {
        FlowStage::Password => redirect::to_flow(paths::LOGIN, at.id()),
        FlowStage::Code { .. } | FlowStage::Welcome { .. } => redirect::to_flow(paths::WELCOME, at.id()),
        FlowStage::Done | FlowStage::Cancelled => trouble::over(at),
    }
}
