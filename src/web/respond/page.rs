//! Pages.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};

use crate::policy::redirect::{ValidRedirect, origin};
use crate::view::{Chrome, Page};
use crate::web::Web;
use crate::web::respond::problem;

/// The content security policy of every page: everything from ourselves, nothing inline, no frames.
pub(in crate::web) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types 'none'";

/// A page with its status.
pub(in crate::web) fn page<P: Page>(web: &Web, status: StatusCode, page: &P, chrome: &Chrome) -> Response {
    match web.engine.page(page, chrome) {
        Ok(html) => (status, Html(html)).into_response(),
        Err(fault) => problem::broken(fault),
    }
}

/// Lets a page hold frames of services.
pub(in crate::web) fn framing(mut response: Response, addresses: &[String]) -> Response {
    let origins: Vec<String> = addresses.iter().filter_map(|address| origin(address)).collect();
    let widened = format!("{POLICY}; frame-src {}", origins.join(" "));
    if let Ok(policy) = HeaderValue::try_from(widened) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Lets the form on a page end at a relying party. Chromium holds every redirect after a form's post against
/// the page's policy.
pub(in crate::web) fn letting_forms_end_at(mut response: Response, target: &ValidRedirect) -> Response {
    let widened = target
        .origin()
        .map(|origin| POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}")));
    if let Some(policy) = widened.and_then(|policy| HeaderValue::try_from(policy).ok()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
