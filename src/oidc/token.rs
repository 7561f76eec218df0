//! The token endpoint (RFC 6749, section 3.2; OpenID Connect Core 1.0, section 3.1.3).
//!
//! To add a grant: a function like [`authorization_code`], its line in [`exchange`], its name in `GRANT_TYPES`.

use serde::Serialize;

use crate::audit::Entry;
use crate::base::{Error, Fault, Secret, kinds};
use crate::clients::AuthenticatedClient;
use crate::kit::Kit;
use crate::model::{EventKind, User, Visit};
use crate::oidc::claims::ClaimsRequest;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::id_token::{self, Facts};
use crate::oidc::params::Params;
use crate::policy::pkce;
use crate::store::grants::Grant;
use crate::store::{Tx, access_tokens, grants, users};

/// The grants there are.
pub(crate) const GRANT_TYPES: [&str; 1] = ["authorization_code"];

/// A successful answer (RFC 6749, section 5.1).
#[derive(Serialize)]
pub(crate) struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    id_token: String,
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
    match params.get("grant_type") {
        Some("authorization_code") => authorization_code(kit, client, params, visit).await,
        Some(_) => Err(Error::Refused(OAuthError::new(
            ErrorCode::UnsupportedGrantType,
            "the only grant_type is authorization_code",
        ))),
        None => Err(Error::Refused(OAuthError::new(ErrorCode::InvalidRequest, "grant_type is missing"))),
    }
}

/// A code is taken first and judged after: a wrong guess at what belongs to it costs the code. A second use
/// revokes what the first produced, in the transaction that refuses it (RFC 6749, section 4.1.2).
async fn authorization_code(
    kit: &Kit,
    client: &AuthenticatedClient,
    params: &Params,
    visit: &Visit,
) -> TokenResult {
    let Some(text) = params.get("code") else {
        return Err(Error::Refused(OAuthError::new(ErrorCode::InvalidRequest, "code is missing")));
    };
    let Some(secret) = Secret::<kinds::Code>::presented(text) else {
        return Err(Error::Refused(invalid_grant("not a code of ours")));
    };
    let digest = kit.keyring.digest(&secret);
    let mut tx = kit.store.begin().await?;
    let Some(grant) = grants::take_code(&mut tx, &digest, kit.now()).await? else {
        let replayed = grants::of_code(&mut tx, &digest).await?;
        if let Some(grant) = &replayed {
            grants::revoke(&mut tx, grant, kit.now()).await?;
            Entry::by_visitor(EventKind::CodeReplayed, visit)
                .client(Some(&client.client().id))
                .record(kit, &mut tx)
                .await?;
        }
        tx.commit().await?;
        let note = if replayed.is_some() { "a code was used twice" } else { "no such code" };
        return Err(Error::Refused(invalid_grant(note)));
    };
    match redeem(kit, &mut tx, client, &grant, params).await {
        Ok(user) => {
            let response = mint(kit, &mut tx, client, &grant, &user).await?;
            Entry::by_visitor(EventKind::TokensIssued, visit)
                .user(Some(&user.id))
                .client(Some(&grant.client_id))
                .session(&grant.session_id)
                .record(kit, &mut tx)
                .await?;
            tx.commit().await?;
            Ok(response)
        }
        Err(Error::Refused(refusal)) => {
            // The code is spent all the same.
            tx.commit().await?;
            Err(Error::Refused(refusal))
        }
        Err(fault) => Err(fault),
    }
}

/// Every condition on a code that was just taken (RFC 6749, section 4.1.3; RFC 7636, section 4.6).
async fn redeem(
    kit: &Kit,
    tx: &mut Tx,
    client: &AuthenticatedClient,
    grant: &Grant,
    params: &Params,
) -> Result<User, Error<OAuthError>> {
    let refused = if grant.client_id != client.client().id {
        Some("the code was issued to another client")
    } else if kit.now() >= grant.code_expires_at {
        Some("the code has expired")
    } else if grant.revoked_at.is_some() {
        Some("the session of the code has ended")
    } else if params.get("redirect_uri") != Some(&grant.redirect_uri) {
        Some("redirect_uri is not the one that the code was sent to")
    } else if !pkce::answers(grant.code_challenge.as_deref(), params.get("code_verifier")) {
        Some("code_verifier does not answer the code_challenge")
    } else {
        None
    };
    if let Some(why) = refused {
        // A stolen code must not be worth a second guess to its thief, nor to its owner.
        grants::revoke(tx, &grant.id, kit.now()).await?;
        return Err(Error::Refused(invalid_grant(why)));
    }
    match users::by_id(tx, &grant.user_id).await?.filter(User::is_active) {
        Some(user) => Ok(user),
        None => Err(Error::Refused(invalid_grant("the person may no longer log in"))),
    }
}

async fn mint(
    kit: &Kit,
    tx: &mut Tx,
    client: &AuthenticatedClient,
    grant: &Grant,
    user: &User,
) -> Result<TokenResponse, Fault> {
    let now = kit.now();
    let lifetime = kit.config.tokens.access;
    let access_token = Secret::generate(&*kit.random);
    access_tokens::insert(tx, &kit.keyring.digest(&access_token), &grant.id, now, now + lifetime).await?;
    let claims: Option<ClaimsRequest> = match &grant.claims {
        Some(text) => Some(
            serde_json::from_str(text)
                .map_err(|error| Fault::caused("a claims request cannot be read", error))?,
        ),
        None => None,
    };
    let facts = Facts {
        client: client.client(),
        user,
        session_id: &grant.session_id,
        authenticated_at: grant.authenticated_at,
        nonce: grant.nonce.as_deref(),
        claims: claims.as_ref(),
        access_token: Some(&access_token),
        code: None,
    };
    Ok(TokenResponse {
        id_token: id_token::mint(kit, &facts)?,
        access_token: access_token.reveal().to_owned(),
        token_type: "Bearer",
        expires_in: lifetime.as_seconds(),
        scope: grant.scope.clone(),
    })
}

fn invalid_grant(note: &'static str) -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidGrant,
        "the code is unknown, expired, used before, or does not belong to this request",
    )
    .noting(note)
}
