//! The settings as they are written. The comments on them become the reference file.

use std::path::PathBuf;

use confique::Config;

/// Reference configuration of Gatehouse: every setting with its default. Settings that are commented out have
/// the value shown; the others have to be given. A setting can also be given in the environment, under the
/// name that stands with it, and then counts before this file.
#[derive(Debug, Config)]
pub(super) struct Raw {
    /// The public address of this provider, as browsers and services reach it: https://, a host name, and
    /// nothing after it. Services hold it to the letter, so it cannot be changed later without telling them.
    /// http:// is accepted for this machine only (localhost).
    #[config(env = "GATEHOUSE_ISSUER")]
    pub(super) issuer: String,
    #[config(nested)]
    pub(super) listen: Listen,
    #[config(nested)]
    pub(super) database: Database,
    #[config(nested)]
    pub(super) keys: Keys,
    #[config(nested)]
    pub(super) mail: Mail,
    #[config(nested)]
    pub(super) brand: Brand,
    #[config(nested)]
    pub(super) login: Login,
    #[config(nested)]
    pub(super) session: Session,
    #[config(nested)]
    pub(super) tokens: Tokens,
    #[config(nested)]
    pub(super) limits: Limits,
    #[config(nested)]
    pub(super) retention: Retention,
    #[config(nested)]
    pub(super) log: Log,
    #[config(nested)]
    pub(super) templates: Templates,
}

/// Where requests come in.
#[derive(Debug, Config)]
pub(super) struct Listen {
    /// The address and port to listen on. Put a reverse proxy that speaks https in front of it.
    #[config(env = "GATEHOUSE_LISTEN_ADDRESS", default = "127.0.0.1:8080")]
    pub(super) address: String,
    /// The networks of your own reverse proxies, such as ["10.0.0.0/8"]. Only these are believed when they say
    /// for whom they ask. In the environment: separated by commas.
    #[config(env = "GATEHOUSE_LISTEN_TRUSTED_PROXIES", default = [])]
    pub(super) trusted_proxies: Vec<String>,
    /// The header in which those proxies say for whom they ask.
    #[config(env = "GATEHOUSE_LISTEN_FORWARDED_HEADER", default = "x-forwarded-for")]
    pub(super) forwarded_header: String,
    /// While this file is there, everybody sees that the service is unavailable. What is written in it is read
    /// after "You will be able to use the service from", for example: 9am on Monday 23 November 2026
    #[config(env = "GATEHOUSE_LISTEN_CLOSED_FILE")]
    pub(super) closed_file: Option<PathBuf>,
}

/// Where everything is kept.
#[derive(Debug, Config)]
pub(super) struct Database {
    /// "sqlite:" and the path of a file, for one machine; or the postgres:// address of a PostgreSQL database,
    /// which several nodes can share.
    #[config(env = "GATEHOUSE_DATABASE_URL", default = "sqlite:gatehouse.db")]
    pub(super) url: String,
    /// Connections to PostgreSQL, at most.
    #[config(env = "GATEHOUSE_DATABASE_CONNECTIONS", default = 16)]
    pub(super) connections: u32,
}

/// The keys that sign, and the master key that seals them. Keep a copy of the master key, but not beside a
/// copy of the database: together they open everything, and without it nothing opens.
#[derive(Debug, Config)]
pub(super) struct Keys {
    /// The directory of the master key file. Both are made at the first start, for their owner only.
    #[config(env = "GATEHOUSE_KEYS_DIRECTORY", default = "keys")]
    pub(super) directory: PathBuf,
    /// The master key file, where it is not "master.key" in that directory. Several nodes need the same one.
    #[config(env = "GATEHOUSE_KEYS_MASTER_KEY_FILE")]
    pub(super) master_key_file: Option<PathBuf>,
    /// The master key itself, 32 bytes in base64url. Better in a file: environments can be looked at.
    #[config(env = "GATEHOUSE_KEYS_MASTER_KEY")]
    pub(super) master_key: Option<String>,
    /// Days after which a new signing key takes over.
    #[config(env = "GATEHOUSE_KEYS_ROTATE_AFTER_DAYS", default = 90)]
    pub(super) rotate_after_days: u32,
    /// Hours for which a new key is published before it signs.
    #[config(env = "GATEHOUSE_KEYS_ANNOUNCE_HOURS", default = 24)]
    pub(super) announce_hours: u32,
    /// The size of RSA keys: 2048, 3072 or 4096.
    #[config(env = "GATEHOUSE_KEYS_RSA_BITS", default = 2048)]
    pub(super) rsa_bits: u32,
}

/// How mail is sent.
#[derive(Debug, Config)]
pub(super) struct Mail {
    /// "smtp" for a mail server; "directory" to write every letter into a directory, as an .eml file.
    #[config(env = "GATEHOUSE_MAIL_TRANSPORT", default = "smtp")]
    pub(super) transport: String,
    /// The address that letters come from. Use the domain of the log-in pages.
    #[config(env = "GATEHOUSE_MAIL_FROM")]
    pub(super) from: String,
    /// Where answers go, if somebody reads them.
    #[config(env = "GATEHOUSE_MAIL_REPLY_TO")]
    pub(super) reply_to: Option<String>,
    /// The directory for transport = "directory".
    #[config(env = "GATEHOUSE_MAIL_DIRECTORY")]
    pub(super) directory: Option<PathBuf>,
    #[config(nested)]
    pub(super) smtp: Smtp,
}

