//! Breakages and other trouble: a page for people, a JSON error for programs, the cause in the log only.

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

/// Who asks, and so in what form they are told what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Asker {
    Person,
    /// In the words of OAuth.
    Program,
    /// By the administration interface, whose errors are all of one form (RFC 9457).
    Tool,
}

impl Asker {
    pub(in crate::web) fn of(request: &Request) -> Self {
        let path = request.uri().path();
        let accepts =
            request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let wants_json = accepts.contains("application/json") && !accepts.contains("text/html");
        if path == paths::API || path.strip_prefix(paths::API).is_some_and(|rest| rest.starts_with('/')) {
            Self::Tool
        } else if paths::CALLED.contains(&path) || wants_json {
            Self::Program
        } else {
            Self::Person
        }
    }
}

/// A problem document of the administration interface.
fn document(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Problem");
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, PROBLEM)], body.to_string()).into_response()
}

/// The media type of a problem document.
pub(in crate::web) const PROBLEM: &str = "application/problem+json";

/// An error for whoever is no person.
pub(in crate::web) fn told(asker: Asker, status: StatusCode, code: &str, say: &str) -> Response {
    match asker {
        Asker::Tool => document(status, say),
        _ => (status, Json(json!({ "error": code, "error_description": say }))).into_response(),
    }
}

/// Gives an error the form of the administration interface, where it does not have it yet: what the router itself
/// refuses comes as plain text.
pub(in crate::web) fn in_form(response: Response) -> Response {
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_in_form = content_type.is_some_and(|content_type| content_type == PROBLEM);
    if is_in_form || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let (shape, body) = document(status, "the request cannot be read").into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(shape.headers);
    Response::from_parts(parts, body)
}

/// The page for a breakage. It renders even when the templates are what broke. Where it may be over in a moment, whoever
/// asks is told to come again.
pub(in crate::web) fn problem(web: &Web, visit: &Visit, (asker, may_pass): (Asker, bool)) -> Response {
    let status = if may_pass { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
    let mut response = breakage(web, visit, (asker, status));
    if may_pass {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

fn breakage(web: &Web, visit: &Visit, (asker, status): (Asker, StatusCode)) -> Response {
    if asker != Asker::Person {
        let say = format!("something broke here; reference {}", visit.reference);
        return told(asker, status, ErrorCode::ServerError.name(), &say);
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
pub(in crate::web) fn closed(web: &Web, asker: Asker) -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let ten_minutes = [(header::RETRY_AFTER, "600")];
    if asker != Asker::Person {
        let say = "the service is being looked after";
        return (ten_minutes, told(asker, status, "temporarily_unavailable", say)).into_response();
    }
    let file = web.kit.config.listen.closed_file.as_deref();
    let written = file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let until = written.lines().next().map(str::trim).filter(|line| !line.is_empty());
    let shown = UnavailablePage { until: until.map(|line| line.chars().take(100).collect()) };
    (ten_minutes, page::page(web, status, &shown, &web.front.chrome())).into_response()
}
