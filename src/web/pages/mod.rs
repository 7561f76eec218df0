//! Pages for people.

pub(super) mod account;
pub(super) mod consent;
pub(super) mod device;
pub(super) mod help;
pub(super) mod home;
pub(super) mod invitation;
pub(super) mod login;
pub(super) mod login_code;
pub(super) mod logout;
pub(super) mod reset;
pub(super) mod review;
pub(super) mod sessions;
pub(super) mod set_up;
pub(super) mod shared;
pub(super) mod trouble;
pub(super) mod welcome;

use crate::policy::emailed_code::Entry;
use crate::view::{FieldError, messages};

/// What is wrong with an entry in a code field; `None` where it is eight digits.
fn code_error(entry: &Entry) -> Option<FieldError> {
    let text = match entry {
        Entry::Code(_) => return None,
        Entry::Empty => messages::ENTER_CODE.to_owned(),
        Entry::Other => messages::CODE_NOT_NUMBERS.to_owned(),
        Entry::Digits(count) => messages::code_length(*count),
    };
    Some(FieldError::new("code", text))
}

/// What is wrong with an entry in an email field.
pub(in crate::web) const fn email_error(error: crate::model::EmailError) -> &'static str {
    match error {
        crate::model::EmailError::Empty => messages::ENTER_EMAIL,
        crate::model::EmailError::TooLong => messages::EMAIL_LONG,
        crate::model::EmailError::Malformed => messages::EMAIL_FORMAT,
    }
}
