//! A client at the token endpoint (RFC 6749, section 2.3; OpenID Connect Core 1.0, section 9).

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::clients::assertion::{self, Disproof};
use crate::clients::{self, AuthenticatedClient, Disbelief, Presented};
use crate::model::{ClientAuthentication, Visit};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::oidc::refusal;
use crate::oidc::sender::Shown;
use crate::web::Web;
use crate::web::extract::assertion::asserted;
use crate::web::extract::{Form, certificate, sender};
use crate::web::respond::oauth::{self, Came};
use crate::web::respond::problem;

/// A client that was believed, with the form it sent.
pub(in crate::web) struct ClientAuth {
    pub(in crate::web) client: AuthenticatedClient,
    pub(in crate::web) form: Params,
    pub(in crate::web) shown: Shown,
    pub(in crate::web) visit: Visit,
}

impl FromRequest<Arc<Web>> for ClientAuth {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let visit = request.extensions().get::<Visit>().cloned().unwrap_or_default();
        let is_credential =
            |query: &str| query.contains("client_secret") || query.contains("client_assertion");
        let in_query = request.uri().query().is_some_and(is_credential);
        let path = request.uri().path().to_owned();
        let endpoint = sender::address(web, request.headers(), request.uri());
        let basic = basic_credentials(request.headers());
        let shown = sender::shown(web, &request);
        let certificate = certificate::shown(&web.kit.config, request.headers(), request.extensions());
        let Form(form) =
            Form::from_request(request, web).await.map_err(|unwanted| unwanted.into_response())?;
        let came = if basic == Basic::Absent { Came::Otherwise } else { Came::WithBasic };
        let refuse = |error: OAuthError| oauth::error(&error, came);
        if in_query {
            return Err(refuse(OAuthError::new(
                ErrorCode::InvalidRequest,
                "a client secret must never be in the address; change it, it may be in logs",
            )));
        }
        if let Some(asserted) = asserted(basic != Basic::Absent, &form, endpoint).map_err(refuse)? {
            let believed = assertion::authenticate(&web.kit, &asserted).await.map_err(problem::broken)?;
            let client = believed.map_err(|Disproof(why)| refuse(failed().noting(why)))?;
            return Ok(Self { client, form, shown, visit });
        }
        let presented = presented(&basic, &form).map_err(refuse)?;
        if let (ClientAuthentication::None, Some(certificate)) = (presented.method, certificate) {
            let id = &presented.client_id;
            let checked = clients::certificate::authenticate(&web.kit, id, &certificate).await;
            if let Some(believed) = checked.map_err(problem::broken)? {
                let client = believed.map_err(|Disproof(why)| refuse(failed().noting(why)))?;
                return Ok(Self { client, form, shown, visit });
            }
        }
        match clients::authenticate(&web.kit, &presented).await.map_err(problem::broken)? {
            Ok(client) => Ok(Self { client, form, shown, visit }),
            Err(disbelief) => {
                let error = unbelieved(&presented, disbelief);
                let who = (path.as_str(), Some(presented.client_id.as_str()));
                refusal::remember(&web.kit, who, &form, &error, &visit).await;
                Err(refuse(error))
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Basic {
    Absent,
    Malformed,
    Present { id: String, secret: String },
}

/// HTTP Basic credentials: both halves are form-encoded before they are joined (RFC 6749, section 2.3.1).
fn basic_credentials(headers: &HeaderMap) -> Basic {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let Some(line) = lines.next() else { return Basic::Absent };
    let read = || {
        let (scheme, encoded) = line.to_str().ok()?.split_once(' ')?;
        let decoded = STANDARD.decode(encoded).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (id, secret) = text.split_once(':')?;
        let basic = Basic::Present { id: form_decode(id)?, secret: form_decode(secret)? };
        scheme.eq_ignore_ascii_case("basic").then_some(basic)
    };
    if lines.next().is_some() { Basic::Malformed } else { read().unwrap_or(Basic::Malformed) }
}

fn form_decode(text: &str) -> Option<String> {
    let pair = format!("x={text}");
    let mut decoded = form_urlencoded::parse(pair.as_bytes());
    let (_, value) = decoded.next()?;
    decoded.next().is_none().then(|| value.into_owned())
}

/// What was presented: by one method, not two (RFC 6749, section 2.3).
fn presented(basic: &Basic, form: &Params) -> Result<Presented, OAuthError> {
    let refuse = |code, say| Err(OAuthError::new(code, say));
    match basic {
        Basic::Malformed => {
            refuse(ErrorCode::InvalidClient, "the Authorization header is not valid HTTP Basic credentials")
        }
        Basic::Present { .. } if form.has("client_secret") => {
            refuse(ErrorCode::InvalidRequest, "client credentials came in two ways; use one")
        }
        Basic::Present { id, .. } if form.get("client_id").is_some_and(|named| named != id) => {
            refuse(ErrorCode::InvalidClient, "client_id is not the one in the Authorization header")
        }
        Basic::Present { id, secret } => Ok(Presented {
            client_id: id.clone(),
            method: ClientAuthentication::ClientSecretBasic,
            secret: Some(secret.clone()),
        }),
        Basic::Absent => {
            let Some(client_id) = form.get("client_id") else {
                return refuse(ErrorCode::InvalidClient, "client authentication is missing");
            };
            let secret = form.get("client_secret").map(str::to_owned);
            let method = match secret {
                Some(_) => ClientAuthentication::ClientSecretPost,
                None => ClientAuthentication::None,
            };
            Ok(Presented { client_id: client_id.to_owned(), method, secret })
        }
    }
}

/// One answer for every reason: who guesses learns nothing. The log has the reason.
fn unbelieved(presented: &Presented, disbelief: Disbelief) -> OAuthError {
    let why = match disbelief {
        Disbelief::Unknown => "there is no such client",
        Disbelief::Disabled => "the client is disabled",
        Disbelief::Method => "the client is registered for another authentication method",
        Disbelief::Secret => "the secret is not one of the client's",
    };
    failed().noting(format!("client {:?} by {}: {why}", presented.client_id, presented.method.name()))
}

fn failed() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidClient,
        "client authentication failed; check the client, its secret or key, and the registered authentication method",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_basic_credentials_are_form_decoded() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
            basic_credentials(&headers)
        };
        let encoded = STANDARD.encode("my%2Dclient:a%3Ab+c%26");
        let expected = Basic::Present { id: "my-client".to_owned(), secret: "a:b c&".to_owned() };
        assert_eq!(read(&format!("Basic {encoded}")), expected);
        assert_eq!(read(&format!("bAsIc {encoded}")), expected);
        for bad in ["Basic", "Basic !", "Bearer abc", &format!("Basic {}", STANDARD.encode("nocolon"))] {
            assert_eq!(read(bad), Basic::Malformed, "{bad}");
        }
        assert_eq!(basic_credentials(&HeaderMap::new()), Basic::Absent);
    }
}
