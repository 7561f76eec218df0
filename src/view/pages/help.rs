//! The pages that explain: help, contact, and the statements that the law asks for.

use serde::Serialize;

use super::Page;

/// How to log in, step by step; takes the place of the printed guide.
#[derive(Serialize)]
pub(crate) struct HelpPage {
    /// How long an emailed code works.
    pub(crate) code_minutes: u32,
    /// The least number of characters in a password.
    pub(crate) min_length: usize,
}

/// Whom to call, first of all about a child.
#[derive(Serialize)]
pub(crate) struct ContactPage;

/// The statement under the Public Sector Bodies (Websites and Mobile Applications) (No. 2) Accessibility
/// Regulations 2018, regulation 8.
#[derive(Serialize)]
pub(crate) struct AccessibilityPage;

/// The cookies: all of them strictly necessary.
#[derive(Serialize)]
pub(crate) struct CookiesPage {
    pub(crate) flow: CookieFacts,
    pub(crate) session: CookieFacts,
    pub(crate) state: CookieFacts,
    pub(crate) device: CookieFacts,
    /// What was just done.
    pub(crate) said: CookieFacts,
    pub(crate) invitation: CookieFacts,
    pub(crate) console: CookieFacts,
    /// On the way into the console.
    pub(crate) console_start: CookieFacts,
    /// The first owner's link.
    pub(crate) set_up: CookieFacts,
}

/// What differs from one installation to another.
#[derive(Serialize)]
pub(crate) struct CookieFacts {
    /// `__Host-…`, or without that prefix where there is no https.
    pub(crate) name: String,
    /// "60 minutes"
    pub(crate) lasts: String,
}

/// What is held about a person, why, and for how long.
#[derive(Serialize)]
pub(crate) struct PrivacyPage {
    /// How long the record of logins is kept.
    pub(crate) history_days: u32,
}

impl Page for HelpPage {
    const FILE: &'static str = "pages/help.html";

    fn samples() -> Vec<Self> {
        vec![Self { code_minutes: 15, min_length: 12 }]
    }
}

impl Page for ContactPage {
    const FILE: &'static str = "pages/contact.html";

    fn samples() -> Vec<Self> {
        vec![Self]
    }
}

impl Page for AccessibilityPage {
    const FILE: &'static str = "pages/accessibility.html";

    fn samples() -> Vec<Self> {
        vec![Self]
    }
}

impl Page for CookiesPage {
    const FILE: &'static str = "pages/cookies.html";

    fn samples() -> Vec<Self> {
        let facts = |name: &str, lasts: &str| CookieFacts { name: name.into(), lasts: lasts.into() };
        vec![Self {
            flow: facts("__Host-flow", "60 minutes"),
            session: facts("__Host-session", "8 hours"),
            state: facts("__Host-state", "Until you log out or close your browser"),
            device: facts("__Host-device", "180 days"),
            said: facts("__Host-said", "1 minute"),
            invitation: facts("__Host-invitation", "60 minutes"),
            console: facts("__Host-console", "Until you close your browser"),
            console_start: facts("__Host-console-start", "60 minutes"),
            set_up: facts("__Host-setup", "60 minutes"),
        }]
    }
}

impl Page for PrivacyPage {
    const FILE: &'static str = "pages/privacy.html";

    fn samples() -> Vec<Self> {
        vec![Self { history_days: 90 }]
    }
}
