//! The OpenID provider: what relying parties ask and what they are told.
//!
//! OpenID Connect Core 1.0 and the OAuth 2.0 documents it stands on. Each file is named after its endpoint or
//! its document.

mod access_token;
mod answer;
pub(crate) mod authorize;
pub(crate) mod bearer;
pub(crate) mod claims;
pub(crate) mod consent;
pub(crate) mod device;
pub(crate) mod discovery;
mod encryption;
pub(crate) mod error;
mod grant;
pub(crate) mod id_token;
pub(crate) mod introspect;
pub(crate) mod logout;
mod mint;
pub(crate) mod par;
pub(crate) mod params;
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod revoke;
pub(crate) mod sender;
pub(crate) mod session_state;
mod subject;
pub(crate) mod token;
pub(crate) mod userinfo;
