//! The provider as people and programs meet it: through the router, in process, a database each.

mod admin;
mod authorize;
mod back_channel;
mod browser;
#[path = "../support/certificate.rs"]
pub(crate) mod certificate;
mod client_assertion;
pub(crate) mod client_certificate;
mod client_check;
mod client_keys;
mod discovery;
mod emailed_code;
mod enumeration;
mod flow;
mod fuzz;
mod http;
mod journey;
mod keys;
mod letters;
mod login;
mod logout;
mod par;
mod portal;
mod refresh;
mod relying_party;
mod request_object;
mod reset;
mod response_types;
mod session;
mod signed_answers;
mod single_sign_on;
pub(crate) mod support;
mod throttle;
mod token;
mod userinfo;
