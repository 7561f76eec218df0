//! What is the same for every answer: the frame of the pages, the cookies' style, the discovery document.

use std::sync::Arc;

use crate::base::{Document, paths};
use crate::config::{Config, Settings};
use crate::kit::SettingsInForce;
use crate::model::Client;
use crate::oidc::discovery;
use crate::policy::registration;
use crate::view::{Asset, Chrome, Colours, Link};
use crate::web::cookies::CookieStyle;

/// Things made once from the configuration, and the settings that the others are made of.
pub(crate) struct Front {
    pub(crate) cookies: CookieStyle,
    pub(crate) discovery: Document,
    /// The council's own.
    pub(crate) logo: Option<Asset>,
    host: String,
    settings: Arc<SettingsInForce>,
}

impl Front {
    /// # Errors
    /// One sentence, where the colours cannot be read on one another or the logo cannot be read at all.
    pub(crate) fn new(config: &Config) -> Result<Self, String> {
        let brand = &config.settings.brand;
        Colours::parse(brand.colours())?.check()?;
        let logo = match &brand.logo {
            Some(logo) => {
                let bytes = std::fs::read(&logo.path)
                    .map_err(|error| format!("brand.logo {} cannot be read: {error}", logo.path.display()))?;
                Some(Asset::new("logo", logo.extension, logo.content_type, bytes))
            }
            None => None,
        };
        Ok(Self {
            cookies: CookieStyle::new(config.is_https()),
            discovery: Document::new(discovery::document(config).to_string()),
            logo,
            host: config.host(),
            settings: Arc::new(SettingsInForce::new(config)),
        })
    }

    /// With settings that change while the provider runs.
    pub(crate) fn following(self, settings: &Arc<SettingsInForce>) -> Self {
        Self { settings: Arc::clone(settings), ..self }
    }

    /// The frame of a page that belongs to no service in particular.
    pub(crate) fn chrome(&self) -> Chrome {
        let settings = self.settings.current();
        let Settings { brand, .. } = &*settings;
        let colours = Colours::parse(brand.colours()).ok();
        Chrome {
            service: brand.service.clone(),
            council: brand.council.clone(),
            home_url: brand.home_url.clone(),
            logo_url: self.logo.as_ref().map(|logo| brand_url(&logo.file)),
            brand_css: colours.map(|colours| brand_url(&colours.file())),
            phone: brand.phone.clone(),
            opening_hours: brand.opening_hours.clone(),
            host: self.host.clone(),
            support_url: paths::CONTACT.to_owned(),
            safeguarding_notice: None,
            safeguarding_url: brand.safeguarding_url.clone(),
            footer_links: brand
                .footer_links
                .iter()
                .map(|link| Link { text: link.text.clone(), href: link.href.clone() })
                .collect(),
            exit_url: None,
            client_logo: None,
            client_policy: None,
            client_tos: None,
            assets: Default::default(),
        }
    }

    /// The frame of a page on the way to a service.
    pub(crate) fn chrome_for(&self, client: Option<&Client>) -> Chrome {
        let mut chrome = self.chrome();
        if let Some(client) = client {
            chrome.service.clone_from(&client.name);
            if let Some(home) = &client.settings.home_page {
                chrome.home_url.clone_from(home);
            }
            let chosen = client.settings.brand_colours.as_ref();
            let colours = chosen.and_then(|(band, button)| Colours::of_service((band, button)).ok());
            if let Some(colours) = colours {
                chrome.brand_css = Some(brand_url(&colours.file()));
            }
            dress(&mut chrome, client);
        }
        chrome
    }

    /// Where somebody whose journey is lost can begin again.
    pub(crate) fn start_url(&self, client: Option<&Client>) -> String {
        client
            .and_then(|client| {
                client.settings.initiate_login_uri.clone().or(client.settings.home_page.clone())
            })
            .unwrap_or_else(|| paths::HOME.to_owned())
    }
}

/// Puts what is a service's own in the place of what is the council's.
fn dress(chrome: &mut Chrome, client: &Client) {
    let settings = &client.settings;
    let links = settings.footer_links.iter().filter_map(|written| registration::footer_link(written).ok());
    let links: Vec<Link> =
        links.map(|(words, address)| Link { text: words.to_owned(), href: address.to_owned() }).collect();
    if !links.is_empty() {
        chrome.footer_links = links;
    }
    chrome.safeguarding_notice.clone_from(&settings.safeguarding_notice);
    if let Some(page) = &settings.safeguarding_uri {
        chrome.safeguarding_url.clone_from(page);
    }
    chrome.exit_url.clone_from(&settings.exit_uri);
    chrome.client_logo = match &settings.logo {
        Some(_) => Some(logo_url(client)),
        None => settings.logo_uri.clone(),
    };
    chrome.client_policy.clone_from(&settings.policy_uri);
    chrome.client_tos.clone_from(&settings.tos_uri);
}

/// Where the logo is that is kept here: another address after every change, so that browsers may keep what is there.
fn logo_url(client: &Client) -> String {
    let path = paths::BRAND_LOGO.replace("{id}", client.id.as_str());
    format!("{path}?v={}", client.updated_at.millis())
}

fn brand_url(file: &str) -> String {
    paths::BRAND.replace("{file}", file)
}
