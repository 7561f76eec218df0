//! The grant `client_credentials` (RFC 6749, section 4.4): a service that acts for itself and for nobody.

use super::{TokenResult, mint};
use crate::audit::Entry;
use crate::base::Error;
use crate::clients::AuthenticatedClient;
use crate::kit::Kit;
use crate::model::{EventKind, Visit};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::policy::scope;

pub(super) async fn exchange(
    kit: &Kit,
    client: &AuthenticatedClient,
    params: &Params,
    visit: &Visit,
) -> TokenResult {
    let client = client.client();
    let registered = client.settings.scopes.as_deref();
    let Some(scope) = scope::of_client(registered, params.get("scope")) else {
        let say = "scope must be among the scopes of its own that are registered for this client";
        return Err(Error::Refused(OAuthError::new(ErrorCode::InvalidScope, say)));
    };
    let mut tx = kit.store.begin().await?;
    let response = mint::for_client(kit, &mut tx, client, scope).await?;
    Entry::by_visitor(EventKind::TokensIssued, visit).client(Some(&client.id)).record(kit, &mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
