//! What a service may know (P10).

use axum::http::StatusCode;
use axum::response::Response;

use crate::accounts::flow;
use crate::base::{Fault, paths};
use crate::oidc::authorize;
use crate::oidc::consent::{self, Question};
use crate::view::pages::ConsentPage;
use crate::web::extract::{AtFlow, FlowForm};
use crate::web::pages::welcome;
use crate::web::respond::{page, problem, redirect};

pub(in crate::web) async fn get(at: AtFlow) -> Response {
    show(&at).await.unwrap_or_else(problem::broken)
}

async fn show(at: &AtFlow) -> Result<Response, Fault> {
    let Some(question) = consent::question(&at.web.kit, &at.journey).await? else {
        return welcome::onward(at).await;
    };
    let Question { current, client, wants } = question;
    let shown = ConsentPage {
        flow: at.id().to_string(),
        token: at.token(),
        client: client.name,
        organisation: client.settings.organisation,
        name: current.user.name,
        email: current.user.email.shown().to_owned(),
        wants,
    };
    let response = page::page(&at.web, StatusCode::OK, &shown, &at.chrome());
    Ok(match authorize::request_of(&at.journey) {
        Some(request) => page::letting_forms_end_at(response, &request.reply.redirect),
        None => response,
    })
}

pub(in crate::web) async fn post(FlowForm { at, form }: FlowForm) -> Response {
    decide(&at, form.field("answer")).await.unwrap_or_else(problem::broken)
}

async fn decide(at: &AtFlow, said: &str) -> Result<Response, Fault> {
    let agrees = match said {
        "share" => true,
        "refuse" => false,
        "switch" => {
            flow::start_again(&at.web.kit, &at.journey.flow).await?;
            return Ok(redirect::to_flow(paths::LOGIN, at.id()));
        }
        _ => return show(at).await,
    };
    match consent::answer(&at.web.kit, &at.journey, agrees, &at.visit).await? {
        Some(response) => Ok(redirect::answer(&at.web, &response)),
        None => welcome::onward(at).await,
    }
}
