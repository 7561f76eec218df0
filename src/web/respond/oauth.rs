//! Errors for programs (RFC 6749, section 5.2; RFC 6750, section 3).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::oidc::error::{ErrorCode, OAuthError};
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

/// An error of a protected resource: a challenge, with the same words in the body.
pub(in crate::web) fn bearer_error(error: &OAuthError) -> Response {
    let status = match error.code {
        ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNAUTHORIZED,
    };
    let (code, say) = (error.code.name(), &error.say);
    let challenge = format!("Bearer realm=\"userinfo\", error=\"{code}\", error_description=\"{say}\"");
    let body = json!({ "error": code, "error_description": say });
    let mut response = (status, Json(body)).into_response();
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    noted(response, error)
}

/// The challenge to a request that brought no token at all, which says nothing of errors (RFC 6750, section
/// 3.1).
pub(in crate::web) fn bearer_challenge() -> Response {
    let challenge = HeaderValue::from_static("Bearer realm=\"userinfo\"");
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
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
