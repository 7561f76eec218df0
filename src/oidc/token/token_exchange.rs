//! The grant `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693): a service that was shown an access token gets
//! one of its own to call the next service with, for the same person.
//!
//! Only a service that a token is for, or that it was issued to, may exchange it; what it gets opens no more, lasts no
//! longer, says who acts for whom, and ends with what the person granted.

use serde_json::{Value, json};

use super::{TokenRequest, TokenResponse, TokenResult, invalid_target, missing};
use crate::audit::Entry;
use crate::base::{ClientId, Error, Fault, strict_json};
use crate::kit::Kit;
use crate::model::{EventKind, User};
use crate::oidc::access_token::{self, NewAccess};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::policy::{resource, scope};
use crate::store::access_tokens::{self, TokenState};
use crate::store::grants::Grant;
use crate::store::{Tx, grants, users};

/// The one kind of token there is to exchange, and to get (RFC 8693, section 3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// How many services may act one for the other.
const LONGEST_CHAIN: usize = 5;

pub(super) async fn exchange(kit: &Kit, request: &TokenRequest<'_>) -> TokenResult {
    let (client, params) = (request.client(), request.params);
    let text = params.get("subject_token").ok_or_else(|| missing("subject_token is missing"))?;
    check_kinds(request)?;
    let digest = access_token::presented(kit, text).ok_or_else(|| refused("not an access token of ours"))?;
    let bound = request.confirmation(kit).await?;
    let mut tx = kit.store.begin().await?;
    let found = access_tokens::find(&mut tx, &digest, kit.now()).await?;
    let subject = found.ok_or_else(|| refused("no such token is alive"))?;
    if !is_shown_to(&subject, &client.id, client.settings.resource.as_deref()) {
        return Err(refused("the token is neither for this client nor its own"));
    }
    let person = person(&mut tx, &subject).await?;
    let audience = audience(request)?;
    let scope = scope::narrowed(&subject.scope, params.get("scope")).ok_or_else(|| {
        let say = "scope must be among that of the subject_token";
        Error::Refused(OAuthError::new(ErrorCode::InvalidScope, say))
    })?;
    let actor = person.is_some().then(|| actor(&subject, &client.id)).transpose()?;
    let new = NewAccess {
        client,
        person: person.as_ref().map(|(user, grant)| (user, grant)),
        scope: &scope,
        audience: Some(&audience),
        bound: bound.as_ref(),
        actor: actor.as_ref(),
        until: Some(subject.expires_at),
    };
    let access = access_token::issue(kit, &mut tx, &new).await?;
    Entry::by_visitor(EventKind::TokensExchanged, request.visit)
        .user(person.as_ref().map(|(user, _)| &user.id))
        .client(Some(&client.id))
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    Ok(TokenResponse { issued_token_type: Some(ACCESS_TOKEN), ..TokenResponse::of(access, scope) })
}

/// RFC 8693, section 2.1: access tokens for access tokens. Who acts is the client itself, and nobody else.
fn check_kinds(request: &TokenRequest<'_>) -> Result<(), Error<OAuthError>> {
    let say = if request.params.get("subject_token_type") != Some(ACCESS_TOKEN) {
        "subject_token_type must be urn:ietf:params:oauth:token-type:access_token"
    } else if request.params.get("requested_token_type").is_some_and(|wanted| wanted != ACCESS_TOKEN) {
        "requested_token_type must be urn:ietf:params:oauth:token-type:access_token"
    } else if request.params.has("actor_token") {
        "actor_token is not supported: the client that asks is the one that acts"
    } else {
        return Ok(());
    };
    Err(Error::Refused(OAuthError::new(ErrorCode::InvalidRequest, say)))
}

fn is_shown_to(subject: &TokenState, client: &ClientId, own: Option<&str>) -> bool {
    let mut addresses = subject.audience.iter().flat_map(|audience| audience.split(' '));
    subject.client_id == *client || addresses.any(|address| Some(address) == own)
}

/// The services that the new token is for: named, one way or the other, and registered for the client.
fn audience(request: &TokenRequest<'_>) -> Result<String, Error<OAuthError>> {
    let named = [request.params.get("resource"), request.params.get("audience")];
    let named: Vec<&str> = named.into_iter().flatten().collect();
    let named = named.join(" ");
    let narrowed = resource::narrowed(Some(&named), request.registered_resources(), None);
    narrowed.ok().flatten().ok_or_else(invalid_target)
}

/// Whom the token is about; `None` where it is a service's own.
async fn person(tx: &mut Tx, subject: &TokenState) -> Result<Option<(User, Grant)>, Error<OAuthError>> {
    let (Some(user), Some(grant)) = (&subject.user_id, &subject.grant_id) else { return Ok(None) };
    let (user, grant) = (users::by_id(tx, user).await?, grants::by_id(tx, grant).await?);
    user.zip(grant).map(Some).ok_or_else(|| refused("the person is gone"))
}

/// Who acts now, and who acted before (RFC 8693, section 4.1).
fn actor(subject: &TokenState, client: &ClientId) -> Result<Value, Error<OAuthError>> {
    let before = match &subject.actor {
        Some(text) => Some(strict_json(text).ok_or_else(|| Fault::new("an actor cannot be read"))?),
        None => None,
    };
    let chain = std::iter::successors(before.as_ref(), |actor| actor.get("act")).count();
    if chain >= LONGEST_CHAIN {
        return Err(refused("too many services act one for the other"));
    }
    Ok(match before {
        Some(before) => json!({ "sub": client.as_str(), "act": before }),
        None => json!({ "sub": client.as_str() }),
    })
}

/// RFC 8693, section 2.2.2.
fn refused(note: &'static str) -> Error<OAuthError> {
    let say = "the subject_token is unknown, expired, revoked, or not for this client";
    Error::Refused(OAuthError::new(ErrorCode::InvalidRequest, say).noting(note))
}
