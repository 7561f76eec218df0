//! The greeting (P03) and the way on from it.

use axum::http::StatusCode;
use axum::response::Response;

use crate::accounts::invitation;
use crate::accounts::session::{self, Current};
use crate::base::{Fault, paths};
use crate::model::FlowStage;
use crate::oidc::authorize::{self, Onward};
use crate::view::pages::WelcomePage;
use crate::view::{Link, TimeText};
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
    let greets = authorize::greets(&at.web.kit, at.journey.client.as_ref());
    // Who comes from a service goes back to it, however many others there are.
    if !greets && at.journey.client.is_some() {
        return Ok(redirect::see_other(&continue_url));
    }
    let Some(current) = session::of_flow(&at.web.kit, session_id).await? else {
        return Ok(trouble::over(at));
    };
    let services = invited_to(at, &current).await?;
    if !greets && services.is_empty() {
        return Ok(redirect::see_other(&continue_url));
    }
    let shown = WelcomePage {
        name: current.user.name,
        last_login: current.session.previous_login_at.map(TimeText::date_at_clock_time),
        continue_url,
        services,
    };
    Ok(page::page(&at.web, StatusCode::OK, &shown, &at.chrome()))
}

/// Where somebody can go who has just set up their account and comes from no service.
async fn invited_to(at: &AtFlow, current: &Current) -> Result<Vec<Link>, Fault> {
    if at.journey.client.is_some() || current.session.previous_login_at.is_some() {
        return Ok(Vec::new());
    }
    let services = invitation::services_of(&at.web.kit, &current.user.id).await?;
    let linked = services
        .into_iter()
        .filter_map(|client| Some(Link { href: client.settings.home_page?, text: client.name }));
    Ok(linked.collect())
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
