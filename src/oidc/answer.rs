//! What a request is answered with once it is decided. A pushed request is used up here: of all answers to one, the
//! first is the only (RFC 9126, section 4).

use crate::accounts::session::Current;
use crate::base::Fault;
use crate::kit::Kit;
use crate::oidc::authorize::AuthorizationResponse;
use crate::oidc::code;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::request::ValidRequest;
use crate::store::{Tx, pushed_requests};

/// Answers for the person of a session, in the caller's transaction.
pub(super) async fn complete(
    kit: &Kit,
    tx: &mut Tx,
    request: &ValidRequest,
    current: &Current,
) -> Result<AuthorizationResponse, Fault> {
    if !use_up(kit, tx, request).await? {
        return Ok(answered_before(kit, request));
    }
    let code = code::issue(kit, tx, request, current).await?;
    Ok(request.respond(kit, vec![("code", code.reveal().to_owned())]))
}

/// Answers for somebody who would not log in (RFC 6749, section 4.1.2.1).
pub(super) async fn give_up(
    kit: &Kit,
    tx: &mut Tx,
    request: &ValidRequest,
) -> Result<AuthorizationResponse, Fault> {
    if !use_up(kit, tx, request).await? {
        return Ok(answered_before(kit, request));
    }
    let error = OAuthError::new(ErrorCode::AccessDenied, "the person cancelled logging in");
    Ok(request.respond_error(kit, &error))
}

/// False where another answer was first.
async fn use_up(kit: &Kit, tx: &mut Tx, request: &ValidRequest) -> Result<bool, Fault> {
    match &request.pushed {
        Some(pushed) => pushed_requests::take(tx, pushed, kit.now()).await,
        None => Ok(true),
    }
}

fn answered_before(kit: &Kit, request: &ValidRequest) -> AuthorizationResponse {
    let say = "the pushed request was answered before; push another";
    request.respond_error(kit, &OAuthError::new(ErrorCode::InvalidRequestUri, say))
}
