//! The outermost layer: it names the visit, limits it in time, catches breakages, puts the headers on and
//! writes the one line of the log.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tower_http::cors::{self, CorsLayer};

use crate::base::{Fault, Random, paths};
use crate::config::Config;
use crate::model::Visit;
use crate::web::Web;
use crate::web::pages::trouble;
use crate::web::respond::problem::Asker;
use crate::web::respond::{Note, browser, problem};
use crate::web::serve::PeerAddress;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a browser need not ask again whether it may ask.
const PREFLIGHT: Duration = Duration::from_secs(3600);
const LONGEST_COOKIES: usize = 8 * 1024;
const LONGEST_TARGET: usize = 8 * 1024;
const LONGEST_NOTE: usize = 1_000;

/// Wraps every request.
#[expect(clippy::disallowed_methods, reason = "the edge measures how long an answer took")]
pub(super) async fn front_door(State(web): State<Arc<Web>>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let visit = visit(&web, &request);
    let method = request.method().clone();
    let path = loggable(request.uri().path());
    let is_called = paths::CALLED.contains(&request.uri().path());
    let asker = Asker::of(&request);
    let mut response = match unfit(&web.kit.config, &request) {
        Some(StatusCode::MISDIRECTED_REQUEST) => trouble::misdirected(&web, asker),
        Some(status) => status.into_response(),
        None if problem::is_closed(&web, request.uri().path()) => problem::closed(&web, asker),
        None => {
            request.extensions_mut().insert(visit.clone());
            guarded(&web, next.run(request), &visit, asker).await
        }
    };
    if asker == Asker::Tool {
        response = problem::in_form(response);
    }
    let note = response.extensions_mut().remove::<Note>().map(|note| shortened(&note.0)).unwrap_or_default();
    let status = response.status();
    put_headers(&web.kit.config, &mut response);
    if is_called {
        // Answers that come from here, such as that the service is closed, did not pass the layer that lets scripts in.
        let anybody = HeaderValue::from_static("*");
        response.headers_mut().entry(header::ACCESS_CONTROL_ALLOW_ORIGIN).or_insert(anybody);
    }
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        target: "gatehouse::request",
        reference = visit.reference,
        method = %method,
        path,
        status = status.as_u16(),
        micros,
        address = visit.address,
        note,
        "request"
    );
    response
}

/// Runs the handlers; what breaks in them becomes a page and a line in the log.
async fn guarded(web: &Web, answer: impl Future<Output = Response>, visit: &Visit, asker: Asker) -> Response {
    let fault = match tokio::time::timeout(PATIENCE, answer).await {
        Ok(mut response) => match response.extensions_mut().remove::<Arc<Fault>>() {
            None => return response,
            Some(fault) => fault,
        },
        Err(_) => Arc::new(Fault::new("no answer in time").that_may_pass()),
    };
    tracing::error!(reference = visit.reference, fault = fault.to_string(), "something broke");
    problem::problem(web, visit, (asker, fault.may_pass()))
}

/// Lets scripts of any site call an endpoint (Fetch standard, section 3.3): a relying party that runs in the
/// browser holds its code or token itself, and no cookie counts there.
pub(super) fn any_origin() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(cors::Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("dpop")])
        .expose_headers([header::WWW_AUTHENTICATE, HeaderName::from_static("dpop-nonce")])
        .max_age(PREFLIGHT)
        // The answer is the same for everybody.
        .vary([])
}

/// Turns a panic into the same kind of breakage as any other.
pub(super) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    problem::broken(Fault::new("a handler panicked"))
}

fn visit(web: &Web, request: &Request) -> Visit {
    let peer = request.extensions().get::<PeerAddress>().map(|peer| peer.0);
    Visit {
        address: address(&web.kit.config, peer, request.headers()).to_string(),
        reference: reference(&*web.kit.random),
        browser: browser::describe(request.headers()),
    }
}

