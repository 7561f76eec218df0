//! From what was written to what can be used.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use url::Url;

use super::raw::{self, Raw};
use super::{
    Brand, Config, Database, FooterLink, Keys, Limits, Listen, Log, Login, Logo, Mail, Retention, SecretText,
    Session, Smtp, SmtpSecurity, Tokens, Transport,
};
use crate::base::{Span, base64url_decode};

const LARGEST_LOGO: u64 = 8 * 1024;
const MOST_LINKS: usize = 5;

/// What is wrong, gathered so that everything can be mended at once.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn say(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    fn within<T: PartialOrd + std::fmt::Display>(&mut self, name: &str, value: T, least: T, most: T) -> T {
        if value < least || value > most {
            self.say(format!("{name} is {value}; it must be {least} to {most}"));
        }
        value
    }

    /// The value of a check, or its problem and nothing.
    fn take<T>(&mut self, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|problem| self.say(problem)).ok()
    }
}

pub(super) fn check(raw: Raw) -> Result<Config, Vec<String>> {
    let mut problems = Problems::default();
    let issuer = issuer(&raw.issuer);
    let issuer = problems.take(issuer);
    let listen = listen(&mut problems, &raw.listen);
    let keys = keys(&mut problems, raw.keys);
    let mail = mail(&mut problems, raw.mail);
    let brand = brand(&mut problems, raw.brand);
    let login = login(&mut problems, &raw.login);
    let session = session(&mut problems, &raw.session);
    let tokens = tokens(&mut problems, &raw.tokens);
    let limits = limits(&mut problems, &raw.limits);
    let log = log(&mut problems, raw.log);
    if !raw.database.url.starts_with("sqlite:") && !is_postgres(&raw.database.url) {
        problems.say("database.url must begin with sqlite: or postgres://");
    }
    let connections = problems.within("database.connections", raw.database.connections, 2, 200);
    match (issuer, listen, mail, brand) {
        (Some(issuer), Some(listen), Some(mail), Some(brand)) if problems.0.is_empty() => Ok(Config {
            issuer,
            listen,
            database: Database { url: raw.database.url, connections },
            keys,
            mail,
            brand,
            login,
            session,
            tokens,
            limits,
            retention: retention(&raw.retention),
            log,
            templates: raw.templates.directory,
        }),
        _ => Err(problems.0),
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn issuer(text: &str) -> Result<Url, String> {
    let wrong = |why: &str| Err(format!("issuer {text:?} {why}; write it like https://login.example.gov.uk"));
    let Ok(url) = Url::parse(text) else { return wrong("is not a web address") };
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() != "https" && !(url.scheme() == "http" && local) {
        return wrong("must begin with https://, unless it is on this machine");
    }
    let origin = url.origin().ascii_serialization();
    if text != origin {
        wrong("must be a bare origin, without anything after the host and port")
    } else {
        Ok(url)
    }
}

fn listen(problems: &mut Problems, raw: &raw::Listen) -> Option<Listen> {
    let address = raw.address.parse().map_err(|_| {
        format!("listen.address {:?} is not an address and port, such as 127.0.0.1:8080", raw.address)
    });
    let mut trusted_proxies = Vec::new();
    for text in &raw.trusted_proxies {
        let network = text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from));
        let network = network
            .map_err(|_| format!("listen.trusted_proxies: {text:?} is not a network such as 10.0.0.0/8"));
        trusted_proxies.extend(problems.take(network));
    }
    let header = raw.forwarded_header.parse().map_err(|_| {
        format!("listen.forwarded_header {:?} is not the name of a header", raw.forwarded_header)
    });
    Some(Listen {
        address: problems.take(address)?,
        trusted_proxies,
        forwarded_header: problems.take(header)?,
        closed_file: raw.closed_file.clone(),
    })
}

fn keys(problems: &mut Problems, raw: raw::Keys) -> Keys {
    if let Some(key) = &raw.master_key
        && base64url_decode(key).is_none_or(|bytes| bytes.len() != 32)
    {
        problems.say("keys.master_key must be 32 bytes in base64url, 43 characters");
    }
    if ![2048, 3072, 4096].contains(&raw.rsa_bits) {
        problems.say(format!("keys.rsa_bits is {}; it must be 2048, 3072 or 4096", raw.rsa_bits));
    }
    Keys {
        master_key_file: raw.master_key_file.unwrap_or_else(|| raw.directory.join("master.key")),
        master_key: raw.master_key.map(SecretText),
        rotate_after: Span::days(problems.within("keys.rotate_after_days", raw.rotate_after_days, 1, 730)),
        announce: Span::hours(problems.within("keys.announce_hours", raw.announce_hours, 2, 720)),
        rsa_bits: raw.rsa_bits,
    }
}

