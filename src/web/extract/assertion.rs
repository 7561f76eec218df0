//! A client's assertion, as its form has it (RFC 7521, section 4.2).

use crate::clients::assertion::{Asserted, TYPE};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;

/// The assertion in a form that was sent to `endpoint`; `None` where there is none.
///
/// # Errors
/// Where it is not whole, or came beside other credentials: a client proves itself in one way (RFC 6749, section 2.3).
pub(super) fn asserted(
    has_header: bool,
    form: &Params,
    endpoint: String,
) -> Result<Option<Asserted>, OAuthError> {
    if !form.has("client_assertion") && !form.has("client_assertion_type") {
        return Ok(None);
    }
    if has_header || form.has("client_secret") {
        return Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            "client credentials came in two ways; use one",
        ));
    }
    if form.get("client_assertion_type") != Some(TYPE) {
        return Err(OAuthError::new(
            ErrorCode::InvalidClient,
            "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ));
    }
    let Some(assertion) = form.get("client_assertion") else {
        return Err(OAuthError::new(ErrorCode::InvalidClient, "client_assertion is missing"));
    };
    let client_id = form.get("client_id").map(str::to_owned);
    Ok(Some(Asserted { client_id, assertion: assertion.to_owned(), endpoint }))
}
