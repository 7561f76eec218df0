//! What people agree to share with services that are not the council's own (P10, P16; OpenID Connect Core 1.0, section
//! 3.1.2.4).

use http::StatusCode;

use super::portal::Portal;
use super::support::{Ask, Page, Provider, REDIRECT};
use crate::base::Span;
use crate::model::{ClientSettings, GrantType};

fn asks(settings: &mut ClientSettings) {
    settings.asks_consent = true;
    settings.organisation = Some("Example Software".to_owned());
    settings.scopes = Some(["openid", "profile", "email", "offline_access"].map(str::to_owned).to_vec());
    settings.grant_types.push(GrantType::RefreshToken);
}

/// Alex is logged in at a portal of the council's own; another service asks.
async fn with_other_service() -> (Portal, String) {
    let portal = Portal::open().await;
    let secret = portal.provider.add_client("other", asks).await.unwrap();
    (portal, secret)
}

/// The question that a request leads to.
async fn asked(portal: &mut Portal, ask: &Ask) -> Page {
    let begun = portal.alex.open(&ask.url()).await.expect(StatusCode::SEE_OTHER);
    assert!(begun.location().starts_with("/consent?flow="), "{}", begun.location());
    portal.alex.follow(begun).await.expect(StatusCode::OK)
}

#[tokio::test]
async fn somebody_is_asked_in_plain_words_and_only_once() {
    let (mut portal, secret) = with_other_service().await;
    let ask = Ask::of("other").with("scope", "openid profile offline_access");
    let page = asked(&mut portal, &ask).await;
    let text = page.text();
    for said in [
        "You are logged in as Alex Example (alex@school.example).",
        "is run by Example Software. It is asking for:",
        "your name",
        "to stay connected when you are not using it",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("your email"));
    assert!(page.header("content-security-policy").contains("form-action 'self' https://portal.example;"));
    let back = portal.alex.submit(&page, &[("answer", "share")]).await.expect(StatusCode::SEE_OTHER);
    let code = back.location_param("code").unwrap();
    portal.provider.redeem(&code, &ask, "other", &secret).await.expect(StatusCode::OK);
    let again = portal.answer(&ask.clone().with("prompt", "none")).await;
    assert!(again.location_param("code").is_some(), "{}", again.location());
    let less = portal.answer(&Ask::of("other").with("scope", "openid")).await;
    assert!(less.location_param("code").is_some());
    let more = portal.answer(&Ask::of("other").with("scope", "openid email").with("prompt", "none")).await;
    assert_eq!(more.location_param("error").as_deref(), Some("consent_required"));
    asked(&mut portal, &ask.clone().with("prompt", "consent")).await;
    let double = portal.alex.submit(&page, &[("answer", "share")]).await;
    assert!(double.location_param("code").is_none(), "an answer is given once");
}

#[tokio::test]
async fn who_does_not_share_goes_back_and_is_asked_again_the_next_time() {
    let (mut portal, _) = with_other_service().await;
    let ask = Ask::of("other");
    let page = asked(&mut portal, &ask).await;
    let back = portal.alex.submit(&page, &[("answer", "refuse")]).await.expect(StatusCode::SEE_OTHER);
    assert!(back.location().starts_with(REDIRECT));
    assert_eq!(back.location_param("error").as_deref(), Some("access_denied"));
    assert_eq!(back.location_param("state").as_deref(), Some("the-state"));
    asked(&mut portal, &ask).await;
}

