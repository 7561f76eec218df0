//! The provider as people and programs meet it: through the router, in process, a database each.

mod admin;
mod authorize;
mod browser;
mod client_assertion;
pub(crate) mod client_certificate;
mod client_keys;
mod discovery;
mod emailed_code;
mod enumeration;
mod flow;
mod http;
mod journey;
mod keys;
mod letters;
mod login;
mod logout;
mod par;
mod portal;
mod relying_party;
mod reset;
mod session;
mod single_sign_on;
pub(crate) mod support;
mod throttle;
mod token;
mod userinfo;
