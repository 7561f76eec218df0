//! Counters of attempts.

use crate::base::Timestamp;

/// How often something was tried lately, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Attempts since the window opened.
    pub(crate) count: i64,
    pub(crate) window_start: Timestamp,
    /// Pauses so far; each is longer than the one before.
    pub(crate) pauses: i64,
    pub(crate) paused_until: Option<Timestamp>,
    /// Failures with no success between.
    pub(crate) consecutive: i64,
}

#[cfg(test)]
impl Tally {
    /// Nothing tried yet.
    pub(crate) const fn fresh(now: Timestamp) -> Self {
        Self { count: 0, window_start: now, pauses: 0, paused_until: None, consecutive: 0 }
    }
}
