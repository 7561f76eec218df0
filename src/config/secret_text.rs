//! Settings that must not be printed.

use std::fmt;

use serde::Deserialize;

/// A password or a key as it was configured.
#[derive(Clone, Deserialize)]
pub(crate) struct SecretText(String);

impl SecretText {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
