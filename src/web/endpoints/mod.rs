//! Endpoints for programs.

pub(super) mod authorize;
pub(super) mod check_session;
pub(super) mod device_authorization;
pub(super) mod discovery;
pub(super) mod health;
pub(super) mod introspect;
pub(super) mod jwks;
pub(super) mod par;
pub(super) mod register;
pub(super) mod revoke;
pub(super) mod token;
pub(super) mod userinfo;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::base::Document;

/// A public document from memory: kept by whoever asks for as long as `cache_control` says, and not sent again
/// to who has it.
fn document(document: &Document, cache_control: &'static str, headers: &HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == document.etag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], document.body.clone()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    if let Ok(etag) = HeaderValue::try_from(&document.etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}
