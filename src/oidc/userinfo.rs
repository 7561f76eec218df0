//! The UserInfo endpoint (OpenID Connect Core 1.0, section 5.3).

use serde_json::{Map, Value, json};

use crate::base::{Error, Fault, Secret, kinds};
use crate::kit::Kit;
use crate::model::User;
use crate::oidc::claims::{self, ClaimsRequest};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::policy::scope;
use crate::store::{access_tokens, grants, users};

/// The claims that an access token opens.
pub(crate) async fn claims(kit: &Kit, token: &str) -> Result<Map<String, Value>, Error<OAuthError>> {
    let refuse = |note| {
        let say = "the access token is unknown, expired or revoked";
        Error::Refused(OAuthError::new(ErrorCode::InvalidToken, say).noting(note))
    };
    let secret =
        Secret::<kinds::Access>::presented(token).ok_or_else(|| refuse("not an access token of ours"))?;
    let mut conn = kit.store.read().await?;
    let digest = kit.keyring.digest(&secret);
    let live = access_tokens::live_grant(&mut conn, &digest, kit.now()).await?;
    let grant_id = live.ok_or_else(|| refuse("no such token is alive"))?;
    let grant = grants::by_id(&mut conn, &grant_id).await?.ok_or_else(|| refuse("its grant is gone"))?;
    let user = users::by_id(&mut conn, &grant.user_id).await?.filter(User::is_active);
    let user = user.ok_or_else(|| refuse("its person may no longer log in"))?;
    let named: Vec<String> = match &grant.claims {
        Some(text) => {
            serde_json::from_str::<ClaimsRequest>(text)
                .map_err(|error| Fault::caused("a claims request cannot be read", error))?
                .userinfo
        }
        None => Vec::new(),
    };
    let by_scope = scope::claims_of(grant.scope.split(' '));
    let asked = by_scope.into_iter().chain(named.iter().map(String::as_str));
    let mut told = claims::about(&user, asked);
    told.insert("sub".to_owned(), json!(user.subject.as_str()));
    Ok(told)
}
