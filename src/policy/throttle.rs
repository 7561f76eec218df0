//! How many attempts are too many, and for how long.

use crate::base::{Span, Timestamp};
use crate::model::Tally;

/// A limit on attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    /// Attempts in one window.
    pub(crate) attempts: i64,
    pub(crate) window: Span,
    /// The first pause after too many; each later one is twice as long, up to `longest_pause`.
    pub(crate) pause: Span,
    pub(crate) longest_pause: Span,
    /// Whether attempts that turn out well are taken off again: then there may be room before the window ends, and nothing
    /// is paused.
    pub(crate) given_back: bool,
    /// Failures in a row, over whatever time, after which this way stays shut.
    pub(crate) consecutive: Option<i64>,
}

impl Limit {
    /// So many attempts in a window, and then a wait for its end.
    pub(crate) const fn window(attempts: i64, window: Span) -> Self {
        Self { attempts, window, pause: window, longest_pause: window, given_back: false, consecutive: None }
    }
}

/// What a limit says to one more attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was counted and may be made.
    Go,
    Wait {
        until: Timestamp,
    },
    /// No more by this way until something else resets the count.
    Shut,
}

impl Verdict {
    /// When a wait ends by itself.
    pub(crate) const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Wait { until } => Some(until),
            Self::Go | Self::Shut => None,
        }
    }
}

/// Counts one more attempt, before it is made. The tally is to be saved whatever the verdict.
pub(crate) fn attempt(tally: &mut Tally, limit: &Limit, now: Timestamp) -> Verdict {
    if limit.consecutive.is_some_and(|most| tally.consecutive >= most) {
        return Verdict::Shut;
    }
    if let Some(until) = tally.paused_until.filter(|until| now < *until) {
        return Verdict::Wait { until };
    }
    // A pause that has ended opens a new window; the memory of pauses fades after a quiet day.
    let fresh_window = tally.paused_until.is_some() || now >= tally.window_start + limit.window;
    if fresh_window {
        if now >= tally.window_start + Span::days(1) {
            tally.pauses = 0;
        }
        tally.count = 0;
        tally.window_start = now;
        tally.paused_until = None;
    }
    if limit.given_back && tally.count >= limit.attempts {
        return Verdict::Wait { until: tally.window_start + limit.window };
    }
    tally.count += 1;
    if tally.count > limit.attempts {
        let doublings = u32::try_from(tally.pauses.clamp(0, 16)).unwrap_or(0);
        let pause = limit.pause.times(1 << doublings).min(limit.longest_pause);
        let until = now + pause;
        tally.pauses += 1;
        tally.paused_until = Some(until);
        return Verdict::Wait { until };
    }
    // Counted only where it counts: whatever has failures in a row is remembered for long.
    if limit.consecutive.is_some() {
        tally.consecutive += 1;
    }
    Verdict::Go
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit {
        attempts: 10,
        window: Span::minutes(15),
        pause: Span::minutes(15),
        longest_pause: Span::hours(2),
        given_back: false,
        consecutive: Some(100),
    };

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    #[test]
    fn ten_go_and_the_eleventh_waits_a_quarter_of_an_hour() {
        let mut tally = Tally::fresh(at(0));
        for _ in 0..10 {
            assert_eq!(attempt(&mut tally, &LIMIT, at(1)), Verdict::Go);
        }
        assert_eq!(attempt(&mut tally, &LIMIT, at(1)), Verdict::Wait { until: at(16) });
        assert_eq!(attempt(&mut tally, &LIMIT, at(15)), Verdict::Wait { until: at(16) });
        assert_eq!(attempt(&mut tally, &LIMIT, at(16)), Verdict::Go);
    }

    #[test]
    fn what_is_given_back_makes_room_and_what_failed_counts_until_the_window_ends() {
        let limit = Limit { given_back: true, ..Limit::window(3, Span::minutes(15)) };
        let mut tally = Tally::fresh(at(0));
        for _ in 0..3 {
            assert_eq!(attempt(&mut tally, &limit, at(1)), Verdict::Go);
        }
        assert_eq!(attempt(&mut tally, &limit, at(1)), Verdict::Wait { until: at(15) });
        tally.count -= 1;
        assert_eq!(attempt(&mut tally, &limit, at(2)), Verdict::Go);
        assert_eq!(attempt(&mut tally, &limit, at(14)), Verdict::Wait { until: at(15) });
        assert_eq!(attempt(&mut tally, &limit, at(15)), Verdict::Go);
    }

    #[test]
    fn each_pause_is_twice_the_last_up_to_two_hours() {
        let mut tally = Tally::fresh(at(0));
        let unending = Limit { consecutive: None, ..LIMIT };
        let mut now = at(0);
        for minutes in [15, 30, 60, 120, 120] {
            for _ in 0..10 {
                assert_eq!(attempt(&mut tally, &unending, now), Verdict::Go);
            }
            let until = now + Span::minutes(minutes);
            assert_eq!(attempt(&mut tally, &unending, now), Verdict::Wait { until });
            now = until;
        }
    }

    #[test]
    fn row_16_a_day_of_guessing_reaches_a_hundred_and_no_more() {
        let mut tally = Tally::fresh(at(0));
        let mut reached = 0;
        for minute in 0..(3 * 24 * 60) {
            for _ in 0..3 {
                reached += usize::from(attempt(&mut tally, &LIMIT, at(minute)) == Verdict::Go);
            }
        }
        assert_eq!(reached, 100);
        assert_eq!(attempt(&mut tally, &LIMIT, at(100_000)), Verdict::Shut);
    }

    #[test]
    fn a_window_that_has_passed_is_forgotten() {
        let mut tally = Tally::fresh(at(0));
        for minute in [0, 2, 4, 20, 22, 24, 40, 42, 44, 60, 62, 64, 66] {
            assert_eq!(attempt(&mut tally, &LIMIT, at(minute)), Verdict::Go);
        }
    }
}
