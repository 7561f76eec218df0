//! The greeting (P03) and the way on from it.

use axum::http::StatusCode;
use axum::response::Response;

use crate::accounts::session;
use crate::base::{Fault, paths};
use crate::model::FlowStage;
use crate::oidc::authorize::{self, Onward};
use crate::view::TimeText;
use crate::view::pages::WelcomePage;
use crate::web::extract::AtFlow;
use crate::web::pages::trouble;
use crate::web::respond::{page, problem, redirect};

pub(in crate::web) async fn get(at: AtFlow) -> Response {
    show(&at).await.unwrap_or_else(problem::broken)
}

async fn show(at: &AtFlow) -> Result<Response, Fault> {
    let session_id = match &at.journey.flow.stage {
        FlowStage::Welcome { session_id } => session_id,
        FlowStage::Password | FlowStage::Code { .. } => {
            return Ok(redirect::to_flow(paths::LOGIN, at.id()));
        }
        FlowStage::Done => return onward(at).await,
        FlowStage::Cancelled => return Ok(trouble::over(at)),
    };
    let continue_url = paths::FLOW_CONTINUE.replace("{flow}", at.id().as_str());
    if !authorize::greets(&at.web.kit, at.journey.client.as_ref()) {
        return Ok(redirect::see_other(&continue_url));
    }
    let Some(current) = session::of_flow(&at.web.kit, session_id).await? else {
        return Ok(trouble::over(at));
    };
    let shown = WelcomePage {
        name: current.user.name,
        last_login: current.session.previous_login_at.map(TimeText::date_at_clock_time),
        continue_url,
    };
    Ok(page::page(&at.web, StatusCode::OK, &shown, &at.chrome()))
}

/// "Return to Home".
pub(in crate::web) async fn go_on(at: AtFlow) -> Response {
    onward(&at).await.unwrap_or_else(problem::broken)
}

pub(super) async fn onward(at: &AtFlow) -> Result<Response, Fault> {
    Ok(match authorize::go_on(&at.web.kit, &at.journey).await? {
        Onward::Answer(response) => redirect::answer(&at.web, &response),
        Onward::Home(Some(home)) => redirect::see_other(home.as_str()),
        Onward::Within(path) => redirect::see_other(&path),
        Onward::Home(None) => redirect::see_other(paths::HOME),
        Onward::AskConsent => redirect::to_flow(paths::CONSENT, at.id()),
        Onward::NotYet => trouble::over(at),
    })
}
