//! The grant `urn:ietf:params:oauth:grant-type:device_code` (RFC 8628, section 3.4): a device that asks until somebody
//! has connected it.

use super::{TokenRequest, TokenResult, missing};
use crate::audit::Entry;
use crate::base::{Error, Secret, SessionId, Span, kinds};
use crate::kit::Kit;
use crate::model::{EventKind, User};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::grant::{self, NewGrant};
use crate::oidc::mint::{self, Issue};
use crate::store::device_codes::{self, DeviceState, WaitingDevice};
use crate::store::grants::Grant;
use crate::store::{Tx, sessions, users};

/// How much longer a device has to wait each time that it comes too soon (section 3.5).
const MORE: i64 = 5;

pub(super) async fn exchange(kit: &Kit, request: &TokenRequest<'_>) -> TokenResult {
    let text = request.params.get("device_code").ok_or_else(|| missing("device_code is missing"))?;
    let secret = Secret::<kinds::DeviceCode>::presented(text).ok_or_else(|| refused("not a code of ours"))?;
    let bound = request.confirmation(kit).await?;
    let mut tx = kit.store.begin().await?;
    let found = device_codes::find(&mut tx, &kit.keyring.digest(&secret)).await?;
    let device = found.filter(|device| device.client_id == request.client().id);
    let device = device.ok_or_else(|| refused("no such code, or another client's"))?;
    let session = match &device.state {
        DeviceState::Used => return Err(refused("the code was used before")),
        DeviceState::Refused => {
            return Err(say(ErrorCode::AccessDenied, "the person did not connect the device"));
        }
        _ if kit.now() >= device.expires_at => {
            return Err(say(ErrorCode::ExpiredToken, "the device_code has expired; begin again"));
        }
        DeviceState::Waiting => {
            let answer = wait(kit, &mut tx, &device).await?;
            tx.commit().await?;
            return Err(answer);
        }
        DeviceState::Connected(session) => session,
    };
    if !device_codes::take(&mut tx, &device.digest).await? {
        return Err(refused("the code was used at this very moment"));
    }
    let (grant, user) = granted(kit, &mut tx, request, (&device, session)).await?;
    request.bind(&mut tx, &grant, bound.as_ref()).await?;
    let (scope, audience) = (request.scope(&grant.scope)?, request.audience(&grant)?);
    let first = Secret::generate(&*kit.random);
    let issue = Issue {
        client: request.client(),
        grant: &grant,
        user: &user,
        scope: &scope,
        audience: audience.as_deref(),
        bound: bound.as_ref(),
        nonce: None,
        refresh: grant.refresh_until.map(|_| (&first, 1)),
    };
    let response = mint::for_person(kit, &mut tx, &issue).await?;
    Entry::by_visitor(EventKind::TokensIssued, request.visit)
        .user(Some(&user.id))
        .client(Some(&grant.client_id))
        .session(&grant.session_id)
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    Ok(response)
}

/// What a device hears that nobody has answered yet.
async fn wait(
    kit: &Kit,
    tx: &mut Tx,
    device: &WaitingDevice,
) -> Result<Error<OAuthError>, Error<OAuthError>> {
    let is_too_soon = device.polled_at.is_some_and(|before| kit.now() < before + device.pause);
    let more = if is_too_soon { MORE } else { 0 };
    let pause = u32::try_from(device.pause.as_seconds() + more).map_or(device.pause, Span::seconds);
    device_codes::polled(tx, &device.digest, kit.now(), pause).await?;
    Ok(if is_too_soon {
        say(ErrorCode::SlowDown, "the device asks too often; wait five seconds longer each time")
    } else {
        say(ErrorCode::AuthorizationPending, "nobody has connected the device yet; ask again")
    })
}

/// What the person who connected the device granted it.
async fn granted(
    kit: &Kit,
    tx: &mut Tx,
    request: &TokenRequest<'_>,
    (device, session): (&WaitingDevice, &SessionId),
) -> Result<(Grant, User), Error<OAuthError>> {
    let has_ended = || refused("the session in which it was connected has ended");
    if !sessions::hold(tx, session).await? {
        return Err(has_ended());
    }
    let session = sessions::by_id(tx, session).await?.ok_or_else(has_ended)?;
    let user = users::by_id(tx, &session.user_id).await?.filter(User::is_active);
    let user = user.ok_or_else(|| refused("the person may no longer log in"))?;
    let new = NewGrant {
        client: request.client(),
        session: &session,
        scope: device.scope.clone(),
        resources: device.resources.clone(),
        may_refresh: true,
        asked: None,
    };
    let (grant, _) = grant::record(kit, tx, new).await?;
    Ok((grant, user))
}

fn say(code: ErrorCode, say: &'static str) -> Error<OAuthError> {
    Error::Refused(OAuthError::new(code, say))
}

fn refused(note: &'static str) -> Error<OAuthError> {
    let say = "the device_code is unknown, used before, or not of this client";
    Error::Refused(OAuthError::new(ErrorCode::InvalidGrant, say).noting(note))
}
