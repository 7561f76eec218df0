//! Authorization codes (RFC 6749, section 4.1.2): issued with the grant they stand for.

use crate::accounts::session::Current;
use crate::base::{Fault, GrantId, Secret, kinds};
use crate::kit::Kit;
use crate::oidc::request::ValidRequest;
use crate::store::grants::Grant;
use crate::store::{Tx, grants};

/// Issues a code in the caller's transaction.
pub(super) async fn issue(
    kit: &Kit,
    tx: &mut Tx,
    request: &ValidRequest,
    current: &Current,
) -> Result<Secret<kinds::Code>, Fault> {
    let now = kit.now();
    let tokens = &kit.config.tokens;
    let claims = match &request.asked.claims {
        Some(claims) => Some(
            serde_json::to_string(claims)
                .map_err(|error| Fault::caused("a claims request cannot be written", error))?,
        ),
        None => None,
    };
    let secret = Secret::generate(&*kit.random);
    let grant = Grant {
        id: GrantId::generate(now, &*kit.random),
        user_id: current.user.id.clone(),
        client_id: request.reply.client.id.clone(),
        session_id: current.session.id.clone(),
        scope: request.asked.scope.join(" "),
        claims,
        code: kit.keyring.digest(&secret),
        code_expires_at: now + tokens.code,
        redirect_uri: request.reply.redirect.as_str().to_owned(),
        code_challenge: request.asked.code_challenge.clone(),
        nonce: request.asked.nonce.clone(),
        authenticated_at: current.session.authenticated_at,
        created_at: now,
        expires_at: now + tokens.code + tokens.access,
        revoked_at: None,
    };
    grants::insert(tx, &grant).await?;
    Ok(secret)
}
