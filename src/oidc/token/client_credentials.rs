//! The grant `client_credentials` (RFC 6749, section 4.4): a service that acts for itself and for nobody.

use super::{TokenRequest, TokenResponse, TokenResult, invalid_target};
use crate::audit::Entry;
use crate::base::Error;
use crate::kit::Kit;
use crate::model::EventKind;
use crate::oidc::access_token::{self, NewAccess};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::policy::{resource, scope};

pub(super) async fn exchange(kit: &Kit, request: &TokenRequest<'_>) -> TokenResult {
    let client = request.client();
    let registered = client.settings.scopes.as_deref();
    let Some(scope) = scope::of_client(registered, request.params.get("scope")) else {
        let say = "scope must be among the scopes of its own that are registered for this client";
        return Err(Error::Refused(OAuthError::new(ErrorCode::InvalidScope, say)));
    };
    let named = request.params.get("resource");
    let audience = resource::narrowed(named, request.registered_resources(), None);
    let audience = audience.map_err(|_| invalid_target())?;
    let bound = request.confirmation(kit).await?;
    let new = NewAccess {
        client,
        person: None,
        scope: &scope,
        audience: audience.as_deref(),
        bound: bound.as_ref(),
        actor: None,
        until: None,
    };
    let mut tx = kit.store.begin().await?;
    let access = access_token::issue(kit, &mut tx, &new).await?;
    Entry::by_visitor(EventKind::TokensIssued, request.visit)
        .client(Some(&client.id))
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    Ok(TokenResponse::of(access, scope))
}