fn mail(problems: &mut Problems, raw: raw::Mail) -> Option<Mail> {
    for (name, address) in [("mail.from", Some(&raw.from)), ("mail.reply_to", raw.reply_to.as_ref())] {
        if let Some(address) = address
            && !is_address(address)
        {
            problems.say(format!("{name} {address:?} is not an email address"));
        }
    }
    let transport = match (raw.transport.as_str(), raw.directory) {
        ("smtp", _) => smtp(problems, raw.smtp).map(Transport::Smtp),
        ("directory", Some(directory)) => Some(Transport::Directory(directory)),
        ("directory", None) => {
            problems.say("mail.transport is directory, so mail.directory must say which");
            None
        }
        (other, _) => {
            problems.say(format!("mail.transport is {other:?}; it must be smtp or directory"));
            None
        }
    };
    Some(Mail { transport: transport?, from: raw.from, reply_to: raw.reply_to })
}

fn is_address(text: &str) -> bool {
    let domain = text.rsplit_once('@').filter(|(local, _)| !local.is_empty()).map(|(_, domain)| domain);
    text.bytes().all(|b| b.is_ascii_graphic())
        && domain.is_some_and(|domain| url::Host::parse(domain).is_ok())
}

fn smtp(problems: &mut Problems, raw: raw::Smtp) -> Option<Smtp> {
    let security = match raw.security.as_str() {
        "starttls" => Ok(SmtpSecurity::StartTls),
        "tls" => Ok(SmtpSecurity::Tls),
        "none" if matches!(raw.host.as_str(), "localhost" | "127.0.0.1" | "::1") => Ok(SmtpSecurity::None),
        "none" => {
            Err("mail.smtp.security none is for a server on this machine; use starttls or tls".to_owned())
        }
        other => Err(format!("mail.smtp.security is {other:?}; it must be starttls, tls or none")),
    };
    let password = match (raw.password, raw.password_file) {
        (Some(password), _) => Ok(Some(SecretText(password))),
        (None, Some(file)) => std::fs::read_to_string(&file)
            .map(|text| Some(SecretText(text.trim_end_matches(['\r', '\n']).to_owned())))
            .map_err(|error| format!("mail.smtp.password_file {} cannot be read: {error}", file.display())),
        (None, None) => Ok(None),
    };
    let password = problems.take(password)?;
    if raw.username.is_some() != password.is_some() {
        problems.say("mail.smtp.username and its password go together: give both or neither");
    }
    let seconds = problems.within("mail.smtp.timeout_seconds", raw.timeout_seconds, 1, 100);
    Some(Smtp {
        host: raw.host,
        port: raw.port,
        security: problems.take(security)?,
        username: raw.username,
        password,
        ca_file: raw.ca_file,
        timeout: Span::seconds(seconds),
    })
}

fn brand(problems: &mut Problems, raw: raw::Brand) -> Option<Brand> {
    for (name, text) in [("brand.council", &raw.council), ("brand.service", &raw.service)] {
        if text.trim().is_empty() || text.chars().count() > 64 || text.chars().any(char::is_control) {
            problems.say(format!("{name} must be 1 to 64 characters, without control characters"));
        }
    }
    let logo = match raw.logo {
        Some(path) => problems.take(logo(&path)),
        None => None,
    };
    if raw.footer_links.len() > MOST_LINKS {
        problems.say(format!("brand.footer_links has more than {MOST_LINKS} links"));
    }
    let mut footer_links = Vec::new();
    for written in &raw.footer_links {
        footer_links.extend(problems.take(footer_link(written)));
    }
    let mut page = |name: &str, address: Option<String>, otherwise: &str| match address {
        Some(address) if is_page(&address) => address,
        Some(address) => {
            problems.say(format!("{name} {address:?} must begin with https://"));
            address
        }
        None => otherwise.to_owned(),
    };
    Some(Brand {
        home_url: page("brand.home_url", raw.home_url, "/"),
        safeguarding_url: page("brand.safeguarding_url", raw.safeguarding_url, "/contact"),
        council: raw.council,
        service: raw.service,
        phone: raw.phone,
        opening_hours: raw.opening_hours,
        logo,
        brand: raw.brand,
        on_brand: raw.on_brand,
        action: raw.action,
        on_action: raw.on_action,
        footer_links,
    })
}

fn is_page(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
}

fn footer_link(written: &str) -> Result<FooterLink, String> {
    match written.split_once('|').map(|(text, href)| (text.trim(), href.trim())) {
        Some((text, href)) if !text.is_empty() && is_page(href) => {
            Ok(FooterLink { text: text.to_owned(), href: href.to_owned() })
        }
        _ => Err(format!("brand.footer_links: write {written:?} as \"Words | https://address\"")),
    }
}

