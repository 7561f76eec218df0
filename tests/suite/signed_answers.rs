//! Answers as signed tokens (JWT Secured Authorization Response Mode).

use http::StatusCode;
use serde_json::Value;

use super::portal::{Portal, claims_of, header_of, names_of};
use super::support::{Ask, ISSUER, NOON, Page, Provider, REDIRECT};
use crate::jose::TokenType;
use crate::model::Algorithm;

/// The claims of the one parameter of an answer, whose signature is good.
fn signed(provider: &Provider, page: &Page) -> Value {
    let token = page.location_param("response").unwrap_or_else(|| panic!("unsigned: {}", page.location()));
    Value::Object(
        provider.kit().signing.current().verify(TokenType::Id, &token).expect("a signature of ours"),
    )
}

#[tokio::test]
async fn each_signed_mode_carries_one_token_where_it_says() {
    let portal = Portal::open_with(|settings| settings.response_algorithm = Some(Algorithm::PS256)).await;
    for (mode, before) in [("jwt", "?"), ("query.jwt", "?"), ("fragment.jwt", "#")] {
        let page = portal.answer(&portal.ask.clone().with("response_mode", mode)).await;
        let (to, token) = page.location().split_once("response=").unwrap();
        assert_eq!(to, format!("{REDIRECT}{before}"), "{mode}");
        assert!(!token.contains('&'), "nothing stands beside it: {token}");
        let claims = signed(&portal.provider, &page);
        assert_eq!(names_of(&claims), ["aud", "code", "exp", "iat", "iss", "state"]);
        assert_eq!((&claims["iss"], &claims["aud"]), (&ISSUER.into(), &"portal".into()));
        assert_eq!(claims["state"], "the-state");
        assert_eq!(claims["exp"].as_i64().unwrap() - NOON.seconds(), 300);
        assert_eq!(header_of(token)["alg"], "PS256");
        portal.redeem(claims["code"].as_str().unwrap()).await.expect(StatusCode::OK);
    }
    let form = portal.answer(&portal.ask.clone().with("response_mode", "form_post.jwt")).await;
    let token = form.clone().expect(StatusCode::OK).hidden("response").unwrap();
    assert_eq!(claims_of(&token)["state"], "the-state");
    assert_eq!((form.hidden("code"), form.hidden("iss"), form.hidden("state")), (None, None, None));
}

#[tokio::test]
async fn row_46_an_error_is_signed_too_and_names_who_answers_whom() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let ask = Ask::of("portal").with("response_mode", "jwt");
    for (ask, error) in [
        (ask.clone().with("prompt", "none"), "login_required"),
        (ask.clone().with("scope", "profile"), "invalid_scope"),
        (ask.clone().with("response_type", "token"), "unsupported_response_type"),
    ] {
        let page = provider.browser().open(&ask.url()).await.expect(StatusCode::SEE_OTHER);
        let claims = signed(&provider, &page);
        assert_eq!((&claims["error"], &claims["iss"]), (&error.into(), &ISSUER.into()));
        assert_eq!((&claims["aud"], &claims["state"]), (&"portal".into(), &"the-state".into()));
        assert!(page.location_param("error").is_none() && page.location_param("iss").is_none());
    }
    let mut alex = provider.browser();
    let login = provider.login_page(&mut alex, &ask).await;
    let back = alex.open(&format!("/flow/{}/cancel", login.flow())).await;
    assert_eq!(signed(&provider, &back)["error"], "access_denied");
}

#[tokio::test]
async fn answers_are_signed_as_id_tokens_are_unless_it_was_said_otherwise() {
    let portal = Portal::open_with(|settings| settings.id_token_algorithm = Algorithm::EdDSA).await;
    let page = portal.answer(&portal.ask.clone().with("response_mode", "jwt")).await;
    assert_eq!(header_of(&page.location_param("response").unwrap())["alg"], "EdDSA");
}
