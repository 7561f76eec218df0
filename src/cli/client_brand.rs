//! What makes the log-in pages of a service its own: options of `gatehouse client add` and `update`.

use clap::Args;

use crate::model::ClientSettings;

/// What makes its log-in pages its own.
#[derive(Args)]
pub(super) struct BrandSettings {
    /// The colour of the heading of its log-in pages, like #173f4e; with --button-colour.
    #[arg(long, value_name = "COLOUR", requires = "button_colour")]
    heading_colour: Option<String>,
    /// The colour of their buttons.
    #[arg(long, value_name = "COLOUR", requires = "heading_colour")]
    button_colour: Option<String>,
    /// A link at the foot of its log-in pages, in the place of the council's: "About us https://portal.example/about"; may
    /// be given several times.
    #[arg(long, value_name = "LINK")]
    footer_link: Vec<String>,
    /// What its log-in pages say to anybody worried about a child; the link "please contact us" follows.
    #[arg(long, value_name = "WORDS")]
    safeguarding_notice: Option<String>,
    /// Its own page for anybody worried about a child or young person.
    #[arg(long, value_name = "URL")]
    safeguarding_uri: Option<String>,
    /// A harmless page, for a button by which people leave its log-in pages at once.
    #[arg(long, value_name = "URL")]
    exit_uri: Option<String>,
    /// Its logo, shown on the log-in page; browsers fetch it from there.
    #[arg(long, value_name = "URL")]
    logo_uri: Option<String>,
}

impl BrandSettings {
    pub(super) fn apply(self, settings: &mut ClientSettings) {
        settings.brand_colours =
            self.heading_colour.zip(self.button_colour).or(settings.brand_colours.take());
        if !self.footer_link.is_empty() {
            settings.footer_links = self.footer_link;
        }
        settings.safeguarding_notice = self.safeguarding_notice.or(settings.safeguarding_notice.take());
        settings.safeguarding_uri = self.safeguarding_uri.or(settings.safeguarding_uri.take());
        settings.exit_uri = self.exit_uri.or(settings.exit_uri.take());
        settings.logo_uri = self.logo_uri.or(settings.logo_uri.take());
    }
}
