//! What has to be known about a relay, checked before anything is sent to it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use crate::mail::Unusable;

const END_OF_CERTIFICATE: &str = "-----END CERTIFICATE-----";

/// How a relay is reached. It has no `Debug`, because it holds a password.
pub(crate) struct SmtpSettings {
    /// A name, which must stand in the relay's certificate, or an address.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    /// With the password, or neither.
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    /// Certificates, as PEM, of authorities that are trusted besides the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// What we call ourselves in `EHLO`; without it, the name of this machine.
    pub(crate) hello_name: Option<String>,
    /// For one letter, from the first byte to the last answer.
    pub(crate) timeout: Duration,
}

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// By STARTTLS, usually on port 587; without it nothing is sent.
    StartTls,
    /// From the first byte, usually on port 465.
    Tls,
    /// Not at all: accepted only of a relay on this machine.
    None,
}

/// The same, ready for use.
pub(super) enum Encryption {
    /// From the first byte (RFC 8314, section 3.3).
    Immediate(TlsParameters),
    /// By STARTTLS (RFC 3207), without which nothing else is said.
    Upgraded(TlsParameters),
    /// On this machine only.
    Absent,
}

impl SmtpSettings {
    pub(super) fn encryption(&self) -> Result<Encryption, Unusable> {
        match self.security {
            Security::Tls => Ok(Encryption::Immediate(self.tls_parameters()?)),
            Security::StartTls => Ok(Encryption::Upgraded(self.tls_parameters()?)),
            Security::None if is_loopback(&self.host) => Ok(Encryption::Absent),
            Security::None => Err(Unusable(format!(
                "Mail to {} would travel unencrypted, which is allowed only to this machine. Set the security \
                 to starttls or tls.",
                self.host
            ))),
        }
    }

    pub(super) fn credentials(&self) -> Result<Option<Credentials>, Unusable> {
        match (&self.username, &self.password) {
            (Some(username), Some(password)) => {
                Ok(Some(Credentials::new(username.clone(), password.clone())))
            }
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err(unusable("A mail user name is set without a password. Set both or neither."))
            }
            (None, Some(_)) => {
                Err(unusable("A mail password is set without a user name. Set both or neither."))
            }
        }
    }

    pub(super) fn hello_name(&self) -> Result<ClientId, Unusable> {
        match &self.hello_name {
            None => Ok(ClientId::default()),
            Some(name) if is_host_name(name) => Ok(ClientId::Domain(name.clone())),
            Some(_) => Err(unusable(
                "The name for the mail server's greeting is not a host name. Use letters, digits, dots and \
                 hyphens, as in login.example.gov.uk.",
            )),
        }
    }

    fn tls_parameters(&self) -> Result<TlsParameters, Unusable> {
        let mut builder = TlsParameters::builder(self.host.clone());
        if let Some(path) = &self.ca_file {
            for authority in read_authorities(path)? {
                builder = builder.add_root_certificate(authority);
            }
        }
        builder.build().map_err(|error| {
            Unusable(format!("Encryption for mail cannot be set up ({error}). Check the system's OpenSSL."))
        })
    }
}

fn read_authorities(path: &Path) -> Result<Vec<Certificate>, Unusable> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Unusable(format!(
            "The CA file for mail, {shown}, cannot be read ({error}). Check its name and rights."
        ))
    })?;
    let malformed =
        || Unusable(format!("The CA file for mail, {shown}, holds no readable certificate. It must be PEM."));
    let authorities = text
        .split_inclusive(END_OF_CERTIFICATE)
        .filter(|block| block.ends_with(END_OF_CERTIFICATE))
        .map(|block| Certificate::from_pem(block.as_bytes()).map_err(|_| malformed()))
        .collect::<Result<Vec<_>, _>>()?;
    if authorities.is_empty() { Err(malformed()) } else { Ok(authorities) }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn is_host_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
}

fn unusable(sentence: &str) -> Unusable {
    Unusable(sentence.to_owned())
}
