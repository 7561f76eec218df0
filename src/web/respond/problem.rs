//! Breakages: a page for people, a JSON error for programs, the cause in the log only.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::json;

use crate::base::{Fault, paths};
use crate::model::Visit;
use crate::oidc::error::ErrorCode;
use crate::view::bare_problem;
use crate::view::pages::ProblemPage;
use crate::web::Web;

/// An answer that stands for a breakage until the outermost layer has logged it and put a page in its place.
pub(in crate::web) fn broken(fault: Fault) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Arc::new(fault));
    response
}

/// Whether a program asks, rather than a person.
pub(in crate::web) fn wants_json(request: &Request) -> bool {
    let accepts =
        request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let for_programs =
        [paths::TOKEN, paths::USERINFO, paths::JWKS, paths::OPENID_CONFIGURATION, paths::OAUTH_METADATA];
    for_programs.contains(&request.uri().path())
        || (accepts.contains("application/json") && !accepts.contains("text/html"))
}

/// The page for a breakage. It renders even when the templates are what broke.
pub(in crate::web) fn page(web: &Web, visit: &Visit, wants_json: bool) -> Response {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    if wants_json {
        let body = json!({
            "error": ErrorCode::ServerError.name(),
            "error_description": format!("something broke here; reference {}", visit.reference),
        });
        return (status, Json(body)).into_response();
    }
    let page = ProblemPage { reference: visit.reference.clone(), nothing_changed: false };
    let html = web.engine.page(&page, &web.front.chrome()).unwrap_or_else(|_| bare_problem(&visit.reference));
    (status, Html(html)).into_response()
}
