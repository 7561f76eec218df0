//! Access tokens that are shown to the provider's own interfaces by programs that act for themselves.

use super::access_token;
use crate::base::Error;
use crate::kit::Kit;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::sender;
use crate::oidc::userinfo::PresentedToken;
use crate::policy::scope;
use crate::store::access_tokens::{self, TokenState};

/// What is behind a program's own token, where it is good, meant for us, and used by whom it is bound to. One that was
/// granted by a person is refused: no consent makes a service an administrator.
pub(crate) async fn of_program(
    kit: &Kit,
    token: &PresentedToken<'_>,
) -> Result<TokenState, Error<OAuthError>> {
    let refuse = |say| Error::Refused(OAuthError::new(ErrorCode::InvalidToken, say));
    let unknown = || refuse("the access token is unknown, expired or revoked");
    let digest = access_token::presented(kit, token.text).ok_or_else(unknown)?;
    let found = access_tokens::find(&mut *kit.store.read().await?, &digest, kit.now()).await?;
    let mut state = found.ok_or_else(unknown)?;
    if state.grant_id.is_some() {
        return Err(refuse("the access token acts for a person; use the client_credentials grant"));
    }
    if state.audience.is_some() {
        return Err(refuse("the access token is for another service; ask for one without resource"));
    }
    let known = kit.client(&state.client_id).await?.ok_or_else(unknown)?;
    let bound = state.confirmation.as_ref();
    sender::check_use(kit, &known.client, (token.text, bound), (token.shown, token.is_dpop)).await?;
    // A power that was taken from the program ends at once, and not with its tokens.
    let registered = known.client.settings.scopes.as_deref();
    state.scope = scope::still_registered(&state.scope, registered).unwrap_or_default();
    Ok(state)
}
