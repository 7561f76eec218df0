//! `/userinfo` (OpenID Connect Core 1.0, section 5.3; RFC 6750, section 2).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

use crate::base::Error;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::userinfo;
use crate::web::Web;
use crate::web::extract::{Form, Unwanted};
use crate::web::respond::{oauth, problem};

pub(in crate::web) async fn get(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    answer(&web, bearer(&headers)).await
}

/// The token may stand in the body instead (RFC 6750, section 2.2), but not in both places.
pub(in crate::web) async fn post(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    form: Result<Form, Unwanted>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(unwanted) => {
            let mut response = oauth::bearer_error(&unwanted.error());
            *response.status_mut() = unwanted.status();
            return response;
        }
    };
    let presented = match (bearer(&headers), form.get("access_token")) {
        (Presented::Nothing, Some(token)) => Presented::Token(token.to_owned()),
        (Presented::Token(_), Some(_)) => Presented::Twice,
        (in_header, _) => in_header,
    };
    answer(&web, presented).await
}

enum Presented {
    Nothing,
    Token(String),
    Twice,
}

fn bearer(headers: &HeaderMap) -> Presented {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let token = lines.next().and_then(|line| line.to_str().ok()).and_then(|line| {
        let (scheme, token) = line.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.to_owned())
    });
    match (token, lines.next()) {
        (Some(token), None) => Presented::Token(token),
        (None, None) => Presented::Nothing,
        (_, Some(_)) => Presented::Twice,
    }
}

async fn answer(web: &Web, presented: Presented) -> Response {
    match presented {
        Presented::Nothing => oauth::bearer_challenge(),
        Presented::Twice => oauth::bearer_error(&OAuthError::new(
            ErrorCode::InvalidRequest,
            "an access token came in two places; use one",
        )),
        Presented::Token(token) => match userinfo::claims(&web.kit, &token).await {
            Ok(claims) => Json(claims).into_response(),
            Err(Error::Refused(error)) => oauth::bearer_error(&error),
            Err(Error::Fault(fault)) => problem::broken(fault),
        },
    }
}
