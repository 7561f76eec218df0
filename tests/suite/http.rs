//! What is true of every answer, whatever was asked: headers, limits, damage, breakages, and the log.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{HeaderName, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tracing::subscriber::DefaultGuard;

use super::portal::Portal;
use super::support::{Ask, Browser, PASSWORD, Page, Provider};
use crate::base::paths;

/// Every path of the plan, with something in the place of its names.
fn every_path() -> Vec<String> {
    let source = include_str!("../../src/base/paths.rs");
    let paths: Vec<String> = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub(crate) const ")?.split('"').nth(1).map(str::to_owned))
        .map(|path| path.replace("{flow}", "flw_00000000000000000000000000000000").replace("{file}", "x.css"))
        .collect();
    assert!(paths.len() > 25, "{}", paths.len());
    paths
}

const ONCE: [&str; 8] = [
    "cache-control",
    "content-security-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
    "permissions-policy",
    "x-robots-tag",
    "strict-transport-security",
];

#[track_caller]
fn assert_headers(page: &Page, about: &str) {
    // The one page that is made to stand in the pages of services.
    let is_framed = page.url == paths::CHECK_SESSION && page.status.is_success();
    for name in ONCE.iter().filter(|name| !is_framed || **name != "x-frame-options") {
        let lines = page.headers.get_all(HeaderName::from_static(name)).iter().count();
        assert_eq!(lines, 1, "{about}: {name} stands {lines} times");
    }
    assert!(is_framed || page.header("x-frame-options") == "DENY", "{about}");
    assert_eq!(page.header("referrer-policy"), "no-referrer", "{about}");
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{about}");
    let policy = page.header("content-security-policy");
    assert_ne!(policy.contains("frame-ancestors 'none'"), is_framed, "{about}: {policy}");
    assert!(policy.contains("default-src 'none'"), "{about}: {policy}");
    assert!(!policy.contains("unsafe-eval"), "{about}: {policy}");
    let redirected_as_is = [StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT];
    assert!(!redirected_as_is.contains(&page.status), "{about}");
    assert!(!page.headers.contains_key(header::SERVER), "{about}");
}

