//! The way in: both steps of logging in, the welcome, and the ways out of it.

use serde::Serialize;

use super::{FieldError, HiddenField, Page, sample};
use crate::base::Timestamp;
use crate::view::{Link, TimeText, messages};

/// Step 1: email and password. The password is never shown again, so it is not here.
#[derive(Default, Serialize)]
pub(crate) struct LoginPage {
    pub(crate) flow: String,
    pub(crate) token: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) banner: Option<String>,
    /// As typed, or as the relying party's `login_hint` has it.
    pub(crate) email: String,
    /// Whether somebody who is logged in is asked to prove it again.
    pub(crate) again: bool,
    /// Whether to say that emails take longer than usual.
    pub(crate) mail_slow: bool,
}

/// Step 2: the emailed code.
#[derive(Serialize)]
pub(crate) struct LoginCodePage {
    pub(crate) flow: String,
    pub(crate) token: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) banner: Option<String>,
    /// As typed.
    pub(crate) code: String,
    /// When the newest email was sent.
    pub(crate) sent: TimeText,
    /// When the newest code stops working.
    pub(crate) expires: TimeText,
}

/// Logged in: a greeting, and the button that leads on to the service.
#[derive(Serialize)]
pub(crate) struct WelcomePage {
    pub(crate) name: String,
    /// The time before this one, with its date; see [`TimeText::date_at_clock_time`].
    pub(crate) last_login: Option<TimeText>,
    pub(crate) continue_url: String,
    /// The services that somebody was invited to, the first time that they log in.
    pub(crate) services: Vec<Link>,
}

/// Cancelled, where no service waits for the answer.
#[derive(Serialize)]
pub(crate) struct CancelledPage;

/// An answer for the service as a form (OAuth 2.0 Form Post Response Mode, section 2).
#[derive(Serialize)]
pub(crate) struct FormPostPage {
    /// The validated redirect address.
    pub(crate) action: String,
    pub(crate) fields: Vec<HiddenField>,
}

/// The front door: the services that can be logged in to.
#[derive(Serialize)]
pub(crate) struct ServicesPage {
    pub(crate) services: Vec<Link>,
}

impl Page for LoginPage {
    const FILE: &'static str = "pages/login.html";

    fn samples() -> Vec<Self> {
        let first = || Self { flow: sample::FLOW.into(), token: sample::TOKEN.into(), ..Self::default() };
        let filled = || Self { email: sample::EMAIL.into(), ..first() };
        let refused = |errors| Self { errors, ..filled() };
        vec![
            first(),
            Self {
                errors: vec![
                    FieldError::new("email", messages::ENTER_EMAIL),
                    FieldError::new("password", messages::ENTER_PASSWORD),
                ],
                ..first()
            },
            refused(vec![FieldError::new("email", messages::EMAIL_FORMAT)]),
            refused(vec![FieldError::new("email", messages::EMAIL_LONG)]),
            refused(vec![FieldError::new("email", messages::NOT_CORRECT)]),
            Self { banner: Some(messages::PASSWORD_CHANGED.into()), ..filled() },
            Self { again: true, mail_slow: true, ..filled() },
        ]
    }
}

impl Page for LoginCodePage {
    const FILE: &'static str = "pages/login_code.html";

    fn samples() -> Vec<Self> {
        let first = || Self {
            flow: sample::FLOW.into(),
            token: sample::TOKEN.into(),
            errors: Vec::new(),
            banner: None,
            code: String::new(),
            sent: sample::time(0),
            expires: sample::time(15),
        };
        let refused = |code: &str, text: String| Self {
            errors: vec![FieldError::new("code", text)],
            code: code.into(),
            ..first()
        };
        vec![
            first(),
            refused("", messages::ENTER_CODE.into()),
            refused("1234 567o", messages::CODE_NOT_NUMBERS.into()),
            refused("1234", messages::code_length(4)),
            refused("1234 5678", messages::CODE_WRONG.into()),
            refused("", messages::CODE_EXPIRED.into()),
            Self { banner: Some(messages::NEW_CODE_SENT.into()), ..first() },
            Self { banner: Some(messages::CODE_SENT_JUST_NOW.into()), ..first() },
        ]
    }
}

impl Page for WelcomePage {
    const FILE: &'static str = "pages/welcome.html";

    fn samples() -> Vec<Self> {
        let greeting = |last_login| Self {
            name: "Alex Example".into(),
            last_login,
            continue_url: format!("/flow/{}/continue", sample::FLOW),
            services: Vec::new(),
        };
        let link = |text: &str| Link { text: text.into(), href: "https://portal.example.gov.uk/".into() };
        let invited =
            || Self { services: vec![link("Reading Records"), link("Admissions")], ..greeting(None) };
        let before = TimeText::date_at_clock_time(Timestamp::from_millis(1_795_166_040_000));
        vec![greeting(None), greeting(Some(before)), invited()]
    }
}

impl Page for CancelledPage {
    const FILE: &'static str = "pages/cancelled.html";

    fn samples() -> Vec<Self> {
        vec![Self]
    }
}

impl Page for FormPostPage {
    const FILE: &'static str = "pages/form_post.html";

    fn samples() -> Vec<Self> {
        let field = |name: &str, value: &str| HiddenField { name: name.into(), value: value.into() };
        vec![Self {
            action: "https://portal.example.gov.uk/callback".into(),
            fields: vec![field("code", "example-code"), field("state", "example-state")],
        }]
    }
}

impl Page for ServicesPage {
    const FILE: &'static str = "pages/services.html";

    fn samples() -> Vec<Self> {
        let link = |text: &str, href: &str| Link { text: text.into(), href: href.into() };
        vec![
            Self { services: Vec::new() },
            Self {
                services: vec![
                    link("Children's Services Portal", "https://portal.example.gov.uk/"),
                    link("School Admissions", "https://admissions.example.gov.uk/"),
                ],
            },
        ]
    }
}
