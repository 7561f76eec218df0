//! The provider as people and programs meet it: through the router, in process, a database each.

mod journey;
pub(crate) mod support;
