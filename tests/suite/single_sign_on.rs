//! One log-in for every service, and when it is not enough (OpenID Connect Core 1.0, section 3.1.2.1).

use http::StatusCode;

use super::support::{Ask, Page, Portal, REDIRECT, claims_of};
use crate::base::Span;

/// Whether Alex has to prove who she is before this is answered.
fn asks_for_a_password(page: &Page) -> bool {
    page.status == StatusCode::SEE_OTHER && page.location().starts_with("/login?flow=")
}

#[tokio::test]
async fn a_second_service_is_answered_without_a_page_and_with_few_commits() {
    let portal = Portal::open().await;
    let secret = portal.provider.add_client("timesheets", |_| {}).await.unwrap();
    let ask = Ask::of("timesheets");
    let before = portal.provider.kit().store.commits();
    let back = portal.answer(&ask).await.expect(StatusCode::SEE_OTHER);
    assert!(back.location().starts_with(&format!("{REDIRECT}?code=")), "{}", back.location());
    let code = back.location_param("code").unwrap();
    let tokens =
        portal.provider.redeem(&code, &ask, "timesheets", &secret).await.expect(StatusCode::OK).json();
    portal.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(StatusCode::OK);
    let commits = portal.provider.kit().store.commits() - before;
    assert!(commits <= 3, "{commits} commits");
    let first = portal.tokens(&portal.ask).await;
    let (here, there) =
        (claims_of(first["id_token"].as_str().unwrap()), claims_of(tokens["id_token"].as_str().unwrap()));
    for claim in ["sub", "sid", "auth_time"] {
        assert_eq!(here[claim], there[claim], "{claim}");
    }
    assert_eq!((&here["aud"], &there["aud"]), (&"portal".into(), &"timesheets".into()));
}

#[tokio::test]
async fn prompt_none_answers_at_once_one_way_or_the_other() {
    let portal = Portal::open().await;
    let silently = portal.ask.clone().with("prompt", "none").with("state", &"s".repeat(128));
    let before = portal.tokens(&portal.ask).await;
    let after = portal.tokens(&silently).await;
    let claims = |tokens: &serde_json::Value| claims_of(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims(&before)["sub"], claims(&after)["sub"]);
    assert_eq!(claims(&before)["auth_time"], claims(&after)["auth_time"]);
    let stranger = portal.provider.browser().open(&silently.url()).await.expect(StatusCode::SEE_OTHER);
    assert!(stranger.location().starts_with(REDIRECT));
    assert_eq!(stranger.location_param("error").as_deref(), Some("login_required"));
    assert_eq!(stranger.location_param("state"), Some("s".repeat(128)));
}

#[tokio::test]
async fn row_61_a_new_log_in_is_shown_where_it_is_asked_for_and_auth_time_says_so() {
    for (name, value) in
        [("prompt", "login"), ("prompt", "select_account"), ("max_age", "1"), ("max_age", "0")]
    {
        let portal = Portal::open().await;
        let first = portal.tokens(&portal.ask).await;
        portal.provider.advance(Span::seconds(40));
        let ask = portal.ask.clone().with(name, value);
        assert!(asks_for_a_password(&portal.answer(&ask).await), "{name}={value}");
        let silently = ask.clone().with("prompt", if name == "prompt" { "" } else { "none" });
        if name == "max_age" {
            let back = portal.answer(&silently).await;
            assert_eq!(back.location_param("error").as_deref(), Some("login_required"));
        }
        let mut alex = portal.alex.clone();
        let code = portal.provider.code_for(&mut alex, &ask, "alex@school.example").await;
        let again = portal.redeem(&code).await.expect(StatusCode::OK).json();
        let claims = |tokens: &serde_json::Value| claims_of(tokens["id_token"].as_str().unwrap());
        let time = |tokens| claims(tokens)["auth_time"].as_i64().unwrap();
        assert_eq!(time(&again), time(&first) + 40);
        assert_eq!(claims(&again)["sub"], claims(&first)["sub"]);
        // The same person at the same browser: services know the session they know.
        assert_eq!(claims(&again)["sid"], claims(&first)["sid"]);
    }
}

