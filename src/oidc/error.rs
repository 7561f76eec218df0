//! What a relying party is told when something is wrong.

use std::borrow::Cow;

use crate::base::Fault;
use crate::oidc::response::AuthorizationResponse;

/// In characters.
const LONGEST_EXPLANATION: usize = 500;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $section:literal;)+) => {
        /// The error codes there are, each with the section that defines it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum ErrorCode {
            $(#[doc = $section] $name),+
        }

        impl ErrorCode {
            /// The code as it is sent.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            #[cfg(test)]
            const ALL: &[(Self, &'static str)] = &[$((Self::$name, $section)),+];
        }
    };
}

error_codes! {
    InvalidRequest = "invalid_request", "RFC 6749, sections 4.1.2.1 and 5.2";
    AccessDenied = "access_denied", "RFC 6749, section 4.1.2.1";
    UnsupportedResponseType = "unsupported_response_type", "RFC 6749, section 4.1.2.1";
    InvalidScope = "invalid_scope", "RFC 6749, sections 4.1.2.1 and 5.2";
    InvalidClient = "invalid_client", "RFC 6749, section 5.2";
    InvalidGrant = "invalid_grant", "RFC 6749, section 5.2";
    UnauthorizedClient = "unauthorized_client", "RFC 6749, sections 4.1.2.1 and 5.2";
    UnsupportedGrantType = "unsupported_grant_type", "RFC 6749, section 5.2";
    InvalidToken = "invalid_token", "RFC 6750, section 3.1";
    InvalidDpopProof = "invalid_dpop_proof", "RFC 9449, section 5";
    UseDpopNonce = "use_dpop_nonce", "RFC 9449, section 8";
    AuthorizationPending = "authorization_pending", "RFC 8628, section 3.5";
    SlowDown = "slow_down", "RFC 8628, section 3.5";
    ExpiredToken = "expired_token", "RFC 8628, section 3.5";
    InvalidTarget = "invalid_target", "RFC 8707, section 2";
    LoginRequired = "login_required", "OpenID Connect Core 1.0, section 3.1.2.6";
    ConsentRequired = "consent_required", "OpenID Connect Core 1.0, section 3.1.2.6";
    RequestUriNotSupported = "request_uri_not_supported", "OpenID Connect Core 1.0, section 3.1.2.6";
    InvalidRequestObject = "invalid_request_object", "OpenID Connect Core 1.0, section 3.1.2.6";
    InvalidRequestUri = "invalid_request_uri", "OpenID Connect Core 1.0, section 3.1.2.6";
    InvalidRedirectUri = "invalid_redirect_uri", "RFC 7591, section 3.2.2";
    InvalidClientMetadata = "invalid_client_metadata", "RFC 7591, section 3.2.2";
    RegistrationNotSupported = "registration_not_supported", "OpenID Connect Core 1.0, section 3.1.2.6";
    ServerError = "server_error", "RFC 6749, section 4.1.2.1";
}

/// An error in two registers: what we say to the developer, and what we note for the log.
#[derive(Debug)]
pub(crate) struct OAuthError {
    pub(crate) code: ErrorCode,
    /// Sent as `error_description`: plain ASCII without quotes or backslashes (RFC 6749, section 5.2), and
    /// never anything that came in as it stood.
    pub(crate) say: Cow<'static, str>,
    pub(crate) note: Option<String>,
}

impl OAuthError {
    pub(crate) const fn new(code: ErrorCode, say: &'static str) -> Self {
        Self { code, say: Cow::Borrowed(say), note: None }
    }

    /// With words that may hold something that came in: whatever cannot stand in a description becomes a question mark.
    pub(crate) fn explained(code: ErrorCode, say: &str) -> Self {
        let fits = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        let say: String =
            say.chars().take(LONGEST_EXPLANATION).map(|c| if fits(c) { c } else { '?' }).collect();
        Self { code, say: Cow::Owned(say), note: None }
    }

    /// Adds what only the log shall know.
    pub(crate) fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// How an authorization request fails.
#[derive(Debug)]
pub(crate) enum AuthorizeError {
    /// Nowhere safe to send the browser: a page, and never a redirect (RFC 6749, section 4.1.2.1).
    Page(OAuthError),
    /// The relying party is told.
    Redirect(Box<AuthorizationResponse>, OAuthError),
    Fault(Fault),
}

impl From<Fault> for AuthorizeError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_named_in_the_alphabet_of_the_wire_and_has_its_section() {
        for (code, section) in ErrorCode::ALL {
            assert!(code.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code:?}");
            assert!(section.contains("section"), "{code:?}");
        }
    }
}
