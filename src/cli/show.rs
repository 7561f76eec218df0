//! What commands print: tables for people, JSON for programs.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use crate::base::Timestamp;

/// Writes a line. Whoever reads it may have seen enough and gone, as `head` does: that is no mistake.
pub(super) fn line(text: impl std::fmt::Display) {
    use std::io::Write as _;
    let written = writeln!(std::io::stdout(), "{text}");
    if written.is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
        std::process::exit(0);
    }
}

/// A table with a line of headings.
pub(super) fn table(headings: &[&str], rows: Vec<Vec<String>>) {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings);
    for row in rows {
        table.add_row(row);
    }
    line(table);
}

/// Names and values, one a line, without those that have no value.
pub(super) fn facts(pairs: &[(&str, String)]) {
    let told = pairs.iter().filter(|(_, value)| !value.is_empty());
    let width = told.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in told {
        line(format_args!("{name:width$}  {value}"));
    }
}

/// A document, indented.
pub(super) fn json(value: &Value) {
    line(format_args!("{value:#}"));
}

/// A number with a comma at each thousand.
pub(super) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A moment as RFC 3339 has it, in UTC.
pub(super) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map_or_else(|_| at.millis().to_string(), |at| at.to_string())
}

/// The same, or nothing.
pub(super) fn optional_time(at: Option<Timestamp>) -> String {
    at.map(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, shown) in [(0, "0"), (999, "999"), (5_000, "5,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), shown);
        }
    }
}
