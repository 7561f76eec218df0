//! What talks to a provider in another process: a connection that is kept open, and a browser with cookies.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub body: String,
    /// The path and query that were asked for.
    pub url: String,
}

impl Answer {
    /// A parameter in the address that this answer leads to.
    pub fn onward(&self, name: &str) -> Option<String> {
        let (_, query) = self.location().split_once('?')?;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().expect("an address in ASCII"))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The hidden token of the page's form.
    fn token(&self) -> &str {
        let tag = self.body.split('<').find(|tag| tag.starts_with("input") && tag.contains("name=\"token\""));
        let value = tag.and_then(|tag| tag.split("value=\"").nth(1)?.split('"').next());
        value.unwrap_or_else(|| panic!("no form on {}: {} {}", self.url, self.status, self.body))
    }
}

/// One connection of HTTP/1.1, opened when it is needed and kept.
pub struct Wire {
    pub port: u16,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Wire {
    pub const fn to(port: u16) -> Self {
        Self { port, open: None }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// Where the other side cannot be reached or breaks off.
    pub async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let url = request.uri().to_string();
        let mut sender = match self.open.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => connect(self.port).await?,
        };
        sender.ready().await.map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        self.open = Some(sender);
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status: parts.status, headers: parts.headers, body, url })
    }
}

async fn connect(port: u16) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(sender)
}

/// A request with a form or without a body.
pub fn request(url: &str, headers: &[(&str, &str)], form: Option<&[(&str, &str)]>) -> Request<Full<Bytes>> {
    let method = if form.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::builder().method(method).uri(url).header(header::HOST, "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = form.map_or_else(String::new, |fields| {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
    });
    if form.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    request.body(Full::from(body)).expect("a request")
}

/// An HTTP Basic header.
pub fn basic(client: &str, secret: &str) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{client}:{secret}"));
    format!("Basic {encoded}")
}

/// A browser: a connection and cookies.
pub struct Browser {
    pub wire: Wire,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn at(port: u16) -> Self {
        Self { wire: Wire::to(port), cookies: BTreeMap::new() }
    }

    pub async fn open(&mut self, url: &str) -> Result<Answer, String> {
        self.send(url, None).await
    }

    /// Goes where an answer leads, for as long as it stays with the provider.
    pub async fn follow(&mut self, mut answer: Answer) -> Result<Answer, String> {
        while answer.status == StatusCode::SEE_OTHER && answer.location().starts_with('/') {
            let next = answer.location().to_owned();
            answer = self.open(&next).await?;
        }
        Ok(answer)
    }

    /// Fills in the form of a page and posts it to the page's own address.
    pub async fn submit(&mut self, page: &Answer, fields: &[(&str, &str)]) -> Result<Answer, String> {
        let mut all = vec![("token", page.token())];
        all.extend_from_slice(fields);
        self.send(&page.url, Some(&all)).await
    }

    /// The first step of logging in, from any address that leads there; the page that asks for the code.
    pub async fn enter_password(&mut self, url: &str, who: (&str, &str)) -> Result<Answer, String> {
        let begun = self.open(url).await?;
        let page = self.follow(begun).await?;
        let sent = self.submit(&page, &[("email", who.0), ("password", who.1)]).await?;
        self.follow(sent).await
    }

    async fn send(&mut self, url: &str, form: Option<&[(&str, &str)]>) -> Result<Answer, String> {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = pairs.join("; ");
        let answer = self.wire.ask(request(url, &[("cookie", &cookies)], form)).await?;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("a cookie in ASCII");
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }
}
