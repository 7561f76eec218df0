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

/// A page with its status. The logo of a service comes from where the service has it.
pub(in crate::web) fn page<P: Page>(web: &Web, status: StatusCode, page: &P, chrome: &Chrome) -> Response {
    let mut response = match web.engine.page(page, chrome) {
        Ok(html) => (status, Html(html)).into_response(),
        Err(fault) => return problem::broken(fault),
    };
    if let Some(origin) = chrome.client_logo.as_deref().and_then(origin) {
        widen(&mut response, "img-src 'self'", &origin);
    }
    response
}

/// Lets a page hold frames of services.
pub(in crate::web) fn framing(mut response: Response, addresses: &[String]) -> Response {
    let origins: Vec<String> = addresses.iter().filter_map(|address| origin(address)).collect();
    if !origins.is_empty() {
        widen(&mut response, "default-src 'none'", &format!("; frame-src {}", origins.join(" ")));
    }
    response
}

/// Lets the form on a page end at a relying party. Chromium holds every redirect after a form's post against
/// the page's policy.
pub(in crate::web) fn letting_forms_end_at(mut response: Response, target: &ValidRedirect) -> Response {
    if let Some(origin) = target.origin() {
        widen(&mut response, "form-action 'self'", &origin);
    }
    response
}

/// Adds something to one part of the content security policy.
fn widen(response: &mut Response, part: &str, more: &str) {
    let set = response.headers().get(header::CONTENT_SECURITY_POLICY);
    let policy = set.and_then(|policy| policy.to_str().ok()).unwrap_or(POLICY);
    let separator = if more.starts_with(';') { "" } else { " " };
    let widened = policy.replacen(part, &format!("{part}{separator}{more}"), 1);
    if let Ok(policy) = HeaderValue::try_from(widened) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}
