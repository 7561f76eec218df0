//! What a decision looks like on the wire.

pub(super) mod browser;
pub(super) mod oauth;
pub(super) mod page;
pub(super) mod problem;
pub(super) mod redirect;

/// Words for the log that go with an answer, on their way to the outermost layer.
#[derive(Clone, Debug)]
pub(super) struct Note(pub(super) String);
