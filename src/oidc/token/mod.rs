//! The token endpoint (RFC 6749, section 3.2).
//!
//! To add a grant: a file with its `exchange`, its line in [`exchange`], its name in `model::GrantType`.

mod authorization_code;
mod client_credentials;
mod mint;
mod refresh_token;

use serde::Serialize;

use crate::base::Error;
use crate::clients::AuthenticatedClient;
use crate::kit::Kit;
use crate::model::{GrantType, Visit};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;

/// A successful answer (RFC 6749, section 5.1).
#[derive(Serialize)]
pub(crate) struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    scope: String,
}

type TokenResult = Result<TokenResponse, Error<OAuthError>>;

/// Exchanges a grant for tokens.
pub(crate) async fn exchange(
    kit: &Kit,
    client: &AuthenticatedClient,
    params: &Params,
    visit: &Visit,
) -> TokenResult {
    let refuse = |code, say| Err(Error::Refused(OAuthError::new(code, say)));
    let Some(named) = params.get("grant_type") else { return Err(missing("grant_type is missing")) };
    let Some(grant) = GrantType::parse(named) else {
        return refuse(
            ErrorCode::UnsupportedGrantType,
            "there is no such grant_type; discovery lists those there are",
        );
    };
    if !client.client().settings.may_use(grant) {
        return refuse(ErrorCode::UnauthorizedClient, "this grant_type is not registered for this client");
    }
    match grant {
        GrantType::AuthorizationCode => authorization_code::exchange(kit, client, params, visit).await,
        GrantType::RefreshToken => refresh_token::exchange(kit, client, params, visit).await,
        GrantType::ClientCredentials => client_credentials::exchange(kit, client, params, visit).await,
    }
}

fn missing(say: &'static str) -> Error<OAuthError> {
    Error::Refused(OAuthError::new(ErrorCode::InvalidRequest, say))
}
