//! Breakages: a page for people, a JSON error for programs, the cause in the log only.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::json;

use crate::base::{Fault, paths};
use crate::model::Visit;
use crate::oidc::error::ErrorCode;
use crate::view::bare_problem;
use crate::view::pages::{ProblemPage, UnavailablePage};
use crate::web::Web;
use crate::web::respond::page;

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
    paths::CALLED.contains(&request.uri().path())
        || (accepts.contains("application/json") && !accepts.contains("text/html"))
}

/// The page for a breakage. It renders even when the templates are what broke. Where it may be over in a moment, programs
/// are told to come again.
pub(in crate::web) fn problem(web: &Web, visit: &Visit, (wants_json, may_pass): (bool, bool)) -> Response {
    let mut response = told(web, visit, wants_json);
    if may_pass {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

fn told(web: &Web, visit: &Visit, wants_json: bool) -> Response {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    if wants_json {
        let body = json!({
            "error": ErrorCode::ServerError.name(),
            "error_description": format!("something broke here; reference {}", visit.reference),
        });
        return (status, Json(body)).into_response();
    }
    let shown = ProblemPage { reference: visit.reference.clone(), nothing_changed: false };
    let html =
        web.engine.page(&shown, &web.front.chrome()).unwrap_or_else(|_| bare_problem(&visit.reference));
    (status, Html(html)).into_response()
}

/// Whether the operator has closed the service (P21). The files that its page needs, and the signs of life, are
/// served all the same.
pub(in crate::web) fn is_closed(web: &Web, path: &str) -> bool {
    // A balancer that is told "not ready" would show a page of its own.
    let answers_machines = path == paths::HEALTHZ || path == paths::READYZ;
    let spared = answers_machines || path.starts_with("/static/") || path.starts_with("/brand/");
    web.kit.config.listen.closed_file.as_ref().is_some_and(|file| !spared && file.exists())
}

/// What everybody is told while the service is closed.
pub(in crate::web) fn closed(web: &Web, wants_json: bool) -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let ten_minutes = [(header::RETRY_AFTER, "600")];
    if wants_json {
        let body = json!({ "error": "temporarily_unavailable", "error_description": "the service is being looked after" });
        return (status, ten_minutes, Json(body)).into_response();
    }
    let file = web.kit.config.listen.closed_file.as_deref();
    let written = file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let until = written.lines().next().map(str::trim).filter(|line| !line.is_empty());
    let shown = UnavailablePage { until: until.map(|line| line.chars().take(100).collect()) };
    (ten_minutes, page::page(web, status, &shown, &web.front.chrome())).into_response()
}
