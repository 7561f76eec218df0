//! Logging out (P11, P12; OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::accounts::session::{self, Current};
use crate::base::{Fault, constant_time_eq, paths};
use crate::model::Visit;
use crate::oidc::logout::{self, Logout};
use crate::oidc::params::Params;
use crate::policy::redirect::home_page;
use crate::view::pages::{LogOutPage, LoggedOutPage};
use crate::view::{HiddenField, Link};
use crate::web::Web;
use crate::web::extract::{Form, MaybeLoggedIn, Query, Unwanted, is_from_ourselves};
use crate::web::respond::{page, problem, redirect};

/// What a request to log out may carry from page to page.
const CARRIED: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    session: MaybeLoggedIn,
    query: Result<Query, Unwanted>,
) -> Response {
    // Parameters that cannot be read are as good as none: the person is asked.
    let params = query.map(|Query(params)| params).unwrap_or_default();
    log_out(&web, &params, &session, (&visit, Confirmed::No)).await.unwrap_or_else(problem::broken)
}

/// Posted by a relying party, or by our own page with its token.
pub(in crate::web) async fn post(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    session: MaybeLoggedIn,
    headers: HeaderMap,
    form: Result<Form, Unwanted>,
) -> Response {
    let params = form.map(|Form(params)| params).unwrap_or_default();
    let confirmed = match &session.current {
        Some(current)
            if is_from_ourselves(&web.kit.config, &headers)
                && constant_time_eq(params.field("token"), token(&web, current)) =>
        {
            Confirmed::Yes
        }
        _ => Confirmed::No,
    };
    log_out(&web, &params, &session, (&visit, confirmed)).await.unwrap_or_else(problem::broken)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Confirmed {
    Yes,
    No,
}

async fn log_out(
    web: &Web,
    params: &Params,
    session: &MaybeLoggedIn,
    (visit, confirmed): (&Visit, Confirmed),
) -> Result<Response, Fault> {
    let judged = logout::judge(&web.kit, params, session.current.as_ref()).await?;
    if let Some(current) = &session.current {
        if judged.confirm && confirmed == Confirmed::No {
            return Ok(ask(web, params, current, &judged));
        }
        session::end(&web.kit, current, visit).await?;
    }
    let response = match &judged.onward {
        Some(onward) => redirect::see_other(&onward.location()),
        None => done(web, &judged),
    };
    let style = web.front.cookies;
    let mut response = redirect::with_cookie(response, style.take_back(&style.session_name()));
    // Pages of the ended session must not come back with the back button on a shared machine.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// The form's token, bound to the session it is to end.
fn token(web: &Web, current: &Current) -> String {
    web.kit.keyring.form_token(&["logout", current.session.id.as_str(), current.session.digest.as_str()])
}

/// P11. On its way back the form may end at the relying party.
fn ask(web: &Web, params: &Params, current: &Current, judged: &Logout) -> Response {
    let fields = CARRIED
        .iter()
        .filter_map(|name| {
            let value = params.get(name)?.to_owned();
            Some(HiddenField { name: (*name).to_owned(), value })
        })
        .collect();
    let shown = LogOutPage {
        token: token(web, current),
        name: current.user.name.clone(),
        services: 0,
        fields,
        stay_url: web.front.start_url(judged.client.as_ref()),
    };
    let response = page::page(web, StatusCode::OK, &shown, &web.front.chrome_for(judged.client.as_ref()));
    match &judged.onward {
        Some(onward) => page::letting_forms_end_at(response, &onward.target),
        None => response,
    }
}

/// P12.
fn done(web: &Web, judged: &Logout) -> Response {
    let client = judged.client.as_ref();
    let return_to = client.and_then(|client| {
        let text = format!("Go to the {} home page", client.name);
        home_page(client).map(|home| Link { text, href: home.as_str().to_owned() })
    });
    let shown =
        LoggedOutPage { return_to, log_in_url: Some(web.front.start_url(client)), not_told: Vec::new() };
    page::page(web, StatusCode::OK, &shown, &web.front.chrome_for(client))
}

/// P12 by its own address.
pub(in crate::web) async fn logged_out(State(web): State<Arc<Web>>) -> Response {
    let shown = LoggedOutPage { log_in_url: Some(paths::HOME.to_owned()), ..LoggedOutPage::default() };
    let mut response = page::page(&web, StatusCode::OK, &shown, &web.front.chrome());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
