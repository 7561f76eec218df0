//! `[feed]`: the audit trail as it happens, for a system that watches over many.

use confique::Config;
use url::Url;

use super::SecretText;
use super::problems::Problems;

#[derive(Config)]
pub(super) struct Written {
    /// An address that every event is posted to, in order, as JSON: https://, or http:// in one of
    /// outgoing.allow_networks.
    #[config(env = "GATEHOUSE_FEED_WEBHOOK")]
    webhook: Option<String>,

    /// What the posts are signed with: 32 characters or more that the receiver has too. Each has a header
    /// Gatehouse-Signature with the time and the HMAC-SHA-256 of the time, a dot and the body.
    #[config(env = "GATEHOUSE_FEED_WEBHOOK_SECRET")]
    webhook_secret: Option<SecretText>,

    /// Where events are sent as syslog (RFC 5424): udp://host:514 or tcp://host:601.
    #[config(env = "GATEHOUSE_FEED_SYSLOG")]
    syslog: Option<String>,
}

/// Where the audit trail is sent as it happens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feed {
    pub(crate) webhook: Option<Webhook>,
    pub(crate) syslog: Option<Syslog>,
}

#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) address: String,
    pub(crate) secret: SecretText,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Syslog {
    /// Else by UDP.
    pub(crate) by_tcp: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

const SHORTEST_SECRET: usize = 32;

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Feed {
        let webhook = match (self.webhook, self.webhook_secret) {
            (None, None) => None,
            (Some(address), Some(secret)) => {
                let good = Url::parse(&address).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
                if !good {
                    problems.say("feed.webhook", "must be an address that begins with https://");
                }
                if secret.reveal().len() < SHORTEST_SECRET {
                    problems.say("feed.webhook_secret", "must be 32 characters or more");
                }
                Some(Webhook { address, secret })
            }
            (Some(_), None) => {
                problems.say("feed.webhook_secret", "is missing: posts are always signed");
                None
            }
            (None, Some(_)) => {
                problems.say("feed.webhook", "is missing, and feed.webhook_secret is for nothing without it");
                None
            }
        };
        let syslog = self.syslog.and_then(|text| problems.take("feed.syslog", syslog(&text)));
        Feed { webhook, syslog }
    }
}

fn syslog(text: &str) -> Result<Syslog, String> {
    let wrong = || "must be like udp://logs.example.gov.uk:514 or tcp://logs.example.gov.uk:601".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    match (url.scheme(), url.host_str(), url.port()) {
        (scheme @ ("udp" | "tcp"), Some(host), Some(port)) => {
            Ok(Syslog { by_tcp: scheme == "tcp", host: host.to_owned(), port })
        }
        _ => Err(wrong()),
    }
}
