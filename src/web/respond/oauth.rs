//! Errors for programs (RFC 6749, section 5.2; RFC 6750, section 3).

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::model::{Algorithm, Client};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::sender;
use crate::policy::dpop;
use crate::web::Web;
use crate::web::respond::Note;

/// How a client came to an endpoint, which decides how it is told off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Came {
    /// With HTTP Basic credentials: it must be challenged in kind.
    WithBasic,
    Otherwise,
}

/// An error of the token endpoint. All are 400, except a client that is not believed (RFC 6749, section 5.2).
pub(in crate::web) fn error(error: &OAuthError, came: Came) -> Response {
    let status = match error.code {
        ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({ "error": error.code.name(), "error_description": error.say });
    let mut response = (status, Json(body)).into_response();
    if came == Came::WithBasic && status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    noted(response, error)
}

/// How an access token comes to a protected resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Scheme {
    Bearer,
    /// RFC 9449, section 7.1.
    Dpop,
}

impl Scheme {
    fn challenge(self) -> String {
        match self {
            Self::Bearer => "Bearer realm=\"userinfo\"".to_owned(),
            Self::Dpop => {
                let algorithms = dpop::ALGORITHMS.map(Algorithm::name).join(" ");
                format!("DPoP realm=\"userinfo\", algs=\"{algorithms}\"")
            }
        }
    }
}

/// An error of a protected resource: a challenge, with the same words in the body.
pub(in crate::web) fn resource_error(scheme: Scheme, error: &OAuthError) -> Response {
    let status = match error.code {
        ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNAUTHORIZED,
    };
    let (code, say) = (error.code.name(), &error.say);
    let challenge = format!("{}, error=\"{code}\", error_description=\"{say}\"", scheme.challenge());
    let body = json!({ "error": code, "error_description": say });
    let mut response = (status, Json(body)).into_response();
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    noted(response, error)
}

/// The challenge to a request that brought no token at all, which says nothing of errors (RFC 6750, section
/// 3.1).
pub(in crate::web) fn challenge() -> Response {
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    for scheme in [Scheme::Bearer, Scheme::Dpop] {
        if let Ok(challenge) = HeaderValue::try_from(scheme.challenge()) {
            response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
        }
    }
    response
}

/// Hands a client that is to use nonces the one for its next proof (RFC 9449, section 8.2).
pub(in crate::web) fn with_nonce(web: &Web, client: &Client, mut response: Response) -> Response {
    if client.settings.dpop_nonces {
        put_nonce(web, &mut response);
    }
    response
}

/// RFC 9449, section 8.
pub(in crate::web) fn put_nonce(web: &Web, response: &mut Response) {
    if let Ok(nonce) = HeaderValue::try_from(sender::nonce(&web.kit)) {
        response.headers_mut().insert(HeaderName::from_static("dpop-nonce"), nonce);
    }
}

/// Sends what we note of an error along to the log.
pub(in crate::web) fn noted(mut response: Response, error: &OAuthError) -> Response {
    let note = match &error.note {
        Some(note) => format!("{}: {}; {note}", error.code.name(), error.say),
        None => format!("{}: {}", error.code.name(), error.say),
    };
    response.extensions_mut().insert(Note(note));
    response
}
