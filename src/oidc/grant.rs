//! What a person grants a client: the root of the tokens that it leads to, with the authorization code that it may be
//! redeemed by (RFC 6749, section 4.1.2).

use crate::base::{Fault, GrantId, Secret, Timestamp, kinds};
use crate::kit::Kit;
use crate::model::{Client, GrantType, Session};
use crate::oidc::request::ValidRequest;
use crate::policy::scope;
use crate::store::grants::Grant;
use crate::store::{Tx, grants};

/// What is granted, and in which session.
pub(super) struct NewGrant<'a> {
    pub(super) client: &'a Client,
    pub(super) session: &'a Session,
    /// Scope values, separated by spaces.
    pub(super) scope: String,
    /// The addresses of the services that its tokens may be for, separated by spaces.
    pub(super) resources: Option<String>,
    /// Whether refresh tokens may follow, where the client is registered for them.
    pub(super) may_refresh: bool,
    /// The request that it answers; `None` where it came about without one.
    pub(super) asked: Option<&'a ValidRequest>,
}

/// Records a grant in the caller's transaction, with a code that only the caller knows. Where the answer has no code,
/// nobody ever will.
pub(super) async fn record(
    kit: &Kit,
    tx: &mut Tx,
    new: NewGrant<'_>,
) -> Result<(Grant, Secret<kinds::Code>), Fault> {
    let now = kit.now();
    let tokens = &kit.config.tokens;
    let asked = new.asked.map(|request| &request.asked);
    let claims = match asked.and_then(|asked| asked.claims.as_ref()) {
        Some(claims) => Some(
            serde_json::to_string(claims)
                .map_err(|error| Fault::caused("a claims request cannot be written", error))?,
        ),
        None => None,
    };
    let secret = Secret::generate(&*kit.random);
    let (refresh_until, is_offline) = refreshing(kit, &new);
    let grant = Grant {
        id: GrantId::generate(now, &*kit.random),
        user_id: new.session.user_id.clone(),
        client_id: new.client.id.clone(),
        session_id: new.session.id.clone(),
        scope: new.scope,
        claims,
        code: kit.keyring.digest(&secret),
        code_expires_at: now + tokens.code,
        redirect_uri: new.asked.map(|request| request.reply.redirect.as_str().to_owned()).unwrap_or_default(),
        code_challenge: asked.and_then(|asked| asked.code_challenge.clone()),
        nonce: asked.and_then(|asked| asked.nonce.clone()),
        authenticated_at: new.session.authenticated_at,
        refresh_until,
        offline_at: is_offline.then_some(now),
        resources: new.resources,
        key_thumbprint: asked.and_then(|asked| asked.dpop_jkt.clone()),
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
fn refreshing(kit: &Kit, new: &NewGrant<'_>) -> (Option<Timestamp>, bool) {
    if !new.may_refresh || !new.client.settings.may_use(GrantType::RefreshToken) {
        return (None, false);
    }
    let longest = kit.now() + kit.config.tokens.refresh;
    if new.scope.split(' ').any(|value| value == scope::OFFLINE_ACCESS) {
        return (Some(longest), true);
    }
    (Some(longest.min(new.session.expires_at)), false)
}
