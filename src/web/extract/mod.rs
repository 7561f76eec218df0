//! Locks: a handler that takes one of these cannot be reached without what it stands for.

mod assertion;
mod certificate;
mod client;
mod flow;
mod form;
mod sender;
mod session;

pub(super) use client::ClientAuth;
pub(super) use flow::{AtFlow, FlowForm, is_only_looking};
pub(super) use form::{Form, Query, Unwanted, read_whole};
pub(super) use sender::{shown, shown_in};
pub(super) use session::{LoggedIn, MaybeLoggedIn, OwnForm, OwnPage, is_from_ourselves, is_ours, own_token};
