//! What is granted by an answer: the root of the tokens that it leads to, with the authorization code that it may be
//! redeemed by (RFC 6749, section 4.1.2).

use crate::accounts::session::Current;
use crate::base::{Fault, GrantId, Secret, Timestamp, kinds};
use crate::kit::Kit;
use crate::model::GrantType;
use crate::oidc::request::ValidRequest;
use crate::policy::scope;
use crate::store::grants::Grant;
use crate::store::{Tx, grants};

/// Records a grant in the caller's transaction, with a code that only the caller knows. Where the answer has no code,
/// nobody ever will.
pub(super) async fn record(
    kit: &Kit,
    tx: &mut Tx,
    request: &ValidRequest,
    current: &Current,
) -> Result<(Grant, Secret<kinds::Code>), Fault> {
    let now = kit.now();
    let tokens = &kit.config.tokens;
    let asked = &request.asked;
    let claims = match &asked.claims {
        Some(claims) => Some(
            serde_json::to_string(claims)
                .map_err(|error| Fault::caused("a claims request cannot be written", error))?,
        ),
        None => None,
    };
    let secret = Secret::generate(&*kit.random);
    let (refresh_until, is_offline) = refreshing(kit, request, current);
    let grant = Grant {
        id: GrantId::generate(now, &*kit.random),
        user_id: current.user.id.clone(),
        client_id: request.reply.client.id.clone(),
        session_id: current.session.id.clone(),
        scope: asked.scope.join(" "),
        claims,
        code: kit.keyring.digest(&secret),
        code_expires_at: now + tokens.code,
        redirect_uri: request.reply.redirect.as_str().to_owned(),
        code_challenge: asked.code_challenge.clone(),
        nonce: asked.nonce.clone(),
        authenticated_at: current.session.authenticated_at,
        refresh_until,
        offline_at: is_offline.then_some(now),
        resources: asked.resources.clone(),
        key_thumbprint: asked.dpop_jkt.clone(),
        refresh_generation: 0,
        refreshed_at: now,
        created_at: now,
        expires_at: refresh_until.unwrap_or(now + tokens.code) + tokens.access,
        revoked_at: None,
    };
    grants::insert(tx, &grant).await?;
    Ok((grant, secret))
}

/// Until when refresh tokens may follow, and whether after the session too.
fn refreshing(kit: &Kit, request: &ValidRequest, current: &Current) -> (Option<Timestamp>, bool) {
    let may_refresh = request.reply.client.settings.may_use(GrantType::RefreshToken);
    if !may_refresh || !request.asked.response_type.has_code() {
        return (None, false);
    }
    let longest = kit.now() + kit.config.tokens.refresh;
    if request.asked.scope.iter().any(|value| value == scope::OFFLINE_ACCESS) {
        return (Some(longest), true);
    }
    (Some(longest.min(current.session.expires_at)), false)
}
