//! What administrators can do: one set of actions, whichever door they come through.
//!
//! Each begins by asking [`permission`], and records what it did in the transaction that did it.
//!
//! **To add an action:** its line in the table of `policy::permission`, a function here, its `EventKind`, and a way
//! to it through each door that its users come by: `cli`, `web::console`, `web::api`.

pub(crate) mod administrators;
pub(crate) mod client_check;
pub(crate) mod clients;
pub(crate) mod console;
mod cursor;
pub(crate) mod declared;
pub(crate) mod events;
pub(crate) mod import;
pub(crate) mod invitations;
pub(crate) mod keys;
pub(crate) mod mail;
pub(crate) mod people;
pub(crate) mod personal_data;
pub(crate) mod registration;
pub(crate) mod restored;
pub(crate) mod retention;
pub(crate) mod reviews;
pub(crate) mod services;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod sponsor;
pub(crate) mod status;
pub(crate) mod upload;
pub(crate) mod users;

use std::fmt;

use crate::base::{ClientId, Error};
use crate::model::Actor;
use crate::policy::permission::{self, Action};

/// Why an action was refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Whoever asked may not do that.
    Forbidden,
    /// There is no such thing; a sentence that names it.
    Unknown(String),
    /// It is there already, or has changed meanwhile.
    Conflict(String),
    /// What was given cannot be used.
    Unfit(Vec<Flaw>),
    /// Too much is being done at this moment.
    Busy,
}

/// Something that is wrong with what was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The name of the field, where it is one field's fault.
    pub(crate) field: &'static str,
    /// A sentence without its full stop.
    pub(crate) say: String,
}

impl Flaw {
    pub(crate) fn of(field: &'static str, say: impl Into<String>) -> Self {
        Self { field, say: say.into() }
    }
}

impl Refusal {
    /// One field cannot be used.
    pub(crate) fn unfit(field: &'static str, say: impl Into<String>) -> Self {
        Self::Unfit(vec![Flaw::of(field, say)])
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden => f.write_str("you are not allowed to do that"),
            Self::Unknown(say) | Self::Conflict(say) => f.write_str(say),
            Self::Unfit(flaws) => {
                let lines: Vec<&str> = flaws.iter().map(|flaw| flaw.say.as_str()).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Busy => f.write_str("too many people are logging in: try again in a moment"),
        }
    }
}

/// Refuses whoever may not do something, to one service or at all.
pub(crate) fn check(actor: &Actor, action: Action, service: Option<&ClientId>) -> Result<(), Error<Refusal>> {
    if permission::allows(actor, action, service) { Ok(()) } else { Err(Error::Refused(Refusal::Forbidden)) }
}

/// Some rows of a list, and where it goes on.
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// The cursor of the next page; `None` on the last one.
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    /// Rows of which one more was asked for than fit, so that it is known whether others follow.
    fn cut(mut rows: Vec<T>, limit: i64, cursor: impl FnOnce(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(cursor) } else { None };
        Self { rows, next }
    }

    pub(crate) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(change).collect(), next: self.next }
    }
}

/// A cursor that is none of ours.
fn bad_cursor() -> Error<Refusal> {
    Error::Refused(Refusal::unfit("after", "That place in the list does not exist. Begin at its first page"))
}
