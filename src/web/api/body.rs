//! Bodies and queries, strictly read.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::{MOST_ROWS, Paging};
use crate::admin::people::ROWS;
use crate::base::{Timestamp, strict_json};
use crate::oidc::params::Params;

/// A JSON body, with its text.
pub(super) struct Body<T> {
    pub(super) value: T,
    pub(super) text: Bytes,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "the body must be JSON: Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let read = Bytes::from_request(request, state).await;
        let text = read.map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"))?;
        // Members that stand twice are refused here: programs before and behind us may read another one of them.
        let bad = |why: String| Problem::new(StatusCode::BAD_REQUEST, why);
        let whole = std::str::from_utf8(&text).ok().and_then(strict_json);
        let whole = whole.ok_or_else(|| bad("the body is not JSON, or a member stands twice".to_owned()))?;
        if !whole.is_object() {
            return Err(bad("the body must be an object".to_owned()));
        }
        let value = serde_json::from_value(whole).map_err(|error| bad(error.to_string()))?;
        Ok(Self { value, text })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// The parameters of a list: these and no others.
pub(super) fn listing(parts: &Parts, known: &[&str]) -> Result<(Params, Paging), Problem> {
    let bad = |why: String| Problem::new(StatusCode::BAD_REQUEST, why);
    let query = parts.uri.query().unwrap_or_default();
    let params = Params::parse(query.as_bytes())
        .map_err(|_| bad("a parameter stands twice or is not UTF-8 text".to_owned()))?;
    if let Some(odd) = params.names().find(|name| !known.contains(name) && !["after", "limit"].contains(name))
    {
        return Err(bad(format!("there is no parameter {odd}")));
    }
    // Whoever names one and leaves it empty has lost what should have been there.
    if let Some(empty) = params.names().find(|name| *name != "q" && params.field(name).is_empty()) {
        return Err(bad(format!("{empty} is empty; leave it out")));
    }
    let limit = match params.has("limit") {
        false => ROWS,
        true => params
            .field("limit")
            .parse()
            .ok()
            .filter(|limit| (1..=MOST_ROWS).contains(limit))
            .ok_or_else(|| bad(format!("limit must be from 1 to {MOST_ROWS}")))?,
    };
    let after = params.get("after").map(str::to_owned);
    Ok((params, Paging { after, limit }))
}

/// A request without its body.
pub(super) struct Head(pub(super) Parts);

impl<S: Send + Sync> FromRequestParts<S> for Head {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.clone()))
    }
}

/// The version of something, as an entity tag.
pub(super) fn etag(updated_at: Timestamp) -> String {
    format!("\"{}\"", updated_at.millis())
}

/// The version that somebody has seen (RFC 9110, section 13.1.1): `If-Match` is demanded, so that nobody writes over
/// what another has just saved.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Timestamp, Problem> {
    let Some(line) = headers.get(header::IF_MATCH) else {
        let detail = "send the ETag that you last saw as If-Match";
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, detail));
    };
    let text = line.to_str().unwrap_or_default().trim();
    let version =
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    let malformed =
        || Problem::new(StatusCode::BAD_REQUEST, "If-Match must be an ETag as it was sent, with its quotes");
    version.map(Timestamp::from_millis).ok_or_else(malformed)
}

/// Something has changed since it was seen.
pub(super) fn stale() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "it has changed since; fetch it again and repeat your change",
    )
}
