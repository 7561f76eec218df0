//! `/authorize`, by GET and by POST (OpenID Connect Core 1.0, section 3.1.2.1).

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use crate::base::paths;
use crate::model::Visit;
use crate::oidc::authorize::{self, Authorization};
use crate::oidc::error::{AuthorizeError, ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::oidc::refusal;
use crate::view::TimeText;
use crate::view::pages::RefusedPage;
use crate::web::Web;
use crate::web::cookies::Cookies;
use crate::web::extract::{Form, MaybeLoggedIn, Query, Unwanted, is_only_looking, read_whole};
use crate::web::pages::{login, trouble};
use crate::web::respond::{oauth, page, problem, redirect};

pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    session: MaybeLoggedIn,
    parts: Parts,
    query: Result<Query, Unwanted>,
) -> Response {
    if is_only_looking(&parts) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let visit = parts.extensions.get::<Visit>().cloned().unwrap_or_default();
    match query {
        Ok(Query(params)) => answer(&web, &params, &session, (&parts, &visit)).await,
        Err(unwanted) => unreadable(&web, &unwanted, &visit),
    }
}

/// A browser does not send our cookies along with a form that another site posts. Asked again by GET, it does;
/// so the request is turned into one, unless the session came along after all.
pub(in crate::web) async fn post(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (mut parts, form) = read_whole(request, &web).await;
    let session = match MaybeLoggedIn::from_request_parts(&mut parts, &web).await {
        Ok(session) => session,
        Err(response) => return response,
    };
    let visit = parts.extensions.get::<Visit>().cloned().unwrap_or_default();
    let params = match form {
        Ok(Form(params)) => params,
        Err(unwanted) => return unreadable(&web, &unwanted, &visit),
    };
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        let error = OAuthError::new(
            ErrorCode::InvalidRequest,
            "a POST must have its parameters in the body, not in the address",
        );
        return refused(&web, &error, &visit);
    }
    let query = params.to_query();
    if session.current.is_none() && query.len() <= redirect::LONGEST_QUERY {
        return redirect::see_other(&format!("{}?{query}", paths::AUTHORIZE));
    }
    answer(&web, &params, &session, (&parts, &visit)).await
}

async fn answer(
    web: &Arc<Web>,
    params: &Params,
    session: &MaybeLoggedIn,
    (parts, visit): (&Parts, &Visit),
) -> Response {
    let authorized = authorize::authorize(&web.kit, params, session.current.as_ref(), visit).await;
    if let Err(AuthorizeError::Redirect(_, error) | AuthorizeError::Page(error)) = &authorized {
        let who = (paths::AUTHORIZE, params.get("client_id"));
        refusal::remember(&web.kit, who, params, error, visit).await;
    }
    match authorized {
        Ok(Authorization::Answer(response)) => redirect::answer(web, &response),
        Ok(Authorization::LogIn(begun)) => {
            login::begun(web, &begun, &Cookies::read(&parts.headers), paths::LOGIN)
        }
        Ok(Authorization::AskConsent(begun)) => {
            login::begun(web, &begun, &Cookies::read(&parts.headers), paths::CONSENT)
        }
        Ok(Authorization::Flooded) => trouble::too_many_begun(web, &parts.uri),
        Err(AuthorizeError::Redirect(response, error)) => {
            oauth::noted(redirect::answer(web, &response), &error)
        }
        Err(AuthorizeError::Page(error)) => refused(web, &error, visit),
        Err(AuthorizeError::Fault(fault)) => problem::broken(fault),
    }
}

/// The page for a request that cannot be answered anywhere. Nothing that came in stands on it.
fn refused(web: &Web, error: &OAuthError, visit: &Visit) -> Response {
    let shown = RefusedPage {
        error: format!("{}: {}", in_words(error.code), error.say),
        time: TimeText::date_at_clock_time(web.kit.now()),
        reference: visit.reference.clone(),
    };
    let response = page::page(web, StatusCode::BAD_REQUEST, &shown, &web.front.chrome());
    oauth::noted(response, error)
}

/// What an error is called on the page; the log has its code.
const fn in_words(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidClient | ErrorCode::UnauthorizedClient => "The service may not ask this",
        ErrorCode::InvalidRequestObject
        | ErrorCode::InvalidRequestUri
        | ErrorCode::RequestUriNotSupported => "The signed request is not valid",
        ErrorCode::ServerError => "Something broke here",
        _ => "The request is not valid",
    }
}

/// The same page for parameters that cannot be read at all.
fn unreadable(web: &Web, unwanted: &Unwanted, visit: &Visit) -> Response {
    let mut response = refused(web, &unwanted.error(), visit);
    *response.status_mut() = unwanted.status();
    response
}
