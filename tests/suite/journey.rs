//! The whole way: from the relying party, through the pages, to a verified ID token.

use crate::jose::TokenType;
use http::StatusCode;

use super::support::{Ask, ISSUER, Provider, REDIRECT};

#[tokio::test]
async fn a_partner_logs_in_and_the_service_gets_a_signed_id_token() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let mut alex = provider.browser();
    let ask = Ask::of("portal");
    let welcome = provider.log_in(&mut alex, &ask, "alex@school.example").await.expect(StatusCode::OK);
    assert!(welcome.text().contains("Welcome, Alex Example."), "{}", welcome.text());
    let flow = welcome.url.split("flow=").nth(1).unwrap().to_owned();
    let back = alex.open(&format!("/flow/{flow}/continue")).await.expect(StatusCode::SEE_OTHER);
    assert!(back.location().starts_with(REDIRECT));
    assert_eq!(back.location_param("state").as_deref(), Some("the-state"));
    assert_eq!(back.location_param("iss").as_deref(), Some(ISSUER));
    let code = back.location_param("code").unwrap();
    let tokens = provider.redeem(&code, &ask, "portal", &secret).await.expect(StatusCode::OK).json();
    let claims =
        provider.kit().signing.current().verify(TokenType::Id, tokens["id_token"].as_str().unwrap()).unwrap();
    assert_eq!(claims["nonce"], "the-nonce");
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], "portal");
    assert!(!claims.contains_key("name"), "the scope's claims come from UserInfo");
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let told = provider.browser().call("/userinfo", &[], &[("authorization", &bearer)]).await;
    let told = told.expect(StatusCode::OK).json();
    assert_eq!(told["sub"], claims["sub"]);
    assert_eq!(told["name"], "Alex Example");
    assert_eq!(told["email"], "alex@school.example");
}
