//! What an operator can set: defaults, then a file, then the environment.
//!
//! **To add a setting:** a field with its comment in `raw.rs`, its checked form here, its check in `checked.rs`,
//! and `gatehouse config > docker/gatehouse.toml` for the reference.

mod checked;
mod layers;
mod raw;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use confique::{Config as _, Layer as _};
use http::HeaderName;
use ipnet::IpNet;
use serde::Deserialize as _;

use crate::base::Span;
use raw::Raw;

/// Why the configuration cannot be used: sentences, one a line, that say what to mend.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigError(pub(crate) String);

/// A setting that must not be printed.
#[derive(Clone)]
pub(crate) struct SecretText(String);

impl SecretText {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Every setting, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    issuer: url::Url,
    pub(crate) listen: Listen,
    pub(crate) database: Database,
    pub(crate) keys: Keys,
    pub(crate) mail: Mail,
    pub(crate) brand: Brand,
    pub(crate) login: Login,
    pub(crate) session: Session,
    pub(crate) tokens: Tokens,
    pub(crate) limits: Limits,
    pub(crate) retention: Retention,
    pub(crate) log: Log,
    pub(crate) templates: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub(crate) struct Listen {
    pub(crate) address: SocketAddr,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) forwarded_header: HeaderName,
    /// The service is closed while this is there.
    pub(crate) closed_file: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) connections: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) master_key_file: PathBuf,
    pub(crate) master_key: Option<SecretText>,
    pub(crate) rotate_after: Span,
    pub(crate) announce: Span,
    pub(crate) rsa_bits: u32,
}

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
    Memory,
}

#[derive(Clone, Debug)]
pub(crate) struct Smtp {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: SmtpSecurity,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<SecretText>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) timeout: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SmtpSecurity {
    StartTls,
    Tls,
    None,
}

#[derive(Clone, Debug)]
pub(crate) struct Brand {
    pub(crate) council: String,
    pub(crate) service: String,
    pub(crate) home_url: String,
    pub(crate) phone: String,
    pub(crate) opening_hours: String,
    pub(crate) safeguarding_url: String,
    pub(crate) logo: Option<Logo>,
    pub(crate) brand: String,
    pub(crate) on_brand: String,
    pub(crate) action: String,
    pub(crate) on_action: String,
    pub(crate) footer_links: Vec<FooterLink>,
}

#[derive(Clone, Debug)]
pub(crate) struct Logo {
    pub(crate) path: PathBuf,
    pub(crate) extension: &'static str,
    pub(crate) content_type: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct FooterLink {
    pub(crate) text: String,
    pub(crate) href: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) code: Span,
    pub(crate) code_resend: Span,
    pub(crate) password_min_length: usize,
    pub(crate) flow: Span,
    pub(crate) welcome_page: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) idle: Span,
    pub(crate) absolute: Span,
    pub(crate) device: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) code: Span,
    pub(crate) access: Span,
    pub(crate) id: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) password_failures: u32,
    pub(crate) address_failures: u32,
    pub(crate) window: Span,
    pub(crate) wrong_passwords_per_hour: u32,
    pub(crate) codes_per_day: u32,
    pub(crate) wrong_codes_per_day: u32,
    /// 0 for one per core.
    pub(crate) hash_concurrency: usize,
    pub(crate) hash_queue: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Retention {
    pub(crate) flows: Span,
    pub(crate) sessions: Span,
    pub(crate) events: Span,
    pub(crate) letters: Span,
    pub(crate) throttles: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) level: String,
    pub(crate) json: bool,
}

impl Config {
    /// Reads the configuration. Without a file there are the defaults and the environment.
    pub(crate) fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let name = file.map_or("environment".to_owned(), |file| file.display().to_string());
        let in_file = |problem: String| format!("{name}: {problem}");
        let table = match file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| ConfigError(in_file(format!("cannot be read: {error}"))))?
                .parse::<toml::Table>()
                .map_err(|error| {
                    ConfigError(in_file(format!("is not TOML: {}", error.to_string().trim())))
                })?,
            None => toml::Table::new(),
        };
        if let Some(file) = file {
            checked::refuse_readable_secrets(file, &table)
                .map_err(|problem| ConfigError(in_file(problem)))?;
        }
        let merged = layers::merge(table, environment).map_err(|problems| {
            ConfigError(problems.into_iter().map(in_file).collect::<Vec<_>>().join("\n"))
        })?;
        Self::from_table(merged)
            .map_err(|problems| ConfigError(problems.into_iter().map(in_file).collect::<Vec<_>>().join("\n")))
    }

    /// The defaults for an issuer, a database and a memory of mail, for the demo and for tests.
    pub(crate) fn minimal(issuer: &str, database: &str) -> Result<Self, ConfigError> {
        let mut table = toml::Table::new();
        table.insert("issuer".to_owned(), issuer.into());
        let mut section = |name: &str, key: &str, value: &str| {
            let below = toml::Table::from_iter([(key.to_owned(), toml::Value::from(value))]);
            table.insert(name.to_owned(), below.into());
        };
        section("database", "url", database);
        section("mail", "from", "no-reply@login.example.gov.uk");
        let mut config = Self::from_table(table).map_err(|problems| ConfigError(problems.join("\n")))?;
        config.mail.transport = Transport::Memory;
        Ok(config)
    }

    fn from_table(table: toml::Table) -> Result<Self, Vec<String>> {
        let layer = <Raw as confique::Config>::Layer::deserialize(toml::Value::Table(table))
            .map_err(|error| vec![error.to_string().trim().replace('\n', " ")])?;
        let raw = Raw::from_layer(layer.with_fallback(<Raw as confique::Config>::Layer::default_values()))
            .map_err(|error| vec![error.to_string()])?;
        checked::check(raw)
    }

    /// The reference file: every setting, explained.
    pub(crate) fn reference() -> String {
        let written = confique::toml::template::<Raw>(confique::toml::FormatOptions::default());
        // The settings that have no default, filled in so that the file can be tried as it stands.
        written
            .replace("#issuer =", "issuer = \"https://login.example.gov.uk\"")
            .replace("#from =", "from = \"no-reply@login.example.gov.uk\"")
    }

    /// The issuer identifier, byte for byte as it is published.
    pub(crate) fn issuer(&self) -> String {
        self.issuer.as_str().trim_end_matches('/').to_owned()
    }

    /// The host of the pages, for people to compare with their address bar.
    pub(crate) fn host(&self) -> String {
        self.issuer.host_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.issuer.scheme() == "https"
    }
}
