//! Introspection (RFC 7662): what a token is worth, for a service that was shown it.
//!
//! A client may ask about its own tokens, about those that are for it, and about all of them where it is registered as
//! a service that accepts them. Whatever it may not know looks like a token that never was.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::access_token;
use crate::base::{Error, Fault, Timestamp, strict_json};
use crate::clients::AuthenticatedClient;
use crate::kit::Kit;
use crate::model::{Client, Confirmation};
use crate::oidc::claims::ACR;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::oidc::subject;
use crate::store::access_tokens::{self, TokenState};

/// What is said of a token (RFC 7662, section 2.2).
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Introspection {
    Inactive { active: bool },
    Active(Box<Active>),
}

#[derive(Serialize)]
pub(crate) struct Active {
    active: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    client_id: String,
    token_type: &'static str,
    exp: i64,
    iat: i64,
    iss: String,
    /// The person; the client itself where it acts for nobody.
    sub: String,
    /// When and how the person proved who they are (RFC 9470, section 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Value>,
    /// The key that whoever shows it must have (RFC 9449, section 6.2; RFC 8705, section 3.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Map<String, Value>>,
    /// The service that acts for the person with it (RFC 8693, section 4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Value>,
}

/// Says what an access token is worth. A refresh token is nothing to show to a service, and is never active here.
pub(crate) async fn introspect(
    kit: &Kit,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<Introspection, Error<OAuthError>> {
    let client = client.client();
    if !client.is_confidential() {
        let say = "a client without a secret or key cannot ask about tokens";
        return Err(Error::Refused(OAuthError::new(ErrorCode::UnauthorizedClient, say)));
    }
    let Some(text) = params.get("token") else {
        return Err(Error::Refused(OAuthError::new(ErrorCode::InvalidRequest, "token is missing")));
    };
    let nothing = Introspection::Inactive { active: false };
    let Some(digest) = access_token::presented(kit, text) else { return Ok(nothing) };
    let found = access_tokens::find(&mut *kit.store.read().await?, &digest, kit.now()).await?;
    let Some(state) = found.filter(|state| may_know(client, state)) else { return Ok(nothing) };
    Ok(Introspection::Active(Box::new(active(kit, state).await?)))
}

/// The same as a token for the client that asked (RFC 9701, section 5).
pub(crate) fn sign(kit: &Kit, client: &AuthenticatedClient, known: &Introspection) -> Result<String, Fault> {
    let client = client.client();
    let claims = json!({
        "iss": kit.config.issuer(),
        "aud": client.id.as_str(),
        "iat": kit.now().seconds(),
        "token_introspection": known,
    });
    kit.sign(client.settings.introspection_algorithm(), "token-introspection+jwt", &claims)
}

/// A client may know of its own tokens, of those that are for it, and of all where it was registered so.
fn may_know(client: &Client, state: &TokenState) -> bool {
    let is_for_it = || {
        let own = client.settings.resource.as_deref();
        state.audience.iter().flat_map(|audience| audience.split(' ')).any(|address| Some(address) == own)
    };
    client.settings.introspects || state.client_id == client.id || is_for_it()
}

async fn active(kit: &Kit, state: TokenState) -> Result<Active, Fault> {
    let holder = kit.client(&state.client_id).await?;
    let sub = match (&holder, &state.subject) {
        (Some(holder), Some(subject)) => subject::of(kit, &holder.client, subject),
        _ => state.client_id.to_string(),
    };
    Ok(Active {
        active: true,
        scope: state.scope,
        token_type: Confirmation::token_type(state.confirmation.as_ref()),
        exp: state.expires_at.seconds(),
        iat: state.created_at.seconds(),
        iss: kit.config.issuer(),
        sub,
        auth_time: state.authenticated_at.map(Timestamp::seconds),
        acr: state.authenticated_at.map(|_| ACR),
        aud: state.audience.as_deref().map(access_token::audience),
        cnf: state.confirmation.as_ref().map(access_token::cnf),
        act: state.actor.as_deref().and_then(strict_json),
        client_id: state.client_id.to_string(),
    })
}
