//! The field in which somebody says why they do something: on every form, before its button, and kept in the audit log.

use super::Console;
use crate::admin::Flaw;
use crate::base::paths;
use crate::model::{Reason, ReasonError};
use crate::view::FieldError;
use crate::view::pages::console::{ConsoleForm as FormPage, Field};

const NAME: &str = "reason";

/// What was typed as the reason, and what is wrong with it.
#[derive(Default)]
pub(super) struct Typed {
    text: String,
    wrong: Option<String>,
}

/// The field, with a hint of its own.
pub(super) fn field(hint: &str) -> Field {
    Field::new("text", NAME, "Reason (optional)").hint(hint)
}

impl Console {
    /// Has everything that is done from here on be done for a reason, where one was typed.
    pub(super) fn because(mut self, typed: &str) -> Self {
        let (reason, wrong) = match Reason::parse(typed) {
            Ok(reason) => (Some(reason), None),
            Err(ReasonError::Empty) => (None, None),
            Err(error) => (None, Some(error.to_string())),
        };
        self.actor = self.actor.because(reason);
        self.typed = Typed { text: typed.to_owned(), wrong };
        self
    }

    /// Whether the reason can be kept as it was typed.
    pub(super) const fn reason_is_fit(&self) -> bool {
        self.typed.wrong.is_none()
    }

    /// Whether a question has to be asked once more before it is acted on, lest what was typed be lost.
    pub(super) fn must_ask_again(&self) -> bool {
        !self.reason_is_fit() || (!self.is_fresh() && !self.typed.text.is_empty())
    }

    /// Whether an action was refused for its reason. What is wrong with it stands on the next page.
    pub(super) fn was_refused_for_reason(&mut self, flaws: &[Flaw]) -> bool {
        self.typed.wrong = flaws.iter().find(|flaw| flaw.field == NAME).map(|flaw| flaw.say.clone());
        self.typed.wrong.is_some()
    }

    /// A form with the field for the reason, as it was filled in.
    pub(super) fn with_reason(&self, mut form: FormPage) -> FormPage {
        if !form.fields.iter().any(|field| field.name == NAME) {
            // It does not belong to the group of fields before it.
            let are_grouped = form.fields.iter().any(|field| field.kind == "heading");
            form.fields.extend(are_grouped.then(|| Field::heading("This change")));
            form.fields.push(field("Kept in the audit log"));
        }
        for field in form.fields.iter_mut().filter(|field| field.name == NAME) {
            field.value.clone_from(&self.typed.text);
        }
        form.frame.errors.extend(self.typed.wrong.clone().map(|say| FieldError::new(NAME, say)));
        if self.must_ask_again() && !self.is_fresh() {
            form.log_in_url = Some(self.fresh_url(paths::CONSOLE));
        }
        form
    }
}