#[tokio::test]
async fn the_question_comes_after_logging_in_and_somebody_else_may_answer_it() {
    let provider = Provider::start().await;
    provider.add_client("other", asks).await;
    provider.add_person("sam@school.example", "Sam Sample").await;
    let ask = Ask::of("other");
    let mut browser = provider.browser();
    let welcome = provider.log_in(&mut browser, &ask, "alex@school.example").await;
    let flow = welcome.flow();
    let on = browser.open(&format!("/flow/{flow}/continue")).await.expect(StatusCode::SEE_OTHER);
    let page = browser.follow(on).await.expect(StatusCode::OK);
    assert!(page.text().contains("Alex Example"));
    let switched = browser.submit(&page, &[("answer", "switch")]).await;
    let login = browser.follow(switched).await.expect(StatusCode::OK);
    let fields = [("email", "sam@school.example"), ("password", super::support::PASSWORD)];
    let sent = browser.submit(&login, &fields).await;
    let code_page = browser.follow(sent).await.expect(StatusCode::OK);
    let code = provider.last_code_to("sam@school.example").await;
    let done = browser.submit(&code_page, &[("code", &code)]).await;
    browser.follow(done).await.expect(StatusCode::OK);
    let on = browser.open(&format!("/flow/{flow}/continue")).await.expect(StatusCode::SEE_OTHER);
    let page = browser.follow(on).await.expect(StatusCode::OK);
    assert!(page.text().contains("Sam Sample"));
    browser.submit(&page, &[("answer", "share")]).await.expect(StatusCode::SEE_OTHER);
}

/// Row 33: no other site can answer for somebody.
#[tokio::test]
async fn row_33_an_answer_that_was_forged_counts_for_nothing() {
    let (mut portal, _) = with_other_service().await;
    let page = asked(&mut portal, &Ask::of("other")).await;
    let forged = [("answer", "share"), ("token", "invented")];
    portal.alex.post(&page.url, &forged).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(portal.provider.number("SELECT COUNT(*) FROM consents").await, 0);
    portal.alex.open(&page.url).await.expect(StatusCode::OK);
    assert_eq!(portal.provider.number("SELECT COUNT(*) FROM consents").await, 0, "looking is not agreeing");
}

/// Row 55: what was granted under a consent ends with it.
#[tokio::test]
async fn row_55_a_consent_is_withdrawn_with_all_that_was_granted_under_it() {
    let (mut portal, secret) = with_other_service().await;
    let ask = Ask::of("other").with("scope", "openid offline_access");
    let page = asked(&mut portal, &ask).await;
    let back = portal.alex.submit(&page, &[("answer", "share")]).await;
    let code = back.location_param("code").unwrap();
    let tokens = portal.provider.redeem(&code, &ask, "other", &secret).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    portal.userinfo(access).await.expect(StatusCode::OK);
    let listed = portal.alex.open("/account/services").await.expect(StatusCode::OK);
    assert!(listed.text().contains("to stay connected when you are not using it"), "{}", listed.text());
    let sure = portal.alex.open("/account/services?stop=other").await.expect(StatusCode::OK);
    assert!(sure.text().contains("Stop sharing with"));
    portal.userinfo(access).await.expect(StatusCode::OK);
    let stopped = portal.alex.submit_to(&sure, "/account/services", &[("stop", "other")]).await;
    let shown = portal.alex.follow(stopped).await.expect(StatusCode::OK);
    assert!(shown.text().contains("You have stopped sharing with"), "{}", shown.text());
    assert!(shown.text().contains("You are not sharing your details with any service."), "{}", shown.text());
    portal.userinfo(access).await.expect(StatusCode::UNAUTHORIZED);
    let none = portal.answer(&ask.clone().with("prompt", "none")).await;
    assert_eq!(none.location_param("error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn a_change_needs_a_log_in_of_the_last_minutes() {
    let (mut portal, _) = with_other_service().await;
    let page = asked(&mut portal, &Ask::of("other")).await;
    portal.alex.submit(&page, &[("answer", "share")]).await.expect(StatusCode::SEE_OTHER);
    portal.provider.advance(Span::minutes(16));
    let sure = portal.alex.open("/account/services?stop=other").await.expect(StatusCode::OK);
    let again = portal
        .alex
        .submit_to(&sure, "/account/services", &[("stop", "other")])
        .await
        .expect(StatusCode::SEE_OTHER);
    assert!(again.location().starts_with("/login?flow="));
    assert_eq!(portal.provider.number("SELECT COUNT(*) FROM consents").await, 1);
}
