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
use crate::web::extract::{OwnForm, OwnPage, Query, Unwanted, own_token};
use crate::web::pages::login;
use crate::web::respond::{page, problem, redirect};
use crate::web::said;

pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    OwnPage { current, said }: OwnPage,
    query: Result<Query, Unwanted>,
) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    show(&web, &current, params.get("stop"), said).await.unwrap_or_else(problem::broken)
}

async fn show(
    web: &Web,
    current: &Current,
    stop: Option<&str>,
    said: Option<String>,
) -> Result<Response, Fault> {
    let given = consent::given(&web.kit, current).await?;
    let named = given.iter().find(|shared| Some(shared.client.id.as_str()) == stop);
    if let Some(Shared { client, .. }) = named {
        let shown = StopSharingPage {
            token: own_token(web, current),
            client: client.name.clone(),
            client_id: client.id.to_string(),
        };
        return Ok(page::page(web, StatusCode::OK, &shown, &web.front.chrome()));
    }
    let rows = given.iter().map(|Shared { client, consent, sees }| SharedRow {
        client: client.name.clone(),
        sees: sees.clone(),
        used: TimeText::when(consent.used_at.unwrap_or(consent.given_at), web.kit.now()),
        stop_url: format!("{}?stop={}", paths::ACCOUNT_SERVICES, client.id),
    });
    let shown = SharedPage { rows: rows.collect(), banner: said.clone() };
    Ok(said::once(web, said.as_ref(), page::page(web, StatusCode::OK, &shown, &web.front.chrome())))
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
        Withdrawn::Done => {
            let name = web.kit.client(client).await?.map(|known| known.client.name.clone());
            let name = name.unwrap_or_else(|| client.to_string());
            let said = format!("You have stopped sharing with {name}.");
            said::and_say(web, &current.session.id, paths::ACCOUNT_SERVICES, &said)
        }
        Withdrawn::Stale => login::again(web, current, headers, paths::ACCOUNT_SERVICES).await?,
    })
}
