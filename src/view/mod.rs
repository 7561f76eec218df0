//! Everything that a partner sees: pages, letters, their words, their looks.
//!
//! A page is a struct in `pages/` and a template of the same name in `templates/pages/`. The struct holds plain
//! strings, numbers and lists, ready to be shown; the template sees it as `page`, beside the [`Chrome`] that all
//! pages share. A letter is a struct in `letters.rs` and a folder in `templates/letters/`; its templates see it
//! as `letter`.
//!
//! To add a page:
//! 1. Write the struct and its [`Page`] in the file of `pages/` where it belongs, with one sample for each state
//!    that a visitor can meet. A form has the fields `flow`, `token`, `errors` and `banner`.
//! 2. Write `templates/pages/<name>.html`. It extends `shared/layout.html`, or `shared/form.html` if it has a
//!    form, and fills the blocks `heading` and `content`.
//! 3. Name the file in `templates.rs` and the struct in `EVERY_PAGE`. The tests then check it as they check all
//!    the others: headings, labels, error messages, weight, escaping.
//!
//! To add a letter: the same with a struct in `letters.rs`, the three files `subject.txt`, `body.txt` and
//! `body.html` in a folder of `templates/letters/`, and a line in `any_letter!`. Both bodies say the same words.

mod assets;
mod brand;
mod chrome;
mod engine;
pub(crate) mod letters;
pub(crate) mod messages;
pub(crate) mod pages;
pub(crate) mod spreadsheet;
mod templates;
pub(crate) mod when;

#[cfg(test)]
mod tests;

pub(crate) use assets::{Asset, Assets, assets, check_session_frame};
pub(crate) use brand::{Colours, brand_css};
pub(crate) use chrome::{Chrome, Link};
pub(crate) use engine::{Engine, RenderedLetter};
pub(crate) use letters::{AnyLetter, CODE_LETTERS, Letter};
pub(crate) use pages::{FieldError, HiddenField, Page, bare_problem};
pub(crate) use when::TimeText;
