//! What makes the login pages of a service its own: options of `gatehouse client add` and `update`.

use std::io::Read as _;

use clap::Args;

use super::client_given as given;
use crate::model::ClientSettings;
use crate::policy::logo::{LARGEST, Logo};

/// What makes its login pages its own.
#[derive(Args)]
pub(super) struct BrandSettings {
    /// The colour of the heading of its login pages, like #173f4e; with --button-colour.
    #[arg(long, value_name = "COLOUR", requires = "button_colour")]
    heading_colour: Option<String>,
    /// The colour of their buttons.
    #[arg(long, value_name = "COLOUR", requires = "heading_colour")]
    button_colour: Option<String>,
    /// A link at the foot of its login pages, in the place of the council's: "About us https://portal.example/about"; may
    /// be given several times.
    #[arg(long, value_name = "LINK")]
    footer_link: Vec<String>,
    /// What its login pages say to anybody worried about a child; the link "please contact us" follows.
    #[arg(long, value_name = "WORDS")]
    safeguarding_notice: Option<String>,
    /// Its own page for anybody worried about a child or young person.
    #[arg(long, value_name = "URL")]
    safeguarding_uri: Option<String>,
    /// A harmless page, for a button by which people leave its login pages at once.
    #[arg(long, value_name = "URL")]
    exit_uri: Option<String>,
    /// Its logo, shown on the login page: an SVG, PNG or WebP file of at most 8 kB, better under 4 kB.
    #[arg(long, value_name = "FILE", value_parser = logo, conflicts_with = "no_logo")]
    logo: Option<String>,
    /// Forget the file that was given for --logo.
    #[arg(long)]
    no_logo: bool,
    /// Where its logo is, for one that is not given as a file; browsers fetch it from there.
    #[arg(long, value_name = "URL")]
    logo_uri: Option<String>,
}

impl BrandSettings {
    pub(super) fn apply(self, settings: &mut ClientSettings) {
        if let Some((heading, button)) = self.heading_colour.zip(self.button_colour) {
            let are_none = heading.trim().is_empty() && button.trim().is_empty();
            settings.brand_colours = (!are_none).then_some((heading, button));
        }
        given::replace(&mut settings.footer_links, self.footer_link);
        given::write(&mut settings.safeguarding_notice, self.safeguarding_notice);
        given::write(&mut settings.safeguarding_uri, self.safeguarding_uri);
        given::write(&mut settings.exit_uri, self.exit_uri);
        given::write(&mut settings.logo_uri, self.logo_uri);
        if self.logo.is_some() || self.no_logo {
            settings.logo = self.logo;
        }
    }
}

/// Reads a logo from a file, and no more of it than a logo has.
fn logo(file: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX) + 1;
    let read = std::fs::File::open(file).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| format!("it cannot be read: {error}"))?;
    Ok(Logo::of(bytes)?.written())
}

/// What of its login pages is its own, and whether people are greeted.
pub(super) fn lines(settings: &ClientSettings) -> Vec<(&'static str, String)> {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let logo = settings.logo.as_ref().and_then(|it| Logo::read(it).ok()).map(|logo| logo.shown());
    let colours = settings.brand_colours.as_ref().map(|(heading, button)| format!("{heading} {button}"));
    let welcome = settings.welcome_page.map(|shown| if shown { "shown" } else { "skipped" });
    let again = settings.default_max_age.map(|seconds| format!("after {seconds} seconds"));
    vec![
        ("Colours", colours.unwrap_or_default()),
        ("Logo", logo.unwrap_or_else(|| optional(&settings.logo_uri))),
        ("Links at the foot", settings.footer_links.join(", ")),
        ("Safeguarding message", optional(&settings.safeguarding_notice)),
        ("Safeguarding page", optional(&settings.safeguarding_uri)),
        ("Exit page address", optional(&settings.exit_uri)),
        ("Welcome page", welcome.unwrap_or_default().to_owned()),
        ("Login again", again.unwrap_or_default()),
    ]
}
