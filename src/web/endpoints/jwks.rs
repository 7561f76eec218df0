//! `/jwks`: the keys that our signatures are checked with (RFC 7517, section 5).

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::web::Web;

/// Relying parties may keep the keys for an hour: new ones are announced for longer before they sign.
pub(in crate::web) async fn get(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    let keys = web.kit.signing.current();
    super::document(keys.jwks(), "public, max-age=3600", &headers)
}