#[tokio::test]
async fn a_log_in_that_is_recent_enough_is_enough() {
    let portal = Portal::open_with(|settings| settings.default_max_age = Some(100)).await;
    portal.provider.advance(Span::seconds(99));
    portal.code(&portal.ask).await;
    portal.provider.advance(Span::seconds(2));
    assert!(asks_for_a_password(&portal.answer(&portal.ask).await));
    let tokens = portal.tokens(&portal.ask.clone().with("max_age", "10000")).await;
    assert!(claims_of(tokens["id_token"].as_str().unwrap())["auth_time"].is_i64());
}

#[tokio::test]
async fn consent_is_the_councils_and_is_remembered() {
    let portal = Portal::open().await;
    portal.code(&portal.ask.clone().with("prompt", "consent")).await;
    portal.code(&portal.ask.clone().with("prompt", "none")).await;
}

#[tokio::test]
async fn a_hint_must_be_of_the_person_who_is_logged_in() {
    let portal = Portal::open().await;
    let own = portal.tokens(&portal.ask).await["id_token"].as_str().unwrap().to_owned();
    portal.provider.add_person("sam@school.example", "Sam Sample").await;
    let mut sam = portal.provider.browser();
    let code = portal.provider.code_for(&mut sam, &portal.ask, "sam@school.example").await;
    let other = portal.redeem(&code).await.json()["id_token"].as_str().unwrap().to_owned();
    portal.provider.advance(Span::minutes(30));
    let silently = portal.ask.clone().with("prompt", "none");
    // Expired by now, and as good as ever.
    portal.code(&silently.clone().with("id_token_hint", &own)).await;
    let by_claim = |token: &str| {
        let sub = claims_of(token)["sub"].as_str().unwrap().to_owned();
        silently.clone().with("claims", &format!(r#"{{"id_token":{{"sub":{{"value":"{sub}"}}}}}}"#))
    };
    portal.code(&by_claim(&own)).await;
    for ask in [silently.clone().with("id_token_hint", &other), by_claim(&other)] {
        let back = portal.answer(&ask).await;
        assert_eq!(back.location_param("error").as_deref(), Some("login_required"));
    }
    assert!(asks_for_a_password(&portal.answer(&portal.ask.clone().with("id_token_hint", &other)).await));
}

/// OpenID Connect Core 1.0, section 3.1.2.2.
#[tokio::test]
async fn nobody_else_answers_for_the_one_that_the_request_names() {
    let portal = Portal::open().await;
    let own = portal.tokens(&portal.ask).await["id_token"].as_str().unwrap().to_owned();
    portal.provider.add_person("sam@school.example", "Sam Sample").await;
    let ask = portal.ask.clone().with("id_token_hint", &own);
    for (email, error) in [("sam@school.example", Some("login_required")), ("alex@school.example", None)] {
        let mut browser = portal.provider.browser();
        let welcome = portal.provider.log_in(&mut browser, &ask, email).await.expect(StatusCode::OK);
        let back = browser.open(&format!("/flow/{}/continue", welcome.flow())).await;
        assert_eq!(back.location_param("error").as_deref(), error, "{}", back.location());
        assert_eq!(back.location_param("code").is_some(), error.is_none());
    }
}

#[tokio::test]
async fn a_session_that_is_over_answers_nothing() {
    let portal = Portal::open().await;
    portal.provider.advance(Span::minutes(59));
    portal.code(&portal.ask).await;
    portal.provider.advance(Span::minutes(59));
    portal.code(&portal.ask).await;
    portal.provider.advance(Span::minutes(61));
    assert!(asks_for_a_password(&portal.answer(&portal.ask).await));
}
