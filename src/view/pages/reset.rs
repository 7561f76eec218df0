//! Resetting a password: three steps.

use serde::Serialize;

use super::{FieldError, Page, sample};
use crate::view::{TimeText, messages};

/// Step 1: whose password.
#[derive(Default, Serialize)]
pub(crate) struct ResetEmailPage {
    pub(crate) flow: String,
    pub(crate) token: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) banner: Option<String>,
    /// As typed here, or before at log-in.
    pub(crate) email: String,
}

/// Step 2: the emailed code. The same for an address that nobody has.
#[derive(Serialize)]
pub(crate) struct ResetCodePage {
    pub(crate) flow: String,
    pub(crate) token: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) banner: Option<String>,
    /// As typed in step 1, so that a slip is seen.
    pub(crate) email: String,
    /// As typed.
    pub(crate) code: String,
    /// When the newest code stops working.
    pub(crate) expires: TimeText,
}

/// Step 3: the new password, twice. Neither is ever shown again, so neither is here.
#[derive(Serialize)]
pub(crate) struct ResetPasswordPage {
    pub(crate) flow: String,
    pub(crate) token: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) banner: Option<String>,
    /// For password managers.
    pub(crate) email: String,
    /// The least number of characters.
    pub(crate) min_length: usize,
}

/// A new password that an administrator asked for (P22): the same choice, after logging in.
#[derive(Serialize)]
pub(crate) struct NewPasswordPage(pub(crate) ResetPasswordPage);

impl Page for NewPasswordPage {
    const FILE: &'static str = "pages/new_password.html";

    fn samples() -> Vec<Self> {
        ResetPasswordPage::samples().into_iter().map(Self).collect()
    }
}

impl Page for ResetEmailPage {
    const FILE: &'static str = "pages/reset_email.html";

    fn samples() -> Vec<Self> {
        let first = || Self { flow: sample::FLOW.into(), token: sample::TOKEN.into(), ..Self::default() };
        vec![
            first(),
            Self { email: sample::EMAIL.into(), ..first() },
            Self { errors: vec![FieldError::new("email", messages::ENTER_EMAIL)], ..first() },
        ]
    }
}

impl Page for ResetCodePage {
    const FILE: &'static str = "pages/reset_code.html";

    fn samples() -> Vec<Self> {
        let first = || Self {
            flow: sample::FLOW.into(),
            token: sample::TOKEN.into(),
            errors: Vec::new(),
            banner: None,
            email: sample::EMAIL.into(),
            code: String::new(),
            expires: sample::time(15),
        };
        vec![
            first(),
            Self {
                errors: vec![FieldError::new("code", messages::code_length(9))],
                code: "1234 56789".into(),
                ..first()
            },
            Self { banner: Some(messages::NEW_CODE_SENT.into()), ..first() },
        ]
    }
}

impl Page for ResetPasswordPage {
    const FILE: &'static str = "pages/reset_password.html";

    fn samples() -> Vec<Self> {
        let first = || Self {
            flow: sample::FLOW.into(),
            token: sample::TOKEN.into(),
            errors: Vec::new(),
            banner: None,
            email: sample::EMAIL.into(),
            min_length: 12,
        };
        let refused = |text: &str| Self { errors: vec![FieldError::new("new_password", text)], ..first() };
        vec![
            first(),
            Self {
                errors: vec![
                    FieldError::new("new_password", messages::ENTER_NEW_PASSWORD),
                    FieldError::new("confirm_password", messages::CONFIRM_NEW_PASSWORD),
                ],
                ..first()
            },
            refused(&messages::password_short(12, 7)),
            refused(messages::PASSWORD_LONG),
            refused(messages::PASSWORD_COMMON),
            refused(messages::PASSWORD_PERSONAL),
            refused(messages::PASSWORD_SAME),
            Self { errors: vec![FieldError::new("confirm_password", messages::PASSWORDS_DIFFER)], ..first() },
        ]
    }
}
