//! What comes over the wire: addresses, headers and bodies, up to the answer that goes back.

use axum::body::Body;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{assert_plain, fuzz};
use crate::suite::browser::Page;
use crate::suite::support::{Ask, ISSUER, Provider, REDIRECT, basic};

const ALEX: &str = "alex@school.example";
const FORM: &str = "application/x-www-form-urlencoded";

/// A request as it is written here: the method, the address, headers with a name each, an empty line, the body.
/// `None` where no server would read it that far.
fn request(input: &[u8]) -> Option<Request<Body>> {
    let end = input.windows(2).position(|two| two == b"\n\n")?;
    let (head, body) = (&input[..end], &input[end + 2..]);
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let (method, target) = first.split_once(' ')?;
    let mut request = Request::new(Body::from(body.to_vec()));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *request.uri_mut() = target.parse::<Uri>().ok().filter(|uri| uri.host().is_none())?;
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = header::HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        request.headers_mut().append(name, value);
    }
    Some(request)
}

/// The answer, which keeps every promise that all answers keep; and in a few words what it was.
async fn ask(provider: &Provider, input: &[u8]) -> Option<(Page, String)> {
    let request = request(input)?;
    let url = request.uri().to_string();
    let (parts, body) = provider.router.clone().oneshot(request).await.unwrap().into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).ok()?;
    let page = Page { status: parts.status, headers: parts.headers, body, url };
    assert!(!page.status.is_server_error(), "{}\n{}", page.status, page.body);
    assert!(!page.body.contains("<zq"), "what came in is text on a page: {}", page.body);
    let location = page.location();
    let is_home = location.starts_with('/') && !location.starts_with("//") && !location.contains('\\');
    let onward = location.strip_prefix(REDIRECT).or_else(|| location.strip_prefix("https://portal.example/"));
    let is_known = onward.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '#']));
    assert!(location.is_empty() || is_home || is_known, "sent to {location}");
    let error = if location.is_empty() { None } else { page.location_param("error_description") };
    let said = match page.header(header::CONTENT_TYPE) {
        "application/json" => page.json()["error_description"].as_str().map(str::to_owned),
        _ => page.body.split_once("<title>").map(|(_, rest)| rest.chars().take(40).collect()),
    };
    error.iter().for_each(|words| assert_plain(words));
    if page.header(header::CONTENT_TYPE) == "application/json" {
        said.iter().for_each(|words| assert_plain(words));
    }
    let place = location.split(['?', '#']).next().unwrap_or_default();
    let place = if place.contains("flw_") { "a journey" } else { place };
    let answer = format!("{} {place} {error:?} {said:?}", page.status);
    Some((page, answer))
}

async fn answered(provider: &Provider, input: &[u8]) -> String {
    ask(provider, input).await.map_or_else(|| "no request".to_owned(), |(_, answer)| answer)
}

async fn with_portal() -> (Provider, String) {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    (provider, secret)
}

