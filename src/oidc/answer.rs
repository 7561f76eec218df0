//! What a request is answered with once it is decided. A pushed request is used up here: of all answers to one, the
//! first is the only (RFC 9126, section 4).

use crate::accounts::session::Current;
use crate::base::{Fault, Secret, kinds};
use crate::kit::Kit;
use crate::model::ResponseType;
use crate::oidc::code;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::id_token::{self, Facts};
use crate::oidc::request::ValidRequest;
use crate::oidc::response::AuthorizationResponse;
use crate::policy::scope;
use crate::store::{Tx, pushed_requests};

/// Answers for the person of a session, in the caller's transaction.
pub(super) async fn complete(
    kit: &Kit,
    tx: &mut Tx,
    request: &ValidRequest,
    current: &Current,
) -> Result<AuthorizationResponse, Fault> {
    if !use_up(kit, tx, request).await? {
        return answered_before(kit, request);
    }
    let response_type = request.asked.response_type;
    let mut params = Vec::new();
    let code = match response_type.has_code() {
        true => Some(code::issue(kit, tx, request, current).await?),
        false => None,
    };
    params.extend(code.as_ref().map(|code| ("code", code.reveal().to_owned())));
    if response_type.has_id_token() {
        params.push(("id_token", id_token(kit, request, current, code.as_ref())?));
    }
    request.reply.answer(kit, params)
}

/// An ID token that goes through the browser (OpenID Connect Core 1.0, sections 3.2.2.10 and 3.3.2.11). Without a code
/// there will be no access token, so it says itself what the scope asks for (section 5.4).
fn id_token(
    kit: &Kit,
    request: &ValidRequest,
    current: &Current,
    code: Option<&Secret<kinds::Code>>,
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
        access_token: None,
        code,
    };
    id_token::mint(kit, &facts)
}

/// Answers for somebody who would not log in (RFC 6749, section 4.1.2.1).
pub(super) async fn give_up(
    kit: &Kit,
    tx: &mut Tx,
    request: &ValidRequest,
) -> Result<AuthorizationResponse, Fault> {
    if !use_up(kit, tx, request).await? {
        return answered_before(kit, request);
    }
    let error = OAuthError::new(ErrorCode::AccessDenied, "the person cancelled logging in");
    request.reply.error(kit, &error)
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
