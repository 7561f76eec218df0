//! The words by which people and services are found.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longer words are cut: nobody types them to find something.
pub(crate) const LONGEST: usize = 32;
const MOST: usize = 16;

/// The words of a text, each once, folded to a to z and 0 to 9: without capitals and accents, and with what has no
/// such form written as its number.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut folded = String::new();
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => folded.push(c),
            '\'' | '\u{2019}' => {}
            c if c.is_alphanumeric() => folded.push_str(&format!("x{:x}", u32::from(c))),
            _ => folded.push(' '),
        }
    }
    let mut words: Vec<String> =
        folded.split_whitespace().map(|word| word.chars().take(LONGEST).collect()).collect();
    words.sort();
    words.dedup();
    words.truncate(MOST);
    words
}

/// The last word that begins with another, however a database sorts.
pub(crate) fn last_beginning_with(word: &str) -> String {
    format!("{word}{}", "z".repeat(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_without_its_accents_and_capitals() {
        assert_eq!(words("Zoë O'Brien-Müller"), ["muller", "obrien", "zoe"]);
        assert_eq!(words("alex@school.example"), ["alex", "example", "school"]);
        assert_eq!(words("  Łódź "), ["x142odz"]);
        assert_eq!(words("anna Anna"), ["anna"]);
        assert!(words(" -- ").is_empty());
    }

    #[test]
    fn whatever_begins_with_a_word_lies_between_it_and_the_last_one() {
        let last = last_beginning_with("an");
        for word in ["an", "an9", "anna", "anzzz"] {
            assert!("an" <= word && word <= last.as_str(), "{word}");
        }
        assert!("ao" > last.as_str());
    }
}
