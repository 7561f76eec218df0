//! What is allowed: pure functions of facts and the present moment, each with its table of cases.
//!
//! Nothing here reads a clock, a database or a setting; whoever asks brings them along.

pub(crate) mod assertion;
pub(crate) mod client_grants;
pub(crate) mod client_keys;
pub(crate) mod client_requests;
pub(crate) mod client_tokens;
pub(crate) mod consent;
pub(crate) mod dpop;
pub(crate) mod emailed_code;
pub(crate) mod lifetime;
pub(crate) mod logo;
pub(crate) mod metadata;
pub(crate) mod password;
pub(crate) mod permission;
pub(crate) mod pkce;
pub(crate) mod prompt;
pub(crate) mod redirect;
pub(crate) mod registration;
pub(crate) mod request_object;
pub(crate) mod resource;
pub(crate) mod rotation;
pub(crate) mod scope;
pub(crate) mod sector;
pub(crate) mod throttle;
pub(crate) mod user_code;
