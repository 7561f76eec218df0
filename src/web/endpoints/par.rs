//! `/par`: requests that clients push before they send anybody here (RFC 9126, section 2).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::base::Error;
use crate::oidc::par;
use crate::web::Web;
use crate::web::extract::ClientAuth;
use crate::web::respond::oauth::{self, Came};
use crate::web::respond::problem;

pub(in crate::web) async fn post(State(web): State<Arc<Web>>, auth: ClientAuth) -> Response {
    let response = match par::push(&web.kit, &auth.client, &auth.form, &auth.shown).await {
        Ok(pushed) => (StatusCode::CREATED, Json(pushed)).into_response(),
        Err(Error::Refused(error)) => oauth::error(&error, Came::Otherwise),
        Err(Error::Fault(fault)) => return problem::broken(fault),
    };
    oauth::with_nonce(&web, auth.client.client(), response)
}
