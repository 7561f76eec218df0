//! The grant `refresh_token` (RFC 6749, section 6; RFC 9700, section 4.14.2).
//!
//! A client gets a new refresh token for each that it uses. One that comes back later than a client could have lost
//! the answer was copied, and ends everything that was granted with it. FAPI 2.0 has clients prove who they are in
//! ways that a thief cannot copy, and forbids the replacing (FAPI 2.0 Security Profile, section 5.3.2.1).

use super::{TokenRequest, TokenResult, missing};
use crate::audit::Entry;
use crate::base::{Error, Fault, Secret, kinds};
use crate::kit::Kit;
use crate::model::{Client, Confirmation, EventKind, SecurityProfile, User};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::mint::{self, Issue};
use crate::policy::rotation::{self, Use};
use crate::policy::scope::OFFLINE_ACCESS;
use crate::policy::{consent, scope};
use crate::store::grants::Grant;
use crate::store::refresh_tokens::RefreshToken;
use crate::store::{Tx, consents, grants, refresh_tokens, sessions, users};

pub(super) async fn exchange(kit: &Kit, request: &TokenRequest<'_>) -> TokenResult {
    let (client, params) = (request.client(), request.params);
    let text = params.get("refresh_token").ok_or_else(|| missing("refresh_token is missing"))?;
    let secret = Secret::<kinds::Refresh>::presented(text);
    let secret = secret.ok_or_else(|| Error::Refused(refused("not a refresh token of ours")))?;
    let bound = request.confirmation(kit).await?;
    let mut tx = kit.store.begin().await?;
    let found = refresh_tokens::find(&mut tx, &kit.keyring.digest(&secret)).await?;
    let found = found.ok_or_else(|| Error::Refused(refused("no such refresh token")))?;
    let (grant, user) = match standing(kit, &mut tx, client, &found).await? {
        Ok((grant, _)) if grant.client_id != client.id => {
            return Err(Error::Refused(refused("the token was issued to another client")));
        }
        Ok((grant, _)) if !is_by_its_key(client, &grant, bound.as_ref()) => {
            return Err(Error::Refused(refused("the token is bound to another key")));
        }
        Ok(standing) => standing,
        Err(why) => return Err(Error::Refused(refused(why))),
    };
    let held = still_held(&mut tx, client, &grant).await?;
    let held = held.map_err(|why| Error::Refused(refused(why)))?;
    let Some(scope) = scope::narrowed(&held, params.get("scope")) else {
        let say = "scope must be among what was granted";
        return Err(Error::Refused(OAuthError::new(ErrorCode::InvalidScope, say)));
    };
    let audience = request.audience(&grant)?;
    let rotates = client.settings.profile != SecurityProfile::Fapi2;
    if !rotates {
        grants::refreshed(&mut tx, &grant.id, kit.now()).await?;
    } else if !use_up(kit, &mut tx, &grant, found.generation).await? {
        grants::revoke(&mut tx, &grant.id, kit.now()).await?;
        Entry::by_visitor(EventKind::RefreshReplayed, request.visit)
            .user(Some(&user.id))
            .client(Some(&client.id))
            .session(&grant.session_id)
            .record(kit, &mut tx)
            .await?;
        tx.commit().await?;
        return Err(Error::Refused(refused(
            "the token was used before: all that was granted with it has ended",
        )));
    }
    // An answer that is given again holds the same token: there is never more than one line of them.
    let next = kit.keyring.successor(&secret);
    let refresh = rotates.then_some((&next, found.generation + 1));
    let issue = Issue {
        client,
        grant: &grant,
        user: &user,
        scope: &scope,
        audience: audience.as_deref(),
        bound: bound.as_ref(),
        nonce: None,
        refresh,
    };
    let response = mint::for_person(kit, &mut tx, &issue).await?;
    tx.commit().await?;
    Ok(response)
}

/// The grant of a token and its person, or why they are good no longer.
async fn standing(
    kit: &Kit,
    tx: &mut Tx,
    client: &Client,
    token: &RefreshToken,
) -> Result<Result<(Grant, User), &'static str>, Fault> {
    let now = kit.now();
    let Some(grant) = grants::by_id(tx, &token.grant_id).await? else { return Ok(Err("the grant is gone")) };
    if grant.revoked_at.is_some() {
        return Ok(Err("what was granted has ended"));
    }
    if grant.refresh_until.is_none_or(|until| now >= until) {
        return Ok(Err("refresh tokens have reached their longest life"));
    }
    if now >= grant.refreshed_at + kit.config.tokens.refresh_idle {
        return Ok(Err("the refresh token was not used for too long"));
    }
    let may_stay = scope::still_registered(OFFLINE_ACCESS, client.settings.scopes.as_deref()).is_some();
    if grant.offline_at.is_none() || !may_stay {
        let session = sessions::by_id(tx, &grant.session_id).await?;
        if session.is_none_or(|session| session.ended_at.is_some() || now >= session.expires_at) {
            return Ok(Err("the session has ended"));
        }
    }
    let user = users::by_id(tx, &grant.user_id).await?.filter(User::is_active);
    Ok(user.map(|user| (grant, user)).ok_or("the person may no longer log in"))
}

/// What of the scope of a grant its client may still have: what was taken from its registration since, or is no longer
/// agreed to, is not handed out again.
async fn still_held(
    tx: &mut Tx,
    client: &Client,
    grant: &Grant,
) -> Result<Result<String, &'static str>, Fault> {
    let Some(held) = scope::still_registered(&grant.scope, client.settings.scopes.as_deref()) else {
        return Ok(Err("the client is registered for nothing of what was granted any more"));
    };
    if client.settings.asks_consent {
        let given = consents::scope(tx, &grant.user_id, &client.id).await?;
        let wanted = consent::wanted(held.split(' '), std::iter::empty());
        if !consent::covers(given.as_deref(), &wanted) {
            return Ok(Err("the person has not agreed to share this"));
        }
    }
    Ok(Ok(held))
}

/// A public client proves by nothing but its key or certificate that the token is its own (RFC 9449, section 5; RFC
/// 8705, section 4).
fn is_by_its_key(client: &Client, grant: &Grant, bound: Option<&Confirmation>) -> bool {
    let shown = bound.map(Confirmation::to_thumbprint);
    client.is_confidential() || grant.key_thumbprint.is_none() || grant.key_thumbprint == shown
}

/// Takes a token for this use. False where it is a copy.
async fn use_up(kit: &Kit, tx: &mut Tx, grant: &Grant, generation: i64) -> Result<bool, Fault> {
    let now = kit.now();
    let judge =
        |grant: &Grant| rotation::judge(generation, grant.refresh_generation, grant.refreshed_at, now);
    match judge(grant) {
        Use::First if grants::move_on(tx, &grant.id, generation, now).await? => Ok(true),
        // Another use of the same token was first, at this very moment.
        Use::First => {
            let moved = grants::by_id(tx, &grant.id).await?;
            Ok(moved.is_some_and(|grant| grant.revoked_at.is_none() && judge(&grant) == Use::Again))
        }
        Use::Again => Ok(true),
        Use::Replay => Ok(false),
    }
}

fn refused(note: &'static str) -> OAuthError {
    let say = "the refresh token is unknown, expired, used before, revoked, or not of this client";
    OAuthError::new(ErrorCode::InvalidGrant, say).noting(note)
}
