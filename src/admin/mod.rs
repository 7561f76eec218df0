//! What administrators can do: one set of actions, whichever door they come through.

pub(crate) mod client_check;
pub(crate) mod clients;
pub(crate) mod registration;
pub(crate) mod users;
