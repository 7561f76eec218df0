//! The pages of somebody's own account.

use serde::Serialize;

use super::{FieldError, Page, sample};
use crate::base::Timestamp;
use crate::view::{TimeText, messages};

/// Where somebody is logged in.
#[derive(Serialize)]
pub(crate) struct SessionsPage {
    pub(crate) token: String,
    /// What has just been done.
    pub(crate) banner: Option<String>,
    /// This browser first.
    pub(crate) rows: Vec<SessionRow>,
}

/// One browser.
#[derive(Serialize)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    /// "Safari on iPhone"
    pub(crate) device: String,
    /// Whether it is the browser that shows the page.
    pub(crate) is_here: bool,
    pub(crate) began: TimeText,
}

impl Page for SessionsPage {
    const FILE: &'static str = "pages/sessions.html";

    fn samples() -> Vec<Self> {
        let row = |device: &str, is_here| SessionRow {
            id: "ses_00000000000000000000000000000000".into(),
            device: device.into(),
            is_here,
            began: TimeText::date_at_clock_time(Timestamp::from_millis(1_795_166_040_000)),
        };
        let shown = |banner: Option<&str>, rows| Self {
            token: sample::TOKEN.into(),
            banner: banner.map(str::to_owned),
            rows,
        };
        vec![
            shown(None, vec![row("Firefox on Windows", true)]),
            shown(
                Some("You have logged out Chrome on Android."),
                vec![row("Firefox on Windows", true), row("Safari on iPhone", false)],
            ),
        ]
    }
}

/// What is known of somebody (P13).
#[derive(Serialize)]
pub(crate) struct AccountPage {
    /// What has just been done.
    pub(crate) banner: Option<String>,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) organisation: Option<String>,
    pub(crate) password_changed: Option<TimeText>,
    /// Whether they look after the provider.
    pub(crate) is_administrator: bool,
    /// The access reviews that they are asked to do.
    pub(crate) reviews: Vec<ReviewLink>,
}

/// An access review that waits for somebody.
#[derive(Clone, Serialize)]
pub(crate) struct ReviewLink {
    pub(crate) url: String,
    pub(crate) organisation: String,
    /// "3:57pm on 22 November 2026"
    pub(crate) due: String,
}

/// A new password in the place of the present one (P13b). No password is ever shown again, so none is here.
#[derive(Serialize)]
pub(crate) struct ChangePasswordPage {
    pub(crate) token: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) banner: Option<String>,
    /// For password managers.
    pub(crate) email: String,
    /// The least number of characters.
    pub(crate) min_length: usize,
}

/// What happened to somebody's account (P15).
#[derive(Serialize)]
pub(crate) struct HistoryPage {
    /// The newest first.
    pub(crate) rows: Vec<HistoryRow>,
}

#[derive(Serialize)]
pub(crate) struct HistoryRow {
    pub(crate) time: TimeText,
    /// "Logged in"
    pub(crate) what: &'static str,
    /// "Firefox on Windows", where it is known.
    pub(crate) device: Option<String>,
}

impl Page for AccountPage {
    const FILE: &'static str = "pages/account.html";

    fn samples() -> Vec<Self> {
        let shown = |banner: Option<&str>, organisation: Option<&str>| Self {
            banner: banner.map(str::to_owned),
            name: "Alex Example".into(),
            email: sample::EMAIL.into(),
            organisation: organisation.map(str::to_owned),
            password_changed: organisation.map(|_| sample::time(0)),
            is_administrator: organisation.is_none(),
            reviews: match banner {
                None => Vec::new(),
                Some(_) => vec![ReviewLink {
                    url: "/account/reviews/rev_0123456789abcdef0123456789abcdef".into(),
                    organisation: "Example Primary School".into(),
                    due: "3:57pm on 22 November 2026".into(),
                }],
            },
        };
        vec![shown(None, Some("Example Primary School")), shown(Some(messages::OWN_PASSWORD_CHANGED), None)]
    }
}

impl Page for ChangePasswordPage {
    const FILE: &'static str = "pages/change_password.html";

    fn samples() -> Vec<Self> {
        let shown = |errors| Self {
            token: sample::TOKEN.into(),
            errors,
            banner: None,
            email: sample::EMAIL.into(),
            min_length: 12,
        };
        vec![
            shown(Vec::new()),
            shown(vec![FieldError::new("password", messages::PRESENT_PASSWORD_WRONG)]),
            shown(vec![FieldError::new("new_password", messages::PASSWORD_SAME)]),
        ]
    }
}

impl Page for HistoryPage {
    const FILE: &'static str = "pages/history.html";

    fn samples() -> Vec<Self> {
        let row = |what, device: Option<&str>| HistoryRow {
            time: sample::time(0),
            what,
            device: device.map(str::to_owned),
        };
        vec![
            Self { rows: Vec::new() },
            Self { rows: vec![row("Logged in", Some("Firefox on Windows")), row("Wrong password", None)] },
        ]
    }
}
