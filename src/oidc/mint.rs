//! Everything that comes with an access token, in one answer.

use super::access_token::{self, NewAccess};
use super::token::TokenResponse;
use crate::base::{Fault, Secret, kinds};
use crate::kit::Kit;
use crate::model::{Client, Confirmation, User};
use crate::oidc::claims::ClaimsRequest;
use crate::oidc::id_token::{self, Facts};
use crate::store::grants::Grant;
use crate::store::refresh_tokens::RefreshToken;
use crate::store::{Tx, refresh_tokens};

/// What tokens are issued for.
pub(super) struct Issue<'a> {
    pub(super) client: &'a Client,
    pub(super) grant: &'a Grant,
    pub(super) user: &'a User,
    /// Scope values, separated by spaces: those of the grant or fewer.
    pub(super) scope: &'a str,
    /// The addresses of the services that the access token is for, separated by spaces; `None` where it is for us.
    pub(super) audience: Option<&'a str>,
    pub(super) bound: Option<&'a Confirmation>,
    /// That of the request that this answers. A refresh answers none (OpenID Connect Core 1.0, section 12.2).
    pub(super) nonce: Option<&'a str>,
    /// The refresh token that goes along, with its generation, where there is to be one.
    pub(super) refresh: Option<(&'a Secret<kinds::Refresh>, i64)>,
}

/// The tokens of a person: an access token, an ID token where `openid` is in the scope, and the refresh token.
pub(super) async fn for_person(kit: &Kit, tx: &mut Tx, issue: &Issue<'_>) -> Result<TokenResponse, Fault> {
    let Issue { client, grant, user, scope, nonce, refresh, .. } = *issue;
    let new = NewAccess {
        client,
        person: Some((user, grant)),
        scope,
        audience: issue.audience,
        bound: issue.bound,
        actor: None,
        until: None,
    };
    let access = access_token::issue(kit, tx, &new).await?;
    if let Some((secret, generation)) = refresh {
        let token = RefreshToken { grant_id: grant.id.clone(), generation };
        refresh_tokens::insert(tx, &kit.keyring.digest(secret), &token, kit.now()).await?;
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
        access_token: Some(&access.text),
        code: None,
    };
    let has_openid = scope.split(' ').any(|value| value == "openid");
    let id_token = if has_openid { Some(id_token::mint(kit, &facts)?) } else { None };
    Ok(TokenResponse {
        id_token,
        refresh_token: refresh.map(|(secret, _)| secret.reveal().to_owned()),
        ..TokenResponse::of(access, scope.to_owned())
    })
}
