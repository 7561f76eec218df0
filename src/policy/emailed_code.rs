//! Emailed codes: how they are drawn, how people may type them, when one may be sent.

use crate::base::{Random, Span, Timestamp};
use crate::model::{Challenge, ChallengeState, EmailedCode};

/// Tries in one flow, counted before they are checked, whichever code they are for.
pub(crate) const TRIES: i64 = 5;
/// Codes in one flow: the first, and three more when asked.
pub(crate) const SENDS: i64 = 4;
/// How many unexpired codes work at the same time.
const LIVE: usize = 3;
/// How long after its end a right code still earns a new one.
const FORGIVENESS: Span = Span::hours(2);
/// The longest entry that is read at all, in characters.
const LONGEST_ENTRY: usize = 100;

/// Draws a code: eight digits, each of the hundred million as likely as any other.
pub(crate) fn draw(random: &dyn Random) -> String {
    format!("{:08}", random.below(100_000_000))
}

/// A code as people read it: `1234 5678`.
pub(crate) fn spaced(code: &str) -> String {
    match code.split_at_checked(4) {
        Some((first, second)) => format!("{first} {second}"),
        None => code.to_owned(),
    }
}

/// What somebody entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Eight digits.
    Code(String),
    Empty,
    /// Digits only, but not eight.
    Digits(usize),
    /// Letters or other characters, and not eight digits.
    Other,
}

/// Reads an entry as generously as can be: digits of any script, with spaces, dashes, marks or even words
/// around them, as long as there are eight.
pub(crate) fn read(entry: &str) -> Entry {
    if entry.chars().nth(LONGEST_ENTRY).is_some() {
        return Entry::Other;
    }
    let mut digits = String::new();
    let mut others = false;
    for character in entry.chars() {
        match digit(character) {
            Some(digit) => digits.push(digit),
            None => others |= !is_ignored(character),
        }
    }
    match (digits.len(), others) {
        (8, _) => Entry::Code(digits),
        (0, false) => Entry::Empty,
        (_, true) => Entry::Other,
        (count, false) => Entry::Digits(count),
    }
}

/// The ASCII digit that a decimal digit of any common script stands for. Each script keeps its ten digits in
/// a row in Unicode, so the first of the row tells the value.
fn digit(character: char) -> Option<char> {
    const ZEROS: [char; 15] = [
        '0', '\u{0660}', '\u{06F0}', '\u{07C0}', '\u{0966}', '\u{09E6}', '\u{0A66}', '\u{0AE6}', '\u{0B66}',
        '\u{0BE6}', '\u{0C66}', '\u{0CE6}', '\u{0D66}', '\u{0E50}', '\u{FF10}',
    ];
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(character).checked_sub(u32::from(*zero))?;
        char::from_digit(value, 10).filter(|_| value < 10)
    })
}

/// What a code may carry along when it is copied: white space, invisible marks, dashes and punctuation.
fn is_ignored(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}' | '\u{00AD}' | '\u{061C}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}'
            | '\u{FE63}' | '\u{FF0D}' | '\u{2018}'..='\u{201F}' | '\u{00AB}' | '\u{00BB}' | '\u{00B7}'
            | '\u{3002}' | '\u{FF0C}' | '\u{FF0E}')
        || "-.,:;'\"`()[]{}<>#*_".contains(character)
}

/// Whether another code may go out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    Now,
    /// One went out moments ago; it is on its way.
    JustSent,
    /// This flow has had all of its codes.
    UsedUp,
}

/// Judges a request for another code in a flow.
pub(crate) fn sending(challenge: &Challenge, pause: Span, now: Timestamp) -> Sending {
    if challenge.sends >= SENDS {
        Sending::UsedUp
    } else if now < challenge.last_sent_at + pause {
        Sending::JustSent
    } else {
        Sending::Now
    }
}

/// Whether a flow's challenge goes on when its first step is repeated, rather than beginning afresh.
///
/// It goes on while it is open, with its counts, for the same person: going back must not buy more tries. One that has
/// had all of its codes is over with the last of them, which lives for `life`.
pub(crate) fn goes_on(challenge: &Challenge, email: &str, (life, now): (Span, Timestamp)) -> bool {
    let is_over = challenge.sends >= SENDS && now >= challenge.last_sent_at + life;
    challenge.state == ChallengeState::Open && challenge.tries < TRIES && challenge.email == email && !is_over
}

