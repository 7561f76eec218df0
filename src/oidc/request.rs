//! The authorization request: one ordered list of checks (OpenID Connect Core 1.0, section 3.1.2.1; RFC 6749,
//! section 4.1.1; RFC 7636).
//!
//! First the client and the redirect URI: until both are known to be good, whatever is wrong is shown on a
//! page and the browser goes nowhere. Then the response mode, because it says how everything after is told.

use serde::{Deserialize, Serialize};

use crate::base::{ClientId, Span};
use crate::clients;
use crate::kit::Kit;
use crate::model::{Algorithm, Client};
use crate::oidc::authorize::AuthorizationResponse;
use crate::oidc::claims::ClaimsRequest;
use crate::oidc::error::{AuthorizeError, ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::policy::prompt::Prompt;
use crate::policy::redirect::{self, ValidRedirect};
use crate::policy::{pkce, scope};

const LONGEST_STATE: usize = 2_048;
const LONGEST_NONCE: usize = 512;
const LONGEST_HINT: usize = 254;

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
}

impl ValidRequest {
    /// Writes the request down for as long as its journey takes.
    pub(crate) fn freeze(&self) -> Option<String> {
        let frozen = Frozen { redirect_uri: self.redirect.as_str().to_owned(), asked: self.asked.clone() };
        serde_json::to_string(&frozen).ok()
    }

    /// Reads a request back; `None` where the client has since taken the redirect URI off its list.
    pub(crate) fn thaw(client: &Client, text: &str) -> Option<Self> {
        let frozen: Frozen = serde_json::from_str(text).ok()?;
        let redirect = redirect::registered(client, &frozen.redirect_uri)?;
        Some(Self { client_id: client.id.clone(), redirect, asked: frozen.asked })
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

    /// An error as the answer to this request.
    pub(crate) fn refuse(&self, kit: &Kit, error: OAuthError) -> AuthorizeError {
        let response = self.respond(kit, error_answer(&error));
        AuthorizeError::Redirect(Box::new(response), error)
    }
}

fn error_answer(error: &OAuthError) -> Vec<(&'static str, String)> {
    vec![("error", error.code.name().to_owned()), ("error_description", error.say.to_string())]
}

/// Checks a request, in order.
pub(crate) async fn validate(kit: &Kit, params: &Params) -> Result<(ValidRequest, Wishes), AuthorizeError> {
    let client = known_client(kit, params).await?;
    let redirect = known_redirect(&client, params)?;
    let state = params.get("state").filter(|state| state.len() <= LONGEST_STATE);
    let mode = response_mode(params);
    let checked = match mode {
        Some(_) if state.is_none() && params.get("state").is_some() => {
            Err(OAuthError::new(ErrorCode::InvalidRequest, "state must be 2048 bytes or fewer"))
        }
        Some(mode) => check(kit, &client, params, mode, state),
        None => Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            "response_mode must be query, fragment or form_post",
        )),
    };
    match checked {
        Ok((asked, wishes)) => Ok((ValidRequest { client_id: client.id, redirect, asked }, wishes)),
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
fn known_redirect(client: &Client, params: &Params) -> Result<ValidRedirect, AuthorizeError> {
    let refuse = |say, note: String| {
        AuthorizeError::Page(OAuthError::new(ErrorCode::InvalidRequest, say).noting(note))
    };
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

fn check(
    kit: &Kit,
    client: &Client,
    params: &Params,
    mode: ResponseMode,
    state: Option<&str>,
) -> Result<(Asked, Wishes), OAuthError> {
    unsupported(params)?;
    response_type(params)?;
    let scope = scope_of(client, params)?;
    let nonce = params.get("nonce");
    if nonce.is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
        return Err(OAuthError::new(ErrorCode::InvalidRequest, "nonce must be 512 bytes or fewer"));
    }
    let code_challenge = code_challenge(client, params)?;
    let claims = claims(params)?;
    let wishes = wishes(kit, client, params, claims.as_ref())?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let asked = Asked { mode, state: owned(state), scope, nonce: owned(nonce), code_challenge, claims };
    Ok((asked, wishes))
}

/// Requests as signed objects are refused rather than ignored (OpenID Connect Core 1.0, section 3.1.2.6).
fn unsupported(params: &Params) -> Result<(), OAuthError> {
    for (name, code, say) in [
        ("request", ErrorCode::RequestNotSupported, "request objects are not supported"),
        ("request_uri", ErrorCode::RequestUriNotSupported, "request_uri is not supported"),
        ("registration", ErrorCode::RegistrationNotSupported, "registration is not supported"),
    ] {
        if params.has(name) {
            return Err(OAuthError::new(code, say));
        }
    }
    Ok(())
}

fn response_type(params: &Params) -> Result<(), OAuthError> {
    match params.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(OAuthError::new(ErrorCode::UnsupportedResponseType, "the only response_type is code")),
        None => Err(OAuthError::new(ErrorCode::InvalidRequest, "response_type is missing; send code")),
    }
}

