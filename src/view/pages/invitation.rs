//! Setting up an account: by an invitation, or as the first owner.

use serde::Serialize;

use super::{FieldError, Page, sample};
use crate::view::messages;

/// Choosing the first password.
#[derive(Serialize)]
pub(crate) struct InvitationPage {
    pub(crate) token: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) banner: Option<String>,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) service: String,
    /// All of them, where there are several.
    pub(crate) services: Vec<String>,
    /// The least number of characters.
    pub(crate) min_length: usize,
}

/// An invitation that is not good any more.
#[derive(Serialize)]
pub(crate) struct InvitationOverPage {
    /// Whether it was used; else it expired or was withdrawn.
    pub(crate) is_used: bool,
}

/// The link of the first owner is not good any more.
#[derive(Serialize)]
pub(crate) struct SetUpOverPage;

/// The first owner's details.
#[derive(Serialize)]
pub(crate) struct SetUpPage {
    pub(crate) token: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) banner: Option<String>,
    pub(crate) name: String,
    pub(crate) email: String,
    /// The least number of characters.
    pub(crate) min_length: usize,
}

impl Page for InvitationPage {
    const FILE: &'static str = "pages/invitation.html";

    fn samples() -> Vec<Self> {
        let shown = |errors| Self {
            token: sample::TOKEN.into(),
            errors,
            banner: None,
            name: "Alex Example".into(),
            email: sample::EMAIL.into(),
            service: "Children's Services Portal".into(),
            services: Vec::new(),
            min_length: 12,
        };
        let several = vec!["Reading Records".into(), "School Admissions".into()];
        vec![
            Self { services: several, ..shown(Vec::new()) },
            shown(Vec::new()),
            shown(vec![FieldError::new("new_password", messages::ENTER_NEW_PASSWORD)]),
            shown(vec![FieldError::new("confirm_password", messages::PASSWORDS_DIFFER)]),
        ]
    }
}

impl Page for InvitationOverPage {
    const FILE: &'static str = "pages/invitation_over.html";

    fn samples() -> Vec<Self> {
        vec![Self { is_used: true }, Self { is_used: false }]
    }
}

impl Page for SetUpOverPage {
    const FILE: &'static str = "pages/set_up_over.html";

    fn samples() -> Vec<Self> {
        vec![Self]
    }
}

impl Page for SetUpPage {
    const FILE: &'static str = "pages/set_up.html";

    fn samples() -> Vec<Self> {
        let shown = |errors| Self {
            token: sample::TOKEN.into(),
            errors,
            banner: None,
            name: "Olivia Owner".into(),
            email: sample::EMAIL.into(),
            min_length: 12,
        };
        vec![shown(Vec::new()), shown(vec![FieldError::new("name", messages::ENTER_NAME)])]
    }
}
