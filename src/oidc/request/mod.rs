//! The authorization request: one ordered list of checks (OpenID Connect Core 1.0, section 3.1.2.1; RFC 6749,
//! section 4.1.1; RFC 7636).
//!
//! First the client and the redirect URI: until both are known to be good, whatever is wrong is shown on a
//! page and the browser goes nowhere. Then the response mode, because it says how everything after is told.

mod checks;
mod object;
mod source;

use serde::{Deserialize, Serialize};

pub(crate) use self::checks::algorithms;
use self::source::RawRequest;
use crate::base::{ClientId, Digest, Span, kinds};
use crate::clients;
use crate::kit::Kit;
use crate::model::{Client, ResponseType};
use crate::oidc::claims::ClaimsRequest;
use crate::oidc::error::{AuthorizeError, ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::oidc::response::{ReplyTo, ResponseMode};
use crate::policy::prompt::Prompt;
use crate::policy::redirect::{self, ValidRedirect};

const LONGEST_STATE: usize = 2_048;

/// A request that passed every check.
#[derive(Clone, Debug)]
pub(crate) struct ValidRequest {
    pub(crate) reply: ReplyTo,
    pub(crate) asked: Asked,
    /// The pushed request that it is, to be used up by the answer.
    pub(crate) pushed: Option<Digest<kinds::Pushed>>,
}

/// What was asked for, in the form in which a journey keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) response_type: ResponseType,
    pub(crate) scope: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) claims: Option<ClaimsRequest>,
    /// Whether consent is wanted anew, whatever was agreed to before.
    #[serde(default)]
    pub(crate) asks_again: bool,
    /// The addresses of the services that access tokens are wanted for, separated by spaces.
    #[serde(default)]
    pub(crate) resources: Option<String>,
    /// The thumbprint of the key that the code is to be bound to (RFC 9449, section 10).
    #[serde(default)]
    pub(crate) dpop_jkt: Option<String>,
    /// The subject that the answer must be about, from `id_token_hint` or the `claims` parameter.
    #[serde(default)]
    pub(crate) subject: Option<String>,
}

/// What matters only while it is decided whether somebody must log in.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    pub(crate) prompt: Prompt,
    pub(crate) max_age: Option<Span>,
    pub(crate) login_hint: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Frozen {
    redirect_uri: String,
    mode: ResponseMode,
    state: Option<String>,
    asked: Asked,
    pushed: Option<String>,
}

impl ValidRequest {
    /// Writes the request down for as long as its journey takes.
    pub(crate) fn freeze(&self) -> Option<String> {
        let frozen = Frozen {
            redirect_uri: self.reply.redirect.as_str().to_owned(),
            mode: self.reply.mode,
            state: self.reply.state.clone(),
            asked: self.asked.clone(),
            pushed: self.pushed.as_ref().map(|digest| digest.as_str().to_owned()),
        };
        serde_json::to_string(&frozen).ok()
    }

    /// Reads a request back; `None` where the client may no longer have what it asks, or be answered there.
    pub(crate) fn thaw(client: &Client, text: &str) -> Option<Self> {
        let frozen: Frozen = serde_json::from_str(text).ok()?;
        if !client.settings.response_types.contains(&frozen.asked.response_type) {
            return None;
        }
        let redirect = redirect::registered(client, &frozen.redirect_uri)?;
        let pushed = frozen.pushed.map(Digest::stored);
        let reply = ReplyTo { client: client.clone(), redirect, mode: frozen.mode, state: frozen.state };
        Some(Self { reply, asked: frozen.asked, pushed })
    }
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
    let raw = source::pushed(kit, client, form).await;
    let params = raw.params.clone();
    judge(kit, client.clone(), raw)?;
    Ok(params)
}

fn judge(kit: &Kit, client: Client, raw: RawRequest) -> Result<(ValidRequest, Wishes), AuthorizeError> {
    let RawRequest { params, pushed, problem } = raw;
    let redirect = match known_redirect(&client, &params) {
        Ok(redirect) => redirect,
        Err(error) => return Err(AuthorizeError::Page(problem.unwrap_or(error))),
    };
    let response_type = params.field("response_type");
    let mode = ResponseMode::of(params.get("response_mode"), response_type);
    let state = params.get("state").filter(|state| state.len() <= LONGEST_STATE).map(str::to_owned);
    let invalid = |say| Err(OAuthError::new(ErrorCode::InvalidRequest, say));
    let checked = match problem {
        Some(problem) => Err(problem),
        None if mode.is_none() => invalid("response_mode is unknown, or does not go with the response_type"),
        None if state.is_none() && params.get("state").is_some() => {
            invalid("state must be 2048 bytes or fewer")
        }
        None => checks::check(kit, &client, &params),
    };
    let mode = mode.unwrap_or_else(|| ResponseMode::usual(response_type));
    let reply = ReplyTo { client, redirect, mode, state };
    match checked {
        Ok((asked, wishes)) => Ok((ValidRequest { reply, asked, pushed }, wishes)),
        Err(error) => {
            let note = error.note.as_deref().unwrap_or_default();
            let note = format!("client {} {note}", reply.client.id);
            Err(reply.refuse(kit, error.noting(note)))
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
