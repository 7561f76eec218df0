//! `/token` (RFC 6749, section 3.2).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::base::{Error, paths};
use crate::oidc::refusal;
use crate::oidc::token::{self, TokenRequest};
use crate::web::Web;
use crate::web::extract::ClientAuth;
use crate::web::respond::oauth::{self, Came};
use crate::web::respond::problem;

pub(in crate::web) async fn post(State(web): State<Arc<Web>>, auth: ClientAuth) -> Response {
    let ClientAuth { client, form, shown, visit } = &auth;
    let request = TokenRequest { client, params: form, shown, visit };
    let response = match token::exchange(&web.kit, &request).await {
        Ok(tokens) => Json(tokens).into_response(),
        Err(Error::Refused(error)) => {
            let who = (paths::TOKEN, Some(client.client().id.as_str()));
            refusal::remember(&web.kit, who, form, &error, visit).await;
            oauth::error(&error, Came::Otherwise)
        }
        Err(Error::Fault(fault)) => return problem::broken(fault),
    };
    oauth::with_nonce(&web, client.client(), response)
}
