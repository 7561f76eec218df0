//! The codes that devices show and people type (RFC 8628, section 6.1).

use crate::base::Random;

/// Consonants alone, so that no code is a word: 20 of them, 20⁸ codes.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// A new code, as it is shown: "WDJB-MJHT".
pub(crate) fn generate(random: &dyn Random) -> String {
    let mut code = String::new();
    while code.len() < LENGTH {
        let mut bytes = [0; LENGTH];
        random.fill(&mut bytes);
        // Twelve times the alphabet: what lies beyond would make some letters more likely.
        let fair = bytes.iter().filter(|byte| **byte < 240);
        let letters = fair.filter_map(|byte| ALPHABET.get(usize::from(byte % 20)).map(|b| char::from(*b)));
        code.extend(letters.take(LENGTH - code.len()));
    }
    shown(&code)
}

/// What somebody typed, without what they put between: eight letters, or `None`.
pub(crate) fn typed(text: &str) -> Option<String> {
    let letters: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let is_code = letters.len() == LENGTH && letters.bytes().all(|b| ALPHABET.contains(&b));
    is_code.then_some(letters)
}

/// Eight letters in two groups.
pub(crate) fn shown(letters: &str) -> String {
    let (first, second) = letters.split_at_checked(LENGTH / 2).unwrap_or((letters, ""));
    format!("{first}-{second}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededRandom;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for good in ["WDJB-MJHT", "wdjb mjht", " WDJBMJHT ", "w d j b\u{2013}m j h t"] {
            assert_eq!(typed(good).as_deref(), Some("WDJBMJHT"), "{good}");
        }
        for bad in ["", "WDJB-MJH", "WDJB-MJHTT", "ADJB-MJHT", "WDJB_MJHT", "WDJB-MJH1", "ẂDJB-MJHT"] {
            assert_eq!(typed(bad), None, "{bad}");
        }
    }

    #[test]
    fn codes_differ_and_can_be_typed() {
        let random = SeededRandom::new(1);
        let codes: std::collections::HashSet<String> = (0..100).map(|_| generate(&random)).collect();
        assert_eq!(codes.len(), 100);
        for code in codes {
            assert_eq!(shown(&typed(&code).unwrap()), code);
        }
    }
}
