//! Pushed authorization requests (RFC 9126): what a client asks reaches us by itself, and the browser brings only
//! the address under which we keep it.
//!
//! A request is judged when it is pushed, by the list of checks of the authorization endpoint, and again when a
//! browser comes with it. It is used up when it is answered, not when it is first seen, so that a page can be loaded
//! again (FAPI 2.0 Security Profile, section 5.3.2.2).

use serde::Serialize;

use crate::base::{Error, Secret, Span};
use crate::clients::AuthenticatedClient;
use crate::kit::Kit;
use crate::oidc::error::{AuthorizeError, ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::oidc::request;
use crate::oidc::sender::{self, Shown};
use crate::store::pushed_requests::{self, PushedRequest};

/// From the push to the arrival of the browser.
const LIFE: Span = Span::seconds(60);

/// A successful answer (RFC 9126, section 2.2).
#[derive(Serialize)]
pub(crate) struct Pushed {
    request_uri: String,
    /// Seconds.
    expires_in: i64,
}

/// Keeps a request for the browser that is to come.
pub(crate) async fn push(
    kit: &Kit,
    client: &AuthenticatedClient,
    form: &Params,
    shown: &Shown,
) -> Result<Pushed, Error<OAuthError>> {
    let client = client.client();
    let key = sender::key(kit, client, shown).await?;
    let mut params = request::validate_pushed(kit, client, form).await.map_err(|error| match error {
        AuthorizeError::Page(error) | AuthorizeError::Redirect(_, error) => Error::Refused(error),
        AuthorizeError::Fault(fault) => Error::Fault(fault),
    })?;
    // A proof that comes with the push binds the code as the parameter does (RFC 9449, section 10.1).
    if let Some(key) = key {
        if params.get("dpop_jkt").is_some_and(|named| named != key) {
            let say = "dpop_jkt is not the thumbprint of the key of the DPoP proof";
            return Err(Error::Refused(OAuthError::new(ErrorCode::InvalidDpopProof, say)));
        }
        params = params.with("dpop_jkt", &key);
    }
    let secret = Secret::generate(&*kit.random);
    let pushed = PushedRequest {
        digest: kit.keyring.digest(&secret),
        client_id: client.id.clone(),
        params: params.to_query(),
        expires_at: kit.now() + LIFE,
        used_at: None,
    };
    let mut tx = kit.store.begin().await?;
    pushed_requests::insert(&mut tx, &pushed).await?;
    tx.commit().await?;
    Ok(Pushed { request_uri: secret.reveal().to_owned(), expires_in: LIFE.as_seconds() })
}
