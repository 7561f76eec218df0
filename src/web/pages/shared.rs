//! The services that somebody shares something with (P16).

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::accounts::session::Current;
use crate::base::{ClientId, Fault, paths};
use crate::model::Visit;
use crate::oidc::consent::{self, Shared, Withdrawn};
use crate::view::TimeText;
use crate::view::pages::{SharedPage, SharedRow, StopSharingPage};
use crate::web::Web;
use crate::web::extract::{Form, LoggedIn, Query, Unwanted, is_ours};
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
            token: token(web, current),
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

pub(in crate::web) async fn post(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    LoggedIn(current): LoggedIn,
    headers: HeaderMap,
    form: Result<Form, Unwanted>,
) -> Response {
    let Ok(Form(form)) = form else { return redirect::see_other(paths::ACCOUNT_SERVICES) };
    let ours = is_ours(&web, &headers, (&form, &token(&web, &current)));
    let Some(client) = ClientId::parse(form.field("stop")).filter(|_| ours) else {
        return redirect::see_other(paths::ACCOUNT_SERVICES);
    };
    stop(&web, &current, &client, (&headers, &visit)).await.unwrap_or_else(problem::broken)
}

async fn stop(
    web: &Web,
    current: &Current,
    client: &ClientId,
    (headers, visit): (&HeaderMap, &Visit),
) -> Result<Response, Fault> {
    Ok(match consent::withdraw(&web.kit, current, client, visit).await? {
        Withdrawn::Done => redirect::see_other(&format!("{}?stopped={client}", paths::ACCOUNT_SERVICES)),
        Withdrawn::Stale => login::again(web, current, headers, paths::ACCOUNT_SERVICES).await?,
    })
}

/// The form's token, bound to the session at this browser.
fn token(web: &Web, current: &Current) -> String {
    web.kit.keyring.form_token(&["services", current.session.id.as_str(), current.session.digest.as_str()])
}
