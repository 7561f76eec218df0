//! Response types beyond `code` (OpenID Connect Core 1.0, sections 3.2 and 3.3).

use http::StatusCode;

use super::portal::{Portal, claims_of, header_of};
use super::support::{Ask, ISSUER, Page, Provider, REDIRECT};
use crate::base::{base64url, sha256};
use crate::jose::TokenType;
use crate::model::{ClientSettings, ResponseType};

fn every_type(settings: &mut ClientSettings) {
    settings.response_types = ResponseType::ALL.to_vec();
}

#[track_caller]
fn in_fragment(page: &Page) {
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    assert!(page.location().starts_with(&format!("{REDIRECT}#")), "{}", page.location());
}

#[tokio::test]
async fn an_id_token_beside_a_code_is_tied_to_it() {
    let portal = Portal::open_with(every_type).await;
    for asked in ["code id_token", "id_token code"] {
        let page = portal.answer(&portal.ask.clone().with("response_type", asked)).await;
        in_fragment(&page);
        let code = page.location_param("code").unwrap();
        let token = page.location_param("id_token").unwrap();
        assert!(portal.provider.kit().signing.current().verify(TokenType::Id, &token).is_some());
        assert_eq!(header_of(&token)["alg"], "RS256");
        let claims = claims_of(&token);
        assert_eq!(claims["c_hash"], base64url(&sha256(&code)[..16]));
        assert_eq!((&claims["nonce"], &claims["aud"]), (&"the-nonce".into(), &"portal".into()));
        assert!(claims["at_hash"].is_null() && claims["name"].is_null() && claims["email"].is_null());
        assert_eq!(page.location_param("iss").as_deref(), Some(ISSUER));
        assert_eq!(page.location_param("state").as_deref(), Some("the-state"));
        let later = claims_of(portal.redeem(&code).await.json()["id_token"].as_str().unwrap());
        for same in ["iss", "sub", "aud", "sid", "auth_time"] {
            assert_eq!(later[same], claims[same], "{same}");
        }
        assert!(later["at_hash"].is_string() && later["c_hash"].is_null());
    }
}

/// OpenID Connect Core 1.0, section 5.4.
#[tokio::test]
async fn an_id_token_alone_says_what_the_scope_asks_for() {
    let portal = Portal::open_with(every_type).await;
    let ask = portal.ask.clone().with("response_type", "id_token").with("code_challenge", "");
    let page = portal.answer(&ask.with("code_challenge_method", "")).await;
    in_fragment(&page);
    assert_eq!(page.location_param("code"), None);
    let claims = claims_of(&page.location_param("id_token").unwrap());
    assert_eq!((&claims["name"], &claims["email"]), (&"Alex Example".into(), &"alex@school.example".into()));
    assert!(claims["c_hash"].is_null() && claims["at_hash"].is_null());
    // The service is known to the session, though there is nothing to redeem.
    assert_eq!(portal.provider.number("SELECT COUNT(*) FROM grants").await, 1);
    assert_eq!(
        portal.provider.number("SELECT COUNT(*) FROM grants WHERE refresh_until IS NOT NULL").await,
        0
    );
    let form = portal.ask.clone().with("response_type", "id_token").with("response_mode", "form_post");
    let form = portal.answer(&form).await.expect(StatusCode::OK);
    assert!(form.hidden("id_token").is_some());
}

#[tokio::test]
async fn a_token_needs_a_nonce_and_never_stands_in_a_query() {
    let provider = Provider::start().await;
    provider.add_client("portal", every_type).await;
    provider.add_client("plain", |_| {}).await;
    for (client, name, value, error) in [
        ("portal", "nonce", "", "invalid_request"),
        ("portal", "response_mode", "query", "invalid_request"),
        ("portal", "response_mode", "query.jwt", "invalid_request"),
        ("portal", "code_challenge", "", "invalid_request"),
        ("portal", "prompt", "none", "login_required"),
        ("plain", "state", "the-state", "unsupported_response_type"),
        ("portal", "response_type", "token", "unsupported_response_type"),
    ] {
        let ask = Ask::of(client).with("response_type", "code id_token").with(name, value);
        let page = provider.browser().open(&ask.url()).await;
        in_fragment(&page);
        assert_eq!(page.location_param("error").as_deref(), Some(error), "{client} {name}={value}");
        assert_eq!(page.location_param("state").as_deref(), Some("the-state"));
    }
    let missing = provider.browser().open(&Ask::of("portal").with("response_type", "").url()).await;
    assert!(missing.location().starts_with(&format!("{REDIRECT}?error=invalid_request&")));
}

#[tokio::test]
async fn the_journey_through_the_pages_ends_in_the_same_answer() {
    let provider = Provider::start().await;
    provider.add_client("portal", every_type).await;
    let mut alex = provider.browser();
    let ask = Ask::of("portal").with("response_type", "code id_token").with("response_mode", "jwt");
    let welcome = provider.log_in(&mut alex, &ask, "alex@school.example").await;
    let page = alex.open(&format!("/flow/{}/continue", welcome.flow())).await;
    in_fragment(&page);
    let claims = claims_of(&page.location_param("response").unwrap());
    assert!(claims["code"].is_string() && claims["id_token"].is_string());
}

#[tokio::test]
async fn an_access_token_through_the_browser_opens_userinfo_and_is_tied_to_what_came_with_it() {
    let portal = Portal::open_with(every_type).await;
    for (asked, has_code, has_id_token) in
        [("id_token token", false, true), ("code token", true, false), ("code id_token token", true, true)]
    {
        let page = portal.answer(&portal.ask.clone().with("response_type", asked)).await;
        in_fragment(&page);
        let token = page.location_param("access_token").unwrap();
        assert_eq!(page.location_param("token_type").as_deref(), Some("Bearer"));
        assert_eq!(page.location_param("expires_in").as_deref(), Some("600"));
        let told = portal.userinfo(&token).await.expect(StatusCode::OK).json();
        assert_eq!(told["email"], "alex@school.example", "{asked}");
        let code = page.location_param("code");
        assert_eq!(code.is_some(), has_code, "{asked}");
        assert_eq!(page.location_param("id_token").is_some(), has_id_token, "{asked}");
        if let Some(id_token) = page.location_param("id_token") {
            let claims = claims_of(&id_token);
            assert_eq!(claims["at_hash"], base64url(&sha256(&token)[..16]));
            assert_eq!(claims["c_hash"].is_string(), has_code);
            assert!(claims["email"].is_null(), "UserInfo says that");
        }
        if let Some(code) = code {
            portal.redeem(&code).await.expect(StatusCode::OK);
            portal.redeem(&code).await.expect(StatusCode::BAD_REQUEST);
            portal.userinfo(&token).await.expect(StatusCode::UNAUTHORIZED);
        }
    }
}
