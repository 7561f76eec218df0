//! Which passwords may be chosen.

use unicode_normalization::UnicodeNormalization as _;

/// The longest password, in characters; and in bytes, whatever the script.
const MOST_CHARACTERS: usize = 1_000;
pub(crate) const MOST_BYTES: usize = 1_024;
/// Fewer guesses than ten to this power, and a password is on some list or made from one.
const FEWEST_GUESSES_LOG10: f64 = 8.0;
/// Parts of names shorter than this are too common to forbid.
const SHORTEST_PART: usize = 4;

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Empty,
    Short { characters: usize },
    Long,
    Common,
    Personal,
}

/// Who is choosing, and for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chooser<'a> {
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) service: &'a str,
}

/// Judges a new password: long enough, not common, not made of what everybody knows of its owner.
///
/// There are no rules about kinds of characters, and it never has to be changed (NIST SP 800-63B-4, section
/// 3.1.1.2).
pub(crate) fn judge(password: &str, chooser: &Chooser<'_>, shortest: usize) -> Result<(), Problem> {
    let password: String = password.nfc().collect();
    let characters = password.chars().count();
    if characters == 0 {
        return Err(Problem::Empty);
    }
    if characters < shortest {
        return Err(Problem::Short { characters });
    }
    if characters > MOST_CHARACTERS || password.len() > MOST_BYTES {
        return Err(Problem::Long);
    }
    let folded = password.to_lowercase();
    if personal_parts(chooser).any(|part| folded.contains(&part)) {
        return Err(Problem::Personal);
    }
    let known = ["gatehouse", "council", "portal", "children", "services"];
    if zxcvbn::zxcvbn(&password, &known).guesses_log10() < FEWEST_GUESSES_LOG10 {
        return Err(Problem::Common);
    }
    Ok(())
}

/// The name and its parts, the address and what stands before its at sign, the service's name.
fn personal_parts(chooser: &Chooser<'_>) -> impl Iterator<Item = String> {
    let fold = |text: &str| text.nfc().collect::<String>().to_lowercase();
    let (name, email, service) = (fold(chooser.name), fold(chooser.email), fold(chooser.service));
    let mailbox = email.split('@').next().unwrap_or_default().to_owned();
    let mut parts: Vec<String> = name.split_whitespace().map(str::to_owned).collect();
    parts.extend(mailbox.split(['.', '-', '_', '+']).map(str::to_owned));
    parts.extend([name, email, mailbox, service.replace(' ', ""), service]);
    parts.into_iter().filter(|part| part.chars().count() >= SHORTEST_PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALEX: Chooser<'static> = Chooser {
        name: "Alex Example",
        email: "alex.example@school.example",
        service: "Children's Services Portal",
    };

    fn verdict(password: &str) -> Result<(), Problem> {
        judge(password, &ALEX, 12)
    }

    #[test]
    fn row_28_good_passwords_of_every_kind_are_accepted() {
        for password in [
            "purple otter drumming",
            "x7#Kq9!vTz2m",
            "correct horse battery staple",
            "  leading and trailing  ",
            "ŵyddfa eira mynydd glas",
            "🦊🌲🚲🍎🦊🌲🚲🍎🧵🪁🎷🧊",
            &"long and winding road ".repeat(40),
        ] {
            assert_eq!(verdict(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn row_28_common_passwords_are_refused() {
        for password in [
            "password1234",
            "Password12345",
            "123456789012",
            "qwertyuiop12",
            "aaaaaaaaaaaaaaa",
            "passwordpassword",
            "iloveyou1234",
            "qwertyuiopasdfghjkl",
            "abcdefghijkl",
            "P@ssw0rd1234",
            "letmeinletmein",
            "111111111111",
        ] {
            assert_eq!(verdict(password), Err(Problem::Common), "{password}");
        }
    }

    #[test]
    fn a_password_made_of_its_owner_is_refused() {
        for password in [
            "alex likes tea and cake",
            "EXAMPLE of a long one",
            "alex.example@school.example",
            "my Children's Services Portal key",
            "children'sservicesportal77",
        ] {
            assert_eq!(verdict(password), Err(Problem::Personal), "{password}");
        }
    }

    #[test]
    fn row_26_length_is_counted_in_characters_and_bounded_in_bytes() {
        assert_eq!(verdict(""), Err(Problem::Empty));
        assert_eq!(verdict("ŵŵŵŵŵŵŵ"), Err(Problem::Short { characters: 7 }));
        assert_eq!(verdict("cafe\u{301} tea"), Err(Problem::Short { characters: 8 }));
        assert_eq!(verdict(&"ab".repeat(501)), Err(Problem::Long));
        assert_eq!(verdict(&"ŵé".repeat(300)), Err(Problem::Long), "1,200 bytes");
    }

    #[test]
    fn a_password_that_differs_only_after_the_72nd_byte_is_another_password() {
        let base = "a long passphrase that goes on beyond what some older hashes ever looked at";
        assert!(base.len() > 72);
        assert_eq!(verdict(&format!("{base} one")), Ok(()));
    }
}
