//! The authorization endpoint (OpenID Connect Core 1.0, section 3.1.2).

use http::{Method, StatusCode};

use super::support::{Ask, ISSUER, Page, Provider, REDIRECT};
use crate::base::Span;
use crate::policy::redirect::tests::misspellings;

/// The alphabet of `error_description` that certification demands.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

#[track_caller]
fn assert_error(page: &Page, code: &str) {
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    assert!(page.location().starts_with(REDIRECT), "{}", page.location());
    assert_eq!(page.location_param("error").as_deref(), Some(code), "{}", page.location());
    assert_eq!(page.location_param("state").as_deref(), Some("the-state"));
    assert_eq!(page.location_param("iss").as_deref(), Some(ISSUER));
    assert!(page.location_param("code").is_none());
    assert!(is_plain(&page.location_param("error_description").unwrap()));
}

#[tokio::test]
async fn row_42_a_misspelt_redirect_uri_is_answered_by_a_page_and_never_a_redirect() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let registered = misspellings();
    for asked in registered.iter().filter(|asked| asked.len() < 1000) {
        let page = provider.browser().open(&Ask::of("portal").with("redirect_uri", asked).url()).await;
        let page = page.expect(StatusCode::BAD_REQUEST);
        assert_eq!(page.location(), "", "{asked:?}");
        assert!(page.text().contains("Sorry, we cannot log you in to that service"), "{asked:?}");
        assert!(page.text().contains("What was wrong The "), "in words: {}", page.text());
        assert!(!page.text().contains("invalid_"), "{}", page.text());
        assert!(asked.len() < 12 || !page.body.contains(asked.as_str()), "{asked:?} stands on the page");
    }
}

#[tokio::test]
async fn an_unknown_or_disabled_client_and_a_repeated_parameter_are_answered_by_a_page() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let good = Ask::of("portal").url();
    for url in [
        Ask::of("nobody").url(),
        Ask::of("port al").url(),
        Ask::of("portal").with("client_id", "").url(),
        Ask::of("portal").with("redirect_uri", "").url(),
        format!("{good}&state=twice"),
        format!("{good}&client%5Fid=portal"),
        format!("{good}&extra=%00"),
    ] {
        let page = provider.browser().open(&url).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(page.location(), "", "{url}");
    }
}

/// A parameter, what is wrong with it, and the error that says so.
const MISTAKES: [(&str, &str, &str); 22] = [
    ("response_type", "", "invalid_request"),
    ("response_type", "token", "unsupported_response_type"),
    ("response_type", "code id_token", "unsupported_response_type"),
    ("scope", "", "invalid_scope"),
    ("scope", "profile", "invalid_scope"),
    ("scope", "openid \"x\"", "invalid_scope"),
    ("prompt", "none", "login_required"),
    ("prompt", "none login", "invalid_request"),
    ("prompt", "create", "invalid_request"),
    ("max_age", "soon", "invalid_request"),
    ("max_age", "-1", "invalid_request"),
    ("request", "x.y.z", "invalid_request_object"),
    ("request_uri", "https://portal.example/r", "request_uri_not_supported"),
    ("registration", "{}", "registration_not_supported"),
    ("code_challenge", "", "invalid_request"),
    ("code_challenge", "short", "invalid_request"),
    ("code_challenge_method", "plain", "invalid_request"),
    ("code_challenge_method", "", "invalid_request"),
    ("claims", "[]", "invalid_request"),
    ("claims", r#"{"id_token":{"acr":{"essential":true,"value":"x"}}}"#, "access_denied"),
    ("id_token_hint", "not.a.token", "invalid_request"),
    ("response_mode", "nonsense", "invalid_request"),
];

#[tokio::test]
async fn each_mistake_of_a_relying_party_comes_back_under_its_name() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    for (name, value, error) in MISTAKES {
        let page = provider.browser().open(&Ask::of("portal").with(name, value).url()).await;
        assert_error(&page, error);
    }
    let long = provider.browser().open(&Ask::of("portal").with("nonce", &"n".repeat(513)).url()).await;
    assert_error(&long, "invalid_request");
    let state = provider.browser().open(&Ask::of("portal").with("state", &"s".repeat(2049)).url()).await;
    assert_eq!(state.location_param("error").as_deref(), Some("invalid_request"));
    assert_eq!(state.location_param("state"), None);
}

#[tokio::test]
async fn row_44_no_mistake_sends_anybody_to_an_address_that_is_not_registered() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let nowhere = [
        Ask::of("portal").with("redirect_uri", "https://evil.example/"),
        Ask::of("portal").with("redirect_uri", &format!("{REDIRECT}/../evil")),
        Ask::of("portal").with("redirect_uri", "javascript:alert(1)"),
        Ask::of("nobody"),
        Ask::of("nobody").with("redirect_uri", "https://evil.example/"),
    ];
    for ask in nowhere {
        for (name, value, _) in MISTAKES {
            for mode in ["query", "form_post", "fragment"] {
                let url = ask.clone().with("response_mode", mode).with(name, value).url();
                let page = provider.browser().open(&url).await.expect(StatusCode::BAD_REQUEST);
                assert_eq!(page.location(), "", "{url}");
                assert!(!page.body.contains("evil"), "{url}: {}", page.body);
            }
        }
    }
    // Whoever says no is sent back to the registered address, and to no other.
    let mut alex = provider.browser();
    let begun = alex.open(&Ask::of("portal").url()).await;
    let login = alex.follow(begun).await;
    let cancel = format!("/flow/{}/cancel?redirect_uri=https%3A%2F%2Fevil.example%2F", login.flow());
    let refused = alex.open(&cancel).await;
    assert_error(&refused, "access_denied");
}

