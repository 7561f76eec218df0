//! When something is in the way: what happened, what it means for the person, and what to do next.

use serde::Serialize;

use super::{Page, sample};
use crate::view::TimeText;

/// Tried too often. The same for an address that nobody has.
#[derive(Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum TooManyPage {
    /// Wrong passwords. Resetting the password stays open, and is the only way where there is no time.
    Passwords { until: Option<TimeText>, reset_url: String },
    /// Wrong codes: the journey is over, a new one may begin.
    Codes { start_url: String },
    /// New codes asked for.
    NewCodes { until: TimeText, code_url: String },
    /// Wrong codes of devices.
    DeviceCodes { until: Option<TimeText> },
}

/// The journey is too old, or belongs to another browser.
#[derive(Serialize)]
pub(crate) struct ExpiredPage {
    /// Where the service lets people log in, or its home page, or else the list of services.
    pub(crate) start_url: String,
    /// Whether the browser sent no cookies at all.
    pub(crate) no_cookies: bool,
    /// How long a journey may take: "60 minutes"
    pub(crate) lasts: String,
}

/// A service sent a request that we do not answer. Nothing of that request is shown.
#[derive(Serialize)]
pub(crate) struct RefusedPage {
    /// The kind of mistake, in our own words.
    pub(crate) error: String,
    pub(crate) time: TimeText,
    /// What the log has about it.
    pub(crate) reference: String,
}

/// There is no such page.
#[derive(Serialize)]
pub(crate) struct NotFoundPage;

/// Something broke.
#[derive(Serialize)]
pub(crate) struct ProblemPage {
    /// What the log has about it.
    pub(crate) reference: String,
    /// Whether it is certain that nothing has changed on the person's account.
    pub(crate) nothing_changed: bool,
}

/// Closed for maintenance.
#[derive(Serialize)]
pub(crate) struct UnavailablePage {
    /// "9am on Monday 23 November 2026"
    pub(crate) until: Option<String>,
}

/// More people are logging in at once than the machine can serve.
#[derive(Serialize)]
pub(crate) struct BusyPage {
    pub(crate) retry_url: String,
    /// "a few seconds"
    pub(crate) wait: &'static str,
}

/// The page for a breakage so deep that no template can be used.
///
/// Of the reference only letters, digits and hyphens are shown.
pub(crate) fn bare_problem(reference: &str) -> String {
    let shown: String = reference.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    include_str!("../../../templates/assets/bare.html").replace("REFERENCE", &shown)
}

impl Page for TooManyPage {
    const FILE: &'static str = "pages/too_many.html";

    fn samples() -> Vec<Self> {
        vec![
            Self::Passwords {
                until: Some(sample::time(30)),
                reset_url: format!("/reset?flow={}", sample::FLOW),
            },
            Self::Passwords { until: None, reset_url: format!("/reset?flow={}", sample::FLOW) },
            Self::Codes { start_url: format!("/login?flow={}", sample::FLOW) },
            Self::NewCodes {
                until: sample::time(30),
                code_url: format!("/login/code?flow={}", sample::FLOW),
            },
            Self::DeviceCodes { until: Some(sample::time(5)) },
        ]
    }
}

impl Page for ExpiredPage {
    const FILE: &'static str = "pages/expired.html";

    fn samples() -> Vec<Self> {
        [false, true]
            .map(|no_cookies| Self {
                start_url: "https://portal.example.gov.uk/".into(),
                no_cookies,
                lasts: "60 minutes".into(),
            })
            .into()
    }
}

impl Page for RefusedPage {
    const FILE: &'static str = "pages/refused.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            error: "The service is not registered here".into(),
            time: sample::time(0),
            reference: "7KQ2-M9XD".into(),
        }]
    }
}

impl Page for NotFoundPage {
    const FILE: &'static str = "pages/not_found.html";

    fn samples() -> Vec<Self> {
        vec![Self]
    }
}

impl Page for ProblemPage {
    const FILE: &'static str = "pages/problem.html";

    fn samples() -> Vec<Self> {
        [true, false].map(|nothing_changed| Self { reference: "7KQ2-M9XD".into(), nothing_changed }).into()
    }
}

impl Page for UnavailablePage {
    const FILE: &'static str = "pages/unavailable.html";

    fn samples() -> Vec<Self> {
        vec![Self { until: None }, Self { until: Some("9am on Monday 23 November 2026".into()) }]
    }
}

impl Page for BusyPage {
    const FILE: &'static str = "pages/busy.html";

    fn samples() -> Vec<Self> {
        let at = |wait| Self { retry_url: format!("/login?flow={}", sample::FLOW), wait };
        vec![at("a few seconds"), at("a minute")]
    }
}
