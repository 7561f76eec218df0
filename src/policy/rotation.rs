//! Refresh tokens that are replaced by each use (RFC 9700, section 4.14.2).
//!
//! The tokens of a grant come in generations. Whoever uses one moves the grant on and gets one of the next. A client
//! that lost the answer, or asked twice at once, may use the old one again for a moment, as long as nobody has used the
//! new one: after that, two parties hold tokens that only one should have.

use crate::base::{Span, Timestamp};

/// How long a client may come back for an answer that it lost.
const GRACE: Span = Span::seconds(10);

/// What the use of a refresh token amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// The first of its generation.
    First,
    /// Of the generation that was used a moment ago.
    Again,
    /// Of one that was used before: somebody has a copy.
    Replay,
}

/// Judges a token of `generation` where `used` generations have been used, the last one at `last`.
pub(crate) fn judge(generation: i64, used: i64, last: Timestamp, now: Timestamp) -> Use {
    match generation - used {
        1 => Use::First,
        0 if now < last + GRACE => Use::Again,
        _ => Use::Replay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_works_once_and_for_a_moment_again_until_the_next_is_used() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        assert_eq!(judge(1, 0, at(0), at(900)), Use::First);
        assert_eq!(judge(1, 1, at(900), at(909)), Use::Again);
        assert_eq!(judge(1, 1, at(900), at(910)), Use::Replay);
        assert_eq!(judge(2, 1, at(900), at(901)), Use::First);
        assert_eq!(judge(1, 2, at(901), at(902)), Use::Replay);
    }
}
