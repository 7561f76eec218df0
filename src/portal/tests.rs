//! The portal against a provider in miniature, through its own router.

mod stub;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_SECURITY_POLICY, COOKIE, LOCATION, SET_COOKIE};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::Url;

use super::account::{self, Source};
use super::html::Html;
use super::mailbox::{self, MailboxEntry};
use super::problem::Problem;
use super::{Settings, pages, router};
use crate::base::{ClientId, Fault, Timestamp};
use stub::Stub;

fn settings(issuer: String) -> Settings {
    Settings {
        name: "Children's Services Portal".to_owned(),
        base_url: Url::parse("http://localhost:8081").unwrap(),
        issuer,
        client_id: ClientId::parse("portal").unwrap(),
        client_secret: "a-secret".to_owned(),
        other: Some(("Foster Carers Hub".to_owned(), Url::parse("http://localhost:8082/").unwrap())),
    }
}

/// A browser that keeps one cookie and follows no redirects.
struct Browser {
    portal: Router,
    cookie: Option<String>,
}

/// An answer, read to its end.
struct Seen {
    status: StatusCode,
    location: String,
    policy: String,
    body: String,
}

impl Browser {
    fn new(issuer: String) -> Self {
        Self { portal: router(settings(issuer)), cookie: None }
    }

    async fn send(&mut self, method: Method, address: &str, headers: &[(&str, &str)]) -> Seen {
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, format!("other=1; {cookie}"));
        }
        let response = self.portal.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        read(response).await
    }

    async fn open(&mut self, address: &str) -> Seen {
        self.send(Method::GET, address, &[]).await
    }

    /// Starts to log in and lets the stub answer with the right nonce; gives the `state`.
    async fn begin(&mut self, stub: &Stub) -> String {
        let seen = self.open("/login").await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER);
        let request = Url::parse(&seen.location).unwrap();
        let parameter = |name: &str| request.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
        assert_eq!(parameter("code_challenge_method"), "S256");
        assert_eq!(parameter("redirect_uri"), "http://localhost:8081/callback");
        assert_eq!(parameter("scope"), "openid profile email");
        stub.plan().claims["nonce"] = json!(parameter("nonce"));
        parameter("state")
    }

    /// Comes back from the provider with a code.
    async fn finish(&mut self, stub: &Stub, state: &str) -> Seen {
        self.open(&format!("/callback?code=abc&state={state}&iss={}", stub.issuer())).await
    }
}

async fn read(response: Response) -> Seen {
    let header = |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let (location, policy) = (header(LOCATION), header(CONTENT_SECURITY_POLICY));
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Seen { status, location, policy, body: String::from_utf8(body.to_vec()).unwrap() }
}

#[test]
fn text_becomes_no_markup() {
    let html = Html::new("<b>").text("<i a=\"1\" b='2'>&amp;").raw("</b>");
    assert_eq!(html.into_string(), "<b>&lt;i a=&quot;1&quot; b='2'&gt;&amp;amp;</b>");
}

#[test]
fn moments_are_read_in_london() {
    let said = |millis| Html::default().moment(Timestamp::from_millis(millis)).into_string();
    assert_eq!(
        said(1_795_362_120_000),
        "<time datetime=\"2026-11-22T15:42:00Z\">3:42pm on 22 November 2026</time>"
    );
    assert!(said(1_782_860_400_000).contains(">midnight on 1 July 2026<"), "{}", said(1_782_860_400_000));
    assert!(said(1_782_903_600_000).contains(">midday on 1 July 2026<"));
    assert_eq!(said(i64::MAX), (i64::MAX / 1000).to_string());
}

