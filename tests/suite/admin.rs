//! What an administrator does, and what relying parties and people notice of it.

use http::StatusCode;

use super::portal::Portal;
use super::support::{Ask, PASSWORD, Provider};
use crate::admin::{Refusal, clients, users};
use crate::base::{ClientId, Error, Span};
use crate::model::{Actor, ApplicationType, ClientAuthentication, ClientSettings, Email, Profile};

#[track_caller]
fn refusal<T>(result: Result<T, Error<Refusal>>) -> String {
    match result {
        Err(Error::Refused(refusal)) => refusal.to_string(),
        Err(Error::Fault(fault)) => panic!("{fault}"),
        Ok(_) => panic!("nothing was refused"),
    }
}

#[tokio::test]
async fn a_client_that_could_do_harm_is_not_registered() {
    let provider = Provider::start().await;
    let good = ClientSettings {
        redirect_uris: vec!["https://portal.example/callback".to_owned()],
        ..ClientSettings::default()
    };
    let with = |adjust: fn(&mut ClientSettings)| {
        let mut settings = good.clone();
        adjust(&mut settings);
        settings
    };
    for (settings, says) in [
        (with(|s| s.redirect_uris.clear()), "at least one redirect address"),
        (with(|s| s.redirect_uris = vec!["http://portal.example/".to_owned()]), "https://"),
        (with(|s| s.redirect_uris = vec!["https://portal.example/#x".to_owned()]), "#"),
        (with(|s| s.redirect_uris = vec!["https://a@portal.example/".to_owned()]), "user name"),
        (with(|s| s.redirect_uris = vec!["https://portal.example/x/../y".to_owned()]), "standard form"),
        (with(|s| s.post_logout_redirect_uris = vec!["javascript:alert(1)".to_owned()]), "https://"),
        (with(|s| s.home_page = Some("data:text/html,x".to_owned())), "https://"),
        (with(|s| s.request_uris = vec!["http://portal.example/r".to_owned()]), "https://"),
        (with(|s| s.response_types.clear()), "response type"),
        (with(|s| s.scopes = Some(vec!["everything".to_owned()])), "no scope everything"),
        (
            with(|s| (s.authentication, s.require_pkce) = (ClientAuthentication::None, false)),
            "code challenge",
        ),
    ] {
        let added = clients::add(
            provider.kit(),
            &Actor::Operator,
            ClientId::parse("bad"),
            "Portal".to_owned(),
            settings,
        )
        .await;
        let sentence = refusal(added.map(|_| ()));
        assert!(sentence.contains(says), "{sentence}");
    }
    let named = clients::add(provider.kit(), &Actor::Operator, None, "<b>".to_owned(), good.clone()).await;
    assert!(refusal(named.map(|_| ())).contains("name"));
    clients::add(provider.kit(), &Actor::Operator, ClientId::parse("one"), "One".to_owned(), good.clone())
        .await
        .map(|_| ())
        .unwrap();
    let twice =
        clients::add(provider.kit(), &Actor::Operator, ClientId::parse("one"), "Two".to_owned(), good).await;
    assert!(refusal(twice.map(|_| ())).contains("already"));
}

#[tokio::test]
async fn of_many_services_that_are_given_one_name_at_once_one_gets_it() {
    let provider = Provider::start().await;
    let mut tries = Vec::new();
    for number in 0..16 {
        let kit = std::sync::Arc::clone(&provider.app.kit);
        let settings = ClientSettings {
            redirect_uris: vec![super::support::REDIRECT.to_owned()],
            ..ClientSettings::default()
        };
        let id = ClientId::parse(&format!("portal-{number}"));
        tries.push(tokio::spawn(async move {
            clients::add(&kit, &Actor::Operator, id, "Portal".to_owned(), settings).await.is_ok()
        }));
    }
    let mut added = 0;
    for attempt in tries {
        added += usize::from(attempt.await.unwrap());
    }
    assert_eq!(added, 1);
    assert_eq!(provider.number("SELECT COUNT(*) FROM clients WHERE name = 'Portal'").await, 1);
}