/// The visitor's address: the peer's, unless the peer is a proxy of ours. Then it is the last address in the
/// one header that is trusted which is not a proxy of ours either; what stands before it, anybody can write.
fn address(config: &Config, peer: Option<SocketAddr>, headers: &HeaderMap) -> IpAddr {
    let unknown = IpAddr::from([0, 0, 0, 0]);
    let peer = peer.map_or(unknown, |peer| peer.ip().to_canonical());
    if !config.listen.is_proxy(peer) {
        return peer;
    }
    let lines: Vec<&str> = headers
        .get_all(&config.listen.forwarded_header)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    let hops = lines.iter().flat_map(|line| line.split(',')).map(str::trim).collect::<Vec<_>>();
    for hop in hops.into_iter().rev() {
        let Ok(hop) = hop.parse::<IpAddr>() else { return peer };
        if !config.listen.is_proxy(hop.to_canonical()) {
            return hop.to_canonical();
        }
    }
    peer
}

/// Eight characters that people can read out on the telephone: no I, L, O or U.
fn reference(random: &dyn Random) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    let mut text: String = bytes
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)).map(|b| char::from(*b)))
        .collect();
    text.insert(4, '-');
    text
}

/// Identifiers of journeys stay out of the log: with a stolen cookie they would be half of a way in.
fn loggable(path: &str) -> String {
    let shown: String = path
        .split('/')
        .map(|part| match part {
            part if part.starts_with("flw_") => "{flow}",
            part if part.starts_with("gh_") => "{token}",
            part => part,
        })
        .collect::<Vec<_>>()
        .join("/");
    shown.chars().take(200).collect()
}

/// A line of the log has an end, whatever came in.
fn shortened(note: &str) -> String {
    note.chars().take(LONGEST_NOTE).collect()
}

/// What is wrong with a request, whatever it asks for.
fn unfit(config: &Config, request: &Request) -> Option<StatusCode> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let cookies: usize = request.headers().get_all(header::COOKIE).iter().map(HeaderValue::len).sum();
    if target > LONGEST_TARGET {
        Some(StatusCode::URI_TOO_LONG)
    } else if cookies > LONGEST_COOKIES {
        Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    } else {
        misdirected(config, request)
    }
}

/// Keeps out whoever names a host that is not ours, so that no page of another site's name leads here (RFC 9110,
/// section 7.4). What watches over the process calls it by any name.
fn misdirected(config: &Config, request: &Request) -> Option<StatusCode> {
    let mut lines = request.headers().get_all(header::HOST).iter();
    let (line, more) = (lines.next()?, lines.next().is_some());
    let peer = request.extensions().get::<PeerAddress>().map(|peer| peer.0.ip().to_canonical());
    let path = request.uri().path();
    if more {
        return Some(StatusCode::BAD_REQUEST);
    }
    if matches!(path, paths::HEALTHZ | paths::READYZ) || peer.is_some_and(|peer| config.listen.is_proxy(peer))
    {
        return None;
    }
    match Authority::try_from(line.as_bytes()) {
        Ok(host) if config.answers_to(&host) => None,
        Ok(_) => Some(StatusCode::MISDIRECTED_REQUEST),
        Err(_) => Some(StatusCode::BAD_REQUEST),
    }
}

/// Marks an answer that may stand in the pages of other sites.
#[derive(Clone, Copy)]
pub(super) struct Framed;

/// The headers of every answer; a handler that set one knows better.
fn put_headers(config: &Config, response: &mut Response) {
    const ALWAYS: [(HeaderName, &str); 6] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, super::respond::page::POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    let is_framed = response.extensions().get::<Framed>().is_some();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        if is_framed && name == header::X_FRAME_OPTIONS {
            continue;
        }
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry("x-robots-tag").or_insert(HeaderValue::from_static("noindex"));
    if config.is_https() {
        let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(two_years);
    }
}