/// The codes to keep when one more is sent: the newest that can be live together, and the lately expired.
pub(crate) fn with_new_code(codes: &[EmailedCode], new: EmailedCode, now: Timestamp) -> Vec<EmailedCode> {
    let forgotten = (now - FORGIVENESS).millis();
    let mut kept: Vec<EmailedCode> =
        codes.iter().filter(|code| code.expires_at > forgotten).cloned().collect();
    kept.push(new);
    let surplus = kept.len().saturating_sub(LIVE);
    kept.split_off(surplus)
}

/// How an entered code stands to the ones that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Right,
    Expired,
    Wrong,
}

/// Finds the code with this MAC. Looks at every one, so that the time tells nothing.
pub(crate) fn matching(codes: &[EmailedCode], mac: &str, now: Timestamp) -> Match {
    let mut found = Match::Wrong;
    for code in codes {
        if crate::base::constant_time_eq(&code.mac, mac) {
            found = if now.millis() < code.expires_at {
                Match::Right
            } else if now.millis() < code.expires_at + FORGIVENESS.as_millis() {
                Match::Expired
            } else {
                Match::Wrong
            };
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededRandom;

    #[test]
    fn a_code_is_accepted_however_it_is_typed_or_pasted() {
        let accepted = [
            "12345678",
            "1234 5678",
            " 12345678 ",
            "1234-5678",
            "12 34 56 78",
            "1 2 3 4 5 6 7 8",
            "1234\u{a0}5678",
            "1234\u{202f}5678",
            "1234\u{3000}5678",
            "1234\u{200b}5678",
            "\u{200e}1234 5678\u{200f}",
            "1234\u{ad}5678",
            "1234\u{2013}5678",
            "1234.5678",
            "1234,5678",
            "\"1234 5678\"",
            "(1234 5678)",
            "[12345678]",
            "#12345678",
            "１２３４ ５６７８",
            "١٢٣٤ ٥٦٧٨",
            "۱۲۳۴۵۶۷۸",
            "१२३४ ५६७८",
            "1234\t5678\r\n",
            "Your code is 1234 5678",
        ];
        for entry in accepted {
            assert_eq!(read(entry), Entry::Code("12345678".to_owned()), "{entry:?}");
        }
    }

    #[test]
    fn what_is_not_a_code_is_named_for_what_it_is() {
        for (entry, expected) in [
            ("", Entry::Empty),
            (" \u{200b}-", Entry::Empty),
            ("1234", Entry::Digits(4)),
            ("123456789", Entry::Digits(9)),
            ("1234567O", Entry::Other),
            ("code", Entry::Other),
            ("1234 and 56789", Entry::Other),
            ("１２３４", Entry::Digits(4)),
        ] {
            assert_eq!(read(entry), expected, "{entry:?}");
        }
        let padded = |length: usize| format!("{}12345678", "\u{3000}".repeat(length - 8));
        assert_eq!(read(&padded(100)), Entry::Code("12345678".to_owned()));
        assert_eq!(read(&padded(101)), Entry::Other);
    }

    #[test]
    fn row_96_every_digit_is_as_likely_in_every_place() {
        let random = SeededRandom::new(96);
        let mut counts = [[0_u32; 10]; 8];
        for _ in 0..20_000 {
            for (place, digit) in draw(&random).bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        for place in counts {
            let chi_square: f64 = place.iter().map(|n| (f64::from(*n) - 2000.0).powi(2) / 2000.0).sum();
            assert!(chi_square < 27.88, "{place:?}: above the 0.1 % point of nine degrees of freedom");
        }
    }

    #[test]
    fn row_5_a_code_ends_to_the_second_and_is_forgiven_for_two_hours() {
        let codes = [EmailedCode { mac: "m".to_owned(), expires_at: 900_000 }];
        let after = |seconds: i64| matching(&codes, "m", Timestamp::from_millis(seconds * 1000));
        assert_eq!(after(899), Match::Right);
        assert_eq!(after(900), Match::Expired);
        assert_eq!(after(900 + 7199), Match::Expired);
        assert_eq!(after(900 + 7200), Match::Wrong);
        assert_eq!(matching(&codes, "n", Timestamp::from_millis(0)), Match::Wrong);
    }

    #[test]
    fn at_most_three_codes_are_kept() {
        let code = |name: &str, expires_at| EmailedCode { mac: name.to_owned(), expires_at };
        let kept = with_new_code(
            &[code("1", 1), code("2", 10_000_000), code("3", 10_000_000), code("4", 10_000_000)],
            code("5", 10_000_000),
            Timestamp::from_millis(9_000_000),
        );
        let names: Vec<_> = kept.iter().map(|code| code.mac.as_str()).collect();
        assert_eq!(names, ["3", "4", "5"]);
    }
}
