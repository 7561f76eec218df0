//! A council's four colours: read, checked for contrast, and made into a stylesheet.

use std::fmt;

/// A colour as red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Colour([u8; 3]);

impl Colour {
    const WHITE: Self = Self([255; 3]);
    const INK: Self = Self([0x17, 0x23, 0x2b]);

    /// Reads `#rrggbb`.
    ///
    /// # Errors
    /// A sentence that says how a colour is written.
    fn parse(text: &str) -> Result<Self, String> {
        let number = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(number) = number else {
            return Err(format!(
                "{text} is not a colour. Write # and six hexadecimal digits, for example #0b6359"
            ));
        };
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }

    /// Relative luminance, from 0 for black to 1 for white (WCAG 2.2, "relative luminance").
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// From 1 for the same colour to 21 for black on white (WCAG 2.2, "contrast ratio").
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The colour for words on it: white or dark, whichever can be read better.
    fn ink(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::INK) { Self::WHITE } else { Self::INK }
    }

    /// How people call it: by name if it is white.
    fn spoken(self) -> String {
        if self == Self::WHITE { "White".to_owned() } else { self.to_string() }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The colours that a council chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colours {
    /// The band at the head of the page.
    brand: Colour,
    /// Text on that band.
    on_brand: Colour,
    /// The main button.
    action: Colour,
    /// Text on that button.
    on_action: Colour,
}

impl Colours {
    /// Reads brand, text on brand, action and text on action, in this order.
    ///
    /// # Errors
    /// A sentence that names the text that is not a colour.
    pub(crate) fn parse([brand, on_brand, action, on_action]: [&str; 4]) -> Result<Self, String> {
        Ok(Self {
            brand: Colour::parse(brand)?,
            on_brand: Colour::parse(on_brand)?,
            action: Colour::parse(action)?,
            on_action: Colour::parse(on_action)?,
        })
    }

    /// The colours of a service that chooses two: the band and the button. Words on them are white or dark.
    ///
    /// # Errors
    /// A sentence, where one is no colour or people could not read it.
    pub(crate) fn of_service((band, button): (&str, &str)) -> Result<Self, String> {
        let (brand, action) = (Colour::parse(band)?, Colour::parse(button)?);
        let colours = Self { brand, on_brand: brand.ink(), action, on_action: action.ink() };
        colours.check()?;
        Ok(colours)
    }

    /// The name of the stylesheet that [`brand_css`] makes of them: it says everything that is in it, so that a node
    /// that has not heard of new colours yet can serve it as well.
    pub(crate) fn file(&self) -> String {
        let Self { brand, on_brand, action, on_action } = self;
        format!("colours-{brand}-{on_brand}-{action}-{on_action}.css").replace('#', "")
    }

    /// The colours that such a name says; `None` for any other name.
    pub(crate) fn of_file(file: &str) -> Option<Self> {
        let names = file.strip_prefix("colours-")?.strip_suffix(".css")?;
        let written: Vec<String> = names.split('-').map(|digits| format!("#{digits}")).collect();
        let [brand, on_brand, action, on_action] = written.as_slice() else { return None };
        let colours = Self::parse([brand, on_brand, action, on_action]).ok()?;
        colours.check().is_ok().then_some(colours)
    }

    /// Checks that people can read them (WCAG 2.2, 1.4.3 and 1.4.11).
    ///
    /// # Errors
    /// A sentence that names the colours, their contrast and the least that is allowed.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.flaw().map_or(Ok(()), |(_, say)| Err(say))
    }

    /// The first of them that people cannot read, and what [`Colours::check`] says of it.
    pub(crate) fn flaw(&self) -> Option<(&'static str, String)> {
        let text = |ink: Colour, ground| format!("{} text on {ground}", ink.spoken());
        let Self { brand, on_brand, action, on_action } = *self;
        [
            ("on_brand", at_least(on_brand, brand, 4.5, &text(on_brand, brand))),
            ("on_action", at_least(on_action, action, 4.5, &text(on_action, action))),
            ("brand", at_least(brand, Colour::WHITE, 3.0, &format!("{brand} on white"))),
        ]
        .into_iter()
        .find_map(|(which, judged)| Some((which, judged.err()?)))
    }
}

fn at_least(ink: Colour, ground: Colour, least: f64, what: &str) -> Result<(), String> {
    let contrast = ink.contrast(ground);
    if contrast >= least {
        return Ok(());
    }
    // Rounded down, so that 4.49 is never reported as the 4.5 that it fails to be.
    let shown = (contrast * 10.0).floor() / 10.0;
    Err(format!("{what} has a contrast of {shown} to 1. It must be {least} to 1 or more"))
}

/// The stylesheet that sets the colours, and nothing else.
pub(crate) fn brand_css(colours: &Colours) -> String {
    let Colours { brand, on_brand, action, on_action } = colours;
    format!(":root{{--brand:{brand};--on-brand:{on_brand};--action:{action};--on-action:{on_action}}}\n")
}