#[tokio::test]
async fn what_is_unknown_is_ignored_and_long_values_come_back_whole() {
    let provider = Provider::start().await;
    provider.add_client("portal", |settings| settings.redirect_uris.push(format!("{REDIRECT}?kept=1"))).await;
    let state = "s".repeat(1000);
    let ask = Ask::of("portal")
        .with("extra", "foobar")
        .with("display", "popup")
        .with("ui_locales", "se")
        .with("claims_locales", "se")
        .with("login_hint", "buffy@login.example.gov.uk")
        .with("acr_values", "1 2")
        .with("state", &state)
        .with("nonce", &"n".repeat(384))
        .with("redirect_uri", &format!("{REDIRECT}?kept=1"));
    let mut alex = provider.browser();
    let begun = alex.open(&ask.url()).await;
    let login = alex.follow(begun).await;
    assert!(login.body.contains("value=\"buffy@login.example.gov.uk\""), "the hint is filled in");
    let welcome = provider.log_in(&mut alex, &ask, "alex@school.example").await;
    let flow = welcome.url.split("flow=").nth(1).unwrap().to_owned();
    let back = alex.open(&format!("/flow/{flow}/continue")).await;
    assert!(back.location().starts_with(&format!("{REDIRECT}?kept=1&code=")), "{}", back.location());
    assert_eq!(back.location_param("state").as_deref(), Some(state.as_str()));
}

#[tokio::test]
async fn each_response_mode_carries_the_answer_where_it_says() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &Ask::of("portal"), "alex@school.example").await;
    let fragment = alex.open(&Ask::of("portal").with("response_mode", "fragment").url()).await;
    assert!(fragment.location().starts_with(&format!("{REDIRECT}#code=")), "{}", fragment.location());
    let form = alex.open(&Ask::of("portal").with("response_mode", "form_post").url()).await;
    let form = form.expect(StatusCode::OK);
    assert!(form.body.contains(&format!("action=\"{REDIRECT}\"")), "{}", form.body);
    assert!(form.hidden("code").unwrap().starts_with("gh_ac_"));
    assert_eq!(form.hidden("iss").as_deref(), Some(ISSUER));
    assert!(form.header("content-security-policy").contains("form-action 'self' https://portal.example;"));
    let error = provider
        .browser()
        .open(&Ask::of("portal").with("response_mode", "form_post").with("prompt", "none").url())
        .await;
    assert_eq!(error.hidden("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_posted_request_is_turned_into_one_that_our_cookies_come_along_with() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let ask = Ask::of("portal");
    let fields: Vec<(&str, &str)> =
        ask.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut alex = provider.browser();
    let from_elsewhere = [("origin", "https://portal.example"), ("sec-fetch-site", "cross-site")];
    let posted = alex.send(Method::POST, "/authorize", Some(&fields), &from_elsewhere).await;
    let posted = posted.expect(StatusCode::SEE_OTHER);
    assert!(posted.location().starts_with("/authorize?"), "{}", posted.location());
    let login = alex.follow(posted).await.expect(StatusCode::OK);
    assert!(login.text().contains("Secure login – step 1 of 2"));
}

#[tokio::test]
async fn row_61_a_session_answers_until_the_request_wants_more() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let mut alex = provider.browser();
    let ask = Ask::of("portal");
    let code = provider.code_for(&mut alex, &ask, "alex@school.example").await;
    let token = provider.redeem(&code, &ask, "portal", &secret).await.json();
    let hint = token["id_token"].as_str().unwrap();
    provider.advance(Span::seconds(2));
    let silent = [
        ask.clone().with("prompt", "none"),
        ask.clone().with("prompt", "none").with("id_token_hint", hint),
        ask.clone().with("max_age", "10000"),
        ask.clone().with("prompt", "consent"),
    ];
    for ask in silent {
        assert!(alex.open(&ask.url()).await.location_param("code").is_some(), "{}", ask.url());
    }
    for ask in [
        ask.clone().with("prompt", "login"),
        ask.clone().with("max_age", "1"),
        ask.clone().with("prompt", "select_account"),
    ] {
        let begun = alex.open(&ask.url()).await.expect(StatusCode::SEE_OTHER);
        assert!(begun.location().starts_with("/login?flow="), "{}", begun.location());
        let page = alex.follow(begun).await;
        assert!(page.text().contains("For security, log in again to continue."));
    }
    assert_error(
        &alex.open(&ask.clone().with("prompt", "none").with("max_age", "1").url()).await,
        "login_required",
    );
    let sam = ask
        .clone()
        .with("prompt", "none")
        .with("claims", r#"{"id_token":{"sub":{"value":"somebody-else"}}}"#);
    assert_error(&alex.open(&sam.url()).await, "login_required");
}
