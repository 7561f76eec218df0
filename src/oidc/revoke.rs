//! Revocation (RFC 7009): a client gives back what it does not need any more.

use super::access_token;
use crate::audit::Entry;
use crate::base::{ClientId, Digest, Error, Fault, Secret, kinds};
use crate::clients::AuthenticatedClient;
use crate::kit::Kit;
use crate::model::{EventKind, Visit};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::store::{access_tokens, grants, refresh_tokens};

/// Revokes a token: an access token alone, and with a refresh token everything that was granted along with it. A
/// token that is not known, or not any more, is as good as revoked (section 2.2).
pub(crate) async fn revoke(
    kit: &Kit,
    client: &AuthenticatedClient,
    params: &Params,
    visit: &Visit,
) -> Result<(), Error<OAuthError>> {
    let id = &client.client().id;
    let Some(text) = params.get("token") else {
        return Err(Error::Refused(OAuthError::new(ErrorCode::InvalidRequest, "token is missing")));
    };
    let own = if let Some(secret) = Secret::<kinds::Refresh>::presented(text) {
        revoke_refresh(kit, id, &secret, visit).await?
    } else if let Some(digest) = access_token::presented(kit, text) {
        revoke_access(kit, id, &digest).await?
    } else {
        true
    };
    if own {
        return Ok(());
    }
    let say = "the token was issued to another client";
    Err(Error::Refused(OAuthError::new(ErrorCode::InvalidGrant, say)))
}

/// False where the token is another client's.
async fn revoke_access(kit: &Kit, id: &ClientId, digest: &Digest<kinds::Access>) -> Result<bool, Fault> {
    let found = access_tokens::find(&mut *kit.store.read().await?, digest, kit.now()).await?;
    let Some(state) = found else { return Ok(true) };
    if state.client_id != *id {
        return Ok(false);
    }
    let mut tx = kit.store.begin().await?;
    access_tokens::remove(&mut tx, digest).await?;
    tx.commit().await?;
    Ok(true)
}

/// False where the token is another client's.
async fn revoke_refresh(
    kit: &Kit,
    id: &ClientId,
    secret: &Secret<kinds::Refresh>,
    visit: &Visit,
) -> Result<bool, Fault> {
    let mut tx = kit.store.begin().await?;
    let found = refresh_tokens::find(&mut tx, &kit.keyring.digest(secret)).await?;
    let Some(token) = found else { return Ok(true) };
    let Some(grant) = grants::by_id(&mut tx, &token.grant_id).await? else { return Ok(true) };
    if grant.client_id != *id {
        return Ok(false);
    }
    grants::revoke(&mut tx, &grant.id, kit.now()).await?;
    Entry::by_visitor(EventKind::TokensRevoked, visit)
        .user(Some(&grant.user_id))
        .client(Some(id))
        .session(&grant.session_id)
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}
