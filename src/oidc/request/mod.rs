//! The authorization request: one ordered list of checks (OpenID Connect Core 1.0, section 3.1.2.1; RFC 6749,
//! section 4.1.1; RFC 7636).
//!
//! First the client and the redirect URI: until both are known to be good, whatever is wrong is shown on a
//! page and the browser goes nowhere. Then the response mode, because it says how everything after is told.

mod checks;
mod source;

use serde::{Deserialize, Serialize};

pub(crate) use self::checks::algorithms;
use self::source::{Came, RawRequest};
use crate::base::{ClientId, Digest, Span, kinds};
use crate::clients;
use crate::kit::Kit;
use crate::model::Client;
use crate::oidc::authorize::AuthorizationResponse;
use crate::oidc::claims::ClaimsRequest;
use crate::oidc::error::{AuthorizeError, ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::policy::prompt::Prompt;
use crate::policy::redirect::{self, ValidRedirect};

const LONGEST_STATE: usize = 2_048;

/// How the answer travels (OAuth 2.0 Multiple Response Type Encoding Practices, section 2.1; OAuth 2.0 Form
/// Post Response Mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl ResponseMode {
    pub(crate) const ALL: [(&str, Self); 3] =
        [("query", Self::Query), ("fragment", Self::Fragment), ("form_post", Self::FormPost)];
}

/// A request that passed every check.
#[derive(Clone, Debug)]
pub(crate) struct ValidRequest {
    pub(crate) client_id: ClientId,
    pub(crate) redirect: ValidRedirect,
    pub(crate) asked: Asked,
    /// The pushed request that it is, to be used up by the answer.
    pub(crate) pushed: Option<Digest<kinds::Pushed>>,
}

/// What was asked for, in the form in which a journey keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
    pub(crate) scope: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) claims: Option<ClaimsRequest>,
}

/// What matters only while it is decided whether somebody must log in.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    pub(crate) prompt: Prompt,
    pub(crate) max_age: Option<Span>,
    pub(crate) login_hint: Option<String>,
    /// The subject that the answer must be about, from `id_token_hint` or the `claims` parameter.
    pub(crate) subject: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Frozen {
    redirect_uri: String,
    asked: Asked,
    pushed: Option<String>,
}

impl ValidRequest {
    /// Writes the request down for as long as its journey takes.
    pub(crate) fn freeze(&self) -> Option<String> {
        let frozen = Frozen {
            redirect_uri: self.redirect.as_str().to_owned(),
            asked: self.asked.clone(),
            pushed: self.pushed.as_ref().map(|digest| digest.as_str().to_owned()),
        };
        serde_json::to_string(&frozen).ok()
    }

    /// Reads a request back; `None` where the client has since taken the redirect URI off its list.
    pub(crate) fn thaw(client: &Client, text: &str) -> Option<Self> {
        let frozen: Frozen = serde_json::from_str(text).ok()?;
        let redirect = redirect::registered(client, &frozen.redirect_uri)?;
        let pushed = frozen.pushed.map(Digest::stored);
        Some(Self { client_id: client.id.clone(), redirect, asked: frozen.asked, pushed })
    }

