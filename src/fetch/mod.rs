//! Requests that we make: for the keys of a client, and to tell a client that somebody has logged out.
//!
//! Addresses come from whoever registers a client, so a request could be turned against our own network
//! (server-side request forgery). One policy for all: https; public addresses only; the address that was checked is
//! the one that is connected to, whatever the name server says a moment later; no redirects, no proxy; an answer of
//! 64 KiB at most, and 5 seconds for everything. What is in `outgoing.allow_networks` may be reached though it is not
//! public, and by http.

mod address;
pub(crate) mod syslog;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use native_tls::{Certificate, Protocol};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;
use tokio_native_tls::TlsConnector;
use url::{Host, Url};

use crate::config::Outgoing;

/// The most that is read of an answer, in bytes.
const LONGEST_BODY: usize = 64 * 1024;
/// From the first question for an address to the last byte of the answer.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Requests at once, to everybody and to one host. More wait, within their time.
const MOST_AT_ONCE: usize = 16;
const MOST_AT_ONE_HOST: usize = 2;

/// Why there is no answer: words for the log that follow the address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("is not a web address that can be asked")]
    NotAnAddress,
    #[error("must begin with https://, unless it is in outgoing.allow_networks")]
    NotEncrypted,
    #[error("leads to {0}, which is not on the public internet and not in outgoing.allow_networks")]
    NotPublic(IpAddr),
    #[error("names port {0}, where no web server of a service is")]
    Port(u16),
    #[error("has a host whose address cannot be found: {0}")]
    Unknown(io::Error),
    #[error("cannot be connected to: {0}")]
    Connection(io::Error),
    #[error("cannot be asked, because encryption cannot be set up here: {0}")]
    Encryption(native_tls::Error),
    #[error("cannot be trusted: {0}")]
    Certificate(native_tls::Error),
    #[error("did not answer as a web server does: {0}")]
    Conversation(#[from] hyper::Error),
    #[error("answered with status {}", .0.as_u16())]
    Status(StatusCode),
    #[error("sent more than 64 KiB, or broke off")]
    Body,
    #[error("did not answer within 5 seconds")]
    Slow,
}

