//! Introspection (RFC 7662): what a token is worth, for a service that was shown it.
//!
//! A client may ask about its own tokens, and about those of others where it is registered as a service that accepts
//! them. Whatever it may not know looks like a token that never was.

use serde::Serialize;

use crate::base::{Error, Fault, Secret, kinds};
use crate::clients::AuthenticatedClient;
use crate::kit::Kit;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::store::access_tokens;

/// What is said of a token (RFC 7662, section 2.2).
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Introspection {
    Inactive { active: bool },
    Active(Box<Active>),
}

#[derive(Serialize)]
pub(crate) struct Active {
    active: bool,
    scope: String,
    client_id: String,
    token_type: &'static str,
    exp: i64,
    iat: i64,
    iss: String,
    /// The person; the client itself where it acts for nobody.
    sub: String,
}

/// Says what an access token is worth. A refresh token is nothing to show to a service, and is never active here.
pub(crate) async fn introspect(
    kit: &Kit,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<Introspection, Error<OAuthError>> {
    let client = client.client();
    if !client.is_confidential() {
        let say = "a client without a secret or key cannot ask about tokens";
        return Err(Error::Refused(OAuthError::new(ErrorCode::UnauthorizedClient, say)));
    }
    let Some(text) = params.get("token") else {
        return Err(Error::Refused(OAuthError::new(ErrorCode::InvalidRequest, "token is missing")));
    };
    let nothing = Introspection::Inactive { active: false };
    let Some(secret) = Secret::<kinds::Access>::presented(text) else { return Ok(nothing) };
    let found: Result<_, Fault> =
        access_tokens::find(&mut *kit.store.read().await?, &kit.keyring.digest(&secret), kit.now()).await;
    let may_know =
        |state: &access_tokens::TokenState| client.settings.introspects || state.client_id == client.id;
    Ok(match found?.filter(may_know) {
        None => nothing,
        Some(state) => Introspection::Active(Box::new(Active {
            active: true,
            scope: state.scope,
            token_type: "Bearer",
            exp: state.expires_at.seconds(),
            iat: state.created_at.seconds(),
            iss: kit.config.issuer(),
            sub: state.subject.unwrap_or_else(|| state.client_id.as_str().to_owned()),
            client_id: state.client_id.as_str().to_owned(),
        })),
    })
}