#[tokio::test]
async fn an_address_that_is_taken_off_the_list_is_not_gone_to_even_half_way() {
    let portal = Portal::open().await;
    let provider = &portal.provider;
    let mut alex = provider.browser();
    let welcome = provider.log_in(&mut alex, &portal.ask, "alex@school.example").await.expect(StatusCode::OK);
    let mut client = clients::find(provider.kit(), &Actor::Operator, "portal").await.unwrap();
    client.settings.redirect_uris = vec!["https://portal.example/elsewhere".to_owned()];
    clients::update(provider.kit(), &Actor::Operator, client).await.unwrap();
    let flow = welcome.url.split("flow=").nth(1).unwrap().to_owned();
    let onward = alex.open(&format!("/flow/{flow}/continue")).await;
    assert!(!onward.location().contains("/callback"), "{}", onward.location());
    assert!(!onward.location().contains("code="), "{}", onward.location());
    portal.answer(&portal.ask).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_public_client_has_no_secret_to_change() {
    let portal = Portal::open_with(|settings| settings.authentication = ClientAuthentication::None).await;
    assert_eq!(portal.secret, "");
    let client = clients::find(portal.provider.kit(), &Actor::Operator, "portal").await.unwrap();
    let changed = clients::rotate_secret(
        portal.provider.kit(),
        &Actor::Operator,
        &client,
        clients::Rotation::after(Span::hours(1)),
    )
    .await;
    assert!(refusal(changed.map(|_| ())).contains("public"));
}

#[tokio::test]
async fn a_scope_that_a_client_may_not_have_is_left_out() {
    let portal = Portal::open_with(|settings| settings.scopes = Some(vec!["openid".to_owned()])).await;
    let tokens = portal.tokens(&portal.ask).await;
    assert_eq!(tokens["scope"], "openid");
    let told = portal.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(StatusCode::OK).json();
    assert_eq!(told.as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn row_88_a_person_is_added_once_under_a_name_and_a_password_that_will_do() {
    let provider = Provider::start().await;
    let new = |name: &str, password: &str| users::NewUser {
        email: Email::parse("sam@school.example").unwrap(),
        name: name.to_owned(),
        organisation: None,
        profile: Profile::default(),
        password: Some(password.to_owned()),
    };
    for (name, password) in [
        ("", PASSWORD),
        ("<img src=x>", PASSWORD),
        ("Sam\r\nBcc: all@school.example", PASSWORD),
        ("Sam https://evil.example", PASSWORD),
        ("Sam Sample", "short"),
        ("Sam Sample", ""),
        ("Sam Sample", "sam sample sam sample"),
    ] {
        refusal(users::add(provider.kit(), &Actor::Operator, new(name, password)).await.map(|_| ()));
    }
    users::add(provider.kit(), &Actor::Operator, new("Sam Sample", PASSWORD)).await.unwrap();
    let twice = users::add(provider.kit(), &Actor::Operator, new("Sam Sample", PASSWORD)).await;
    assert!(refusal(twice.map(|_| ())).contains("already has an account"));
}

#[tokio::test]
async fn row_30_who_is_switched_off_gets_no_further_and_who_is_switched_on_starts_again() {
    let portal = Portal::open().await;
    let kit = portal.provider.kit();
    let alex = users::find(kit, &Actor::Operator, "alex@school.example").await.unwrap();
    assert!(users::set_active(kit, &Actor::Operator, &alex, false).await.unwrap());
    assert!(!users::set_active(kit, &Actor::Operator, &alex, false).await.unwrap());
    let login = portal.answer(&portal.ask).await;
    assert!(login.location().starts_with("/login?"), "{}", login.location());
    assert!(users::set_active(kit, &Actor::Operator, &alex, true).await.unwrap());
    let still_out = portal.answer(&portal.ask).await;
    assert!(still_out.location().starts_with("/login?"), "{}", still_out.location());
    let mut fresh = portal.provider.browser();
    portal.provider.code_for(&mut fresh, &Ask::of("portal"), "alex@school.example").await;
}

#[tokio::test]
async fn a_client_that_is_switched_off_is_known_nowhere() {
    let portal = Portal::open().await;
    let tokens = portal.tokens(&portal.ask).await;
    let code = portal.code(&portal.ask).await;
    let mut tx = portal.provider.kit().store.begin().await.unwrap();
    sqlx::query("UPDATE clients SET disabled_at = 1 WHERE id = 'portal'").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    // By another process: what this one knows of it, it believes for a second.
    portal.provider.advance(Span::seconds(1));
    portal.answer(&portal.ask).await.expect(StatusCode::BAD_REQUEST);
    let refused = portal.redeem(&code).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["error"], "invalid_client");
    portal.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_client_that_an_administrator_switches_off_loses_at_once_what_it_was_granted() {
    let portal = Portal::open().await;
    let kit = portal.provider.kit();
    let tokens = portal.tokens(&portal.ask).await;
    let token = tokens["access_token"].as_str().unwrap();
    let code = portal.code(&portal.ask).await;
    let client = clients::find(kit, &Actor::Operator, "portal").await.unwrap();
    assert!(clients::set_active(kit, &Actor::Operator, &client, false).await.unwrap());
    assert!(!clients::set_active(kit, &Actor::Operator, &client, false).await.unwrap());
    portal.answer(&portal.ask).await.expect(StatusCode::BAD_REQUEST);
    portal.redeem(&code).await.expect(StatusCode::UNAUTHORIZED);
    portal.userinfo(token).await.expect(StatusCode::UNAUTHORIZED);

    assert!(clients::set_active(kit, &Actor::Operator, &client, true).await.unwrap());
    let refused = portal.redeem(&code).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["error"], "invalid_grant");
    portal.userinfo(token).await.expect(StatusCode::UNAUTHORIZED);
    portal.tokens(&portal.ask).await;
}

#[tokio::test]
async fn row_43_a_native_client_is_gone_back_to_at_whatever_port_it_listens() {
    let portal = Portal::open_with(|settings| {
        settings.application_type = ApplicationType::Native;
        settings.authentication = ClientAuthentication::None;
        settings.redirect_uris.push("http://127.0.0.1/callback".to_owned());
    })
    .await;
    for uri in ["http://127.0.0.1/callback", "http://127.0.0.1:49152/callback"] {
        let back = portal.answer(&portal.ask.clone().with("redirect_uri", uri)).await;
        assert!(back.location().starts_with(&format!("{uri}?code=")), "{}", back.location());
    }
    for uri in [
        "http://127.0.0.1:49152@evil.example/callback",
        "http://127.0.0.1:49152/elsewhere",
        "http://localhost:49152/callback",
        "http://[::1]:49152/callback",
        "https://portal.example:49152/callback",
    ] {
        portal.answer(&portal.ask.clone().with("redirect_uri", uri)).await.expect(StatusCode::BAD_REQUEST);
    }
}
