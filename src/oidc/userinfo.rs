//! The UserInfo endpoint (OpenID Connect Core 1.0, section 5.3).

use serde_json::{Map, Value, json};

use crate::base::{Error, Fault, Secret, kinds};
use crate::kit::Kit;
use crate::oidc::claims::{ClaimsRequest, about};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::policy;
use crate::store::access_tokens::{self, Opened};

/// The claims that an access token opens.
pub(crate) async fn claims(kit: &Kit, token: &str) -> Result<Map<String, Value>, Error<OAuthError>> {
    let refuse = |note| {
        let say = "the access token is unknown, expired or revoked";
        Error::Refused(OAuthError::new(ErrorCode::InvalidToken, say).noting(note))
    };
    let secret =
        Secret::<kinds::Access>::presented(token).ok_or_else(|| refuse("not an access token of ours"))?;
    let digest = kit.keyring.digest(&secret);
    let opened = access_tokens::open(&mut *kit.store.read().await?, &digest, kit.now()).await?;
    let Opened { user, scope, claims } = opened.ok_or_else(|| refuse("no such token is alive"))?;
    let named: Vec<String> = match &claims {
        Some(text) => {
            serde_json::from_str::<ClaimsRequest>(text)
                .map_err(|error| Fault::caused("a claims request cannot be read", error))?
                .userinfo
        }
        None => Vec::new(),
    };
    let by_scope = policy::scope::claims_of(scope.split(' '));
    let asked = by_scope.into_iter().chain(named.iter().map(String::as_str));
    let mut told = about(&user, asked);
    told.insert("sub".to_owned(), json!(user.subject.as_str()));
    Ok(told)
}
