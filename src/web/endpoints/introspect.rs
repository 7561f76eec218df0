//! `/introspect` (RFC 7662, section 2; RFC 9701, section 4).

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::base::Error;
use crate::oidc::introspect;
use crate::web::Web;
use crate::web::extract::ClientAuth;
use crate::web::respond::oauth::{self, Came};
use crate::web::respond::problem;

/// What a client accepts that wants the answer signed.
const SIGNED: &str = "application/token-introspection+jwt";

pub(in crate::web) async fn post(State(web): State<Arc<Web>>, request: Request) -> Response {
    let accepted = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let wants_signed = accepted.is_some_and(|accepted| accepted.contains(SIGNED));
    let auth = match ClientAuth::from_request(request, &web).await {
        Ok(auth) => auth,
        Err(refused) => return refused,
    };
    match introspect::introspect(&web.kit, &auth.client, &auth.form).await {
        Ok(known) if wants_signed => match introspect::sign(&web.kit, &auth.client, &known) {
            Ok(token) => ([(header::CONTENT_TYPE, SIGNED)], token).into_response(),
            Err(fault) => problem::broken(fault),
        },
        Ok(known) => Json(known).into_response(),
        Err(Error::Refused(error)) => oauth::error(&error, Came::Otherwise),
        Err(Error::Fault(fault)) => problem::broken(fault),
    }
}
