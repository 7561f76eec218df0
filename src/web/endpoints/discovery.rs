//! `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::web::Web;

/// OpenID Connect Discovery 1.0, section 4; RFC 8414, section 3.
pub(in crate::web) async fn get(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    super::document(&web.front.discovery, "public, max-age=3600", &headers)
}
