//! The logo of a service, in the form of the service.

use crate::model::ClientSettings;
use crate::oidc::params::Params;
use crate::policy::logo::Logo;
use crate::view::FieldError;
use crate::view::pages::console::{Cell, Field};

const LOGO: &str = "logo";
const REMOVE: &str = "remove_logo";

/// The fields for a service that has these settings.
pub(super) fn fields(settings: &ClientSettings, typed: &Params) -> Vec<Field> {
    let file = Field::new("file", LOGO, "Logo").value(".svg,.png,.webp,image/svg+xml,image/png,image/webp");
    let kinds = "An SVG, PNG or WebP image of at most 8 kB, better under 4 kB";
    if settings.logo.is_none() {
        return vec![file.hint(format!("{kinds}. Shown on its login page"))];
    }
    let remove = (REMOVE.to_owned(), "Remove the logo".to_owned(), typed.has(REMOVE));
    vec![
        file.hint(format!("{kinds}. It takes the place of the present one")),
        Field::new("checks", "present_logo", "Present logo").any_of([remove]),
    ]
}

/// The logo that a form asks for, over the one there was.
pub(super) fn wanted(
    form: &Params,
    (file, is_whole): (Option<&[u8]>, bool),
    before: Option<String>,
) -> Result<Option<String>, FieldError> {
    if !is_whole {
        return Err(FieldError::new(LOGO, "The logo must be at most 8 kB"));
    }
    match file {
        Some(bytes) => match Logo::of(bytes.to_vec()) {
            Ok(logo) => Ok(Some(logo.written())),
            Err(say) => Err(FieldError::new(LOGO, say)),
        },
        None if form.has(REMOVE) => Ok(None),
        None => Ok(before),
    }
}

/// What is said where a form is shown once more with which a file came.
pub(super) fn again() -> FieldError {
    FieldError::new(LOGO, "Select the logo again")
}

/// What logo a service has.
pub(super) fn cell(settings: &ClientSettings) -> Cell {
    let kept = settings.logo.as_ref().and_then(|written| Logo::read(written).ok());
    match (kept, &settings.logo_uri) {
        (Some(logo), _) => Cell::text(logo.shown()),
        (None, Some(address)) => Cell::text(address.clone()),
        (None, None) => Cell::text("None"),
    }
}
