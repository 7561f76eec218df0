//! Why an administrator does something, in their own words.

use std::fmt;

/// The most characters in a reason.
const LONGEST: usize = 200;

/// A reason: one line without control characters or white space around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason(String);

/// Why a text is not a reason that we keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReasonError {
    Empty,
    TooLong,
    Odd,
}

impl Reason {
    /// Reads a reason that a person typed; white space around it is ignored.
    pub(crate) fn parse(text: &str) -> Result<Self, ReasonError> {
        let text = text.trim();
        let is_odd = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if text.is_empty() {
            Err(ReasonError::Empty)
        } else if text.chars().any(is_odd) {
            Err(ReasonError::Odd)
        } else if text.chars().count() > LONGEST {
            Err(ReasonError::TooLong)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A sentence without its full stop.
impl fmt::Display for ReasonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Enter a reason, or leave it out"),
            Self::TooLong => write!(f, "Reason must be {LONGEST} characters or fewer"),
            Self::Odd => f.write_str("Reason must be one line, without control characters"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_that_somebody_can_read() {
        let long = "é".repeat(LONGEST);
        for (typed, kept) in [(" Left the school ", "Left the school"), ("=1+1", "=1+1"), (&long, &long)] {
            assert_eq!(Reason::parse(typed).unwrap().as_str(), kept);
        }
        for (typed, error) in [
            ("", ReasonError::Empty),
            (" \u{a0}\n", ReasonError::Empty),
            (&*"x".repeat(LONGEST + 1), ReasonError::TooLong),
            ("two\nlines", ReasonError::Odd),
            ("two\u{2028}lines", ReasonError::Odd),
            ("\u{1b}[31m", ReasonError::Odd),
            ("a\tb", ReasonError::Odd),
        ] {
            assert_eq!(Reason::parse(typed), Err(error), "{typed:?}");
        }
    }
}
