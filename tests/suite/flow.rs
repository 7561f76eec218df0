//! The journey: its steps in order, in one browser, and nothing by looking.

use http::{Method, StatusCode};

use super::support::{Ask, Browser, ISSUER, PASSWORD, Page, Provider, REDIRECT};
use crate::base::Span;

const ALEX: &str = "alex@school.example";

async fn ready() -> (Provider, Ask) {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    (provider, Ask::of("portal"))
}

/// Fires every page and form at a journey; what the browser has gained by it.
async fn fire_everything(browser: &Browser, flow: &str, token: &str) {
    for path in [
        "/login",
        "/login/code",
        "/login/code/new",
        "/welcome",
        "/reset",
        "/reset/code",
        "/reset/code/new",
        "/reset/password",
        "/flow/{flow}/continue",
    ] {
        let url = match path.contains("{flow}") {
            true => path.replace("{flow}", flow),
            false => format!("{path}?flow={flow}"),
        };
        let new = "velvet kettle thunder";
        let fields = [
            ("token", token),
            ("code", "00000000"),
            ("email", "nobody@school.example"),
            ("password", "x"),
            ("new_password", new),
            ("confirm_password", new),
        ];
        for form in [None, Some(&fields[..])] {
            let mut browser = browser.clone();
            let answer = match form {
                None => browser.open(&url).await,
                Some(fields) => browser.post(&url, fields).await,
            };
            assert!(!browser.cookies.contains_key("__Host-session"), "{url}");
            assert!(answer.status.as_u16() < 500, "{url} {}", answer.status);
            assert!(!answer.location().starts_with(REDIRECT), "{url} {}", answer.location());
        }
    }
}

#[tokio::test]
async fn row_8_no_step_can_be_skipped() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let login = provider.login_page(&mut alex, &ask).await;
    fire_everything(&alex, &login.flow(), &login.hidden("token").unwrap()).await;
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    assert!(alex.open(&ask.url()).await.location().starts_with("/login"), "a password is not a log-in");
    fire_everything(&alex, &page.flow(), &page.hidden("token").unwrap()).await;
    let second = provider.reset_code_page(&mut alex, ALEX).await;
    fire_everything(&alex, &second.flow(), &second.hidden("token").unwrap()).await;
    assert_eq!(provider.number("SELECT COUNT(*) FROM sessions").await, 0);
    assert_eq!(provider.number("SELECT COUNT(*) FROM grants").await, 0);
    assert_eq!(provider.number("SELECT COUNT(*) FROM events WHERE kind = 'reset.done'").await, 0);
}

#[tokio::test]
async fn row_32_and_33_a_form_from_elsewhere_is_refused() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let login = provider.login_page(&mut alex, &ask).await;
    let token = login.hidden("token").unwrap();
    let with = |token| vec![("token", token), ("email", ALEX), ("password", PASSWORD)];
    for (headers, token) in [
        (vec![("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")], &*token),
        (vec![("origin", "https://evil.example")], &token),
        (vec![("origin", "null"), ("sec-fetch-site", "cross-site")], &token),
        (vec![("sec-fetch-site", "same-site")], &token),
        (vec![("origin", ISSUER), ("sec-fetch-site", "same-origin")], ""),
        (vec![("origin", ISSUER), ("sec-fetch-site", "same-origin")], "wrong"),
        (vec![], ""),
    ] {
        let answer = alex.send(Method::POST, &login.url, Some(&with(token)), &headers).await;
        let answer = answer.expect(StatusCode::FORBIDDEN);
        assert!(!answer.headers.contains_key("set-cookie"), "{headers:?}");
    }
    assert_eq!(provider.mail_to(ALEX).await.len(), 0);
}

