//! Devices that somebody connects elsewhere (RFC 8628; P18).

use http::StatusCode;
use serde_json::Value;

use super::bound_tokens::Draft;
use super::client_assertion::own_key;
use super::par::assert_refused;
use super::portal::Portal;
use super::support::{Page, Provider, basic};
use crate::admin::clients;
use crate::base::Span;
use crate::jose::SigningKey;
use crate::model::{Actor, Algorithm, ClientAuthentication, ClientSettings, GrantType};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(crate) fn display(settings: &mut ClientSettings) {
    settings.redirect_uris.clear();
    settings.post_logout_redirect_uris.clear();
    settings.grant_types = vec![GrantType::DeviceCode, GrantType::RefreshToken];
}

/// A device that shows a code, and Alex, who is logged in.
struct Stage {
    portal: Portal,
    secret: String,
    begun: Value,
}

impl Stage {
    async fn set() -> Self {
        let portal = Portal::open().await;
        let secret = portal.provider.add_client("display", display).await.unwrap();
        let begun = begin(&portal.provider, &secret, &[("scope", "openid profile")]).await;
        Self { portal, secret, begun: begun.expect(StatusCode::OK).json() }
    }

    fn text(&self, name: &str) -> &str {
        self.begun[name].as_str().unwrap()
    }

    async fn ask(&self) -> Page {
        let fields = [("grant_type", GRANT), ("device_code", self.text("device_code"))];
        let header = basic("display", &self.secret);
        self.portal.provider.browser().call("/token", &fields, &[("authorization", &header)]).await
    }

    /// What Alex is asked when she types a code.
    async fn type_in(&mut self, code: &str) -> Page {
        let form = self.portal.alex.open("/device").await.expect(StatusCode::OK);
        self.portal.alex.submit(&form, &[("user_code", code)]).await
    }

    async fn answer(&mut self, page: &Page, answer: &str) -> Page {
        let code = self.text("user_code").to_owned();
        self.portal.alex.submit(page, &[("user_code", &code), ("answer", answer)]).await
    }
}

pub(crate) async fn begin(provider: &Provider, secret: &str, fields: &[(&str, &str)]) -> Page {
    let header = basic("display", secret);
    provider.browser().call("/device_authorization", fields, &[("authorization", &header)]).await
}

#[tokio::test]
async fn somebody_types_the_code_checks_it_and_the_device_has_its_tokens() {
    let mut stage = Stage::set().await;
    assert_eq!((&stage.begun["expires_in"], &stage.begun["interval"]), (&600.into(), &5.into()));
    assert!(stage.text("verification_uri").ends_with("/device"));
    assert_refused(&stage.ask().await, "authorization_pending", "nobody has answered");
    stage.portal.provider.advance(Span::seconds(6));
    let typed = stage.text("user_code").to_lowercase().replace('-', " ");
    let page = stage.type_in(&typed).await.expect(StatusCode::OK);
    let shown = format!("Check that the device shows {}.", stage.text("user_code"));
    assert!(page.text().contains(&shown), "{}", page.text());
    assert!(page.text().contains("It will be able to: see your name"), "{}", page.text());
    assert_refused(&stage.ask().await, "authorization_pending", "looking is not connecting");
    let done = stage.answer(&page, "connect").await.expect(StatusCode::OK);
    assert!(done.text().contains("You can go back to your device."), "{}", done.text());
    let tokens = stage.ask().await.expect(StatusCode::OK).json();
    let told = stage.portal.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(told.expect(StatusCode::OK).json()["name"], "Alex Example");
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_string());
    assert_refused(&stage.ask().await, "invalid_grant", "once");
}

#[tokio::test]
async fn a_device_that_was_refused_asks_too_often_or_waits_too_long_is_told_so() {
    let mut stage = Stage::set().await;
    assert_refused(&stage.ask().await, "authorization_pending", "first");
    stage.portal.provider.advance(Span::seconds(3));
    assert_refused(&stage.ask().await, "slow_down", "too soon");
    stage.portal.provider.advance(Span::seconds(8));
    assert_refused(&stage.ask().await, "slow_down", "sooner than the longer pause");
    stage.portal.provider.advance(Span::seconds(16));
    assert_refused(&stage.ask().await, "authorization_pending", "in time");
    let code = stage.text("user_code").to_owned();
    let page = stage.type_in(&code).await.expect(StatusCode::OK);
    let done = stage.answer(&page, "refuse").await.expect(StatusCode::OK);
    assert!(done.text().contains("You have not connected"), "{}", done.text());
    assert_refused(&stage.ask().await, "access_denied", "refused");
    let mut late = Stage::set().await;
    late.portal.provider.advance(Span::minutes(10));
    assert_refused(&late.ask().await, "expired_token", "late");
    let code = late.text("user_code").to_owned();
    let page = late.type_in(&code).await;
    assert!(page.text().contains("The device code is not correct or has expired."), "{}", page.text());
}

