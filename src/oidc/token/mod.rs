//! The token endpoint (RFC 6749, section 3.2).
//!
//! To add a grant: a file with its `exchange`, its line in [`exchange`], its name in `model::GrantType`.

mod authorization_code;
mod client_credentials;
mod device_code;
mod refresh_token;
mod token_exchange;

use serde::Serialize;

use crate::base::{Error, Fault};
use crate::clients::AuthenticatedClient;
use crate::kit::Kit;
use crate::model::{Client, Confirmation, GrantType, Visit};
use crate::oidc::access_token::Issued;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::oidc::sender::{self, Shown};
use crate::policy::{resource, scope};
use crate::store::grants::Grant;
use crate::store::{Tx, grants};

/// A request of a client that was believed.
pub(crate) struct TokenRequest<'a> {
    pub(crate) client: &'a AuthenticatedClient,
    pub(crate) params: &'a Params,
    pub(crate) shown: &'a Shown,
    pub(crate) visit: &'a Visit,
}

impl TokenRequest<'_> {
    fn client(&self) -> &Client {
        self.client.client()
    }

    /// What the tokens are to be bound to.
    async fn confirmation(&self, kit: &Kit) -> Result<Option<Confirmation>, Error<OAuthError>> {
        sender::confirmation(kit, self.client(), self.shown).await
    }

    /// Binds what descends from a grant to what a public client showed: nothing else tells whether it is the one that was
    /// granted this (RFC 9449, section 5; RFC 8705, section 4).
    async fn bind(&self, tx: &mut Tx, grant: &Grant, bound: Option<&Confirmation>) -> Result<(), Fault> {
        match bound {
            Some(bound) if !self.client().is_confidential() => {
                grants::bind(tx, &grant.id, &bound.to_thumbprint()).await
            }
            _ => Ok(()),
        }
    }

    /// Whom an access token for a grant is to be for: services that the grant names, or, where it names none, that
    /// were registered for the client (RFC 8707, section 2.2).
    fn audience(&self, grant: &Grant) -> Result<Option<String>, Error<OAuthError>> {
        let named = self.params.get("resource");
        let is_registered = |address: &&str| self.registered_resources().any(|known| known == *address);
        let narrowed = match &grant.resources {
            // What was taken from the client meanwhile counts no more, and never makes a token that is for everything.
            Some(granted) => {
                let left: Vec<&str> = granted.split(' ').filter(is_registered).collect();
                if left.is_empty() {
                    return Err(invalid_target());
                }
                resource::narrowed(named, left.iter().copied(), Some(&left.join(" ")))
            }
            None => resource::narrowed(named, self.registered_resources(), None),
        };
        narrowed.map_err(|_| invalid_target())
    }

    /// What of a granted scope the client may still have.
    fn scope(&self, granted: &str) -> Result<String, Error<OAuthError>> {
        scope::still_registered(granted, self.client().settings.scopes.as_deref()).ok_or_else(|| {
            let say = "the client is registered for nothing of what was granted any more";
            Error::Refused(OAuthError::new(ErrorCode::InvalidGrant, say))
        })
    }

    fn registered_resources(&self) -> impl Iterator<Item = &str> + Clone {
        self.client.client().settings.resources.iter().map(String::as_str)
    }
}

/// A successful answer (RFC 6749, section 5.1).
#[derive(Default, Serialize)]
pub(crate) struct TokenResponse {
    pub(super) access_token: String,
    pub(super) token_type: &'static str,
    /// Seconds.
    pub(super) expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_token: Option<String>,
    /// A scope has at least one value (RFC 6749, appendix A.4): one that has none is not named.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) scope: String,
    /// RFC 8693, section 2.2.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issued_token_type: Option<&'static str>,
}

impl TokenResponse {
    pub(crate) fn access_token(&self) -> &str {
        &self.access_token
    }

    pub(crate) fn id_token(&self) -> Option<&str> {
        self.id_token.as_deref()
    }

    /// An answer with an access token and nothing else.
    pub(super) fn of(access: Issued, scope: String) -> Self {
        Self {
            access_token: access.text,
            token_type: access.token_type,
            expires_in: access.lifetime.as_seconds(),
            scope,
            ..Self::default()
        }
    }
}

type TokenResult = Result<TokenResponse, Error<OAuthError>>;

/// Exchanges a grant for tokens.
pub(crate) async fn exchange(kit: &Kit, request: &TokenRequest<'_>) -> TokenResult {
    let refuse = |code, say| Err(Error::Refused(OAuthError::new(code, say)));
    let Some(named) = request.params.get("grant_type") else { return Err(missing("grant_type is missing")) };
    let unsupported = "there is no such grant_type here; discovery lists those there are";
    let Some(grant) = GrantType::parse(named) else {
        return refuse(ErrorCode::UnsupportedGrantType, unsupported);
    };
    if !request.client().settings.may_use(grant) {
        return refuse(ErrorCode::UnauthorizedClient, "this grant_type is not registered for this client");
    }
    match grant {
        GrantType::AuthorizationCode => authorization_code::exchange(kit, request).await,
        GrantType::RefreshToken => refresh_token::exchange(kit, request).await,
        GrantType::DeviceCode => device_code::exchange(kit, request).await,
        GrantType::TokenExchange => token_exchange::exchange(kit, request).await,
        GrantType::ClientCredentials => client_credentials::exchange(kit, request).await,
        GrantType::Implicit => refuse(ErrorCode::UnsupportedGrantType, unsupported),
    }
}

fn invalid_target() -> Error<OAuthError> {
    let say = "resource must be a service that this client may have tokens for, and that was granted";
    Error::Refused(OAuthError::new(ErrorCode::InvalidTarget, say))
}

fn missing(say: &'static str) -> Error<OAuthError> {
    Error::Refused(OAuthError::new(ErrorCode::InvalidRequest, say))
}
