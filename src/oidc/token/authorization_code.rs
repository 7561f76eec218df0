//! The grant `authorization_code` (RFC 6749, section 4.1.3; OpenID Connect Core 1.0, section 3.1.3).

use super::mint::{self, Issue};
use super::{TokenResult, missing};
use crate::audit::Entry;
use crate::base::{Error, Secret, kinds};
use crate::clients::AuthenticatedClient;
use crate::kit::Kit;
use crate::model::{EventKind, User, Visit};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::policy::pkce;
use crate::store::grants::Grant;
use crate::store::{Tx, grants, users};

/// A code is taken first and judged after: a wrong guess at what belongs to it costs the code. A second use
/// revokes what the first produced, in the transaction that refuses it (RFC 6749, section 4.1.2).
pub(super) async fn exchange(
    kit: &Kit,
    client: &AuthenticatedClient,
    params: &Params,
    visit: &Visit,
) -> TokenResult {
    let Some(text) = params.get("code") else {
        return Err(missing("code is missing"));
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
            let first = Secret::generate(&*kit.random);
            let issue = Issue {
                client: client.client(),
                grant: &grant,
                user: &user,
                scope: &grant.scope,
                nonce: grant.nonce.as_deref(),
                refresh: grant.refresh_until.map(|_| (&first, 1)),
            };
            let response = mint::for_person(kit, &mut tx, &issue).await?;
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

fn invalid_grant(note: &'static str) -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidGrant,
        "the code is unknown, expired, used before, or does not belong to this request",
    )
    .noting(note)
}