#[tokio::test]
async fn sixty_four_questions_at_once_are_answered_once() {
    let mut stage = Stage::set().await;
    let code = stage.text("user_code").to_owned();
    let page = stage.type_in(&code).await.expect(StatusCode::OK);
    stage.answer(&page, "connect").await.expect(StatusCode::OK);
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let (program, header) = (stage.portal.provider.browser(), basic("display", &stage.secret));
            let device_code = stage.text("device_code").to_owned();
            tokio::spawn(async move {
                let fields = [("grant_type", GRANT), ("device_code", &device_code)];
                program.call("/token", &fields, &[("authorization", &header)]).await.status
            })
        })
        .collect();
    let mut granted = 0;
    for attempt in tries {
        granted += u32::from(attempt.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(granted, 1);
}

#[tokio::test]
async fn codes_cannot_be_guessed_and_a_link_only_fills_them_in() {
    let mut stage = Stage::set().await;
    let complete = stage.text("verification_uri_complete").split_once("/device").unwrap().1.to_owned();
    let page = stage.portal.alex.open(&format!("/device{complete}")).await.expect(StatusCode::OK);
    assert!(page.body.contains(&format!("value=\"{}\"", stage.text("user_code"))));
    assert!(!page.text().contains("It will be able to"));
    for (typed, says) in
        [("", "Enter the device code"), ("nonsense", "is not correct"), ("BBBB-BBBB", "is not correct")]
    {
        let page = stage.type_in(typed).await;
        assert!(page.text().contains(says), "{typed}: {}", page.text());
    }
    for _ in 0..19 {
        stage.type_in("CCCC-CCCC").await;
    }
    let page = stage.type_in("CCCC-CCCC").await.expect(StatusCode::TOO_MANY_REQUESTS);
    assert!(page.text().contains("You have entered too many device codes"), "{}", page.text());
    let code = stage.text("user_code").to_owned();
    stage.type_in(&code).await.expect(StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn who_is_not_logged_in_logs_in_first_and_comes_back_to_the_code() {
    let stage = Stage::set().await;
    let provider = &stage.portal.provider;
    let mut browser = provider.browser();
    let begun = browser.open("/device?user_code=wdjbmjht").await.expect(StatusCode::SEE_OTHER);
    let login = browser.follow(begun).await.expect(StatusCode::OK);
    let fields = [("email", "alex@school.example"), ("password", super::support::PASSWORD)];
    let sent = browser.submit(&login, &fields).await;
    let code_page = browser.follow(sent).await.expect(StatusCode::OK);
    let code = provider.last_code_to("alex@school.example").await;
    let done = browser.submit(&code_page, &[("code", &code)]).await;
    let welcome = browser.follow(done).await.expect(StatusCode::OK);
    let on = browser.open(&format!("/flow/{}/continue", welcome.flow())).await;
    assert_eq!(on.location(), "/device?user_code=WDJB-MJHT");
    browser.follow(on).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn who_connects_a_device_of_somebody_elses_agrees_to_share_and_can_take_it_back() {
    let mut stage = Stage::set().await;
    let kit = stage.portal.provider.kit();
    let mut display = clients::find(kit, &Actor::Operator, "display").await.unwrap();
    display.settings.asks_consent = true;
    display.settings.organisation = Some("Example Software".to_owned());
    display.settings.scopes = Some(["openid", "profile", "email"].map(str::to_owned).into());
    clients::update(kit, &Actor::Operator, display).await.unwrap();
    let code = stage.text("user_code").to_owned();
    let page = stage.type_in(&code).await.expect(StatusCode::OK);
    stage.answer(&page, "connect").await.expect(StatusCode::OK);
    let mut tokens = stage.ask().await.expect(StatusCode::OK).json();
    let refresh = async |stage: &Stage, tokens: &Value| {
        let token = tokens["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let header = basic("display", &stage.secret);
        stage.portal.provider.browser().call("/token", &fields, &[("authorization", &header)]).await
    };
    tokens = refresh(&stage, &tokens).await.expect(StatusCode::OK).json();
    let services = stage.portal.alex.open("/account/services").await.expect(StatusCode::OK);
    assert!(services.text().contains("your name"), "{}", services.text());
    let sure = stage.portal.alex.open("/account/services?stop=display").await.expect(StatusCode::OK);
    let stopped = stage.portal.alex.submit_to(&sure, "/account/services", &[("stop", "display")]).await;
    stopped.expect(StatusCode::SEE_OTHER);
    refresh(&stage, &tokens).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn row_55_a_device_has_what_its_client_may_have_when_it_comes_for_it() {
    let mut stage = Stage::set().await;
    let code = stage.text("user_code").to_owned();
    let page = stage.type_in(&code).await.expect(StatusCode::OK);
    stage.answer(&page, "connect").await.expect(StatusCode::OK);
    let kit = stage.portal.provider.kit();
    let mut display = clients::find(kit, &Actor::Operator, "display").await.unwrap();
    display.settings.scopes = Some(["openid", "email"].map(str::to_owned).into());
    clients::update(kit, &Actor::Operator, display).await.unwrap();
    assert_eq!(stage.ask().await.expect(StatusCode::OK).json()["scope"], "openid");
}

#[tokio::test]
async fn what_is_not_registered_or_not_allowed_is_refused() {
    let stage = Stage::set().await;
    let header = basic("portal", &stage.portal.secret);
    let own = stage.portal.provider.browser();
    let page = own.call("/device_authorization", &[], &[("authorization", &header)]).await;
    assert_refused(&page, "unauthorized_client", "not for devices");
    for (name, value, error) in
        [("scope", "profile", "invalid_scope"), ("resource", "https://x.example/", "invalid_target")]
    {
        let page = begin(&stage.portal.provider, &stage.secret, &[(name, value)]).await;
        assert_refused(&page, error, name);
    }
    let ended = stage.portal.provider.number("SELECT COUNT(*) FROM device_codes").await;
    assert_eq!(ended, 1, "what was refused leaves nothing");
}

/// RFC 9449, section 5.
#[tokio::test]
async fn the_refresh_tokens_of_a_device_without_a_secret_go_with_its_key() {
    let mut portal = Portal::open().await;
    portal
        .provider
        .add_client("kiosk", |settings| {
            display(settings);
            settings.authentication = ClientAuthentication::None;
        })
        .await;
    let (own, other) = (own_key(Algorithm::ES256), own_key(Algorithm::ES256));
    let begun = portal.provider.browser().call("/device_authorization", &[("client_id", "kiosk")], &[]).await;
    let begun = begun.expect(StatusCode::OK).json();
    let code = begun["user_code"].as_str().unwrap();
    let form = portal.alex.open("/device").await.expect(StatusCode::OK);
    let page = portal.alex.submit(&form, &[("user_code", code)]).await;
    let done = portal.alex.submit(&page, &[("user_code", code), ("answer", "connect")]).await;
    done.expect(StatusCode::OK);
    let call = async |fields: &[(&str, &str)], key: Option<&SigningKey>| {
        let proof = key.map(|key| Draft::of(&portal.provider, key, "POST", "/token").sign());
        let headers: Vec<(&str, &str)> = proof.iter().map(|proof| ("dpop", proof.as_str())).collect();
        let fields = [&[("client_id", "kiosk")], fields].concat();
        portal.provider.browser().call("/token", &fields, &headers).await
    };
    let fields = [("grant_type", GRANT), ("device_code", begun["device_code"].as_str().unwrap())];
    let tokens = call(&fields, Some(&own)).await.expect(StatusCode::OK).json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    assert_refused(&call(&fields, None).await, "invalid_grant", "no proof");
    assert_refused(&call(&fields, Some(&other)).await, "invalid_grant", "another key");
    assert_eq!(call(&fields, Some(&own)).await.expect(StatusCode::OK).json()["token_type"], "DPoP");
}
