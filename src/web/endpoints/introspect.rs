//! `/introspect` (RFC 7662, section 2).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::base::Error;
use crate::oidc::introspect;
use crate::web::Web;
use crate::web::extract::ClientAuth;
use crate::web::respond::oauth::{self, Came};
use crate::web::respond::problem;

pub(in crate::web) async fn post(State(web): State<Arc<Web>>, auth: ClientAuth) -> Response {
    match introspect::introspect(&web.kit, &auth.client, &auth.form).await {
        Ok(known) => Json(known).into_response(),
        Err(Error::Refused(error)) => oauth::error(&error, Came::Otherwise),
        Err(Error::Fault(fault)) => problem::broken(fault),
    }
}
