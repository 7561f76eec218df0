//! The grant `authorization_code` (RFC 6749, section 4.1.3; OpenID Connect Core 1.0, section 3.1.3).

use super::{TokenRequest, TokenResponse, TokenResult, missing};
use crate::audit::Entry;
use crate::base::{Digest, Error, Fault, Secret, kinds};
use crate::kit::Kit;
use crate::model::{Confirmation, EventKind, User};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::mint::{self, Issue};
use crate::policy::pkce;
use crate::store::grants::Grant;
use crate::store::{Tx, grants, users};

/// A code is taken first and judged after: a wrong guess at what belongs to it costs the code. A second use
/// revokes what the first produced, in the transaction that refuses it (RFC 6749, section 4.1.2).
pub(super) async fn exchange(kit: &Kit, request: &TokenRequest<'_>) -> TokenResult {
    let Some(text) = request.params.get("code") else {
        return Err(missing("code is missing"));
    };
    let Some(secret) = Secret::<kinds::Code>::presented(text) else {
        return Err(Error::Refused(invalid_grant("not a code of ours")));
    };
    // Before the code is taken: a client that forgot its proof may come again.
    let bound = request.confirmation(kit).await?;
    let digest = kit.keyring.digest(&secret);
    let mut tx = kit.store.begin().await?;
    let Some(grant) = grants::take_code(&mut tx, &digest, kit.now()).await? else {
        let note = replayed(kit, &mut tx, request, &digest).await?;
        tx.commit().await?;
        return Err(Error::Refused(invalid_grant(note)));
    };
    let redeemed = redeem(kit, &mut tx, request, (&grant, bound.as_ref())).await;
    if !matches!(redeemed, Err(Error::Fault(_))) {
        // The code is spent, whatever comes of it.
        tx.commit().await?;
    }
    redeemed
}

/// What a code comes to that cannot be taken. A second use ends what the first one led to.
async fn replayed(
    kit: &Kit,
    tx: &mut Tx,
    request: &TokenRequest<'_>,
    code: &Digest<kinds::Code>,
) -> Result<&'static str, Fault> {
    let Some(grant) = grants::of_code(tx, code).await? else { return Ok("no such code") };
    grants::revoke(tx, &grant, kit.now()).await?;
    Entry::by_visitor(EventKind::CodeReplayed, request.visit)
        .client(Some(&request.client().id))
        .record(kit, tx)
        .await?;
    Ok("a code was used twice")
}

/// The tokens for a code that was just taken.
async fn redeem(
    kit: &Kit,
    tx: &mut Tx,
    request: &TokenRequest<'_>,
    (grant, bound): (&Grant, Option<&Confirmation>),
) -> Result<TokenResponse, Error<OAuthError>> {
    let user = check(kit, tx, request, (grant, bound)).await?;
    request.bind(tx, grant, bound).await?;
    let (scope, audience) = (request.scope(&grant.scope)?, request.audience(grant)?);
    let first = Secret::generate(&*kit.random);
    let issue = Issue {
        client: request.client(),
        grant,
        user: &user,
        scope: &scope,
        audience: audience.as_deref(),
        bound,
        nonce: grant.nonce.as_deref(),
        refresh: grant.refresh_until.map(|_| (&first, 1)),
    };
    let response = mint::for_person(kit, tx, &issue).await?;
    Entry::by_visitor(EventKind::TokensIssued, request.visit)
        .user(Some(&user.id))
        .client(Some(&grant.client_id))
        .session(&grant.session_id)
        .record(kit, tx)
        .await?;
    Ok(response)
}

/// Every condition on a code (RFC 6749, section 4.1.3; RFC 7636, section 4.6; RFC 9449, section 10).
async fn check(
    kit: &Kit,
    tx: &mut Tx,
    request: &TokenRequest<'_>,
    (grant, bound): (&Grant, Option<&Confirmation>),
) -> Result<User, Error<OAuthError>> {
    let params = request.params;
    let has_key = |key: &String| bound == Some(&Confirmation::Key(key.clone()));
    let refused = if grant.client_id != request.client().id {
        Some("the code was issued to another client")
    } else if kit.now() >= grant.code_expires_at {
        Some("the code has expired")
    } else if grant.revoked_at.is_some() {
        Some("the session of the code has ended")
    } else if params.get("redirect_uri") != Some(&grant.redirect_uri) {
        Some("redirect_uri is not the one that the code was sent to")
    } else if !pkce::answers(grant.code_challenge.as_deref(), params.get("code_verifier")) {
        Some("code_verifier does not answer the code_challenge")
    } else if !grant.key_thumbprint.as_ref().is_none_or(has_key) {
        Some("the code is bound to another key than that of the DPoP proof")
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

fn invalid_grant(note: &'static str) -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidGrant,
        "the code is unknown, expired, used before, or does not belong to this request",
    )
    .noting(note)
}
