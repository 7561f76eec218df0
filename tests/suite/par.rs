//! Pushed authorization requests (RFC 9126; FAPI 2.0 Security Profile, section 5.3.2.2).

use http::{Method, StatusCode};

use super::client_assertion::{claims, key_set, own_key};
use super::portal::Portal;
use super::support::{Ask, Browser, ISSUER, Page, Provider, REDIRECT, basic};
use crate::base::Span;
use crate::clients::assertion::TYPE;
use crate::jobs;
use crate::jose::SigningKey;
use crate::model::{Algorithm, ClientAuthentication, ClientSettings, SecurityProfile};

/// Settings of a client that signs with `key` and keeps to FAPI 2.0.
pub(crate) fn fapi2(settings: &mut ClientSettings, key: &SigningKey) {
    settings.authentication = ClientAuthentication::PrivateKeyJwt;
    settings.jwks = Some(key_set(&[key]));
    (settings.profile, settings.id_token_algorithm) = (SecurityProfile::Fapi2, Algorithm::PS256);
}

/// What a client with a secret is told when it pushes a request.
pub(crate) async fn push(provider: &Provider, ask: &Ask, client: &str, secret: &str) -> Page {
    push_with(provider, ask, &[], &[("authorization", &basic(client, secret))]).await
}

/// What a client that signs is told.
pub(crate) async fn push_signed(provider: &Provider, ask: &Ask, client: &str, key: &SigningKey) -> Page {
    let assertion = key.sign("JWT", &claims(provider, client, ISSUER)).unwrap();
    let proof = [("client_assertion", assertion.as_str()), ("client_assertion_type", TYPE)];
    push_with(provider, ask, &proof, &[]).await
}

async fn push_with(provider: &Provider, ask: &Ask, proof: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
    let asked = ask.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = asked.chain(proof.iter().copied()).collect();
    provider.browser().call("/par", &fields, headers).await
}

/// What a browser brings of a request that was pushed.
pub(crate) fn brought(client: &str, pushed: &Page) -> Ask {
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
    let address = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let params = vec![("client_id".to_owned(), client.to_owned()), ("request_uri".to_owned(), address)];
    Ask { params, verifier: Ask::of(client).verifier }
}

#[track_caller]
pub(crate) fn assert_refused(page: &Page, error: &str, what: &str) {
    let found = (page.status, page.json()["error"].clone());
    assert_eq!(found, (StatusCode::BAD_REQUEST, error.into()), "{what}: {}", page.body);
}

#[track_caller]
fn assert_answered_before(page: &Page) {
    assert_eq!(page.location_param("error").as_deref(), Some("invalid_request_uri"), "{}", page.location());
    assert_eq!(page.location_param("state").as_deref(), Some("the-state"));
}

#[tokio::test]
async fn a_pushed_request_is_answered_as_if_it_had_been_brought_whole() {
    let portal = Portal::open().await;
    let pushed = push(&portal.provider, &portal.ask, "portal", &portal.secret).await;
    assert_eq!(pushed.header("cache-control"), "no-store");
    assert_eq!(pushed.header("access-control-allow-origin"), "*");
    assert_eq!(pushed.json()["expires_in"], 60);
    let address = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    assert_eq!(address.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap().len(), 43);
    let beside = brought("portal", &pushed).with("state", "another").with("scope", "nonsense");
    let back = portal.answer(&beside).await.expect(StatusCode::SEE_OTHER);
    assert!(back.location().starts_with(&format!("{REDIRECT}?code=")), "{}", back.location());
    assert_eq!(back.location_param("state").as_deref(), Some("the-state"), "what stands beside is ignored");
    assert_eq!(back.location_param("iss").as_deref(), Some(ISSUER));
    portal.redeem(&back.location_param("code").unwrap()).await.expect(StatusCode::OK);
    let kept =
        portal.provider.number("SELECT COUNT(*) FROM pushed_requests WHERE params LIKE '%gh_cs_%'").await;
    assert_eq!(kept, 0, "no secret is kept with what was asked");
}

/// RFC 9126, section 4; FAPI 2.0 Security Profile, section 5.3.2.2.
#[tokio::test]
async fn a_page_may_be_loaded_again_until_the_request_is_answered() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let pushed = push(&provider, &Ask::of("portal"), "portal", &secret).await;
    let bring = brought("portal", &pushed);
    let mut alex = provider.browser();
    for _ in 0..2 {
        provider.login_page(&mut alex, &bring).await;
    }
    provider.code_for(&mut alex, &bring, "alex@school.example").await;
    assert_answered_before(&alex.open(&bring.url()).await);
    assert_answered_before(&provider.browser().open(&bring.url()).await);
}

