//! Where the parameters of a request are: in what the browser brings, in what the client signed (RFC 9101), or in what
//! it pushed (RFC 9126, section 4).

use super::object;
use crate::base::{Digest, Fault, Secret, kinds};
use crate::kit::Kit;
use crate::model::Client;
use crate::oidc::error::{AuthorizeError, ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::store::pushed_requests;

/// What a client proves itself with at our door: no part of what it asks.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];
const FETCHED: &str = "application/oauth-authz-req+jwt, application/jwt";

/// A request in whose parameters nothing has been checked.
#[derive(Debug)]
pub(super) struct RawRequest {
    pub(super) params: Params,
    /// The pushed request that it is.
    pub(super) pushed: Option<Digest<kinds::Pushed>>,
    /// What is wrong with the way it came. The first thing to be told, once it is known where to.
    pub(super) problem: Option<OAuthError>,
}

/// The request that a browser brings. Beside the address of a pushed one nothing counts but who asks.
pub(super) async fn brought(
    kit: &Kit,
    client: &Client,
    params: &Params,
) -> Result<RawRequest, AuthorizeError> {
    if let Some(address) = params.get("request_uri").and_then(Secret::<kinds::Pushed>::presented) {
        return kept(kit, client, &address).await;
    }
    // RFC 9126, section 5.
    if client.settings.demands_pushed_requests() {
        let say = "this client must push its requests to the pushed authorization request endpoint";
        let problem = OAuthError::new(ErrorCode::InvalidRequest, say);
        return Ok(RawRequest { params: params.clone(), pushed: None, problem: Some(problem) });
    }
    Ok(opened(kit, client, params.clone()).await)
}

/// The request that a client pushes. One cannot stand for another (RFC 9126, section 2.1).
pub(super) async fn pushed(kit: &Kit, client: &Client, form: &Params) -> RawRequest {
    let params = form.without(&CREDENTIALS).with("client_id", client.id.as_str());
    if params.has("request_uri") {
        let problem = OAuthError::new(ErrorCode::InvalidRequest, "request_uri cannot be pushed");
        return RawRequest { params, pushed: None, problem: Some(problem) };
    }
    opened(kit, client, params).await
}

/// The request that the client pushed some time ago.
async fn kept(
    kit: &Kit,
    client: &Client,
    address: &Secret<kinds::Pushed>,
) -> Result<RawRequest, AuthorizeError> {
    let digest = kit.keyring.digest(address);
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
    Ok(RawRequest { params, pushed: Some(digest), problem })
}

/// The same request with what is signed in it.
async fn opened(kit: &Kit, client: &Client, params: Params) -> RawRequest {
    let read = match signed(kit, client, &params).await {
        Ok(Some(object)) => object::open(kit, client, &params, &object).await.map(Some),
        // RFC 9101, section 10.5.
        Ok(None) if client.settings.require_signed_requests => {
            let say = "this client must sign its requests and send each as a request object";
            Err(OAuthError::new(ErrorCode::InvalidRequest, say))
        }
        Ok(None) => Ok(None),
        Err(problem) => Err(problem),
    };
    match read {
        Ok(inside) => RawRequest { params: inside.unwrap_or(params), pushed: None, problem: None },
        Err(problem) => RawRequest { params, pushed: None, problem: Some(problem) },
    }
}

/// The signed object that came with a request, or that lies at an address which the client registered: byte for byte,
/// so that nobody can send us elsewhere (RFC 9101, section 10.4).
async fn signed(kit: &Kit, client: &Client, params: &Params) -> Result<Option<String>, OAuthError> {
    match (params.get("request"), params.get("request_uri")) {
        (Some(object), None) => Ok(Some(object.to_owned())),
        (Some(_), Some(_)) => {
            let say = "request and request_uri cannot be used together";
            Err(OAuthError::new(ErrorCode::InvalidRequest, say))
        }
        (None, Some(uri)) if client.settings.request_uris.iter().any(|known| known == uri) => {
            fetch(kit, uri).await.map(Some).map_err(|why| {
                let say = "request_uri does not lead to a request object";
                OAuthError::new(ErrorCode::InvalidRequestUri, say).noting(format!("request_uri {uri} {why}"))
            })
        }
        (None, _) => Ok(None),
    }
}

async fn fetch(kit: &Kit, uri: &str) -> Result<String, String> {
    let body = kit.fetcher.get(uri, FETCHED).await.map_err(|error| error.to_string())?;
    let text = std::str::from_utf8(&body).map_err(|_| "leads to something that is not text")?;
    Ok(text.trim().to_owned())
}
