//! What a request is answered with once it is decided. A pushed request is used up here: of all answers to one, the
//! first is the only (RFC 9126, section 4).

use crate::accounts::session::Current;
use crate::base::{Fault, Secret, kinds};
use crate::kit::Kit;
use crate::model::ResponseType;
use crate::oidc::access_token::{self, Issued, NewAccess};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::grant::{self, NewGrant};
use crate::oidc::id_token::{self, Facts};
use crate::oidc::request::ValidRequest;
use crate::oidc::response::AuthorizationResponse;
use crate::oidc::{consent, session_state, subject};
use crate::policy::scope;
use crate::store::grants::Grant;
use crate::store::{Tx, pushed_requests, sessions};

/// Answers for the person of a session, in the caller's transaction. `None` where the session has been ended since it
/// was looked at, or the consent withdrawn: what is granted now would outlive what ended them.
pub(super) async fn complete(
    kit: &Kit,
    tx: &mut Tx,
    request: &ValidRequest,
    current: &Current,
) -> Result<Option<AuthorizationResponse>, Fault> {
    if !sessions::hold(tx, &current.session.id).await? || !consent::holds(tx, request, current).await? {
        return Ok(None);
    }
    if !use_up(kit, tx, request).await? {
        return answered_before(kit, request).map(Some);
    }
    if !is_asked_about(kit, request, current) {
        let say = "somebody else is logged in than the request names";
        return request.reply.error(kit, &OAuthError::new(ErrorCode::LoginRequired, say)).map(Some);
    }
    let response_type = request.asked.response_type;
    let mut params = Vec::new();
    let new = NewGrant {
        client: &request.reply.client,
        session: &current.session,
        scope: request.asked.scope.join(" "),
        resources: request.asked.resources.clone(),
        may_refresh: response_type.has_code(),
        asked: Some(request),
    };
    // An ID token alone is a grant too: the service is to hear when the session ends.
    let (grant, secret) = grant::record(kit, tx, new).await?;
    let code = response_type.has_code().then_some(secret);
    let access = match response_type.has_token() {
        true => Some(access_token(kit, tx, request, (current, &grant)).await?),
        false => None,
    };
    params.extend(code.as_ref().map(|code| ("code", code.reveal().to_owned())));
    if let Some(access) = &access {
        params.push(("access_token", access.text.clone()));
        params.push(("token_type", access.token_type.to_owned()));
        params.push(("expires_in", access.lifetime.as_seconds().to_string()));
    }
    if response_type.has_id_token() {
        let beside = Beside { code: code.as_ref(), access: access.as_ref() };
        params.push(("id_token", id_token(kit, request, current, &beside)?));
    }
    let (client, redirect) = (&request.reply.client, request.reply.redirect.as_str());
    let state = session_state::of_answer(kit, &current.session.id, (client.id.as_str(), redirect));
    // Signed answers are of another family, which has no frames.
    params.extend(state.filter(|_| !request.reply.is_signed()).map(|state| ("session_state", state)));
    request.reply.answer(kit, params).map(Some)
}

/// Whether the answer may be about this person: nothing is said of another than the one whom the request names (OpenID
/// Connect Core 1.0, section 3.1.2.2).
pub(super) fn is_asked_about(kit: &Kit, request: &ValidRequest, current: &Current) -> bool {
    let subject = || subject::of(kit, &request.reply.client, current.user.subject.as_str());
    request.asked.subject.as_deref().is_none_or(|named| named == subject())
}

/// An access token that goes through the browser (OpenID Connect Core 1.0, sections 3.2.2.5 and 3.3.2.5). Nothing can
/// bind it: a client that demands that cannot be registered for it.
async fn access_token(
    kit: &Kit,
    tx: &mut Tx,
    request: &ValidRequest,
    (current, grant): (&Current, &Grant),
) -> Result<Issued, Fault> {
    let new = NewAccess {
        client: &request.reply.client,
        person: Some((&current.user, grant)),
        scope: &grant.scope,
        audience: grant.resources.as_deref(),
        bound: None,
        actor: None,
        until: None,
    };
    access_token::issue(kit, tx, &new).await
}

/// What an ID token vouches for that goes along with it.
struct Beside<'a> {
    code: Option<&'a Secret<kinds::Code>>,
    access: Option<&'a Issued>,
}

/// An ID token that goes through the browser (OpenID Connect Core 1.0, sections 3.2.2.10 and 3.3.2.11). Without a code
/// and an access token there will be no UserInfo, so it says itself what the scope asks for (section 5.4).
fn id_token(
    kit: &Kit,
    request: &ValidRequest,
    current: &Current,
    beside: &Beside<'_>,
) -> Result<String, Fault> {
    let mut claims = request.asked.claims.clone().unwrap_or_default();
    if request.asked.response_type == ResponseType::IdToken {
        let by_scope = scope::claims_of(request.asked.scope.iter().map(String::as_str));
        claims.id_token.extend(by_scope.into_iter().map(str::to_owned));
    }
    let facts = Facts {
        client: &request.reply.client,
        user: &current.user,
        session_id: &current.session.id,
        authenticated_at: current.session.authenticated_at,
        nonce: request.asked.nonce.as_deref(),
        claims: Some(&claims),
        access_token: beside.access.map(|access| access.text.as_str()),
        code: beside.code,
    };
    id_token::mint(kit, &facts)
}

/// Why somebody's answer is no (RFC 6749, section 4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    Cancelled,
    /// They would not share what was asked for.
    NotShared,
}

/// Answers for somebody who will not go on.
pub(super) async fn deny(
    kit: &Kit,
    tx: &mut Tx,
    request: &ValidRequest,
    denial: Denial,
) -> Result<AuthorizationResponse, Fault> {
    if !use_up(kit, tx, request).await? {
        return answered_before(kit, request);
    }
    let say = match denial {
        Denial::Cancelled => "the person cancelled logging in",
        Denial::NotShared => "the person does not share what was asked for",
    };
    request.reply.error(kit, &OAuthError::new(ErrorCode::AccessDenied, say))
}

/// False where another answer was first.
async fn use_up(kit: &Kit, tx: &mut Tx, request: &ValidRequest) -> Result<bool, Fault> {
    match &request.pushed {
        Some(pushed) => pushed_requests::take(tx, pushed, kit.now()).await,
        None => Ok(true),
    }
}

fn answered_before(kit: &Kit, request: &ValidRequest) -> Result<AuthorizationResponse, Fault> {
    let say = "the pushed request was answered before; push another";
    request.reply.error(kit, &OAuthError::new(ErrorCode::InvalidRequestUri, say))
}
