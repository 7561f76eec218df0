//! Tokens, made and written down.

use super::TokenResponse;
use crate::base::{Fault, Secret, kinds};
use crate::kit::Kit;
use crate::model::{Client, User};
use crate::oidc::claims::ClaimsRequest;
use crate::oidc::id_token::{self, Facts};
use crate::store::access_tokens::NewToken;
use crate::store::grants::Grant;
use crate::store::refresh_tokens::RefreshToken;
use crate::store::{Tx, access_tokens, refresh_tokens};

/// What tokens are issued for.
pub(super) struct Issue<'a> {
    pub(super) client: &'a Client,
    pub(super) grant: &'a Grant,
    pub(super) user: &'a User,
    /// Scope values, separated by spaces: those of the grant or fewer.
    pub(super) scope: &'a str,
    /// That of the request that this answers. A refresh answers none (OpenID Connect Core 1.0, section 12.2).
    pub(super) nonce: Option<&'a str>,
    /// The refresh token that goes along, with its generation, where there is to be one.
    pub(super) refresh: Option<(&'a Secret<kinds::Refresh>, i64)>,
}

/// The tokens of a person: an access token, an ID token where `openid` is in the scope, and the refresh token.
pub(super) async fn for_person(kit: &Kit, tx: &mut Tx, issue: &Issue<'_>) -> Result<TokenResponse, Fault> {
    let Issue { client, grant, user, scope, nonce, refresh } = *issue;
    let (now, lifetime) = (kit.now(), kit.config.tokens.access);
    let access_token = Secret::generate(&*kit.random);
    let token = NewToken {
        digest: kit.keyring.digest(&access_token),
        grant_id: Some(&grant.id),
        client_id: &client.id,
        scope,
        created_at: now,
        expires_at: now + lifetime,
    };
    access_tokens::insert(tx, &token).await?;
    if let Some((secret, generation)) = refresh {
        let token = RefreshToken { grant_id: grant.id.clone(), generation };
        refresh_tokens::insert(tx, &kit.keyring.digest(secret), &token, now).await?;
    }
    let claims: Option<ClaimsRequest> = match &grant.claims {
        Some(text) => Some(
            serde_json::from_str(text)
                .map_err(|error| Fault::caused("a claims request cannot be read", error))?,
        ),
        None => None,
    };
    let facts = Facts {
        client,
        user,
        session_id: &grant.session_id,
        authenticated_at: grant.authenticated_at,
        nonce,
        claims: claims.as_ref(),
        access_token: Some(&access_token),
        code: None,
    };
    let has_openid = scope.split(' ').any(|value| value == "openid");
    Ok(TokenResponse {
        id_token: if has_openid { Some(id_token::mint(kit, &facts)?) } else { None },
        access_token: access_token.reveal().to_owned(),
        token_type: "Bearer",
        expires_in: lifetime.as_seconds(),
        refresh_token: refresh.map(|(secret, _)| secret.reveal().to_owned()),
        scope: scope.to_owned(),
    })
}

/// A token of a client's own.
pub(super) async fn for_client(
    kit: &Kit,
    tx: &mut Tx,
    client: &Client,
    scope: String,
) -> Result<TokenResponse, Fault> {
    let (now, lifetime) = (kit.now(), kit.config.tokens.access);
    let access_token = Secret::generate(&*kit.random);
    let token = NewToken {
        digest: kit.keyring.digest(&access_token),
        grant_id: None,
        client_id: &client.id,
        scope: &scope,
        created_at: now,
        expires_at: now + lifetime,
    };
    access_tokens::insert(tx, &token).await?;
    Ok(TokenResponse {
        access_token: access_token.reveal().to_owned(),
        token_type: "Bearer",
        expires_in: lifetime.as_seconds(),
        refresh_token: None,
        id_token: None,
        scope,
    })
}
