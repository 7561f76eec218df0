//! `/session/check`: the frame of session management (OpenID Connect Session Management 1.0, section 4).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};

use crate::view::check_session_frame;
use crate::web::Web;
use crate::web::layers::Framed;

/// It stands in the pages of any service, holds one script of ours, and shows nothing.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'");

pub(in crate::web) async fn get(State(web): State<Arc<Web>>) -> Response {
    let mut response = Html(check_session_frame(&web.front.cookies.state_name())).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response.extensions_mut().insert(Framed);
    response
}
