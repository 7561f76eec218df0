//! `/register` and the addresses of registrations (RFC 7591, section 3; RFC 7592, section 2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde_json::{Map, Value, json};

use crate::admin::registration::{self, Refusal, Registration};
use crate::base::{Error, Secret, Span, Timestamp, strict_json};
use crate::config::OpenTo;
use crate::model::{Client, Visit};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::web::Web;
use crate::web::respond::oauth::{self, Came};
use crate::web::respond::problem;

pub(in crate::web) async fn post(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if web.kit.config.registration.open_to == OpenTo::Nobody {
        return StatusCode::NOT_FOUND.into_response();
    }
    let document = match read(&headers, &body) {
        Ok(document) => document,
        Err(error) => return oauth::error(&error, Came::Otherwise),
    };
    match registration::register(&web.kit, bearer(&headers), &document, &visit).await {
        Ok(registered) => {
            (StatusCode::CREATED, Json(registration::document(&web.kit, &registered))).into_response()
        }
        Err(error) => refused(&web, error),
    }
}

pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    match open(&web, &id, &headers).await {
        Ok(client) => shown(&web, client, &headers),
        Err(error) => refused(&web, error),
    }
}

pub(in crate::web) async fn put(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let client = match open(&web, &id, &headers).await {
        Ok(client) => client,
        Err(error) => return refused(&web, error),
    };
    let document = match read(&headers, &body) {
        Ok(document) => document,
        Err(error) => return oauth::error(&error, Came::Otherwise),
    };
    match registration::replace(&web.kit, &client, &document, &visit).await {
        Ok(client) => shown(&web, client, &headers),
        Err(error) => refused(&web, error),
    }
}

pub(in crate::web) async fn delete(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let client = match open(&web, &id, &headers).await {
        Ok(client) => client,
        Err(error) => return refused(&web, error),
    };
    match registration::remove(&web.kit, &client, &visit).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(fault) => problem::broken(fault),
    }
}

async fn open(web: &Web, id: &str, headers: &HeaderMap) -> Result<Client, Error<Refusal>> {
    registration::open(&web.kit, id, bearer(headers).unwrap_or_default()).await
}

/// A registration, with the token that opened it (RFC 7592, section 3).
fn shown(web: &Web, client: Client, headers: &HeaderMap) -> Response {
    let token = bearer(headers).and_then(Secret::presented);
    let registration = Registration { client, secret: None, token };
    Json(registration::document(&web.kit, &registration)).into_response()
}

fn read(headers: &HeaderMap, body: &Bytes) -> Result<Map<String, Value>, OAuthError> {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_json = media_type.split(';').next().is_some_and(|name| name.trim() == "application/json");
    let document = std::str::from_utf8(body).ok().filter(|_| is_json).and_then(strict_json);
    match document {
        Some(Value::Object(document)) => Ok(document),
        _ => {
            let say = "the body must be a JSON object, as application/json, with no member twice";
            Err(OAuthError::new(ErrorCode::InvalidClientMetadata, say))
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = lines.next()?.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && lines.next().is_none()).then_some(token)
}

fn refused(web: &Web, error: Error<Refusal>) -> Response {
    let error = match error {
        Error::Fault(fault) => return problem::broken(fault),
        Error::Refused(Refusal::Token) => {
            let challenge = HeaderValue::from_static("Bearer realm=\"register\", error=\"invalid_token\"");
            return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response();
        }
        Error::Refused(Refusal::TooMany { until }) => return too_many(web, until),
        Error::Refused(Refusal::Redirect(why)) => OAuthError::explained(ErrorCode::InvalidRedirectUri, &why),
        Error::Refused(Refusal::Metadata(why)) => {
            OAuthError::explained(ErrorCode::InvalidClientMetadata, &why)
        }
    };
    oauth::error(&error, Came::Otherwise)
}

/// Nothing in RFC 7591 is for this: a status that every program knows.
fn too_many(web: &Web, until: Option<Timestamp>) -> Response {
    let wait = until.map_or(Span::hours(1), |until| until.since(web.kit.now()));
    let body = json!({
        "error": "temporarily_unavailable",
        "error_description": "too many services have registered from this network; try again later",
    });
    let retry_after = [(header::RETRY_AFTER, wait.as_seconds().max(1).to_string())];
    (StatusCode::TOO_MANY_REQUESTS, retry_after, Json(body)).into_response()
}
