//! People and how they prove who they are: the journey through the log-in pages, emailed codes, sessions,
//! the forgotten password.
//!
//! Use cases decide and say what they decided; the pages are `web`'s business.

pub(crate) mod elsewhere;
pub(crate) mod emailed_code;
pub(crate) mod flow;
mod guard;
mod letters;
pub(crate) mod log_in;
pub(crate) mod reset;
pub(crate) mod session;
