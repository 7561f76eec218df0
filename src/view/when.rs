//! Times as people in England read them: on the clock of London, in the style of "3:57pm on 23 November 2026".

use std::sync::LazyLock;

use jiff::Zoned;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::base::Timestamp;

/// A moment for people (`text`) and for programs (`iso`), as a page's `<time>` shows it.
#[derive(Clone, Serialize)]
pub(crate) struct TimeText {
    pub(crate) text: String,
    pub(crate) iso: String,
}

impl TimeText {
    /// "3:57pm"
    pub(crate) fn clock(at: Timestamp) -> Self {
        Self { text: clock_time(at), iso: iso(at) }
    }

    /// "3:57pm" today, "3:57pm on 23 November 2026" on any other day.
    pub(crate) fn when(at: Timestamp, now: Timestamp) -> Self {
        Self { text: when(at, now), iso: iso(at) }
    }

    /// "23 November 2026 at 3:57pm"
    pub(crate) fn date_at_clock_time(at: Timestamp) -> Self {
        Self { text: format!("{} at {}", date(&london(at)), clock_time(at)), iso: iso(at) }
    }
}

/// "3:57pm", "5pm", "midday" or "midnight".
pub(crate) fn clock_time(at: Timestamp) -> String {
    let at = london(at);
    let (hour, minute) = (at.hour(), at.minute());
    match (hour, minute) {
        (0, 0) => return "midnight".to_owned(),
        (12, 0) => return "midday".to_owned(),
        _ => {}
    }
    let half = if hour < 12 { "am" } else { "pm" };
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    if minute == 0 { format!("{hour}{half}") } else { format!("{hour}:{minute:02}{half}") }
}

/// "3:57pm on 23 November 2026"
pub(crate) fn clock_time_and_date(at: Timestamp) -> String {
    format!("{} on {}", clock_time(at), date(&london(at)))
}

/// "3:57pm" if both are on the same day, else "3:57pm on 23 November 2026".
pub(crate) fn when(at: Timestamp, now: Timestamp) -> String {
    if london(at).date() == london(now).date() { clock_time(at) } else { clock_time_and_date(at) }
}

/// The first moment of the day in London that a moment belongs to.
pub(crate) fn day_begins(at: Timestamp) -> Timestamp {
    let begins = london(at).start_of_day();
    Timestamp::from_millis(begins.map_or(at.millis(), |day| day.timestamp().as_millisecond()))
}

/// "Monday 23 November"
pub(crate) fn day(at: Timestamp) -> String {
    london(at).strftime("%A %-d %B").to_string()
}

/// "23 November"
pub(crate) fn day_of_month(at: Timestamp) -> String {
    london(at).strftime("%-d %B").to_string()
}

/// A day in London such as "2026-11-22", its first moment; or a moment in RFC 3339.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_millis(moment.as_millisecond()));
    }
    let day: jiff::civil::Date = text.parse().ok()?;
    let begins = day.to_zoned(TimeZone::get("Europe/London").ok()?).ok()?;
    Some(Timestamp::from_millis(begins.timestamp().as_millisecond()))
}

/// RFC 3339 with London's offset, for `datetime` attributes.
pub(crate) fn iso(at: Timestamp) -> String {
    london(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn date(at: &Zoned) -> String {
    at.strftime("%-d %B %Y").to_string()
}

fn london(at: Timestamp) -> Zoned {
    // Its rules are compiled in, so that the fallback is never taken.
    static LONDON: LazyLock<TimeZone> =
        LazyLock::new(|| TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC));
    jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default().to_zoned(LONDON.clone())
}