#[tokio::test]
async fn row_40_a_journey_cannot_be_finished_in_another_browser() {
    let (provider, ask) = ready().await;
    let (mut alex, mut thief) = (provider.browser(), provider.browser());
    let own = provider.login_page(&mut thief, &ask).await;
    let login = provider.login_page(&mut alex, &ask).await;
    let expired = |page: Page| {
        let page = page.expect(StatusCode::BAD_REQUEST);
        assert!(page.text().contains("This page has expired"));
        assert!(!page.headers.contains_key("set-cookie"));
    };
    expired(thief.open(&login.url).await);
    expired(thief.submit(&login, &[("email", ALEX), ("password", PASSWORD)]).await);
    let sent = alex.submit(&login, &[("email", ALEX), ("password", PASSWORD)]).await;
    let page = alex.follow(sent).await;
    let code = provider.last_code_to(ALEX).await;
    expired(thief.submit(&page, &[("code", &code)]).await);
    // The token of one journey is worth nothing in another.
    let token = own.hidden("token").unwrap();
    let fields = [("token", &*token), ("code", &code)];
    alex.post(&page.url, &fields).await.expect(StatusCode::FORBIDDEN);
    let done = alex.submit(&page, &[("code", &code)]).await;
    let welcome = alex.follow(done).await.expect(StatusCode::OK);
    expired(thief.open(&welcome.url).await);
    expired(thief.open(&format!("/flow/{}/continue", login.flow())).await);
    expired(thief.open(&format!("/flow/{}/cancel", login.flow())).await);
}

#[tokio::test]
async fn row_40_two_tabs_with_two_services_each_get_their_own_answer() {
    let (provider, one) = ready().await;
    let second = "https://training.example/callback";
    provider.add_client("training", |settings| settings.redirect_uris = vec![second.to_owned()]).await;
    let two = Ask::of("training").with("redirect_uri", second).with("state", "another-state");
    let mut alex = provider.browser();
    let first_tab = provider.login_page(&mut alex, &one).await;
    let second_tab = provider.login_page(&mut alex, &two).await;
    for (tab, redirect, state) in [(second_tab, second, "another-state"), (first_tab, REDIRECT, "the-state")]
    {
        let fields = [
            ("email", ALEX),
            ("password", PASSWORD),
            ("redirect_uri", "https://evil.example/"),
            ("scope", "x"),
        ];
        let sent = alex.submit(&tab, &fields).await;
        let page = alex.follow(sent).await.expect(StatusCode::OK);
        let code = provider.last_code_to(ALEX).await;
        alex.submit(&page, &[("code", &code)]).await.expect(StatusCode::SEE_OTHER);
        let back = alex.open(&format!("/flow/{}/continue", tab.flow())).await;
        assert!(back.location().starts_with(redirect), "{}", back.location());
        assert_eq!(back.location_param("state").as_deref(), Some(state));
        assert!(back.location_param("code").is_some());
        provider.advance(Span::minutes(1));
    }
}

#[tokio::test]
async fn cancelling_at_either_step_tells_the_service() {
    let (provider, ask) = ready().await;
    for at_code in [false, true] {
        let mut alex = provider.browser();
        let page = match at_code {
            true => provider.code_page(&mut alex, &ask, ALEX).await,
            false => provider.login_page(&mut alex, &ask).await,
        };
        let cancel = format!("/flow/{}/cancel", page.flow());
        let back = alex.open(&cancel).await.expect(StatusCode::SEE_OTHER);
        assert!(back.location().starts_with(REDIRECT));
        assert_eq!(back.location_param("error").as_deref(), Some("access_denied"));
        assert_eq!(back.location_param("state").as_deref(), Some("the-state"));
        assert_eq!(back.location_param("iss").as_deref(), Some(ISSUER));
        if at_code {
            let code = provider.last_code_to(ALEX).await;
            let late = alex.submit(&page, &[("code", &code)]).await;
            assert_ne!(late.status, StatusCode::SEE_OTHER);
        }
        assert!(!alex.cookies.contains_key("__Host-session"));
        let again = alex.open(&cancel).await.expect(StatusCode::OK);
        assert!(again.text().contains("cancelled"), "{}", again.text());
    }
}

