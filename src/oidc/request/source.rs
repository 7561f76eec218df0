//! Where the parameters of a request are: in what the browser brings, or in what the client pushed (RFC 9126,
//! section 4).

use crate::base::{Digest, Fault, Secret, kinds};
use crate::kit::Kit;
use crate::model::Client;
use crate::oidc::error::{AuthorizeError, ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::store::pushed_requests;

/// What a client proves itself with at our door: no part of what it asks.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// How a request came.
#[derive(Debug)]
pub(super) enum Came {
    /// By a browser, which may have changed it.
    Brought,
    /// From the client itself, at this moment.
    Pushing,
    /// From the client itself, some time ago.
    Pushed(Digest<kinds::Pushed>),
}

/// A request in whose parameters nothing has been checked.
#[derive(Debug)]
pub(super) struct RawRequest {
    pub(super) params: Params,
    pub(super) came: Came,
    /// What is wrong with the way it came. The first thing to be told, once it is known where to.
    pub(super) problem: Option<OAuthError>,
}

/// The request that a browser brings. Beside the address of a pushed one nothing counts but who asks.
pub(super) async fn brought(
    kit: &Kit,
    client: &Client,
    params: &Params,
) -> Result<RawRequest, AuthorizeError> {
    let address = params.get("request_uri").and_then(Secret::<kinds::Pushed>::presented);
    let Some(address) = address else {
        return Ok(RawRequest { params: params.clone(), came: Came::Brought, problem: None });
    };
    let digest = kit.keyring.digest(&address);
    let kept = pushed_requests::find(&mut *kit.store.read().await?, &digest).await?;
    let Some(kept) = kept.filter(|kept| kept.client_id == client.id) else {
        let error = OAuthError::new(ErrorCode::InvalidRequestUri, "request_uri is not known for this client");
        return Err(AuthorizeError::Page(error.noting(format!("client {}", client.id))));
    };
    let params = Params::parse(kept.params.as_bytes())
        .map_err(|_| Fault::new("a pushed request cannot be read back"))?;
    let problem = if kept.used_at.is_some() {
        Some("the pushed request was answered before; push another")
    } else if kit.now() >= kept.expires_at {
        Some("the pushed request has expired; push another")
    } else {
        None
    };
    let problem = problem.map(|say| OAuthError::new(ErrorCode::InvalidRequestUri, say));
    Ok(RawRequest { params, came: Came::Pushed(digest), problem })
}

/// The request that a client pushes. One cannot stand for another (RFC 9126, section 2.1).
pub(super) fn pushed(client: &Client, form: &Params) -> RawRequest {
    let params = form.without(&CREDENTIALS).with("client_id", client.id.as_str());
    let problem = params
        .has("request_uri")
        .then(|| OAuthError::new(ErrorCode::InvalidRequest, "request_uri cannot be pushed"));
    RawRequest { params, came: Came::Pushing, problem }
}
