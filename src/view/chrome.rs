//! What every page shows around its own content.

use serde::Serialize;

use crate::view::{Assets, assets};

/// A link with its words.
#[derive(Clone, Serialize)]
pub(crate) struct Link {
    pub(crate) text: String,
    pub(crate) href: String,
}

/// The frame of a page: whose it is, where its links lead, how to get help. Text and addresses only, never HTML.
///
/// Whoever fills it checks that each address is a path or begins with `https:` (or `http:` where that is allowed).
#[derive(Clone, Serialize)]
pub(crate) struct Chrome {
    /// The name that people know the service by.
    pub(crate) service: String,
    pub(crate) council: String,
    /// The home page of the service.
    pub(crate) home_url: String,
    pub(crate) logo_url: Option<String>,
    /// A stylesheet that sets the four colours; see [`crate::view::brand_css`].
    pub(crate) brand_css: Option<String>,
    /// The support line.
    pub(crate) phone: String,
    /// Reads on from "The line is open", for example "Monday to Friday, 9am to 5pm".
    pub(crate) opening_hours: String,
    /// The host of these pages as people should see it in their browser.
    pub(crate) host: String,
    pub(crate) support_url: String,
    /// What is said, before the link, to whoever has such a worry; the seed's own words where there is nothing.
    pub(crate) safeguarding_notice: Option<String>,
    /// Where a worry about a child or young person is heard.
    pub(crate) safeguarding_url: String,
    pub(crate) footer_links: Vec<Link>,
    /// A harmless page elsewhere, where there is a button that leads there at once.
    pub(crate) exit_url: Option<String>,
    /// The logo of the service. Beside its name it says nothing new, so it has no alternative.
    pub(crate) client_logo: Option<String>,
    pub(crate) client_policy: Option<String>,
    pub(crate) client_tos: Option<String>,
    pub(crate) assets: AssetUrls,
}

/// Where the browser finds the files of [`Assets`].
#[derive(Clone, Serialize)]
pub(crate) struct AssetUrls {
    stylesheet: String,
    console: String,
    script: String,
    form_post: String,
    icon: String,
}

impl Default for AssetUrls {
    fn default() -> Self {
        let Assets { stylesheet, console, script, form_post, icon, .. } = assets();
        Self {
            stylesheet: stylesheet.url(),
            console: console.url(),
            script: script.url(),
            form_post: form_post.url(),
            icon: icon.url(),
        }
    }
}

impl Chrome {
    /// A frame with everything in it, for trying out templates.
    pub(crate) fn sample() -> Self {
        Self {
            service: "Children's Services Portal".into(),
            council: "Example County Council".into(),
            home_url: "https://portal.example.gov.uk/".into(),
            logo_url: Some("/brand/logo.svg".into()),
            brand_css: Some("/brand/brand.css".into()),
            phone: "01632 960 123".into(),
            opening_hours: "Monday to Friday, 9am to 5pm".into(),
            host: "login.example.gov.uk".into(),
            support_url: "/contact".into(),
            safeguarding_notice: None,
            safeguarding_url: "/contact".into(),
            footer_links: vec![Link {
                text: "About the council".into(),
                href: "https://www.example.gov.uk/".into(),
            }],
            exit_url: Some("https://www.example.com/weather".into()),
            client_logo: Some("/brand/client.svg".into()),
            client_policy: Some("https://portal.example.gov.uk/privacy".into()),
            client_tos: Some("https://portal.example.gov.uk/terms".into()),
            assets: AssetUrls::default(),
        }
    }
}