#[tokio::test]
async fn looking_changes_nothing_and_reloading_sends_no_mail() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    let flow = page.flow();
    for path in [&*page.url, &format!("/flow/{flow}/cancel"), &format!("/flow/{flow}/continue")] {
        let before = provider.kit().store.commits();
        alex.send(Method::HEAD, path, None, &[]).await.expect(StatusCode::SERVICE_UNAVAILABLE);
        let prefetch = [("sec-purpose", "prefetch;prerender")];
        alex.send(Method::GET, path, None, &prefetch).await.expect(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(provider.kit().store.commits(), before, "{path}");
    }
    for path in ["/login", "/login/code", "/reset"] {
        alex.open(&format!("{path}?flow={flow}")).await.expect(StatusCode::OK);
    }
    assert_eq!(provider.mail_to(ALEX).await.len(), 1);
    // Back to the first step and on again within thirty seconds: the code that is on its way does.
    let login = alex.open(&format!("/login?flow={flow}")).await;
    let sent = alex.submit(&login, &[("email", ALEX), ("password", PASSWORD)]).await;
    let page = alex.follow(sent).await.expect(StatusCode::OK);
    assert_eq!(provider.mail_to(ALEX).await.len(), 1);
    let code = provider.last_code_to(ALEX).await;
    alex.submit(&page, &[("code", &code)]).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_page_that_is_too_old_or_has_no_cookie_says_where_to_begin_again() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let login = provider.login_page(&mut alex, &ask).await;
    let mut bare = provider.browser();
    let none = bare.open(&login.url).await.expect(StatusCode::BAD_REQUEST);
    assert!(none.text().contains("check that your browser accepts cookies from login.example.gov.uk"));
    provider.advance(Span::minutes(61));
    let late = alex.submit(&login, &[("email", ALEX), ("password", PASSWORD)]).await;
    let late = late.expect(StatusCode::BAD_REQUEST);
    assert!(late.text().contains("This page has expired"));
    assert!(!late.text().contains("accepts cookies"));
    assert_eq!(provider.mail_to(ALEX).await.len(), 0);
}

#[tokio::test]
async fn without_the_greeting_the_form_ends_at_the_service() {
    let provider = Provider::start().await;
    provider.add_client("portal", |settings| settings.welcome_page = Some(false)).await;
    provider.add_client("greeting", |_| {}).await;
    for (client, straight_on) in [("portal", true), ("greeting", false)] {
        let mut alex = provider.browser();
        let page = provider.code_page(&mut alex, &Ask::of(client), ALEX).await;
        let policy = page.header("content-security-policy").to_owned();
        assert_eq!(policy.contains("form-action 'self' https://portal.example;"), straight_on, "{policy}");
        let code = provider.last_code_to(ALEX).await;
        let done = alex.submit(&page, &[("code", &code)]).await;
        let end = alex.follow(done).await;
        assert_eq!(end.location().starts_with(REDIRECT), straight_on);
        provider.advance(Span::minutes(1));
    }
}

#[tokio::test]
async fn going_on_twice_makes_one_code() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let welcome = provider.log_in(&mut alex, &ask, ALEX).await;
    let go_on = format!("/flow/{}/continue", welcome.flow());
    assert!(alex.open(&go_on).await.location_param("code").is_some());
    let second = alex.open(&go_on).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(second.location(), "https://portal.example/");
    assert_eq!(provider.number("SELECT COUNT(*) FROM grants").await, 1);
}

#[tokio::test]
async fn a_journey_begun_on_one_node_is_finished_on_the_other() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    alex.router = provider.second_node().await;
    let done = alex.submit(&page, &[("code", &code)]).await;
    let welcome = alex.follow(done).await.expect(StatusCode::OK);
    alex.router = provider.router.clone();
    let back = alex.open(&format!("/flow/{}/continue", welcome.flow())).await;
    assert!(back.location_param("code").is_some(), "{}", back.location());
}
