//! UserInfo: who is told what, and until when (OpenID Connect Core 1.0, section 5.3; RFC 6750).

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::portal::{Portal, claims_of, names_of};
use super::support::{Ask, Browser, PASSWORD, Page};
use crate::admin::{clients, users};
use crate::base::Span;
use crate::model::{Actor, Address, Email, Profile};

/// Somebody of whom everything is known.
async fn add_sam(portal: &Portal) {
    let text = |value: &str| Some(value.to_owned());
    let profile = Profile {
        given_name: text("Sam"),
        family_name: text("Sample"),
        middle_name: text("Morgan"),
        nickname: text("Sammy"),
        preferred_username: text("sam"),
        profile: text("https://school.example/sam"),
        picture: text("https://school.example/sam.png"),
        website: text("https://sam.example/"),
        gender: text("female"),
        birthdate: text("1980-02-29"),
        zoneinfo: text("Europe/London"),
        locale: text("en-GB"),
        phone_number: text("+44 1632 960000"),
        phone_number_verified: Some(true),
        address: Some(Address { locality: text("Exampleton"), country: text("GB"), ..Address::default() }),
    };
    let new = users::NewUser {
        email: Email::parse("sam@school.example").unwrap(),
        name: "Sam Sample".to_owned(),
        organisation: None,
        profile,
        password: Some(PASSWORD.to_owned()),
    };
    users::add(portal.provider.kit(), &Actor::Operator, new).await.unwrap();
}

/// What UserInfo says of Sam, asked with these parameters.
async fn told_of_sam(portal: &Portal, changes: &[(&str, &str)]) -> Value {
    let ask = changes.iter().fold(Ask::of("portal"), |ask, (name, value)| ask.with(name, value));
    let mut sam = portal.provider.browser();
    let code = portal.provider.code_for(&mut sam, &ask, "sam@school.example").await;
    let tokens = portal.redeem(&code).await.expect(StatusCode::OK).json();
    let told = portal.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(StatusCode::OK).json();
    assert_eq!(told["sub"], claims_of(tokens["id_token"].as_str().unwrap())["sub"]);
    told
}

#[tokio::test]
async fn each_scope_opens_its_claims_and_no_others_with_their_types() {
    let portal = Portal::open().await;
    add_sam(&portal).await;
    let email = told_of_sam(&portal, &[("scope", "openid email")]).await;
    assert_eq!(names_of(&email), ["email", "email_verified", "sub"]);
    assert_eq!((&email["email"], &email["email_verified"]), (&json!("sam@school.example"), &json!(true)));
    let phone = told_of_sam(&portal, &[("scope", "openid phone")]).await;
    assert_eq!(names_of(&phone), ["phone_number", "phone_number_verified", "sub"]);
    assert_eq!(phone["phone_number_verified"], true);
    let address = told_of_sam(&portal, &[("scope", "openid address")]).await;
    assert_eq!(address["address"], json!({ "locality": "Exampleton", "country": "GB" }));
    assert_eq!(names_of(&address), ["address", "sub"]);
    let profile = told_of_sam(&portal, &[("scope", "openid profile")]).await;
    assert_eq!(names_of(&profile).len(), 15, "{profile}");
    assert_eq!(profile["updated_at"], super::support::NOON.seconds());
    assert_eq!(profile["birthdate"], "1980-02-29");
    assert_eq!(profile["name"], "Sam Sample");
    assert_eq!(names_of(&told_of_sam(&portal, &[("scope", "openid")]).await), ["sub"]);
}

#[tokio::test]
async fn a_claim_can_be_asked_for_by_name_and_what_is_not_known_is_left_out() {
    let portal = Portal::open().await;
    add_sam(&portal).await;
    let claims = r#"{"userinfo":{"name":{"essential":true},"zoneinfo":null,"shoe_size":null}}"#;
    let told = told_of_sam(&portal, &[("scope", "openid"), ("claims", claims)]).await;
    assert_eq!(names_of(&told), ["name", "sub", "zoneinfo"]);
    // Of Alex little is known.
    let ask = portal.ask.clone().with("scope", "openid profile email address phone");
    let tokens = portal.tokens(&ask).await;
    let told = portal.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(names_of(&told), ["email", "email_verified", "given_name", "name", "sub", "updated_at"]);
}

