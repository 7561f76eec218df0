//! The provider as people and programs meet it: through the router, in process, a database each.

mod authorize;
mod browser;
mod emailed_code;
mod enumeration;
mod flow;
mod journey;
mod letters;
mod login;
mod relying_party;
mod reset;
mod session;
pub(crate) mod support;
mod throttle;
mod token;