/// The mail server.
#[derive(Debug, Config)]
pub(super) struct Smtp {
    /// Its name.
    #[config(env = "GATEHOUSE_MAIL_SMTP_HOST", default = "localhost")]
    pub(super) host: String,
    /// Its port.
    #[config(env = "GATEHOUSE_MAIL_SMTP_PORT", default = 587)]
    pub(super) port: u16,
    /// "starttls" or "tls"; "none" for a server on this machine only.
    #[config(env = "GATEHOUSE_MAIL_SMTP_SECURITY", default = "starttls")]
    pub(super) security: String,
    /// The name to log in with, if the server wants one.
    #[config(env = "GATEHOUSE_MAIL_SMTP_USERNAME")]
    pub(super) username: Option<String>,
    /// A file with the password in it.
    #[config(env = "GATEHOUSE_MAIL_SMTP_PASSWORD_FILE")]
    pub(super) password_file: Option<PathBuf>,
    /// The password itself. Better in a file.
    #[config(env = "GATEHOUSE_MAIL_SMTP_PASSWORD")]
    pub(super) password: Option<String>,
    /// A file with the certificate of your own authority, where the server's is from one.
    #[config(env = "GATEHOUSE_MAIL_SMTP_CA_FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// Seconds that sending one letter may take.
    #[config(env = "GATEHOUSE_MAIL_SMTP_TIMEOUT_SECONDS", default = 20)]
    pub(super) timeout_seconds: u32,
}

/// Whose pages these are.
#[derive(Debug, Config)]
pub(super) struct Brand {
    /// The council.
    #[config(env = "GATEHOUSE_BRAND_COUNCIL", default = "Example County Council")]
    pub(super) council: String,
    /// The name on pages that belong to no service in particular.
    #[config(env = "GATEHOUSE_BRAND_SERVICE", default = "Children's Services Portal")]
    pub(super) service: String,
    /// Where the logo and the name lead to; the list of services where this is not given.
    #[config(env = "GATEHOUSE_BRAND_HOME_URL")]
    pub(super) home_url: Option<String>,
    /// The telephone number of the support line.
    #[config(env = "GATEHOUSE_BRAND_PHONE", default = "0300 000 0000")]
    pub(super) phone: String,
    /// When that line is open; read after "The line is open".
    #[config(env = "GATEHOUSE_BRAND_OPENING_HOURS", default = "Monday to Friday, 9am to 5pm")]
    pub(super) opening_hours: String,
    /// Where a worry about a child or young person is heard; our own contact page where this is not given.
    #[config(env = "GATEHOUSE_BRAND_SAFEGUARDING_URL")]
    pub(super) safeguarding_url: Option<String>,
    /// A logo: a file in SVG, PNG or WebP format of at most 8 kB.
    #[config(env = "GATEHOUSE_BRAND_LOGO")]
    pub(super) logo: Option<PathBuf>,
    /// The colour of the header, and of the words on it. They must differ enough to be read (4.5 to 1).
    #[config(env = "GATEHOUSE_BRAND_BRAND", default = "#1d3557")]
    pub(super) brand: String,
    /// The colour of words on the header.
    #[config(env = "GATEHOUSE_BRAND_ON_BRAND", default = "#ffffff")]
    pub(super) on_brand: String,
    /// The colour of buttons.
    #[config(env = "GATEHOUSE_BRAND_ACTION", default = "#0b6043")]
    pub(super) action: String,
    /// The colour of words on buttons.
    #[config(env = "GATEHOUSE_BRAND_ON_ACTION", default = "#ffffff")]
    pub(super) on_action: String,
    /// Links of your own in the footer, at most five, each as "Words | https://address". In the environment:
    /// separated by commas.
    #[config(env = "GATEHOUSE_BRAND_FOOTER_LINKS", default = [])]
    pub(super) footer_links: Vec<String>,
}

/// Logging in.
#[derive(Debug, Config)]
pub(super) struct Login {
    /// Minutes that an emailed code works, 5 to 30.
    #[config(env = "GATEHOUSE_LOGIN_CODE_MINUTES", default = 15)]
    pub(super) code_minutes: u32,
    /// Seconds before another code can be asked for.
    #[config(env = "GATEHOUSE_LOGIN_CODE_RESEND_SECONDS", default = 30)]
    pub(super) code_resend_seconds: u32,
    /// Characters that a password must have, 8 to 64.
    #[config(env = "GATEHOUSE_LOGIN_PASSWORD_MIN_LENGTH", default = 12)]
    pub(super) password_min_length: usize,
    /// Minutes that the log-in pages stay good, 10 to 120.
    #[config(env = "GATEHOUSE_LOGIN_FLOW_MINUTES", default = 60)]
    pub(super) flow_minutes: u32,
    /// Whether people are greeted by name before they go back to their service. A service can differ.
    #[config(env = "GATEHOUSE_LOGIN_WELCOME_PAGE", default = true)]
    pub(super) welcome_page: bool,
}

