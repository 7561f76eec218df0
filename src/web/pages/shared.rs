//! The services that somebody shares something with (P16).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::accounts::session::Current;
use crate::base::{ClientId, Fault, paths};
use crate::oidc::consent::{self, Shared, Withdrawn};
use crate::view::TimeText;
use crate::view::pages::{SharedPage, SharedRow, StopSharingPage};
use crate::web::Web;
use crate::web::extract::{LoggedIn, OwnForm, Query, Unwanted, own_token};
use crate::web::pages::login;
use crate::web::respond::{page, problem, redirect};

pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    LoggedIn(current): LoggedIn,
    query: Result<Query, Unwanted>,
) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    show(&web, &current, (params.get("stop"), params.get("stopped"))).await.unwrap_or_else(problem::broken)
}

async fn show(
    web: &Web,
    current: &Current,
    (stop, stopped): (Option<&str>, Option<&str>),
) -> Result<Response, Fault> {
    let given = consent::given(&web.kit, current).await?;
    let named = |id: Option<&str>| given.iter().find(|shared| Some(shared.client.id.as_str()) == id);
    if let Some(Shared { client, .. }) = named(stop) {
        let shown = StopSharingPage {
            token: own_token(web, current),
            client: client.name.clone(),
            client_id: client.id.to_string(),
        };
        return Ok(page::page(web, StatusCode::OK, &shown, &web.front.chrome()));
    }
    let is_gone = named(stopped).is_none();
    let stopped = match stopped.filter(|_| is_gone).and_then(ClientId::parse) {
        Some(id) => web.kit.client(&id).await?,
        None => None,
    };
    let rows = given.iter().map(|Shared { client, consent, sees }| SharedRow {
        client: client.name.clone(),
        sees: sees.clone(),
        used: TimeText::date_at_clock_time(consent.used_at.unwrap_or(consent.given_at)),
        stop_url: format!("{}?stop={}", paths::ACCOUNT_SERVICES, client.id),
    });
    let shown = SharedPage {
        rows: rows.collect(),
        banner: stopped.map(|known| format!("You do not share anything with {}.", known.client.name)),
    };
    Ok(page::page(web, StatusCode::OK, &shown, &web.front.chrome()))
}

pub(in crate::web) async fn post(State(web): State<Arc<Web>>, own: OwnForm) -> Response {
    match ClientId::parse(own.form.field("stop")) {
        Some(client) => stop(&web, &own, &client).await.unwrap_or_else(problem::broken),
        None => redirect::see_other(paths::ACCOUNT_SERVICES),
    }
}

async fn stop(web: &Web, own: &OwnForm, client: &ClientId) -> Result<Response, Fault> {
    let OwnForm { current, visit, headers, .. } = own;
    Ok(match consent::withdraw(&web.kit, current, client, visit).await? {
        Withdrawn::Done => redirect::see_other(&format!("{}?stopped={client}", paths::ACCOUNT_SERVICES)),
        Withdrawn::Stale => login::again(web, current, headers, paths::ACCOUNT_SERVICES).await?,
    })
}
