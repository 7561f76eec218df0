//! The provider as people and programs meet it: through the router, in process, a database each.

mod support;
