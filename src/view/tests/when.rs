//! Times as people in England read them.

use crate::base::{Span, Timestamp};
use crate::view::TimeText;
use crate::view::when::{clock_time, clock_time_and_date, iso, when};

/// A moment given as RFC 3339.
fn at(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

#[test]
fn clock_times_follow_the_style_and_londons_clock() {
    let cases = [
        ("2026-11-22T15:57:00Z", "3:57pm"),
        ("2026-11-22T15:57:59Z", "3:57pm"),
        ("2026-11-22T09:05:00Z", "9:05am"),
        ("2026-11-22T17:00:00Z", "5pm"),
        ("2026-11-22T12:00:00Z", "midday"),
        ("2026-11-22T12:01:00Z", "12:01pm"),
        ("2026-11-22T00:00:00Z", "midnight"),
        ("2026-11-22T00:30:00Z", "12:30am"),
        // In summer London is an hour ahead.
        ("2026-07-01T15:57:00Z", "4:57pm"),
        ("2026-06-30T23:00:00Z", "midnight"),
        // The hour that happens twice when the clocks go back.
        ("2026-10-25T00:30:00Z", "1:30am"),
        ("2026-10-25T01:30:00Z", "1:30am"),
    ];
    for (moment, expected) in cases {
        assert_eq!(clock_time(at(moment)), expected, "{moment}");
    }
}

#[test]
fn a_date_is_given_unless_it_is_today_in_london() {
    let now = at("2026-07-01T22:30:00Z");
    assert_eq!(when(now + Span::minutes(15), now), "11:45pm");
    assert_eq!(when(now + Span::minutes(45), now), "12:15am on 2 July 2026");
    assert_eq!(clock_time_and_date(at("2026-11-23T15:57:00Z")), "3:57pm on 23 November 2026");
    assert_eq!(clock_time_and_date(at("2026-11-03T12:00:00Z")), "midday on 3 November 2026");
}

#[test]
fn programs_get_the_offset_too() {
    assert_eq!(iso(at("2026-11-22T15:57:00Z")), "2026-11-22T15:57:00+00:00");
    assert_eq!(iso(at("2026-07-01T15:57:00Z")), "2026-07-01T16:57:00+01:00");
    let last_login = TimeText::date_at_clock_time(at("2026-11-20T09:14:00Z"));
    assert_eq!(last_login.text, "20 November 2026 at 9:14am");
    assert_eq!(last_login.iso, "2026-11-20T09:14:00+00:00");
}

#[test]
fn a_moment_beyond_all_calendars_still_has_a_text() {
    assert!(!clock_time_and_date(Timestamp::from_millis(i64::MAX)).is_empty());
}
