//! Parameters, strictly read.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::{BadParams, Params};

/// The parameters of a query.
pub(in crate::web) struct Query(pub(in crate::web) Params);

/// The parameters of a posted form.
pub(in crate::web) struct Form(pub(in crate::web) Params);

/// Parameters that cannot be used.
#[derive(Debug)]
pub(in crate::web) enum Unwanted {
    Params(BadParams),
    NotAForm,
    TooLarge,
}

impl Unwanted {
    /// What a developer is told.
    pub(in crate::web) const fn error(&self) -> OAuthError {
        let say = match self {
            Self::Params(BadParams::Repeated) => "a parameter is there more than once",
            Self::Params(BadParams::Damaged) => "a parameter is not valid UTF-8 text",
            Self::NotAForm => "the body must be application/x-www-form-urlencoded",
            Self::TooLarge => "the body is larger than 16 KiB",
        };
        OAuthError::new(ErrorCode::InvalidRequest, say)
    }

    pub(in crate::web) const fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for Unwanted {
    fn into_response(self) -> Response {
        let mut response =
            crate::web::respond::oauth::error(&self.error(), crate::web::respond::oauth::Came::Otherwise);
        *response.status_mut() = self.status();
        response
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Unwanted;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Unwanted> {
        let query = parts.uri.query().unwrap_or_default();
        Params::parse(query.as_bytes()).map(Self).map_err(Unwanted::Params)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Unwanted;

    async fn from_request(request: Request, state: &S) -> Result<Self, Unwanted> {
        let is_form = is_form(request.headers());
        let query = request.uri().query().unwrap_or_default();
        let in_address = Params::parse(query.as_bytes()).map_err(Unwanted::Params)?;
        let body = Bytes::from_request(request, state).await.map_err(|_| Unwanted::TooLarge)?;
        // An empty body needs no type: some libraries send none with a bare POST.
        if !is_form && !body.is_empty() {
            return Err(Unwanted::NotAForm);
        }
        let params = Params::parse(&body).map_err(Unwanted::Params)?;
        // Once in the address and once in the body is more than once.
        if params.shares_a_name_with(&in_address) {
            return Err(Unwanted::Params(BadParams::Repeated));
        }
        Ok(Self(params))
    }
}

/// The rest of a request, and its form, read to the end. Whatever decides about it is looked up afterwards: a body may
/// take its time, and what was known before it came may no longer be true.
pub(in crate::web) async fn read_whole<S: Send + Sync>(
    request: Request,
    state: &S,
) -> (Parts, Result<Form, Unwanted>) {
    let (parts, body) = request.into_parts();
    let form = Form::from_request(Request::from_parts(parts.clone(), body), state).await;
    (parts, form)
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
