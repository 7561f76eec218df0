//! Connecting a device.

use serde::Serialize;

use super::{FieldError, Page, sample};

/// The field for the code that a device shows.
#[derive(Serialize)]
pub(crate) struct DevicePage {
    pub(crate) token: String,
    pub(crate) errors: Vec<FieldError>,
    /// The form's frame shows it; there is none here.
    pub(crate) banner: Option<String>,
    /// As typed, or as the link that the device shows has it.
    pub(crate) code: String,
}

/// The question whether that device is to be connected.
#[derive(Serialize)]
pub(crate) struct ConnectPage {
    pub(crate) token: String,
    pub(crate) client: String,
    /// Who runs the service, where it is not the council's own.
    pub(crate) organisation: Option<String>,
    /// As the device shows it.
    pub(crate) code: String,
    /// In plain words: "see your name"
    pub(crate) wants: Vec<&'static str>,
}

/// It was connected, or was not.
#[derive(Serialize)]
pub(crate) struct ConnectedPage {
    pub(crate) client: String,
    pub(crate) is_connected: bool,
}

impl Page for DevicePage {
    const FILE: &'static str = "pages/device.html";

    fn samples() -> Vec<Self> {
        let shown = |code: &str, errors: Vec<FieldError>| Self {
            token: sample::TOKEN.into(),
            errors,
            banner: None,
            code: code.into(),
        };
        vec![
            shown("", Vec::new()),
            shown("WDJB-MJHT", Vec::new()),
            shown("", vec![FieldError::new("user_code", crate::view::messages::DEVICE_CODE_MISSING)]),
            shown("WDJB-MJH", vec![FieldError::new("user_code", crate::view::messages::DEVICE_CODE_WRONG)]),
        ]
    }
}

impl Page for ConnectPage {
    const FILE: &'static str = "pages/connect.html";

    fn samples() -> Vec<Self> {
        let asked = |wants, organisation: Option<&str>| Self {
            token: sample::TOKEN.into(),
            client: "Reception Display".into(),
            organisation: organisation.map(str::to_owned),
            code: "WDJB-MJHT".into(),
            wants,
        };
        vec![
            asked(vec!["see your name", "see your email"], Some("Example Software")),
            asked(Vec::new(), None),
        ]
    }
}

impl Page for ConnectedPage {
    const FILE: &'static str = "pages/connected.html";

    fn samples() -> Vec<Self> {
        [true, false].map(|is_connected| Self { client: "Reception Display".into(), is_connected }).into()
    }
}
