//! `/device_authorization` (RFC 8628, section 3.1).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::base::Error;
use crate::oidc::device;
use crate::web::Web;
use crate::web::extract::ClientAuth;
use crate::web::respond::oauth::{self, Came};
use crate::web::respond::problem;

pub(in crate::web) async fn post(State(web): State<Arc<Web>>, auth: ClientAuth) -> Response {
    match device::begin(&web.kit, &auth.client, &auth.form).await {
        Ok(begun) => Json(begun).into_response(),
        Err(Error::Refused(error)) => oauth::error(&error, Came::Otherwise),
        Err(Error::Fault(fault)) => problem::broken(fault),
    }
}