/// Being logged in.
#[derive(Debug, Config)]
pub(super) struct Session {
    /// Minutes without use after which somebody has to log in again, up to 1440.
    #[config(env = "GATEHOUSE_SESSION_IDLE_MINUTES", default = 60)]
    pub(super) idle_minutes: u32,
    /// Hours after which somebody has to log in again whatever happens, up to 720.
    #[config(env = "GATEHOUSE_SESSION_HOURS", default = 12)]
    pub(super) hours: u32,
    /// Days that a browser is remembered, to warn its owner of others.
    #[config(env = "GATEHOUSE_SESSION_DEVICE_DAYS", default = 180)]
    pub(super) device_days: u32,
}

/// What services are given.
#[derive(Debug, Config)]
pub(super) struct Tokens {
    /// Seconds that an authorization code works, 10 to 60.
    #[config(env = "GATEHOUSE_TOKENS_CODE_SECONDS", default = 60)]
    pub(super) code_seconds: u32,
    /// Minutes that an access token works, 1 to 60.
    #[config(env = "GATEHOUSE_TOKENS_ACCESS_MINUTES", default = 10)]
    pub(super) access_minutes: u32,
    /// Minutes that an ID token is good, 1 to 60.
    #[config(env = "GATEHOUSE_TOKENS_ID_MINUTES", default = 10)]
    pub(super) id_minutes: u32,
}

/// How much is too much.
#[derive(Debug, Config)]
pub(super) struct Limits {
    /// Wrong passwords for one account in one window, from browsers it has not been used with.
    #[config(env = "GATEHOUSE_LIMITS_PASSWORD_FAILURES", default = 10)]
    pub(super) password_failures: u32,
    /// Wrong passwords, and resets, from one network address in one window. Everybody in an office may share one.
    #[config(env = "GATEHOUSE_LIMITS_ADDRESS_FAILURES", default = 30)]
    pub(super) address_failures: u32,
    /// Minutes in a window; also the first pause after too many wrong passwords.
    #[config(env = "GATEHOUSE_LIMITS_WINDOW_MINUTES", default = 15)]
    pub(super) window_minutes: u32,
    /// Wrong passwords in an hour over all accounts; above it the log cries out.
    #[config(env = "GATEHOUSE_LIMITS_WRONG_PASSWORDS_PER_HOUR", default = 500)]
    pub(super) wrong_passwords_per_hour: u32,
    /// Codes for one account in a day.
    #[config(env = "GATEHOUSE_LIMITS_CODES_PER_DAY", default = 10)]
    pub(super) codes_per_day: u32,
    /// Wrong codes in a day over all accounts; above it the log cries out.
    #[config(env = "GATEHOUSE_LIMITS_WRONG_CODES_PER_DAY", default = 10000)]
    pub(super) wrong_codes_per_day: u32,
    /// Password hashes at once; 0 for one per core.
    #[config(env = "GATEHOUSE_LIMITS_HASH_CONCURRENCY", default = 0)]
    pub(super) hash_concurrency: usize,
    /// Log-ins that wait for a hash; more are asked to come back in a moment.
    #[config(env = "GATEHOUSE_LIMITS_HASH_QUEUE", default = 64)]
    pub(super) hash_queue: usize,
}

/// How long things are kept, in days.
#[derive(Debug, Config)]
pub(super) struct Retention {
    /// Journeys through the log-in pages.
    #[config(env = "GATEHOUSE_RETENTION_FLOWS", default = 1)]
    pub(super) flows: u32,
    /// Sessions that have ended.
    #[config(env = "GATEHOUSE_RETENTION_SESSIONS", default = 30)]
    pub(super) sessions: u32,
    /// The audit trail.
    #[config(env = "GATEHOUSE_RETENTION_EVENTS", default = 400)]
    pub(super) events: u32,
    /// That a letter was sent; what it said is erased when it is sent.
    #[config(env = "GATEHOUSE_RETENTION_LETTERS", default = 30)]
    pub(super) letters: u32,
    /// Counters of attempts.
    #[config(env = "GATEHOUSE_RETENTION_THROTTLES", default = 2)]
    pub(super) throttles: u32,
}

/// What is told to the operator, on standard output.
#[derive(Debug, Config)]
pub(super) struct Log {
    /// "error", "warn", "info", "debug" or "trace".
    #[config(env = "GATEHOUSE_LOG_LEVEL", default = "info")]
    pub(super) level: String,
    /// "json", one object a line; or "text", for people.
    #[config(env = "GATEHOUSE_LOG_FORMAT", default = "json")]
    pub(super) format: String,
}

/// Pages of your own.
#[derive(Debug, Config)]
pub(super) struct Templates {
    /// A directory whose files take the place of ours with the same names.
    #[config(env = "GATEHOUSE_TEMPLATES_DIRECTORY")]
    pub(super) directory: Option<PathBuf>,
}