async fn present(portal: &Portal, method: Method, headers: &[(&str, &str)], body: &[(&str, &str)]) -> Page {
    let form = (method == Method::POST).then_some(body);
    portal.provider.browser().send(method, "/userinfo", form, headers).await
}

#[tokio::test]
async fn the_token_comes_in_the_header_or_in_the_body_once() {
    let portal = Portal::open().await;
    let tokens = portal.tokens(&portal.ask).await;
    let token = tokens["access_token"].as_str().unwrap();
    let (bearer, lower) = (format!("Bearer {token}"), format!("bearer {token}"));
    let in_body = [("access_token", token)];
    for (method, headers, body) in [
        (Method::GET, &[("authorization", bearer.as_str())][..], &[][..]),
        (Method::GET, &[("authorization", &lower)], &[]),
        (Method::POST, &[("authorization", &bearer)], &[]),
        (Method::POST, &[], &in_body),
    ] {
        let page = present(&portal, method, headers, body).await.expect(StatusCode::OK);
        assert_eq!(page.header(header::CONTENT_TYPE), "application/json");
        assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(page.json()["name"], "Alex Example");
    }
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    for (method, headers, body) in
        [(Method::POST, &twice[..1], &in_body[..]), (Method::GET, &twice, &[]), (Method::POST, &twice, &[])]
    {
        let page = present(&portal, method, headers, body).await.expect(StatusCode::BAD_REQUEST);
        assert!(page.header(header::WWW_AUTHENTICATE).contains("error=\"invalid_request\""));
    }
    // Never in the address, where it would be kept in logs.
    let mut program = portal.provider.browser();
    program.open(&format!("/userinfo?access_token={token}")).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_is_refused_is_challenged() {
    let portal = Portal::open().await;
    let nothing = present(&portal, Method::GET, &[], &[]).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(nothing.header(header::WWW_AUTHENTICATE), "Bearer realm=\"userinfo\"");
    let basic = present(&portal, Method::GET, &[("authorization", "Basic eDp5")], &[]).await;
    assert_eq!(
        basic.expect(StatusCode::UNAUTHORIZED).header(header::WWW_AUTHENTICATE),
        "Bearer realm=\"userinfo\""
    );
    for wrong in ["x", "", "gh_at_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\"'; DROP TABLE users"] {
        let page = portal.userinfo(wrong).await.expect(StatusCode::UNAUTHORIZED);
        let challenge = page.header(header::WWW_AUTHENTICATE);
        assert!(challenge.starts_with("Bearer realm=\"userinfo\", error=\"invalid_token\""), "{challenge}");
        assert_eq!(page.json()["error"], "invalid_token");
    }
}

#[tokio::test]
async fn a_token_lives_for_ten_minutes() {
    let portal = Portal::open().await;
    let tokens = portal.tokens(&portal.ask).await;
    let token = tokens["access_token"].as_str().unwrap();
    portal.provider.advance(Span::seconds(599));
    portal.userinfo(token).await.expect(StatusCode::OK);
    portal.provider.advance(Span::seconds(2));
    portal.userinfo(token).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn row_30_a_token_dies_with_its_session_its_person_and_its_client() {
    for end in ["session", "person", "password", "client"] {
        let portal = Portal::open().await;
        let kit = portal.provider.kit();
        let tokens = portal.tokens(&portal.ask).await;
        let token = tokens["access_token"].as_str().unwrap();
        portal.userinfo(token).await.expect(StatusCode::OK);
        let alex = users::find(kit, &Actor::Operator, "alex@school.example").await.unwrap();
        match end {
            "session" => {
                let mut browser: Browser = portal.alex.clone();
                let ask = browser.open("/logout").await.expect(StatusCode::OK);
                browser.submit_to(&ask, "/logout", &[]).await.expect(StatusCode::OK);
            }
            "person" => assert!(users::set_active(kit, &Actor::Operator, &alex, false).await.unwrap()),
            "password" => {
                users::set_password(kit, &Actor::Operator, &alex, "another otter drumming").await.unwrap()
            }
            _ => clients::remove(
                kit,
                &Actor::Operator,
                &clients::find(kit, &Actor::Operator, "portal").await.unwrap(),
            )
            .await
            .unwrap(),
        }
        portal.userinfo(token).await.expect(StatusCode::UNAUTHORIZED);
        let asked = portal.alex.clone().open(&portal.ask.url()).await;
        assert!(!asked.location().contains("code="), "{end}: {}", asked.location());
    }
}
