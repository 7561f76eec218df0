//! What was refused to a client, for whoever looks after it: what came in, and what is wrong with it.

use serde_json::json;

use crate::audit::Entry;
use crate::base::{ClientId, Fault};
use crate::kit::Kit;
use crate::model::{EventKind, Visit};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;

/// Refusals of one client that are noted.
const MOST_IN_A_MINUTE: u32 = 10;
/// What is kept of each parameter.
const LONGEST: usize = 200;
/// The parameters that are kept: those that say what was meant, and none that opens anything.
const TELLING: [&str; 11] = [
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "grant_type",
    "resource",
    "code_challenge_method",
    "prompt",
    "acr_values",
    "request_uri",
    "post_logout_redirect_uri",
];

/// Notes a refusal, where the client is one that we know. That the note could not be made is no reason to answer
/// otherwise.
pub(crate) async fn remember(
    kit: &Kit,
    (endpoint, client): (&str, Option<&str>),
    params: &Params,
    error: &OAuthError,
    visit: &Visit,
) {
    if is_ordinary(error.code) {
        return;
    }
    let Some(id) = client.and_then(ClientId::parse) else { return };
    if let Err(fault) = write(kit, (endpoint, &id), params, error, visit).await {
        tracing::warn!(fault = fault.to_string(), "a refusal could not be noted");
    }
}

/// Answers that belong to the course of things.
const fn is_ordinary(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::LoginRequired
            | ErrorCode::ConsentRequired
            | ErrorCode::AccessDenied
            | ErrorCode::AuthorizationPending
            | ErrorCode::SlowDown
            | ErrorCode::UseDpopNonce
    )
}

async fn write(
    kit: &Kit,
    (endpoint, client): (&str, &ClientId),
    params: &Params,
    error: &OAuthError,
    visit: &Visit,
) -> Result<(), Fault> {
    if kit.client(client).await?.is_none() || kit.refusals.count(client.clone(), kit.now()) > MOST_IN_A_MINUTE
    {
        return Ok(());
    }
    let received: serde_json::Map<String, serde_json::Value> = TELLING
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), json!(shortened(params.get(name)?)))))
        .collect();
    let detail = json!({
        "endpoint": endpoint, "error": error.code.name(), "said": error.say,
        "cause": error.note.as_deref().map(shortened), "received": received,
    });
    let mut tx = kit.store.begin().await?;
    Entry::by_visitor(EventKind::RequestRefused, visit)
        .client(Some(client))
        .detail(detail)
        .record(kit, &mut tx)
        .await?;
    tx.commit().await
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
