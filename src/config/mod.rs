//! What an operator can set: defaults, then a file, then the environment.
//!
//! Each section has a file: its settings as they are written, with the comments that become the reference; their
//! checked form, which the rest of the house sees; and the check between the two.
//!
//! Some sections are for administrators as well, who change them while the provider runs ([`settings`]).
//!
//! **To add a setting:** in its section's file, a field of `Written` with its comment, default and environment
//! variable, a field of the checked form, and its check; in `tests.rs` what a mistake earns; then
//! `gatehouse config > docker/gatehouse.toml` for the reference.

mod brand;
mod database;
mod feed;
mod file;
mod issuer;
mod keys;
mod layers;
mod limits;
mod listen;
mod log;
mod login;
mod mail;
mod outgoing;
mod problems;
mod registration;
mod retention;
mod secret_text;
mod session;
mod settings;
mod smtp;
mod templates;
#[cfg(test)]
mod tests;
mod tokens;
mod written;

use std::path::{Path, PathBuf};

use confique::Layer as _;
use http::uri::Authority;
use serde::Deserialize as _;
use toml::{Table, Value};
use url::Url;

use database::Database;
use keys::Keys;
use limits::Limits;
use mail::Mail;
use problems::Problems;
use tokens::Tokens;
use written::Written;

#[cfg(test)]
pub(crate) use feed::Webhook;
pub(crate) use feed::{Feed, Syslog};
pub(crate) use layers::Shape;
pub(crate) use listen::{Listen, Proxies, Tls};
pub(crate) use log::Log;
pub(crate) use mail::Transport;
pub(crate) use outgoing::Outgoing;
pub(crate) use problems::Misfit;
pub(crate) use registration::{OpenTo, Registration};
pub(crate) use secret_text::SecretText;
pub(crate) use settings::{Overrides, SECTIONS, Setting, Settings};
pub(crate) use smtp::{Smtp, SmtpSecurity};

/// Why the configuration cannot be used: sentences, one a line, that say what to mend.
#[derive(Debug)]
pub(crate) struct ConfigError(pub(crate) String);

/// Every setting, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    issuer: url::Url,
    pub(crate) listen: Listen,
    pub(crate) database: Database,
    pub(crate) keys: Keys,
    pub(crate) mail: Mail,
    /// As they are configured. What counts is in the kit, where administrators may have changed it.
    pub(crate) settings: Settings,
    pub(crate) tokens: Tokens,
    pub(crate) limits: Limits,
    pub(crate) outgoing: Outgoing,
    pub(crate) registration: Registration,
    pub(crate) feed: Feed,
    pub(crate) log: Log,
    /// A directory whose files take the place of the built-in pages and letters.
    pub(crate) templates: Option<PathBuf>,
    /// What was written for the settings that administrators can change.
    given: Table,
}

impl Config {
    /// Reads the configuration. Without a file there are the defaults and the environment.
    ///
    /// # Errors
    /// Everything that is wrong with it; unknown settings too, which are most often misspelt ones.
    pub(crate) fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut problems = Problems::of(file.map(|file| file.display().to_string()));
        let read = file.map_or_else(|| Ok(Table::new()), file::read);
        let table = match read {
            Ok(table) => layers::merge(table, environment, &mut problems),
            Err(why) => {
                problems.say_of_file(why);
                Table::new()
            }
        };
        Self::from_table(table, problems)
    }

    /// The defaults for an issuer and a database, with mail kept in memory: for the demo and for tests.
    ///
    /// # Errors
    /// Where the issuer or the database cannot be one.
    #[cfg(any(test, feature = "demo"))]
    pub(crate) fn minimal(issuer: &str, database: &str) -> Result<Self, ConfigError> {
        let section =
            |key: &str, value: &str| Value::from(Table::from_iter([(key.to_owned(), value.into())]));
        let table = Table::from_iter([
            ("issuer".to_owned(), issuer.into()),
            ("database".to_owned(), section("url", database)),
            ("mail".to_owned(), section("from", "no-reply@login.example.gov.uk")),
        ]);
        let mut config = Self::from_table(table, Problems::default())?;
        config.mail.transport = Transport::Memory;
        Ok(config)
    }

    fn from_table(table: Table, mut problems: Problems) -> Result<Self, ConfigError> {
        if let Some(told) = problems.told() {
            return Err(ConfigError(told));
        }
        let given = settings::of(&table);
        let checked = match written::<Written>(table) {
            Ok(written) => written.check(&mut problems),
            Err(why) => {
                problems.say_of_file(why);
                None
            }
        };
        match (checked, problems.told()) {
            (Some(config), None) => Ok(Self { given, ..config }),
            (_, told) => Err(ConfigError(told.unwrap_or_default())),
        }
    }

    /// The reference file: every setting, explained.
    pub(crate) fn reference() -> String {
        let written = confique::toml::template::<Written>(confique::toml::FormatOptions::default());
        // The settings that have no default, filled in so that the file can be tried as it stands.
        written
            .replace("#issuer =", "issuer = \"https://login.example.gov.uk\"")
            .replace("#from =", "from = \"no-reply@login.example.gov.uk\"")
    }

    /// The issuer identifier, byte for byte as it is published.
    pub(crate) fn issuer(&self) -> String {
        self.issuer.origin().ascii_serialization()
    }

    /// Whether a request that names `host` may be meant for this provider. Whoever names this machine itself is on it.
    pub(crate) fn answers_to(&self, host: &Authority) -> bool {
        if matches!(host.host(), "localhost" | "127.0.0.1" | "[::1]") {
            return true;
        }
        let named = host.as_str().to_ascii_lowercase();
        let origins = std::iter::once(&self.issuer).chain(&self.listen.certificate_origin);
        origins.into_iter().any(|origin| is_authority_of(origin, &named))
            || self.listen.other_hosts.contains(&named)
    }

    /// The origin by which a request came that names `host`: the issuer, or the one where services show certificates.
    pub(crate) fn origin_at(&self, host: Option<&str>) -> String {
        let host = host.map(str::to_ascii_lowercase).unwrap_or_default();
        let apart = self.listen.certificate_origin.as_ref().filter(|origin| is_authority_of(origin, &host));
        apart.map_or_else(|| self.issuer(), |origin| origin.origin().ascii_serialization())
    }

    /// The host of the pages, for people to compare with their address bar.
    pub(crate) fn host(&self) -> String {
        self.issuer.host_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.issuer.scheme() == "https"
    }
}

/// Whether a host, in lower case, is that of an origin; its usual port may be said or not.
fn is_authority_of(origin: &Url, host: &str) -> bool {
    let usual = if origin.scheme() == "https" { ":443" } else { ":80" };
    let authority = origin.origin().ascii_serialization();
    authority.split_once("://").is_some_and(|(_, rest)| rest == host.strip_suffix(usual).unwrap_or(host))
}

/// The settings of a table, with defaults for the others.
fn written<W: confique::Config>(table: Table) -> Result<W, String> {
    // What is left to go wrong is within a list; toml says where on a line of its own.
    let layer = W::Layer::deserialize(Value::Table(table))
        .map_err(|error| error.to_string().trim().replace('\n', " "))?;
    W::from_layer(layer.with_fallback(W::Layer::default_values())).map_err(|error| error.to_string())
}
