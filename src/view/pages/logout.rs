//! The way out of a session.

use serde::Serialize;

use super::{HiddenField, Page, sample};
use crate::view::Link;

/// Asks before logging out, where the request does not prove that the person wants it
/// (OpenID Connect RP-Initiated Logout 1.0, section 2).
#[derive(Serialize)]
pub(crate) struct LogOutPage {
    pub(crate) token: String,
    pub(crate) name: String,
    /// How many services this also logs out of.
    pub(crate) services: usize,
    /// What the relying party asked with, carried along.
    pub(crate) fields: Vec<HiddenField>,
    pub(crate) stay_url: String,
}

/// Logged out, or never logged in.
#[derive(Default, Serialize)]
pub(crate) struct LoggedOutPage {
    /// The relying party's validated `post_logout_redirect_uri`, as the first link.
    pub(crate) return_to: Option<Link>,
    /// The home page of the service, or of the council.
    pub(crate) home: Option<Link>,
    pub(crate) log_in_url: Option<String>,
    /// The names of services that could not be told.
    pub(crate) not_told: Vec<String>,
    /// Addresses of services that the browser has to call.
    pub(crate) frames: Vec<String>,
    /// Whether the browser goes on to the first link by itself.
    pub(crate) goes_on: bool,
}

impl Page for LogOutPage {
    const FILE: &'static str = "pages/log_out.html";

    fn samples() -> Vec<Self> {
        [0, 1, 2]
            .map(|services| Self {
                token: sample::TOKEN.into(),
                name: "Alex Example".into(),
                services,
                fields: vec![HiddenField { name: "state".into(), value: "example-state".into() }],
                stay_url: "/".into(),
            })
            .into()
    }
}

impl Page for LoggedOutPage {
    const FILE: &'static str = "pages/logged_out.html";

    fn samples() -> Vec<Self> {
        vec![
            Self::default(),
            Self {
                return_to: Some(Link {
                    text: "Return to School Admissions".into(),
                    href: "https://admissions.example.gov.uk/".into(),
                }),
                home: Some(Link {
                    text: "Go to the School Admissions home page".into(),
                    href: "https://admissions.example.gov.uk/".into(),
                }),
                log_in_url: Some("/".into()),
                not_told: vec!["School Admissions".into(), "Foster Carer Hub".into()],
                ..Self::default()
            },
            Self {
                return_to: Some(Link {
                    text: "Return to School Admissions".into(),
                    href: "https://admissions.example.gov.uk/".into(),
                }),
                frames: vec!["about:blank".into()],
                goes_on: true,
                ..Self::default()
            },
        ]
    }
}