#[test]
fn claims_stand_in_order_with_their_sources() {
    let object = |value: Value| value.as_object().unwrap().clone();
    let claims = account::gather(
        object(json!({ "zebra": null, "exp": 0, "sub": "1", "amr": ["pwd", "otp"], "locale": "en" })),
        object(json!({ "sub": "1", "name": "<Alex>", "locale": "cy", "address": { "country": "UK" } })),
    );
    let listed: Vec<_> = claims.iter().map(|claim| (claim.name.as_str(), claim.source)).collect();
    let (token, info) = (Source::IdToken, Source::UserInfo);
    let expected = [("name", info), ("sub", Source::Both), ("amr", token), ("address", info), ("exp", token)];
    assert_eq!(listed[..5], expected);
    assert_eq!(listed[5..], [("locale", token), ("locale", info)]);

    let table = account::table(&claims).into_string();
    for cell in
        ["&lt;Alex&gt;", ">pwd, otp<", ">1:00am on 1 January 1970<", "{&quot;country&quot;:&quot;UK&quot;}"]
    {
        assert!(table.contains(cell), "{cell}");
    }
}

#[tokio::test]
async fn every_problem_is_explained_once() {
    let declined =
        |code: &str| Problem::Declined { code: code.to_owned(), description: Some("<b>".to_owned()) };
    let problems = [
        (Problem::Cancelled, 200),
        (Problem::Stale, 400),
        (declined("<i>"), 502),
        (Problem::Untrusted(Fault::new("a secret note")), 502),
        (Problem::Unreachable(Fault::new("a secret note")), 503),
    ];
    for (problem, status) in problems {
        let seen = read(pages::problem(&settings(String::new()), &problem)).await;
        assert_eq!(seen.status, status);
        assert_eq!(seen.body.matches("<h1>").count(), 1);
        assert!(seen.body.contains("<a class=\"button\" href=\"/login\">Try again</a>"));
        for hidden in ["secret note", "<b>", "<i>"] {
            assert!(!seen.body.contains(hidden), "{hidden}");
        }
    }
}

#[tokio::test]
async fn the_home_page_has_the_notice_and_my_account() {
    let mut browser = Browser::new("http://127.0.0.1:9".to_owned());
    let seen = browser.open("/").await;
    assert_eq!(seen.status, StatusCode::OK);
    for words in [
        "<html lang=\"en-GB\">",
        "<title>Children's Services Portal</title>",
        "<h1>Welcome to the Children's Services Portal</h1>",
        "If you are worried about the safety or wellbeing of a child or young person, <a href=\"/contact\">please \
         contact us</a>.",
        "href=\"/account\">My Account</a>",
        "<a href=\"http://localhost:8082/\">Foster Carers Hub</a>",
    ] {
        assert!(seen.body.contains(words), "{words}");
    }
    assert!(seen.policy.starts_with("default-src 'none'; style-src 'self'; "), "{}", seen.policy);
    assert_eq!(browser.open("/account").await.location, "/login");
    assert_eq!(browser.open("/contact").await.status, StatusCode::OK);
    assert_eq!(browser.open("/elsewhere").await.status, StatusCode::NOT_FOUND);
    let stylesheet = browser.open(super::STYLESHEET).await.body;
    assert!(stylesheet.len() < 4096, "{}", stylesheet.len());
}

