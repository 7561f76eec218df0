//! `[keys]`: the keys that sign, and the master key that seals them.

use std::path::PathBuf;

use confique::Config;

use super::problems::Problems;
use super::secret_text::SecretText;
use crate::base::{Span, base64url_decode};

#[derive(Config)]
pub(super) struct Written {
    /// The directory of the master key file. Both are made at the first start, for their owner only.
    #[config(env = "GATEHOUSE_KEYS_DIRECTORY", default = "keys")]
    directory: PathBuf,

    /// The master key file, where it is not master.key in that directory.
    #[config(env = "GATEHOUSE_KEYS_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,

    /// The master key itself, in place of a file: 32 random bytes in base64url, which is 43 characters. It is a
    /// secret: better in a file, or in the environment, than here.
    #[config(env = "GATEHOUSE_KEYS_MASTER_KEY")]
    master_key: Option<SecretText>,

    /// Days after which a new signing key takes over, 1 to 730.
    #[config(env = "GATEHOUSE_KEYS_ROTATE_AFTER_DAYS", default = 90)]
    rotate_after_days: u32,

    /// Hours for which a new signing key is published before it signs, so that services have it in time; 2 to
    /// 720, and less than the days above.
    #[config(env = "GATEHOUSE_KEYS_ANNOUNCE_HOURS", default = 24)]
    announce_hours: u32,

    /// The size in bits of the RSA keys made from now on: 2048, 3072 or 4096. The larger, the slower.
    #[config(env = "GATEHOUSE_KEYS_RSA_BITS", default = 2048)]
    rsa_bits: u32,
}

/// The keys that sign, and the master key that seals them.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) master_key_file: PathBuf,
    /// 32 bytes in base64url; counts in place of the file.
    pub(crate) master_key: Option<SecretText>,
    pub(crate) rotate_after: Span,
    pub(crate) announce: Span,
    pub(crate) rsa_bits: u32,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Keys {
        if let Some(key) = &self.master_key {
            if base64url_decode(key.reveal()).is_none_or(|bytes| bytes.len() != 32) {
                problems.say("keys.master_key", "must be 32 bytes in base64url, which is 43 characters");
            }
            if self.master_key_file.is_some() {
                problems.say("keys.master_key", "and keys.master_key_file are both given; give one of them");
            }
        }
        if ![2048, 3072, 4096].contains(&self.rsa_bits) {
            let why = format_args!("is {}; it must be 2048, 3072 or 4096", self.rsa_bits);
            problems.say("keys.rsa_bits", why);
        }
        let days = problems.within("keys.rotate_after_days", self.rotate_after_days, 1, 730);
        let hours = problems.within("keys.announce_hours", self.announce_hours, 2, 720);
        if hours >= days.saturating_mul(24) {
            let why = format_args!("is {hours}, as long as a key signs ({days} days); make it shorter");
            problems.say("keys.announce_hours", why);
        }
        Keys {
            master_key_file: self.master_key_file.unwrap_or_else(|| self.directory.join("master.key")),
            master_key: self.master_key,
            rotate_after: Span::days(days),
            announce: Span::seconds(hours.saturating_mul(3600)),
            rsa_bits: self.rsa_bits,
        }
    }
}
