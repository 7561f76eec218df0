//! `[listen]`: where requests come in, and who may say for whom they ask.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use confique::Config;
use http::HeaderName;
use http::uri::Authority;
use ipnet::IpNet;
use url::{Host, Url};

use super::issuer;
use super::problems::Problems;

#[derive(Config)]
pub(super) struct Written {
    /// The address and port to listen on: for a reverse proxy that speaks https to browsers or, with certificate_file,
    /// for browsers themselves, such as "0.0.0.0:443".
    #[config(env = "GATEHOUSE_LISTEN_ADDRESS", default = "127.0.0.1:8080")]
    address: String,

    /// A file with this provider's certificate and those between it and its authority (PEM, its own first), where it is
    /// to speak https itself. It is read again when it changes, and so is the key.
    #[config(env = "GATEHOUSE_LISTEN_CERTIFICATE_FILE")]
    certificate_file: Option<PathBuf>,

    /// The file with the certificate's private key (PEM, without a password). Nobody but its owner and its group may
    /// read it.
    #[config(env = "GATEHOUSE_LISTEN_KEY_FILE")]
    key_file: Option<PathBuf>,

    /// Whether services that connect by that https are asked for a certificate, for those that prove who they are by
    /// one. Everybody may connect without; but a browser that holds certificates may ask its owner for one.
    #[config(env = "GATEHOUSE_LISTEN_ASK_CLIENT_CERTIFICATES", default = false)]
    ask_client_certificates: bool,

    /// The networks of your own reverse proxies, such as ["10.0.0.0/8"]. Only these are believed when they say
    /// for whom they ask; with none, every visitor seems to come from the proxy's address, and limits on wrong
    /// passwords are shared by all. In the environment: separated by commas.
    #[config(env = "GATEHOUSE_LISTEN_TRUSTED_PROXIES", default = [])]
    trusted_proxies: Vec<String>,

    /// The one header in which those proxies list addresses, separated by commas. No other is believed.
    #[config(env = "GATEHOUSE_LISTEN_FORWARDED_HEADER", default = "x-forwarded-for")]
    forwarded_header: String,

    /// The header in which those proxies hand on the certificate that a service showed them, for services that prove
    /// who they are by one; such as "client-cert" (RFC 9440), or a name of yours for nginx's
    /// $ssl_client_escaped_cert. The proxy must ask for certificates, and take this header off what comes from outside.
    #[config(env = "GATEHOUSE_LISTEN_CLIENT_CERTIFICATE_HEADER")]
    client_certificate_header: Option<String>,

    /// A file with the certificates (PEM) of the authorities that are believed about the names of services, with all
    /// those between. Without it a service can only register its very certificate.
    #[config(env = "GATEHOUSE_LISTEN_CLIENT_AUTHORITIES_FILE")]
    client_authorities_file: Option<PathBuf>,

    /// A second address of this provider, at which services are asked for certificates, so that browsers at the issuer's
    /// need not be; such as "https://mtls.login.example.gov.uk". A proxy leads it here with the host name that services
    /// used; without one, the certificate must name both hosts. Services find their endpoints there in the discovery
    /// document (RFC 8705, section 5).
    #[config(env = "GATEHOUSE_LISTEN_CERTIFICATE_ORIGIN")]
    certificate_origin: Option<String>,

    /// Other host names by which this provider may be reached, besides the issuer's and this machine's own (localhost);
    /// such as ["gatehouse", "login.internal:8080"] for services that call it by an inner name. Whoever names another
    /// is refused (421). Trusted proxies may use any, and /healthz and /readyz answer to all. In the environment:
    /// separated by commas.
    #[config(env = "GATEHOUSE_LISTEN_OTHER_HOSTS", default = [])]
    other_hosts: Vec<String>,

    /// While this file is there, everybody sees that the service is unavailable. Its first line follows the words
    /// "You will be able to use the service from", for example: 9am on Monday 23 November 2026. /healthz and /readyz
    /// answer as ever, so that a balancer goes on sending people to that page.
    #[config(env = "GATEHOUSE_LISTEN_CLOSED_FILE")]
    closed_file: Option<PathBuf>,
}

/// Where requests come in.
#[derive(Clone, Debug)]
pub(crate) struct Listen {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Tls>,
    pub(crate) trusted_proxies: Proxies,
    pub(crate) forwarded_header: HeaderName,
    /// Believed of trusted proxies only; and of them nothing else is.
    pub(crate) client_certificate_header: Option<HeaderName>,
    pub(crate) client_authorities_file: Option<PathBuf>,
    /// Where services are asked for certificates, where that is not at the issuer.
    pub(crate) certificate_origin: Option<Url>,
    /// Names that requests may carry besides the issuer's, in lower case.
    pub(crate) other_hosts: Vec<String>,
    /// The service is closed while this is there.
    pub(crate) closed_file: Option<PathBuf>,
}

/// The networks of our own reverse proxies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(pub(crate) Vec<IpNet>);

impl Proxies {
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Listen {
    /// Whether an address is one of our own reverse proxies'.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies.has(address)
    }

