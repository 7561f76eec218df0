//! What is shared with services that are not the council's own.

use serde::Serialize;

use super::{Page, sample};
use crate::view::TimeText;

/// The question whether a service may know something.
#[derive(Serialize)]
pub(crate) struct ConsentPage {
    pub(crate) flow: String,
    pub(crate) token: String,
    pub(crate) client: String,
    /// Who runs it, where that was registered.
    pub(crate) organisation: Option<String>,
    pub(crate) name: String,
    pub(crate) email: String,
    /// In plain words: "your name"
    pub(crate) wants: Vec<&'static str>,
}

/// The services that somebody shares something with.
#[derive(Serialize)]
pub(crate) struct SharedPage {
    /// What has just been done.
    pub(crate) banner: Option<String>,
    pub(crate) rows: Vec<SharedRow>,
}

/// One service.
#[derive(Serialize)]
pub(crate) struct SharedRow {
    pub(crate) client: String,
    /// In plain words: "your name"
    pub(crate) sees: Vec<&'static str>,
    pub(crate) used: TimeText,
    /// Where to stop sharing.
    pub(crate) stop_url: String,
}

/// Whether somebody is sure.
#[derive(Serialize)]
pub(crate) struct StopSharingPage {
    pub(crate) token: String,
    pub(crate) client: String,
    pub(crate) client_id: String,
}

impl Page for ConsentPage {
    const FILE: &'static str = "pages/consent.html";

    fn samples() -> Vec<Self> {
        let asked = |organisation: Option<&str>, wants| Self {
            flow: sample::FLOW.into(),
            token: sample::TOKEN.into(),
            client: "School Admissions".into(),
            organisation: organisation.map(str::to_owned),
            name: "Alex Example".into(),
            email: "alex@school.example".into(),
            wants,
        };
        vec![
            asked(Some("Example Software"), vec!["your name", "your email"]),
            asked(None, vec!["to stay connected when you are not using it"]),
            asked(None, Vec::new()),
        ]
    }
}

impl Page for SharedPage {
    const FILE: &'static str = "pages/shared.html";

    fn samples() -> Vec<Self> {
        let row = |sees: &[&'static str]| SharedRow {
            client: "School Admissions".into(),
            sees: sees.to_vec(),
            used: sample::time(5),
            stop_url: "/account/services?stop=admissions".into(),
        };
        vec![
            Self { banner: None, rows: Vec::new() },
            Self {
                banner: Some("You have stopped sharing with Foster Carer Hub.".into()),
                rows: vec![row(&["your name", "your email"]), row(&[])],
            },
        ]
    }
}

impl Page for StopSharingPage {
    const FILE: &'static str = "pages/stop_sharing.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            token: sample::TOKEN.into(),
            client: "School Admissions".into(),
            client_id: "admissions".into(),
        }]
    }
}