/// Finds the addresses of a host. It may block.
type Resolve = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// The one way out.
pub(crate) struct Fetcher {
    settings: Outgoing,
    /// Made when it is needed: to read the certificates that the system trusts takes longer than the rest of the start.
    tls: OnceCell<TlsConnector>,
    own_authority: Option<Certificate>,
    resolve: Arc<Resolve>,
    everybody: Semaphore,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Fetcher {
    /// # Errors
    /// One sentence, where the CA file cannot be used.
    pub(crate) fn new(settings: &Outgoing) -> Result<Self, String> {
        Self::with_resolver(settings, Arc::new(ask_system))
    }

    fn with_resolver(settings: &Outgoing, resolve: Arc<Resolve>) -> Result<Self, String> {
        let read = |file: &std::path::PathBuf| {
            let unusable = |error: &dyn std::fmt::Display| {
                format!("outgoing.ca_file {} cannot be used: {error}", file.display())
            };
            let pem = std::fs::read(file).map_err(|error| unusable(&error))?;
            Certificate::from_pem(&pem).map_err(|error| unusable(&error))
        };
        Ok(Self {
            settings: settings.clone(),
            tls: OnceCell::new(),
            own_authority: settings.ca_file.as_ref().map(read).transpose()?,
            resolve,
            everybody: Semaphore::new(MOST_AT_ONCE),
            hosts: Mutex::default(),
        })
    }

    /// The document at an address.
    pub(crate) async fn get(&self, url: &str, accept: &str) -> Result<Bytes, FetchError> {
        let request = Request::get("/").header(header::ACCEPT, accept).body(Full::default());
        self.exchange(url, request).await
    }

    /// Posts a form to an address that answers with success.
    pub(crate) async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Result<Bytes, FetchError> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form));
        self.exchange(url, request).await
    }

    /// Posts JSON with a header of ours to an address that answers with success.
    pub(crate) async fn post_json(
        &self,
        url: &str,
        body: String,
        (name, value): (&'static str, &str),
    ) -> Result<Bytes, FetchError> {
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, "application/json")
            .header(name, value)
            .body(Full::from(body));
        self.exchange(url, request).await
    }

    async fn exchange(
        &self,
        url: &str,
        request: http::Result<Request<Full<Bytes>>>,
    ) -> Result<Bytes, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::NotAnAddress)?;
        let request = addressed(&url, request.map_err(|_| FetchError::NotAnAddress)?)?;
        tokio::time::timeout(TIME_LIMIT, self.ask(&url, request)).await.unwrap_or(Err(FetchError::Slow))
    }

    async fn ask(&self, url: &Url, request: Request<Full<Bytes>>) -> Result<Bytes, FetchError> {
        let host = self.host(url.host_str().unwrap_or_default());
        let (Ok(_seat), Ok(_place)) = (host.acquire().await, self.everybody.acquire().await) else {
            return Err(FetchError::Slow);
        };
        let addresses = self.checked_addresses(url).await?;
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(FetchError::Connection)?;
        if url.scheme() == "http" {
            return converse(stream, request).await;
        }
        let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let stream = self.tls().await?.connect(name, stream).await.map_err(FetchError::Certificate)?;
        converse(stream, request).await
    }

    /// Finds out whether encrypted connections can be made.
    pub(crate) async fn check(&self) -> Result<(), FetchError> {
        self.tls().await.map(drop)
    }

    async fn tls(&self) -> Result<&TlsConnector, FetchError> {
        self.tls.get_or_try_init(|| self.ready_tls()).await
    }

    async fn ready_tls(&self) -> Result<TlsConnector, FetchError> {
        let mut tls = native_tls::TlsConnector::builder();
        tls.min_protocol_version(Some(Protocol::Tlsv12));
        if let Some(authority) = &self.own_authority {
            tls.add_root_certificate(authority.clone());
        }
        let ready = tokio::task::spawn_blocking(move || tls.build()).await;
        let ready = ready.map_err(|error| FetchError::Connection(io::Error::other(error)))?;
        Ok(ready.map_err(FetchError::Encryption)?.into())
    }

    /// The addresses of a host, every one of which may be asked. One bad address among them condemns them all: who
    /// mixes them means no good.
    async fn checked_addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let port = url.port_or_known_default().ok_or(FetchError::NotAnAddress)?;
        let found = match url.host() {
            None => return Err(FetchError::NotAnAddress),
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            Some(Host::Domain(name)) => self.look_up(name.to_owned()).await.map_err(FetchError::Unknown)?,
        };
        for address in &found {
            if self.is_allowed(*address) {
                continue;
            }
            if !address::is_public(*address) {
                return Err(FetchError::NotPublic(*address));
            }
            if url.scheme() != "https" {
                return Err(FetchError::NotEncrypted);
            }
            // Below 1024 there are mail servers and the like, which can be talked to by what looks like a request.
            if port != 443 && port < 1024 {
                return Err(FetchError::Port(port));
            }
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    fn is_allowed(&self, address: IpAddr) -> bool {
        self.settings.allow_networks.iter().any(|network| network.contains(&address.to_canonical()))
    }

    async fn look_up(&self, name: String) -> io::Result<Vec<IpAddr>> {
        let resolve = Arc::clone(&self.resolve);
        let found = tokio::task::spawn_blocking(move || resolve(&name)).await.map_err(io::Error::other)??;
        if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
    }

    /// The places at a host; those of hosts that nobody is asking are forgotten.
    fn host(&self, name: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|_, places| Arc::strong_count(places) > 1);
        let places = hosts.entry(name.to_owned());
        Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(MOST_AT_ONE_HOST))))
    }
}

fn ask_system(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
}

/// A request for what is at an address. Credentials and fragments are not for sending.
fn addressed(url: &Url, mut request: Request<Full<Bytes>>) -> Result<Request<Full<Bytes>>, FetchError> {
    let is_web =
        matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none();
    let (true, Some(host)) = (is_web, url.host_str()) else { return Err(FetchError::NotAnAddress) };
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    *request.uri_mut() = target.parse().map_err(|_| FetchError::NotAnAddress)?;
    let headers = request.headers_mut();
    for (name, value) in [(header::HOST, authority.as_str()), (header::USER_AGENT, "Gatehouse")] {
        headers.insert(name, value.parse().map_err(|_| FetchError::NotAnAddress)?);
    }
    Ok(request)
}

/// One request and its answer, on a connection of its own, which ends with it.
async fn converse<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Bytes, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let is_get = request.method() == Method::GET;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    // A redirect is no answer: it could lead anywhere.
    if !(status == StatusCode::OK || (!is_get && status.is_success())) {
        return Err(FetchError::Status(status));
    }
    let body = Limited::new(answer.into_body(), LONGEST_BODY).collect().await;
    Ok(body.map_err(|_| FetchError::Body)?.to_bytes())
}