fn logo(path: &Path) -> Result<Logo, String> {
    let (extension, content_type) = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => ("svg", "image/svg+xml"),
        Some("png") => ("png", "image/png"),
        Some("webp") => ("webp", "image/webp"),
        _ => return Err(format!("brand.logo {} must be an .svg, .png or .webp file", path.display())),
    };
    let size = std::fs::metadata(path)
        .map_err(|error| format!("brand.logo {} cannot be read: {error}", path.display()))?
        .len();
    if size > LARGEST_LOGO {
        return Err(format!("brand.logo {} has {size} bytes; it may have {LARGEST_LOGO}", path.display()));
    }
    Ok(Logo { path: path.to_owned(), extension, content_type })
}

fn login(problems: &mut Problems, raw: &raw::Login) -> Login {
    let resend = problems.within("login.code_resend_seconds", raw.code_resend_seconds, 10, 300);
    Login {
        code: Span::minutes(problems.within("login.code_minutes", raw.code_minutes, 5, 30)),
        code_resend: Span::seconds(resend),
        password_min_length: problems.within("login.password_min_length", raw.password_min_length, 8, 64),
        flow: Span::minutes(problems.within("login.flow_minutes", raw.flow_minutes, 10, 120)),
        welcome_page: raw.welcome_page,
    }
}

fn session(problems: &mut Problems, raw: &raw::Session) -> Session {
    Session {
        idle: Span::minutes(problems.within("session.idle_minutes", raw.idle_minutes, 5, 1440)),
        absolute: Span::hours(problems.within("session.hours", raw.hours, 1, 720)),
        device: Span::days(problems.within("session.device_days", raw.device_days, 1, 400)),
    }
}

fn tokens(problems: &mut Problems, raw: &raw::Tokens) -> Tokens {
    Tokens {
        code: Span::seconds(problems.within("tokens.code_seconds", raw.code_seconds, 10, 60)),
        access: Span::minutes(problems.within("tokens.access_minutes", raw.access_minutes, 1, 60)),
        id: Span::minutes(problems.within("tokens.id_minutes", raw.id_minutes, 1, 60)),
    }
}

fn limits(problems: &mut Problems, raw: &raw::Limits) -> Limits {
    let window = problems.within("limits.window_minutes", raw.window_minutes, 1, 120);
    Limits {
        password_failures: problems.within("limits.password_failures", raw.password_failures, 3, 100),
        address_failures: problems.within("limits.address_failures", raw.address_failures, 5, 100_000),
        window: Span::minutes(window),
        wrong_passwords_per_hour: raw.wrong_passwords_per_hour,
        codes_per_day: problems.within("limits.codes_per_day", raw.codes_per_day, 3, 1_000),
        wrong_codes_per_day: raw.wrong_codes_per_day,
        hash_concurrency: problems.within("limits.hash_concurrency", raw.hash_concurrency, 0, 256),
        hash_queue: problems.within("limits.hash_queue", raw.hash_queue, 1, 1_000),
    }
}

fn retention(raw: &raw::Retention) -> Retention {
    Retention {
        flows: Span::days(raw.flows),
        sessions: Span::days(raw.sessions),
        events: Span::days(raw.events),
        letters: Span::days(raw.letters),
        throttles: Span::days(raw.throttles.max(1)),
    }
}

fn log(problems: &mut Problems, raw: raw::Log) -> Log {
    if !["error", "warn", "info", "debug", "trace"].contains(&raw.level.as_str()) {
        problems.say(format!("log.level is {:?}; it must be error, warn, info, debug or trace", raw.level));
    }
    if !["json", "text"].contains(&raw.format.as_str()) {
        problems.say(format!("log.format is {:?}; it must be json or text", raw.format));
    }
    Log { level: raw.level, json: raw.format == "json" }
}

/// A file with a secret in it must be its owner's alone.
pub(super) fn refuse_readable_secrets(file: &Path, table: &toml::Table) -> Result<(), String> {
    let has = |path: &[&str]| {
        let mut at = Some(table);
        let (last, above) = path.split_last().unwrap_or((&"", &[]));
        for name in above {
            at = at.and_then(|table| table.get(*name)).and_then(toml::Value::as_table);
        }
        at.is_some_and(|table| table.contains_key(*last))
    };
    if !has(&["mail", "smtp", "password"]) && !has(&["keys", "master_key"]) {
        return Ok(());
    }
    let mode = std::fs::metadata(file).map_err(|error| format!("cannot be looked at: {error}"))?.mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let file = file.display();
    Err(format!("has a secret in it and can be read by other users of this machine: run chmod 600 {file}"))
}