fn scope_of(client: &Client, params: &Params) -> Result<Vec<String>, OAuthError> {
    let allowed = client.settings.scopes.as_deref();
    scope::granted(params.field("scope"), allowed).map_err(|problem| {
        let say = match problem {
            scope::Problem::Malformed => "scope has characters that scope values cannot have",
            scope::Problem::TooLong => "scope must have 50 values and 1024 bytes or fewer",
            scope::Problem::NotOpenId => "scope must include openid",
        };
        OAuthError::new(ErrorCode::InvalidScope, say)
    })
}

/// RFC 7636, section 4.4.1; RFC 9700, section 2.1.1. The method `plain` protects nothing and is refused.
fn code_challenge(client: &Client, params: &Params) -> Result<Option<String>, OAuthError> {
    let refuse = |say| Err(OAuthError::new(ErrorCode::InvalidRequest, say));
    match (params.get("code_challenge"), params.get("code_challenge_method")) {
        (None, None) if client.settings.require_pkce || !client.is_confidential() => {
            refuse("code_challenge is missing; this client must use PKCE with S256")
        }
        (None, None) => Ok(None),
        (None, Some(_)) => refuse("code_challenge is missing"),
        (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => Ok(Some(challenge.to_owned())),
        (Some(_), Some("S256")) => refuse("code_challenge must be 43 characters of base64url"),
        (Some(_), _) => refuse("code_challenge_method must be S256"),
    }
}

fn claims(params: &Params) -> Result<Option<ClaimsRequest>, OAuthError> {
    let Some(text) = params.get("claims") else { return Ok(None) };
    let claims = ClaimsRequest::parse(text).ok_or_else(|| {
        OAuthError::new(ErrorCode::InvalidRequest, "claims is not the JSON object it must be")
    })?;
    if claims.unmet_acr {
        return Err(OAuthError::new(ErrorCode::AccessDenied, "the demanded acr cannot be given"));
    }
    Ok(Some(claims))
}

fn wishes(
    kit: &Kit,
    client: &Client,
    params: &Params,
    claims: Option<&ClaimsRequest>,
) -> Result<Wishes, OAuthError> {
    let refuse = |say| OAuthError::new(ErrorCode::InvalidRequest, say);
    let prompt = Prompt::parse(params.field("prompt"))
        .ok_or_else(|| refuse("prompt must be none, or any of login, consent and select_account"))?;
    let max_age = match params.get("max_age") {
        Some(text) => Some(text.parse().map_err(|_| refuse("max_age must be a number of seconds"))?),
        None => client.settings.default_max_age,
    };
    let mut subject = claims.and_then(|claims| claims.subject.clone());
    if let Some(hint) = params.get("id_token_hint") {
        subject = Some(
            hinted_subject(kit, hint).ok_or_else(|| refuse("id_token_hint is not an ID token of ours"))?,
        );
    }
    let login_hint = params.get("login_hint").filter(|hint| hint.len() <= LONGEST_HINT).map(str::to_owned);
    Ok(Wishes { prompt, max_age: max_age.map(Span::seconds), login_hint, subject })
}

/// The subject of an ID token of ours, expired or not (OpenID Connect Core 1.0, section 3.1.2.1).
fn hinted_subject(kit: &Kit, hint: &str) -> Option<String> {
    let claims = kit.signing.current().verify(hint)?;
    Some(claims.get("sub")?.as_str()?.to_owned())
}

/// The algorithms that ID tokens can be signed with.
pub(crate) fn algorithms() -> Vec<&'static str> {
    Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect()
}
