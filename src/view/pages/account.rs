//! The pages of somebody's own account.

use serde::Serialize;

use super::{Page, sample};
use crate::base::Timestamp;
use crate::view::TimeText;

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
