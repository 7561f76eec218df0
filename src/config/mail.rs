//! `[mail]`: how letters leave, and from whom.

use std::path::PathBuf;

use confique::Config;

use super::problems::Problems;
use super::smtp::{self, Smtp};

#[derive(Config)]
pub(super) struct Written {
    /// "smtp" for a mail server; "directory" to write each letter into a directory as an .eml file, for trials.
    #[config(env = "GATEHOUSE_MAIL_TRANSPORT", default = "smtp")]
    transport: String,

    /// The address that letters come from. Use the domain of the login pages, and have its SPF, DKIM and DMARC
    /// records allow your mail server, or letters end up among the spam.
    #[config(env = "GATEHOUSE_MAIL_FROM")]
    from: String,

    /// The address that answers go to, if somebody reads them.
    #[config(env = "GATEHOUSE_MAIL_REPLY_TO")]
    reply_to: Option<String>,

    /// The directory for transport = "directory". Letters hold codes: let nobody else read it.
    #[config(env = "GATEHOUSE_MAIL_DIRECTORY")]
    directory: Option<PathBuf>,

    /// The mail server, for transport = "smtp".
    #[config(nested)]
    smtp: smtp::Written,
}

/// How letters leave, and from whom.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) transport: Transport,
    pub(crate) from: String,
    pub(crate) reply_to: Option<String>,
}

/// How letters leave.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    Smtp(Smtp),
    Directory(PathBuf),
    /// Kept in memory, for the demo and for tests; cannot be configured.
    #[cfg_attr(not(any(test, feature = "demo")), expect(dead_code, reason = "made by the demo"))]
    Memory,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Option<Mail> {
        for (setting, address) in [("mail.from", Some(&self.from)), ("mail.reply_to", self.reply_to.as_ref())]
        {
            if let Some(address) = address
                && !is_address(address)
            {
                let why =
                    format_args!("is {address:?}; it must be an email address, such as help@example.gov.uk");
                problems.say(setting, why);
            }
        }
        let transport = match (self.transport.as_str(), self.directory) {
            ("smtp", _) => self.smtp.check(problems).map(Transport::Smtp),
            ("directory", Some(directory)) => Some(Transport::Directory(directory)),
            ("directory", None) => {
                problems.say("mail.transport", "is \"directory\", so mail.directory must say which");
                None
            }
            (other, _) => {
                problems.say("mail.transport", format_args!("is {other:?}; it must be smtp or directory"));
                None
            }
        };
        Some(Mail { transport: transport?, from: self.from, reply_to: self.reply_to })
    }
}

/// A bare address of visible ASCII, which can hold neither a second header nor a second address.
fn is_address(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,;:\"()\\[]".contains(&byte));
    is_plain
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.contains('@') && url::Host::parse(domain).is_ok()
        })
}
