//! `[brand]`: whose pages these are.

use std::path::{Path, PathBuf};

use confique::Config;
use serde::Deserialize;
use url::Url;

use super::problems::Problems;
use crate::base::paths;

/// Bytes that a logo may have: every page carries it (PAGES 2.10).
const LARGEST_LOGO: u64 = 8_000;
const MOST_LINKS: usize = 5;
/// Characters that a name may have: it stands in titles and in the subjects of letters.
const LONGEST_NAME: usize = 64;

#[derive(Config)]
pub(super) struct Written {
    /// The name of the council, at most 64 characters.
    #[config(env = "GATEHOUSE_BRAND_COUNCIL", default = "Example County Council")]
    council: String,

    /// The name that stands on pages and letters where somebody did not come from a service; at most 64
    /// characters.
    #[config(env = "GATEHOUSE_BRAND_SERVICE", default = "Children's Services Portal")]
    service: String,

    /// Where the logo and the name lead. Without it, to the front page of the login pages.
    #[config(env = "GATEHOUSE_BRAND_HOME_URL")]
    home_url: Option<String>,

    /// The telephone number of the support line.
    #[config(env = "GATEHOUSE_BRAND_PHONE", default = "0300 000 0000")]
    phone: String,

    /// When that line is open; it follows the words "The line is open".
    #[config(env = "GATEHOUSE_BRAND_OPENING_HOURS", default = "Monday to Friday, 9am to 5pm")]
    opening_hours: String,

    /// The page for anybody worried about a child or young person. Without it, the contact page of the login
    /// pages.
    #[config(env = "GATEHOUSE_BRAND_SAFEGUARDING_URL")]
    safeguarding_url: Option<String>,

    /// A logo: an .svg, .png or .webp file of at most 8,000 bytes.
    #[config(env = "GATEHOUSE_BRAND_LOGO")]
    logo: Option<PathBuf>,

    /// The colour of the band at the head of the page, as # and six hexadecimal digits. Colours that are too
    /// much alike for people to read are refused at the start.
    #[config(env = "GATEHOUSE_BRAND_BRAND", default = "#1d3557")]
    brand: String,

    /// The colour of words on that band.
    #[config(env = "GATEHOUSE_BRAND_ON_BRAND", default = "#ffffff")]
    on_brand: String,

    /// The colour of buttons.
    #[config(env = "GATEHOUSE_BRAND_ACTION", default = "#0b6043")]
    action: String,

    /// The colour of words on buttons.
    #[config(env = "GATEHOUSE_BRAND_ON_ACTION", default = "#ffffff")]
    on_action: String,

    /// Links of your own at the foot of every page, at most five, such as
    /// [{ text = "About the council", href = "https://www.example.gov.uk/about" }]. The environment takes the same
    /// form.
    #[config(env = "GATEHOUSE_BRAND_FOOTER_LINKS", default = [])]
    footer_links: Vec<FooterLink>,
}

/// Whose pages these are.
#[derive(Clone, Debug)]
pub(crate) struct Brand {
    pub(crate) council: String,
    pub(crate) service: String,
    pub(crate) home_url: String,
    pub(crate) phone: String,
    pub(crate) opening_hours: String,
    /// An address, or a path of our own.
    pub(crate) safeguarding_url: String,
    pub(crate) logo: Option<Logo>,
    /// Colours, each as `#rrggbb`.
    pub(crate) brand: String,
    pub(crate) on_brand: String,
    pub(crate) action: String,
    pub(crate) on_action: String,
    pub(crate) footer_links: Vec<FooterLink>,
}

/// The file of a logo, small enough and of a known kind.
#[derive(Clone, Debug)]
pub(crate) struct Logo {
    pub(crate) path: PathBuf,
    pub(crate) extension: &'static str,
    pub(crate) content_type: &'static str,
}

/// A link at the foot of every page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FooterLink {
    pub(crate) text: String,
    pub(crate) href: String,
}

impl Brand {
    /// The colours of the band, of words on it, of buttons and of words on these.
    pub(crate) fn colours(&self) -> [&str; 4] {
        [&self.brand, &self.on_brand, &self.action, &self.on_action]
    }
}

impl Written {
    /// `issuer` is where the name leads unless something else is given.
    pub(super) fn check(self, issuer: &str, problems: &mut Problems) -> Brand {
        self.check_words(problems);
        self.check_addresses(problems);
        self.check_colours(problems);
        let logo = self.logo.and_then(|path| problems.take("brand.logo", logo(&path)));
        Brand {
            home_url: self.home_url.unwrap_or_else(|| issuer.to_owned()),
            safeguarding_url: self.safeguarding_url.unwrap_or_else(|| paths::CONTACT.to_owned()),
            council: self.council,
            service: self.service,
            phone: self.phone,
            opening_hours: self.opening_hours,
            logo,
            brand: self.brand,
            on_brand: self.on_brand,
            action: self.action,
            on_action: self.on_action,
            footer_links: self.footer_links,
        }
    }

    fn check_words(&self, problems: &mut Problems) {
        for (setting, text) in [
            ("brand.council", &self.council),
            ("brand.service", &self.service),
            ("brand.phone", &self.phone),
            ("brand.opening_hours", &self.opening_hours),
        ] {
            let is_name = !text.trim().is_empty() && text.chars().count() <= LONGEST_NAME;
            if !is_name || text.chars().any(char::is_control) {
                problems.say(setting, format_args!("must be 1 to {LONGEST_NAME} characters on one line"));
            }
        }
    }

    fn check_addresses(&self, problems: &mut Problems) {
        for (setting, address) in
            [("brand.home_url", &self.home_url), ("brand.safeguarding_url", &self.safeguarding_url)]
        {
            if let Some(address) = address.as_deref().filter(|address| !is_page(address)) {
                let why = format_args!("is {address:?}; it must be a web address that begins with https://");
                problems.say(setting, why);
            }
        }
        if self.footer_links.len() > MOST_LINKS {
            let why = format_args!("has {} links; it may have {MOST_LINKS}", self.footer_links.len());
            problems.say("brand.footer_links", why);
        }
        for FooterLink { text, href } in &self.footer_links {
            if text.trim().is_empty() || !is_page(href) {
                let why =
                    format_args!("has {text:?} to {href:?}; give it words and an address with https://");
                problems.say("brand.footer_links", why);
            }
        }
    }

    fn check_colours(&self, problems: &mut Problems) {
        for (setting, text) in [
            ("brand.brand", &self.brand),
            ("brand.on_brand", &self.on_brand),
            ("brand.action", &self.action),
            ("brand.on_action", &self.on_action),
        ] {
            let digits = text.strip_prefix('#').unwrap_or_default();
            if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                problems.say(setting, format_args!("is {text:?}; it must be a colour such as \"#1d3557\""));
            }
        }
    }
}

/// Whether an address can be the target of a link: never `javascript:` and the like.
fn is_page(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
}

fn logo(path: &Path) -> Result<Logo, String> {
    let shown = path.display();
    let (extension, content_type) = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => ("svg", "image/svg+xml"),
        Some("png") => ("png", "image/png"),
        Some("webp") => ("webp", "image/webp"),
        _ => return Err(format!("{shown} must be an .svg, .png or .webp file")),
    };
    let meta = std::fs::metadata(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    match meta.len() {
        _ if !meta.is_file() => Err(format!("{shown} is not a file; name one")),
        size if size > LARGEST_LOGO => {
            Err(format!("{shown} has {size} bytes; make it no larger than {LARGEST_LOGO}"))
        }
        _ => Ok(Logo { path: path.to_owned(), extension, content_type }),
    }
}
