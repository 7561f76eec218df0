//! What is given for a setting: something new, or nothing to take back what there was.

use super::key;
use crate::model::Algorithm;

/// A choice that an empty text takes back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<T>(pub(super) Option<T>);

/// Reads a choice.
pub(super) fn choice<T>(text: &str, parse: fn(&str) -> Result<T, String>) -> Result<Choice<T>, String> {
    if text.trim().is_empty() { Ok(Choice(None)) } else { parse(text).map(|value| Choice(Some(value))) }
}

pub(super) fn algorithm(text: &str) -> Result<Choice<Algorithm>, String> {
    choice(text, key::algorithm)
}

pub(super) fn seconds(text: &str) -> Result<Choice<u32>, String> {
    choice(text, |text| text.parse().map_err(|_| "that is not a number of seconds".to_owned()))
}

/// Puts a choice in the place of the one before, where one is given.
pub(super) fn choose<T>(setting: &mut Option<T>, given: Option<Choice<T>>) {
    if let Some(Choice(value)) = given {
        *setting = value;
    }
}

/// Puts a text in the place of the one before, where one is given; an empty one leaves none.
pub(super) fn write(setting: &mut Option<String>, given: Option<String>) {
    if let Some(text) = given {
        *setting = Some(text).filter(|text| !text.trim().is_empty());
    }
}

/// Puts a list in the place of the one before, where one is given; empty texts are left out of it.
pub(super) fn replace(list: &mut Vec<String>, given: Vec<String>) {
    if !given.is_empty() {
        *list = given;
        list.retain(|text| !text.trim().is_empty());
    }
}