/// Row 38: nothing on a page comes from elsewhere.
#[track_caller]
fn assert_own_resources(page: &Page, about: &str) {
    for tag in page.body.split('<') {
        let loads = ["script", "link", "img", "iframe", "source"].iter().any(|name| tag.starts_with(name));
        for attribute in ["src=\"", "href=\""] {
            if let (true, Some(url)) = (loads, tag.split(attribute).nth(1)) {
                assert!(url.starts_with('/') && !url.starts_with("//"), "{about}: <{tag:.80}");
            }
        }
    }
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Page {
    let url = request.uri().to_string();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
    Page { status: parts.status, headers: parts.headers, body, url }
}

async fn post(router: &Router, path: &str, body: impl Into<Body>) -> Page {
    let form = "application/x-www-form-urlencoded";
    let request = Request::post(path).header(header::CONTENT_TYPE, form);
    send(router, request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn rows_37_38_39_every_answer_has_its_headers_once_and_none_reposts() {
    let portal = Portal::open().await;
    let mut statuses = BTreeSet::new();
    for path in every_path().iter().map(String::as_str).chain(["/nowhere", "/account/x.css", "/jwks/x.css"]) {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
            let about = format!("{method} {path}");
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let foreign = [("sec-fetch-site", "cross-site")];
            for (mut browser, headers) in
                [(portal.provider.browser(), &foreign[..]), (portal.alex.clone(), &[])]
            {
                let page = browser.send(method.clone(), path, None, headers).await;
                assert_headers(&page, &about);
                assert_own_resources(&page, &about);
                assert!(page.status != StatusCode::INTERNAL_SERVER_ERROR, "{about}");
                if page.status == StatusCode::METHOD_NOT_ALLOWED {
                    assert!(!page.header(header::ALLOW).is_empty(), "{about}");
                }
                statuses.insert(page.status.as_u16());
            }
        }
    }
    for expected in [200, 303, 400, 403, 404, 405, 503] {
        assert!(statuses.contains(&expected), "{expected} is not among {statuses:?}");
    }
}

#[tokio::test]
async fn row_85_only_public_documents_and_hashed_files_are_kept() {
    let portal = Portal::open().await;
    let mut alex = portal.alex.clone();
    let home = alex.open("/").await;
    let style = home.body.split("href=\"/static/").nth(1).unwrap().split('"').next().unwrap();
    for path in every_path() {
        let page = alex.open(&path).await;
        let public =
            [paths::JWKS, paths::OPENID_CONFIGURATION, paths::OAUTH_METADATA].contains(&path.as_str());
        let expected = if public { "public, max-age=3600" } else { "no-store" };
        assert_eq!(page.header(header::CACHE_CONTROL), expected, "{path}");
    }
    let colours = home.body.split("href=\"/brand/").nth(1).unwrap().split('"').next().unwrap();
    for path in [format!("/static/{style}"), format!("/brand/{colours}")] {
        let kept = alex.open(&path).await.expect(StatusCode::OK);
        assert!(kept.header(header::CACHE_CONTROL).contains("immutable"));
        assert_headers(&kept, &path);
    }
    for path in ["/account/x.css", "/authorize/x.css", "/userinfo/x.css", "/token/", "/logout/x.png", "//"] {
        alex.open(path).await.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn row_80_what_is_too_large_is_refused_by_its_name() {
    const BODY: usize = 16 * 1024;
    const LINE: usize = 8 * 1024;
    let provider = Provider::start().await;
    let body = |size: usize| format!("x={}", "y".repeat(size - 2));
    for path in [paths::TOKEN, paths::USERINFO, paths::AUTHORIZE] {
        let page = post(&provider.router, path, body(BODY)).await;
        assert_ne!(page.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        let page = post(&provider.router, path, body(BODY + 1)).await;
        assert_headers(&page.expect(StatusCode::PAYLOAD_TOO_LARGE), path);
    }
    let target = |size: usize| format!("/help?{}", "x".repeat(size - 6));
    let mut browser = provider.browser();
    browser.open(&target(LINE)).await.expect(StatusCode::OK);
    assert_headers(&browser.open(&target(LINE + 1)).await.expect(StatusCode::URI_TOO_LONG), "414");
    let with_cookie = |size: usize| {
        let mut browser = provider.browser();
        browser.cookies.insert("c".to_owned(), "x".repeat(size - 2));
        browser
    };
    with_cookie(LINE).open("/help").await.expect(StatusCode::OK);
    let refused = with_cookie(LINE + 1).open("/help").await;
    assert_headers(&refused.expect(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE), "431");
}

#[tokio::test]
async fn rows_78_79_repeated_and_damaged_parameters_are_refused_by_programs_endpoints() {
    let portal = Portal::open().await;
    let router = &portal.provider.router;
    for path in [paths::TOKEN, paths::USERINFO] {
        for body in [
            "client_id=portal&client_id=portal",
            "client_id=portal&client%5Fid=other",
            "access_token=x&access_token=x",
            "grant_type=%00",
            "code=%ff%fe",
            "code=\u{0}",
            "%c0%80=1",
        ] {
            let page = post(router, path, body).await.expect(StatusCode::BAD_REQUEST);
            assert_eq!(page.json()["error"], "invalid_request", "{path} {body:?}");
        }
        let crossed =
            post(router, &format!("{path}?client_id=a&access_token=b"), "client_id=c&access_token=d").await;
        assert_eq!(crossed.expect(StatusCode::BAD_REQUEST).json()["error"], "invalid_request", "{path}");
        let json = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        let page = send(router, json.body(Body::from("{\"a\":1}")).unwrap()).await;
        assert_eq!(page.expect(StatusCode::BAD_REQUEST).json()["error"], "invalid_request");
    }
}

#[tokio::test]
async fn row_86_what_would_be_sql_is_text() {
    let portal = Portal::open().await;
    let mut alex = portal.alex.clone();
    for text in [
        "' OR '1'='1",
        "'; DROP TABLE users; --",
        "\" OR 1=1 --",
        "1) UNION SELECT * FROM clients --",
        "$1",
        "?1",
        "%",
        "_",
        "\\",
        "x'); PRAGMA writable_schema=1; --",
        "'||pg_sleep(9)||'",
    ] {
        for name in ["client_id", "redirect_uri", "scope", "nonce", "login_hint", "claims", "prompt"] {
            let page = alex.open(&portal.ask.clone().with(name, text).url()).await;
            assert!(page.status.as_u16() < 500, "{name}={text}");
        }
        let code = portal.redeem(text).await;
        assert!(code.status.is_client_error(), "{text}");
        let credentials = super::support::basic(text, text);
        let token = alex.call("/token", &[("code", text)], &[("authorization", &credentials)]).await;
        assert!(token.status.is_client_error(), "{text}");
        portal.userinfo(text).await.expect(StatusCode::UNAUTHORIZED);
    }
    portal.code(&portal.ask).await;
}

#[tokio::test]
async fn row_87_a_panic_is_one_broken_answer_and_says_nothing() {
    let provider = Provider::start().await;
    let extra = Router::new().route("/panic", get(|| async { panic!("the secret reason") as () }));
    let router = provider.app.router(extra);
    let mut browser = Browser::at(router.clone());
    for _ in 0..200 {
        let page = browser.open("/panic").await.expect(StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!page.body.contains("secret reason") && !page.body.contains(".rs:"), "{}", page.body);
        assert_headers(&page, "500");
    }
    let json = Request::get("/panic").header(header::ACCEPT, "application/json");
    let page = send(&router, json.body(Body::empty()).unwrap()).await;
    assert_eq!(page.expect(StatusCode::INTERNAL_SERVER_ERROR).json()["error"], "server_error");
    browser.open(paths::READYZ).await.expect(StatusCode::OK);
}

/// What was logged, by this thread, while the guard lives.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

/// Ends the keeping when it is dropped; the lock last.
pub(super) struct Keeping {
    _default: DefaultGuard,
    _alone: MutexGuard<'static, ()>,
}

static KEEPING: Mutex<()> = Mutex::new(());

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Begins to keep everything down to TRACE, as the JSON lines of service. One test does so at a time: when one ends,
    /// what is worth logging is found out anew for the whole process, and another could miss a line meanwhile.
    pub(super) fn keep() -> (Self, Keeping) {
        let alone = KEEPING.lock().unwrap_or_else(PoisonError::into_inner);
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        (log, Keeping { _default: tracing::subscriber::set_default(subscriber), _alone: alone })
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines about requests, each of which must be an object of its own.
    pub(super) fn requests(&self) -> Vec<serde_json::Value> {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")));
        lines.filter(|line: &serde_json::Value| line["target"] == "gatehouse::request").collect()
    }
}

#[tokio::test]
async fn row_92_whatever_comes_in_an_event_stays_one_short_line() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let (log, guard) = Log::keep();
    let mut browser = provider.browser();
    browser.extra.push(("user-agent", format!("\t\"}}{{\"level\":\"ERROR\"{}", "A".repeat(100_000))));
    let hostile = "\r\n{\"level\":\"ERROR\"}\u{1b}[31m\u{2028}\u{85}".repeat(150);
    for url in [
        format!("/{}", "%0d%0a%1b[31m\"x\"".replace('"', "%22").repeat(300)),
        Ask::of("portal").with("redirect_uri", &hostile[..1_500]).url(),
        Ask::of(&"\u{1}".repeat(2_000)).url(),
        Ask::of("portal").with("redirect_uri", &"\u{1}".repeat(2_000)).url(),
    ] {
        assert!(browser.open(&url).await.status.is_client_error(), "{url:.60}");
    }
    let big = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "portal")
        .append_pair("redirect_uri", &"\u{1}".repeat(5_000))
        .finish();
    post(&provider.router, "/authorize", big).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(log.requests().len(), 5);
    for line in log.text().lines().filter(|line| line.contains("gatehouse::")) {
        assert!(line.len() <= 8 * 1024, "{} bytes: {line:.200}", line.len());
        assert!(!line.contains(['\u{1b}', '\u{2028}', '\u{85}']), "{line:.200}");
    }
    drop(guard);
}

#[tokio::test]
async fn row_94_no_secret_is_ever_logged() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let ask = Ask::of("portal").with("login_hint", "alex@school.example");
    let (log, guard) = Log::keep();
    let mut alex = provider.browser();
    let begun = alex.open(&ask.url()).await;
    let login = alex.follow(begun).await;
    let wrong =
        alex.submit(&login, &[("email", "alex@school.example"), ("password", "wrong horse battery")]).await;
    let sent = alex.submit(&wrong, &[("email", "alex@school.example"), ("password", PASSWORD)]).await;
    let mut secrets: BTreeSet<String> = alex.cookies.values().cloned().collect();
    let code_page = alex.follow(sent).await;
    let emailed = provider.last_code_to("alex@school.example").await;
    let done = alex.submit(&code_page, &[("code", &emailed)]).await;
    secrets.extend(alex.cookies.values().cloned());
    let welcome = alex.follow(done).await.expect(StatusCode::OK);
    let flow = welcome.url.split("flow=").nth(1).unwrap().to_owned();
    let code = alex.open(&format!("/flow/{flow}/continue")).await.location_param("code").unwrap();
    provider.redeem(&code, &ask, "portal", &format!("{secret}x")).await.expect(StatusCode::UNAUTHORIZED);
    let tokens = provider.redeem(&code, &ask, "portal", &secret).await.expect(StatusCode::OK).json();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {}", text("access_token"));
    alex.call("/userinfo", &[], &[("authorization", &bearer)]).await.expect(StatusCode::OK);
    provider.redeem(&code, &ask, "portal", &secret).await.expect(StatusCode::BAD_REQUEST);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", &text("id_token"))
        .append_pair("post_logout_redirect_uri", "https://portal.example/")
        .finish();
    alex.open(&format!("/logout?{query}")).await.expect(StatusCode::SEE_OTHER);
    secrets
        .extend([PASSWORD, "wrong horse", &emailed, &code, &secret, &ask.verifier, &flow].map(str::to_owned));
    secrets.extend([text("access_token"), text("id_token"), login.hidden("token").unwrap()]);
    secrets.insert(format!("{} {}", &emailed[..4], &emailed[4..]));
    let logged = log.text();
    drop(guard);
    assert!(logged.contains("gatehouse::request"), "the log was kept");
    for secret in secrets {
        assert!(!logged.contains(&secret), "{secret} was logged");
    }
}

#[tokio::test]
async fn row_62_scripts_of_any_site_may_call_what_programs_call_and_nothing_that_has_cookies() {
    let portal = Portal::open().await;
    let ask = |method: Method, path: &str| {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::ORIGIN, "https://app.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,dpop")
            .body(Body::empty())
            .unwrap()
    };
    let router = &portal.provider.router;
    for path in [paths::OPENID_CONFIGURATION, paths::JWKS, paths::TOKEN, paths::USERINFO] {
        let preflight = send(router, ask(Method::OPTIONS, path)).await.expect(StatusCode::OK);
        assert_eq!(preflight.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(preflight.header("access-control-allow-headers"), "authorization,content-type,dpop");
        assert!(!preflight.headers.contains_key("access-control-allow-credentials"), "{path}");
        // A refusal is an answer too, and the script must be able to read it.
        let answer = send(router, ask(Method::POST, path)).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path} {}", answer.status);
    }
    for path in [paths::AUTHORIZE, paths::LOGIN, paths::LOGOUT, paths::HOME] {
        for method in [Method::OPTIONS, Method::GET] {
            let answer = send(router, ask(method, path)).await;
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{path}");
        }
    }
}

#[tokio::test]
async fn while_the_service_is_closed_people_programs_and_balancers_are_each_told_in_their_way() {
    let directory = tempfile::tempdir().unwrap();
    let sign = directory.path().join("closed");
    let provider = Provider::start_with(|config| config.listen.closed_file = Some(sign.clone())).await;
    let mut alex = provider.browser();
    alex.open(paths::HELP).await.expect(StatusCode::OK);
    std::fs::write(&sign, "9am on Monday 23 November 2026").unwrap();
    let page = alex.open(paths::LOGIN).await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text().contains("9am on Monday 23 November 2026"), "{}", page.text());
    let told = alex.call(paths::TOKEN, &[], &[]).await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told.json()["error"], "temporarily_unavailable");
    assert_eq!(told.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    for sign_of_life in [paths::HEALTHZ, paths::READYZ] {
        alex.open(sign_of_life).await.expect(StatusCode::OK);
    }
}