#[tokio::test]
async fn cancelling_answers_a_pushed_request() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let bring = brought("portal", &push(&provider, &Ask::of("portal"), "portal", &secret).await);
    let mut alex = provider.browser();
    let login = provider.login_page(&mut alex, &bring).await;
    let back = alex.open(&format!("/flow/{}/cancel", login.flow())).await;
    assert_eq!(back.location_param("error").as_deref(), Some("access_denied"));
    assert_answered_before(&alex.open(&bring.url()).await);
}

#[tokio::test]
async fn of_sixty_four_answers_at_once_one_has_the_code() {
    let portal = Portal::open().await;
    let bring = brought("portal", &push(&portal.provider, &portal.ask, "portal", &portal.secret).await);
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let (mut alex, url): (Browser, String) = (portal.alex.clone(), bring.url());
            tokio::spawn(async move { alex.open(&url).await })
        })
        .collect();
    let mut codes = 0;
    for attempt in tries {
        let page = attempt.await.unwrap().expect(StatusCode::SEE_OTHER);
        match page.location_param("code") {
            Some(_) => codes += 1,
            None => assert_answered_before(&page),
        }
    }
    assert_eq!(codes, 1);
}

#[tokio::test]
async fn the_address_of_a_pushed_request_is_good_for_a_minute_and_for_its_client() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    provider.add_client("other", |_| {}).await;
    let pushed = push(&provider, &Ask::of("portal"), "portal", &secret).await;
    let bring = brought("portal", &pushed);
    for bad in [
        bring.clone().with("client_id", "other"),
        bring.clone().with("request_uri", &format!("urn:ietf:params:oauth:request_uri:{}", "x".repeat(43))),
    ] {
        let page = provider.browser().open(&bad.url()).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(page.location(), "");
        assert!(page.text().contains("request_uri"), "{}", page.text());
    }
    provider.advance(Span::seconds(59));
    let mut slow = provider.browser();
    let login = provider.login_page(&mut slow, &bring).await;
    provider.advance(Span::seconds(2));
    let late = provider.browser().open(&bring.url()).await;
    assert_eq!(late.location_param("error").as_deref(), Some("invalid_request_uri"));
    // Who came in time is not hurried.
    provider.advance(Span::minutes(5));
    jobs::purge::round(provider.kit()).await.unwrap();
    let back = slow.open(&format!("/flow/{}/cancel", login.flow())).await;
    assert_eq!(back.location_param("error").as_deref(), Some("access_denied"));
    provider.advance(Span::days(1));
    jobs::purge::round(provider.kit()).await.unwrap();
    assert_eq!(provider.number("SELECT COUNT(*) FROM pushed_requests").await, 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_when_it_is_pushed() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    for (name, value, error) in [
        ("redirect_uri", "", "invalid_request"),
        ("redirect_uri", "https://portal.example/callback/", "invalid_request"),
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("scope", "profile", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("response_mode", "nonsense", "invalid_request"),
        ("request_uri", "https://portal.example/r", "invalid_request"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"),
    ] {
        let page = push(&provider, &Ask::of("portal").with(name, value), "portal", &secret).await;
        assert_refused(&page, error, &format!("{name}={value}"));
    }
    let stranger = push(&provider, &Ask::of("portal"), "portal", "gh_cs_wrong").await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let other = push(&provider, &Ask::of("other"), "portal", &secret).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED, "client_id is another than the one that is believed");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let page = provider.browser().send(method, "/par", None, &[]).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

/// RFC 9126, section 5; FAPI 2.0 Security Profile, section 5.3.2.2.
#[tokio::test]
async fn who_must_push_is_not_answered_otherwise() {
    let (provider, key) = (Provider::start().await, own_key(Algorithm::PS256));
    provider.add_client("portal", |settings| settings.require_pushed_requests = true).await;
    provider.add_client("strict", |settings| fapi2(settings, &key)).await;
    for client in ["portal", "strict"] {
        let page = provider.browser().open(&Ask::of(client).url()).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(page.location_param("error").as_deref(), Some("invalid_request"));
        assert_eq!(page.location_param("iss").as_deref(), Some(ISSUER));
    }
    for (name, value, error) in [
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_type", "token", "unsupported_response_type"),
    ] {
        let page = push_signed(&provider, &Ask::of("strict").with(name, value), "strict", &key).await;
        assert_refused(&page, error, &format!("{name}={value}"));
    }
    let bring = brought("strict", &push_signed(&provider, &Ask::of("strict"), "strict", &key).await);
    provider.code_for(&mut provider.browser(), &bring, "alex@school.example").await;
}
