//! `/userinfo` (OpenID Connect Core 1.0, section 5.3; RFC 6750, section 2; RFC 9449, section 7).

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

use crate::base::Error;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::sender::Shown;
use crate::oidc::userinfo::{self, PresentedToken, UserInfo};
use crate::web::Web;
use crate::web::extract::{Form, shown};
use crate::web::respond::oauth::{self, Scheme};
use crate::web::respond::problem;

pub(in crate::web) async fn get(State(web): State<Arc<Web>>, request: Request) -> Response {
    let presented = in_header(request.headers());
    answer(&web, presented, &shown(&web, &request)).await
}

/// The token may stand in the body instead (RFC 6750, section 2.2), but not in both places.
pub(in crate::web) async fn post(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (in_header, shown) = (in_header(request.headers()), shown(&web, &request));
    let form = match Form::from_request(request, &web).await {
        Ok(Form(form)) => form,
        Err(unwanted) => {
            let mut response = oauth::resource_error(Scheme::Bearer, &unwanted.error());
            *response.status_mut() = unwanted.status();
            return response;
        }
    };
    let presented = match (in_header, form.get("access_token")) {
        (Presented::Nothing, Some(token)) => Presented::Token(Scheme::Bearer, token.to_owned()),
        (Presented::Token(..), Some(_)) => Presented::Twice,
        (in_header, _) => in_header,
    };
    answer(&web, presented, &shown).await
}

enum Presented {
    Nothing,
    Token(Scheme, String),
    Twice,
}

fn in_header(headers: &HeaderMap) -> Presented {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let token = lines.next().and_then(|line| line.to_str().ok()).and_then(|line| {
        let (named, token) = line.split_once(' ')?;
        let schemes = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
        let (_, scheme) = schemes.into_iter().find(|(name, _)| named.eq_ignore_ascii_case(name))?;
        Some((scheme, token.to_owned()))
    });
    match (token, lines.next()) {
        (Some((scheme, token)), None) => Presented::Token(scheme, token),
        (None, None) => Presented::Nothing,
        (_, Some(_)) => Presented::Twice,
    }
}

async fn answer(web: &Web, presented: Presented, shown: &Shown) -> Response {
    let (scheme, text) = match presented {
        Presented::Nothing => return oauth::challenge(),
        Presented::Twice => {
            let say = "an access token came in two places; use one";
            return oauth::resource_error(Scheme::Bearer, &OAuthError::new(ErrorCode::InvalidRequest, say));
        }
        Presented::Token(scheme, text) => (scheme, text),
    };
    let token = PresentedToken { text: &text, is_dpop: scheme == Scheme::Dpop, shown };
    match userinfo::claims(&web.kit, &token).await {
        Ok(UserInfo::Plain(claims)) => Json(claims).into_response(),
        Ok(UserInfo::Token(token)) => ([(header::CONTENT_TYPE, "application/jwt")], token).into_response(),
        Err(Error::Refused(error)) => {
            let mut response = oauth::resource_error(scheme, &error);
            if error.code == ErrorCode::UseDpopNonce {
                oauth::put_nonce(web, &mut response);
            }
            response
        }
        Err(Error::Fault(fault)) => problem::broken(fault),
    }
}
