//! People and how they prove who they are: the journey through the log-in pages, emailed codes, sessions,
//! the forgotten password.
//!
//! Use cases decide and say what they decided; the pages are `web`'s business.

pub(crate) mod change_password;
pub(crate) mod elsewhere;
pub(crate) mod emailed_code;
pub(crate) mod flow;
pub(crate) mod guard;
pub(crate) mod history;
pub(crate) mod invitation;
pub(crate) mod letters;
pub(crate) mod log_in;
pub(crate) mod new_password;
pub(crate) mod reset;
pub(crate) mod session;