    /// An answer to this request with these parameters, and with `state` and `iss` (RFC 9207).
    pub(crate) fn respond(&self, kit: &Kit, answer: Vec<(&'static str, String)>) -> AuthorizationResponse {
        AuthorizationResponse::new(
            kit,
            self.redirect.clone(),
            self.asked.mode,
            self.asked.state.as_deref(),
            answer,
        )
    }

    /// The same with an error.
    pub(crate) fn respond_error(&self, kit: &Kit, error: &OAuthError) -> AuthorizationResponse {
        self.respond(kit, error_answer(error))
    }

    /// An error as the answer to this request.
    pub(crate) fn refuse(&self, kit: &Kit, error: OAuthError) -> AuthorizeError {
        let response = self.respond_error(kit, &error);
        AuthorizeError::Redirect(Box::new(response), error)
    }
}

fn error_answer(error: &OAuthError) -> Vec<(&'static str, String)> {
    vec![("error", error.code.name().to_owned()), ("error_description", error.say.to_string())]
}

/// Checks a request that a browser brings, in order.
pub(crate) async fn validate(kit: &Kit, params: &Params) -> Result<(ValidRequest, Wishes), AuthorizeError> {
    let client = known_client(kit, params).await?;
    let raw = source::brought(kit, &client, params).await?;
    judge(kit, client, raw)
}

/// Checks a request that a client pushes, in the same order; what of it is to be kept.
pub(crate) async fn validate_pushed(
    kit: &Kit,
    client: &Client,
    form: &Params,
) -> Result<Params, AuthorizeError> {
    let raw = source::pushed(client, form);
    let params = raw.params.clone();
    judge(kit, client.clone(), raw)?;
    Ok(params)
}

fn judge(kit: &Kit, client: Client, raw: RawRequest) -> Result<(ValidRequest, Wishes), AuthorizeError> {
    let RawRequest { params, came, problem } = raw;
    let redirect = match known_redirect(&client, &params) {
        Ok(redirect) => redirect,
        Err(error) => return Err(AuthorizeError::Page(problem.unwrap_or(error))),
    };
    let state = params.get("state").filter(|state| state.len() <= LONGEST_STATE);
    let mode = response_mode(&params);
    let checked = match (problem, mode) {
        (Some(problem), _) => Err(problem),
        (None, Some(_)) if state.is_none() && params.get("state").is_some() => {
            Err(OAuthError::new(ErrorCode::InvalidRequest, "state must be 2048 bytes or fewer"))
        }
        (None, Some(mode)) => checks::check(kit, &client, &params, &came, mode),
        (None, None) => Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            "response_mode must be query, fragment or form_post",
        )),
    };
    match checked {
        Ok((asked, wishes)) => {
            let pushed = match came {
                Came::Pushed(digest) => Some(digest),
                Came::Brought | Came::Pushing => None,
            };
            Ok((ValidRequest { client_id: client.id, redirect, asked, pushed }, wishes))
        }
        Err(error) => {
            let error = error.noting(format!("client {}", client.id));
            let mode = mode.unwrap_or(ResponseMode::Query);
            let response = AuthorizationResponse::new(kit, redirect, mode, state, error_answer(&error));
            Err(AuthorizeError::Redirect(Box::new(response), error))
        }
    }
}

/// An identifier that nobody has is answered by a page (RFC 6749, section 4.1.2.1).
async fn known_client(kit: &Kit, params: &Params) -> Result<Client, AuthorizeError> {
    let refuse = |say, note: String| {
        AuthorizeError::Page(OAuthError::new(ErrorCode::InvalidRequest, say).noting(note))
    };
    let Some(text) = params.get("client_id") else {
        return Err(refuse("client_id is missing", "no client_id".to_owned()));
    };
    let unknown =
        || refuse("client_id is not known", format!("client_id {text:?} is not registered or is disabled"));
    let id = ClientId::parse(text).ok_or_else(unknown)?;
    clients::find(kit, &id).await?.ok_or_else(unknown)
}

/// The redirect URI is compared byte for byte, and required even where only one is registered (OpenID Connect
/// Core 1.0, section 3.1.2.1).
fn known_redirect(client: &Client, params: &Params) -> Result<ValidRedirect, OAuthError> {
    let refuse = |say, note: String| OAuthError::new(ErrorCode::InvalidRequest, say).noting(note);
    let Some(asked) = params.get("redirect_uri") else {
        return Err(refuse("redirect_uri is missing", format!("client {} sent no redirect_uri", client.id)));
    };
    redirect::registered(client, asked).ok_or_else(|| {
        let expected = client.settings.redirect_uris.join(" or ");
        refuse(
            "redirect_uri is not registered for this client",
            format!("client {} sent redirect_uri {asked:?}; registered: {expected}", client.id),
        )
    })
}

fn response_mode(params: &Params) -> Option<ResponseMode> {
    match params.get("response_mode") {
        None => Some(ResponseMode::Query),
        Some(asked) => ResponseMode::ALL.iter().find(|(name, _)| *name == asked).map(|(_, mode)| *mode),
    }
}
