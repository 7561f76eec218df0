//! Connecting a device (P18).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use crate::accounts::flow::NewFlow;
use crate::accounts::session::Current;
use crate::base::{Fault, paths};
use crate::model::Visit;
use crate::oidc::device::{self, Found, Question};
use crate::oidc::params::Params;
use crate::policy::user_code;
use crate::view::pages::{ConnectPage, ConnectedPage, DevicePage};
use crate::view::{FieldError, messages};
use crate::web::Web;
use crate::web::extract::{MaybeLoggedIn, OwnForm, own_token};
use crate::web::pages::{login, trouble};
use crate::web::respond::{page, problem, redirect};

/// The field, filled in by the link that the device shows; whoever comes by it still has to press "Next".
pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    session: MaybeLoggedIn,
    parts: Parts,
) -> Response {
    let query = parts.uri.query().unwrap_or_default();
    let params = Params::parse(query.as_bytes()).unwrap_or_default();
    let code = user_code::typed(params.field("user_code")).map(|letters| user_code::shown(&letters));
    match session.current {
        Some(current) => show(&web, &current, code.as_deref().unwrap_or_default(), None),
        None => {
            let back = code.map_or_else(String::new, |code| format!("?user_code={code}"));
            let returns_to = Some(format!("{}{back}", paths::DEVICE));
            login::begin(&web, NewFlow { returns_to, ..NewFlow::default() }, &parts, paths::LOGIN).await
        }
    }
}

fn show(web: &Web, current: &Current, code: &str, error: Option<&'static str>) -> Response {
    let shown = DevicePage {
        token: own_token(web, current),
        errors: error.map(|text| FieldError::new("user_code", text)).into_iter().collect(),
        banner: None,
        code: code.to_owned(),
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page::page(web, status, &shown, &web.front.chrome())
}

pub(in crate::web) async fn post(State(web): State<Arc<Web>>, own: OwnForm) -> Response {
    step(&web, &own.current, &own.form, &own.visit).await.unwrap_or_else(problem::broken)
}

async fn step(web: &Web, current: &Current, form: &Params, visit: &Visit) -> Result<Response, Fault> {
    let typed = form.field("user_code");
    if typed.trim().is_empty() {
        return Ok(show(web, current, "", Some(messages::DEVICE_CODE_MISSING)));
    }
    let question = match device::look_up(&web.kit, current, typed).await? {
        Found::Device(question) => question,
        Found::Nothing => return Ok(show(web, current, typed, Some(messages::DEVICE_CODE_WRONG))),
        Found::TooMany { until } => return Ok(trouble::too_many_device_codes(web, until)),
    };
    let agrees = match form.field("answer") {
        "connect" => true,
        "refuse" => false,
        _ => return Ok(ask(web, current, &question)),
    };
    if !device::decide(&web.kit, current, &question, agrees, visit).await? {
        return Ok(redirect::see_other(paths::DEVICE));
    }
    let shown = ConnectedPage { client: question.client.name.clone(), is_connected: agrees };
    Ok(page::page(web, StatusCode::OK, &shown, &web.front.chrome()))
}

fn ask(web: &Web, current: &Current, question: &Question) -> Response {
    let shown = ConnectPage {
        token: own_token(web, current),
        client: question.client.name.clone(),
        organisation: question.client.settings.organisation.clone(),
        code: question.user_code.clone(),
        wants: question.wants.clone(),
    };
    page::page(web, StatusCode::OK, &shown, &web.front.chrome())
}