    /// Whether clients can show certificates at all: to us, or to a proxy that hands them on.
    pub(crate) fn sees_client_certificates(&self) -> bool {
        self.client_certificate_header.is_some()
            || self.tls.as_ref().is_some_and(|tls| tls.ask_client_certificates)
    }
}

/// What it takes to speak https without a proxy.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) certificate_file: PathBuf,
    pub(crate) key_file: PathBuf,
    pub(crate) ask_client_certificates: bool,
    /// The one host name at which they are asked for, where it is not every one.
    pub(crate) ask_only_at: Option<String>,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Option<Listen> {
        let address = self.address.parse().map_err(|_| {
            format!("is {:?}; it must be an address and a port, such as 127.0.0.1:8080", self.address)
        });
        let address = problems.take("listen.address", address);
        let mut trusted_proxies = Proxies::default();
        for text in &self.trusted_proxies {
            trusted_proxies.0.extend(problems.take("listen.trusted_proxies", network(text)));
        }
        let forwarded_header = problems.take("listen.forwarded_header", header(&self.forwarded_header));
        let named = self.client_certificate_header.as_deref().map(header);
        let client_certificate_header =
            named.and_then(|header| problems.take("listen.client_certificate_header", header));
        if client_certificate_header.is_some() && trusted_proxies.0.is_empty() {
            let why = "is believed of trusted proxies only: name yours with listen.trusted_proxies";
            problems.say("listen.client_certificate_header", why);
        }
        let mut tls = tls((self.certificate_file, self.key_file), self.ask_client_certificates, problems);
        let certificate_origin = self.certificate_origin.as_deref().map(named_origin);
        let certificate_origin =
            certificate_origin.and_then(|origin| problems.take("listen.certificate_origin", origin));
        if let (Some(tls), Some(origin)) = (&mut tls, &certificate_origin) {
            tls.ask_only_at = origin.host_str().map(str::to_owned);
        }
        let mut other_hosts = Vec::new();
        for text in &self.other_hosts {
            other_hosts.extend(problems.take("listen.other_hosts", host_name(text)));
        }
        let listen = Listen {
            address: address?,
            tls,
            trusted_proxies,
            forwarded_header: forwarded_header?,
            client_certificate_header,
            client_authorities_file: self.client_authorities_file,
            certificate_origin,
            other_hosts,
            closed_file: self.closed_file,
        };
        if listen.client_authorities_file.is_some() && !listen.sees_client_certificates() {
            let why =
                "is of no use without listen.ask_client_certificates or listen.client_certificate_header";
            problems.say("listen.client_authorities_file", why);
        }
        if listen.certificate_origin.is_some() && !listen.sees_client_certificates() {
            let why =
                "is of no use without listen.ask_client_certificates or listen.client_certificate_header";
            problems.say("listen.certificate_origin", why);
        }
        Some(listen)
    }
}

/// The two files go together, and the question is for nobody without them.
fn tls(
    files: (Option<PathBuf>, Option<PathBuf>),
    ask_client_certificates: bool,
    problems: &mut Problems,
) -> Option<Tls> {
    match files {
        (Some(certificate_file), Some(key_file)) => {
            return Some(Tls { certificate_file, key_file, ask_client_certificates, ask_only_at: None });
        }
        (Some(_), None) => problems.say("listen.certificate_file", "needs listen.key_file beside it"),
        (None, Some(_)) => problems.say("listen.key_file", "needs listen.certificate_file beside it"),
        (None, None) if ask_client_certificates => {
            let why =
                "is of no use without listen.certificate_file: a proxy in front has to ask for certificates";
            problems.say("listen.ask_client_certificates", why);
        }
        (None, None) => {}
    }
    None
}

/// An origin with a host name: by an address alone, nobody says in a handshake where they are going.
fn named_origin(text: &str) -> Result<Url, String> {
    let origin = issuer::check(text)?;
    match origin.host() {
        Some(Host::Domain(_)) => Ok(origin),
        _ => Err(format!("is {text:?}; it must have a host name")),
    }
}

/// What a `Host` header may say (RFC 9110, section 7.2): a name or an address, with a port or without.
fn host_name(text: &str) -> Result<String, String> {
    match text.parse::<Authority>() {
        Ok(named) if !text.contains('@') && !named.host().is_empty() => Ok(text.to_ascii_lowercase()),
        _ => Err(format!("has {text:?}; each must be a host name, with its port where it has one")),
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
        Ok(everybody) if everybody.prefix_len() == 0 => {
            Err(format!("has {text:?}, which is everybody; name the networks of your proxies only"))
        }
        Ok(network) => Ok(network),
        Err(_) => Err(format!("has {text:?}; each must be a network such as 10.0.0.0/8, or an address")),
    }
}

fn header(text: &str) -> Result<HeaderName, String> {
    match text.parse() {
        Ok(http::header::FORWARDED) => {
            Err("is \"forwarded\", which is not understood; have the proxy send x-forwarded-for".to_owned())
        }
        Ok(header) => Ok(header),
        Err(_) => Err(format!("is {text:?}; it must be the name of a header, such as x-forwarded-for")),
    }
}