#[tokio::test]
async fn an_authorization_request_never_leads_to_a_stranger() {
    let world = async || {
        let (provider, _) = with_portal().await;
        let asks = [
            Ask::of("portal"),
            Ask::of("portal").with("prompt", "none"),
            Ask::of("portal")
                .with("prompt", "none")
                .with("redirect_uri", &format!("{REDIRECT}.evil.example")),
            Ask::of("portal")
                .with("response_mode", "form_post")
                .with("max_age", "0")
                .with("ui_locales", "en cy"),
            Ask::of("portal").with("claims", r#"{"id_token":{"email":null}}"#).with("login_hint", ALEX),
            Ask::of("portal").with("request", "e30.e30.").with("id_token_hint", "e30.e30.AAAA"),
            Ask::of("portal").with("response_mode", "jwt").with("request_uri", "https://portal.example/r"),
        ];
        let get = |ask: &Ask| format!("GET {}\nhost: x\n\n", ask.url());
        let post = |ask: &Ask| {
            let url = ask.url();
            format!("POST /authorize\ncontent-type: {FORM}\n\n{}", url.split_once('?').unwrap().1)
        };
        let examples = asks.iter().map(get).chain(asks.iter().map(post));
        (provider, examples.map(String::into_bytes).collect())
    };
    fuzz(world, async |provider, input| answered(provider, input).await).await;
}

#[tokio::test]
async fn programs_are_told_what_is_wrong_in_words_that_fit_the_wire() {
    let world = async || {
        let (provider, secret) = with_portal().await;
        let basic = basic("portal", &secret);
        let pushed = Ask::of("portal").url().split_once('?').unwrap().1.to_owned();
        let bodies = [
            (
                "/token",
                "grant_type=authorization_code&code=gh_ac_x&redirect_uri=https%3A%2F%2Fportal.example&code_verifier=x",
            ),
            ("/token", "grant_type=refresh_token&refresh_token=gh_rt_x&scope=openid"),
            ("/token", "grant_type=client_credentials&scope=cases%3Aread"),
            ("/par", pushed.as_str()),
            ("/introspect", "token=gh_at_x&token_type_hint=access_token"),
            ("/revoke", "token=gh_rt_x"),
        ];
        let with_header = bodies.map(|(path, body)| {
            format!("POST {path}\ncontent-type: {FORM}\nauthorization: {basic}\n\n{body}").into_bytes()
        });
        let in_form = bodies.map(|(path, body)| {
            let credentials = format!("client_id=portal&client_secret={secret}");
            format!("POST {path}\ncontent-type: {FORM}\n\n{credentials}&{body}").into_bytes()
        });
        let token = b"GET /userinfo\nauthorization: Bearer gh_at_x\n\n".to_vec();
        (provider, with_header.into_iter().chain(in_form).chain([token]).collect())
    };
    fuzz(world, async |provider, input| answered(provider, input).await).await;
}

#[tokio::test]
async fn whatever_people_send_they_get_a_page() {
    let world = async || {
        let (provider, _) = with_portal().await;
        let mut browser = provider.browser();
        let login = provider.login_page(&mut browser, &Ask::of("portal")).await;
        let cookies = browser.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let own = format!("origin: {ISSUER}\nsec-fetch-site: same-origin\ncookie: {cookies}");
        let token = login.hidden("token").unwrap();
        let flow = login.flow();
        let post = |path: &str, body: &str| {
            format!("POST {path}?flow={flow}\n{own}\ncontent-type: {FORM}\n\ntoken={token}&{body}")
        };
        let get = |path: &str| format!("GET {path}\n{own}\naccept-language: cy,en;q=0.5\n\n");
        let examples = [
            post("/login", "email=nobody%40school.example&password=x"),
            post("/login/code", "code=12345678"),
            post("/reset", "email=nobody%40school.example"),
            post("/reset/code", "code=12345678"),
            post("/reset/password", "password=purple+otter+drumming"),
            post(
                "/logout",
                "id_token_hint=e30.e30.AAAA&post_logout_redirect_uri=https%3A%2F%2Fportal.example%2F",
            ),
            get("/logout?client_id=portal&state=x&post_logout_redirect_uri=https://portal.example/"),
            get(&login.url),
            get("/static/none.css"),
        ];
        (provider, examples.map(String::into_bytes).to_vec())
    };
    fuzz(world, async |provider, input| answered(provider, input).await).await;
}

#[tokio::test]
async fn only_the_very_cookie_of_a_session_once_is_believed() {
    let world = async || {
        let (provider, _) = with_portal().await;
        let mut browser = provider.browser();
        provider.log_in(&mut browser, &Ask::of("portal"), ALEX).await.expect(StatusCode::OK);
        let cookie = browser.cookies["__Host-session"].clone();
        let examples = [
            format!("__Host-session={cookie}"),
            format!("a=b; __Host-session={cookie}; __Host-device=gh_de_x"),
            format!("__Host-session={cookie}; __Host-session={cookie}"),
            format!("session={cookie}"),
        ];
        ((provider, cookie), examples.map(String::into_bytes).to_vec())
    };
    fuzz(world, async |(provider, cookie), line| {
        let whole = [b"GET /account/sessions\ncookie: ", line, b"\n\n"].concat();
        let Some((page, answer)) = ask(provider, &whole).await else { return "no request".to_owned() };
        let line = String::from_utf8_lossy(line);
        let values: Vec<&str> = line
            .lines()
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == "__Host-session")
            .map(|(_, value)| value)
            .collect();
        let is_believed = page.status == StatusCode::OK;
        assert!(!is_believed || values == [cookie.as_str()], "{values:?}");
        assert!(is_believed || line != format!("__Host-session={cookie}"), "{answer}");
        answer
    })
    .await;
}

#[tokio::test]
async fn a_hint_that_was_altered_opens_nothing() {
    let world = async || {
        let (provider, secret) = with_portal().await;
        let (mut browser, ask) = (provider.browser(), Ask::of("portal"));
        let code = provider.code_for(&mut browser, &ask, ALEX).await;
        let tokens = provider.redeem(&code, &ask, "portal", &secret).await.expect(StatusCode::OK);
        let hint = tokens.json()["id_token"].as_str().unwrap().to_owned();
        let cookie = browser.cookies["__Host-session"].clone();
        ((provider, hint.clone(), cookie), vec![hint.into_bytes()])
    };
    fuzz(world, async |(provider, hint, cookie), input| {
        let encoded: String = form_urlencoded::byte_serialize(input).collect();
        let silent = Ask::of("portal").with("prompt", "none").url();
        let asked = format!("GET {silent}&id_token_hint={encoded}\ncookie: __Host-session={cookie}\n\n");
        let Some((page, answer)) = ask(provider, asked.as_bytes()).await else {
            return "no request".to_owned();
        };
        let is_absent = input.is_empty();
        let is_own = input == hint.as_bytes();
        assert_eq!(page.location_param("code").is_some(), is_own || is_absent, "{answer}");
        let out =
            "/logout?post_logout_redirect_uri=https%3A%2F%2Fportal.example%2F&client_id=portal&id_token_hint";
        let (page, _) = ask(provider, format!("GET {out}={encoded}\n\n").as_bytes()).await.unwrap();
        assert_eq!(page.location() == "https://portal.example/", is_own, "{}", page.location());
        answer
    })
    .await;
}