#[tokio::test]
async fn a_person_logs_in_sees_every_claim_and_logs_out() {
    let stub = Stub::start().await;
    let mut browser = Browser::new(stub.issuer());
    let state = browser.begin(&stub).await;
    let before = browser.cookie.clone();
    assert_eq!(browser.finish(&stub, &state).await.location, "/account");
    assert_ne!(browser.cookie, before, "a new cookie after logging in");
    assert!(stub.plan().exchange.contains("code_verifier="));

    let seen = browser.open("/account").await;
    for words in
        ["Alex Example", "alex@school.example", "A &lt;School&gt;", "pwd, otp", "ses-1", "3:42pm on 22 Nov"]
    {
        assert!(seen.body.contains(words), "{words}");
    }
    assert!(seen.policy.contains(&format!("form-action 'self' {};", stub.issuer())), "{}", seen.policy);
    assert!(browser.open("/").await.body.contains("You are logged in as"));

    let forged = browser.send(Method::POST, "/logout", &[("sec-fetch-site", "same-site")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let seen = browser.send(Method::POST, "/logout", &[("sec-fetch-site", "same-origin")]).await;
    let request = Url::parse(&seen.location).unwrap();
    let parameters: std::collections::HashMap<_, _> = request.query_pairs().into_owned().collect();
    assert!(seen.location.starts_with(&format!("{}/logout?", stub.issuer())));
    assert_eq!(parameters["post_logout_redirect_uri"], "http://localhost:8081/");
    assert_eq!(parameters["id_token_hint"].split('.').count(), 3);
    assert_eq!(browser.open("/account").await.location, "/login");

    let home = format!("/?state={}", parameters["state"]);
    assert!(!browser.open("/?state=another").await.body.contains("You have logged out."));
    assert!(browser.open(&home).await.body.contains("You have logged out."));
    assert!(!browser.open(&home).await.body.contains("You have logged out."), "said once");
}

#[tokio::test]
async fn whoever_logs_out_elsewhere_is_forgotten_here_and_only_the_provider_can_say_so() {
    let stub = Stub::start().await;
    let mut browser = Browser::new(stub.issuer());
    let state = browser.begin(&stub).await;
    browser.finish(&stub, &state).await;
    let mut word = stub.plan().claims.clone();
    word.as_object_mut().unwrap().remove("nonce");
    word["events"] = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    let with = |name: &str, value: Value| {
        let mut word = word.clone();
        word[name] = value;
        word
    };
    let tell = async |token: String| {
        let request = Request::builder().method(Method::POST).uri(super::LOGGED_OUT_ELSEWHERE);
        let body = Body::from(format!("logout_token={token}"));
        browser.portal.clone().oneshot(request.body(body).unwrap()).await.unwrap().status()
    };
    for wrong in [
        with("events", json!({})),
        with("nonce", json!("n")),
        with("aud", json!("other")),
        with("iss", json!("https://other.example")),
        with("sid", json!(1)),
    ] {
        let token = stub.plan().sign("logout+jwt", &wrong);
        assert_eq!(tell(token).await, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let other = stub.plan().sign("logout+jwt", &with("sid", json!("ses-2")));
    assert_eq!(tell(other).await, StatusCode::OK);
    assert_eq!(tell(String::new()).await, StatusCode::BAD_REQUEST);
    let good = stub.plan().sign("logout+jwt", &word);
    let mut here = Browser { portal: browser.portal.clone(), cookie: browser.cookie.clone() };
    assert_eq!(here.open("/account").await.status, StatusCode::OK);
    assert_eq!(tell(good).await, StatusCode::OK);
    assert_eq!(here.open("/account").await.location, "/login");
}

#[tokio::test]
async fn without_an_end_session_endpoint_the_log_out_is_local() {
    let stub = Stub::start().await;
    stub.plan().has_logout = false;
    let mut browser = Browser::new(stub.issuer());
    let state = browser.begin(&stub).await;
    browser.finish(&stub, &state).await;
    let seen = browser.send(Method::POST, "/logout", &[]).await;
    assert!(seen.location.starts_with("http://localhost:8081/?state="), "{}", seen.location);
    assert_eq!(browser.send(Method::POST, "/logout", &[]).await.location, "/");
}

#[tokio::test]
async fn an_answer_is_heard_once_and_only_by_the_browser_that_asked() {
    let stub = Stub::start().await;
    let mut browser = Browser::new(stub.issuer());
    let state = browser.begin(&stub).await;
    let mut stranger = Browser { portal: browser.portal.clone(), cookie: None };
    let iss = stub.issuer();
    for address in [
        format!("/callback?code=abc&state=another&iss={iss}"),
        format!("/callback?code=abc&iss={iss}"),
        format!("/callback?code=abc&state={state}&state={state}&iss={iss}"),
    ] {
        assert_eq!(browser.open(&address).await.status, StatusCode::BAD_REQUEST, "{address}");
    }
    assert_eq!(stranger.finish(&stub, &state).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.finish(&stub, &state).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.finish(&stub, &state).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn another_issuer_in_the_answer_is_refused_and_so_is_none() {
    let stub = Stub::start().await;
    let mut browser = Browser::new(stub.issuer());
    for rest in ["code=abc&iss=https://elsewhere.example", "code=abc", "error=access_denied"] {
        let state = browser.begin(&stub).await;
        let seen = browser.open(&format!("/callback?state={state}&{rest}")).await;
        assert!(seen.body.contains("<h1>We could not confirm who you are</h1>"), "{rest}");
    }
    assert_eq!(stub.plan().exchange, "", "no code was spent");
}

#[tokio::test]
async fn errors_of_the_provider_are_shown() {
    let stub = Stub::start().await;
    let mut browser = Browser::new(stub.issuer());
    for (error, title) in [
        ("access_denied", "You cancelled logging in"),
        ("temporarily_unavailable", "The login service could not log you in"),
    ] {
        let state = browser.begin(&stub).await;
        let seen =
            browser.open(&format!("/callback?state={state}&error={error}&iss={}", stub.issuer())).await;
        assert!(seen.body.contains(&format!("<h1>{title}</h1>")), "{}", seen.body);
    }
}

#[tokio::test]
async fn tokens_that_do_not_fit_are_refused() {
    let stub = Stub::start().await;
    let mut browser = Browser::new(stub.issuer());
    for (claim, value) in [
        ("nonce", json!("another")),
        ("iss", json!("https://elsewhere.example")),
        ("aud", json!("another")),
        ("exp", json!(1)),
        ("at_hash", json!("another")),
        ("sub", json!("another")),
    ] {
        let right = stub.plan().claims.clone();
        let state = browser.begin(&stub).await;
        stub.plan().claims[claim] = value;
        let seen = browser.finish(&stub, &state).await;
        assert!(seen.body.contains("<h1>We could not confirm who you are</h1>"), "{claim}");
        assert_eq!(browser.open("/account").await.location, "/login");
        stub.plan().claims = right;
    }
}

#[tokio::test]
async fn a_new_signing_key_is_looked_up() {
    let stub = Stub::start().await;
    let mut browser = Browser::new(stub.issuer());
    let state = browser.begin(&stub).await;
    stub.plan().seed = 2;
    assert_eq!(browser.finish(&stub, &state).await.location, "/account");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_explained() {
    let mut browser = Browser::new("http://127.0.0.1:9".to_owned());
    let seen = browser.open("/login").await;
    assert_eq!(seen.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(seen.body.contains("<h1>We cannot reach the login service</h1>"));
}

#[tokio::test]
async fn the_mailbox_shows_letters_without_letting_them_out() {
    let entry = || MailboxEntry {
        to: "alex@school.example".to_owned(),
        from: "\"Portal\" <no-reply@council.example>".to_owned(),
        subject: "Your code".to_owned(),
        text: "Your code is:\n\n    1234 5678\n".to_owned(),
        html: "<p style=\"color:red\">1234 5678</p>".to_owned(),
        at_millis: 1_795_362_120_000,
    };
    let routes = mailbox::router(move || vec![entry()], json!({ "issuer": "http://localhost:8080" }));
    let mut browser = Browser { portal: routes, cookie: None };
    let seen = browser.open("/dev/mailbox").await;
    for words in [
        "&quot;Portal&quot; &lt;no-reply@council.example&gt;",
        "<pre>\nYour code is:\n\n    1234 5678\n</pre>",
        "<iframe sandbox loading=\"lazy\" title=\"Email 1 as HTML: Your code\"",
        "srcdoc=\"&lt;p style=&quot;color:red&quot;&gt;1234 5678&lt;/p&gt;\"",
    ] {
        assert!(seen.body.contains(words), "{words}");
    }
    let list: Value = serde_json::from_str(&browser.open("/dev/mailbox.json").await.body).unwrap();
    assert_eq!(list[0]["at"], "2026-11-22T15:42:00Z");
    assert_eq!(list[0]["text"], "Your code is:\n\n    1234 5678\n");
    assert_eq!(browser.open("/dev/demo.json").await.body, "{\"issuer\":\"http://localhost:8080\"}");
}
