//! `[mail.smtp]`: the mail server.

use std::path::{Path, PathBuf};

use confique::Config;

use super::problems::Problems;
use super::secret_text::SecretText;
use crate::base::Span;

#[derive(Config)]
pub(super) struct Written {
    /// The mail server's name, which its certificate must bear.
    #[config(env = "GATEHOUSE_MAIL_SMTP_HOST", default = "localhost")]
    host: String,

    /// Its port: usually 587 with "starttls" and 465 with "tls".
    #[config(env = "GATEHOUSE_MAIL_SMTP_PORT", default = 587)]
    port: u32,

    /// How the connection is encrypted: "starttls" or "tls"; "none" for a server on this machine only.
    #[config(env = "GATEHOUSE_MAIL_SMTP_SECURITY", default = "starttls")]
    security: String,

    /// The name to log in with, if the server wants one.
    #[config(env = "GATEHOUSE_MAIL_SMTP_USERNAME")]
    username: Option<String>,

    /// A file that holds the password and nothing else.
    #[config(env = "GATEHOUSE_MAIL_SMTP_PASSWORD_FILE")]
    password_file: Option<PathBuf>,

    /// The password itself. It is a secret: better in a file of its own than here.
    #[config(env = "GATEHOUSE_MAIL_SMTP_PASSWORD")]
    password: Option<SecretText>,

    /// A file with the certificate (PEM) of your own authority, where the server's comes from one.
    #[config(env = "GATEHOUSE_MAIL_SMTP_CA_FILE")]
    ca_file: Option<PathBuf>,

    /// Seconds that the server may take for an answer, 1 to 100.
    #[config(env = "GATEHOUSE_MAIL_SMTP_TIMEOUT_SECONDS", default = 20)]
    timeout_seconds: u32,
}

/// The mail server.
#[derive(Clone, Debug)]
pub(crate) struct Smtp {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: SmtpSecurity,
    /// There is a password exactly where there is a name.
    pub(crate) username: Option<String>,
    pub(crate) password: Option<SecretText>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) timeout: Span,
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SmtpSecurity {
    StartTls,
    Tls,
    /// Not at all: the server is on this machine.
    None,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Option<Smtp> {
        let security = problems.take("mail.smtp.security", security(&self.security, &self.host));
        let port = u16::try_from(problems.within("mail.smtp.port", self.port, 1, u32::from(u16::MAX)));
        let seconds = problems.within("mail.smtp.timeout_seconds", self.timeout_seconds, 1, 100);
        let password = match (self.password, self.password_file) {
            (Some(_), Some(_)) => {
                problems.say(
                    "mail.smtp.password",
                    "and mail.smtp.password_file are both given; give one of them",
                );
                return None;
            }
            (None, Some(file)) => Some(problems.take("mail.smtp.password_file", password_in(&file))?),
            (given, None) => given,
        };
        if self.username.is_some() != password.is_some() {
            problems.say("mail.smtp.username", "and the password go together; give both or neither");
        }
        Some(Smtp {
            host: self.host,
            port: port.ok()?,
            security: security?,
            username: self.username,
            password,
            ca_file: self.ca_file,
            timeout: Span::seconds(seconds),
        })
    }
}

fn security(text: &str, host: &str) -> Result<SmtpSecurity, String> {
    match text {
        "starttls" => Ok(SmtpSecurity::StartTls),
        "tls" => Ok(SmtpSecurity::Tls),
        "none" if matches!(host, "localhost" | "127.0.0.1" | "::1") => Ok(SmtpSecurity::None),
        "none" => Err(format!("is \"none\", but {host} is not this machine; use starttls or tls")),
        other => Err(format!("is {other:?}; it must be starttls, tls or none")),
    }
}

fn password_in(file: &Path) -> Result<SecretText, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    Ok(SecretText::new(text.trim_end_matches(['\r', '\n'])))
}
