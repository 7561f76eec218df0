//! Services hear that a session has ended (OpenID Connect Back-Channel Logout 1.0).

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;

use super::portal::{claims_of, header_of};
use super::support::{Ask, Browser, Provider};
use crate::admin::people::{self, Details};
use crate::admin::{personal_data, users};
use crate::base::Span;
use crate::model::{Actor, Algorithm, ClientSettings, Email};
use crate::oidc::logout::back_channel::{self, Round};

const ALEX: &str = "alex@school.example";

/// A service that listens.
struct Service {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
    /// What it answers.
    status: Arc<AtomicU16>,
}

type Ears = (Arc<Mutex<Vec<String>>>, Arc<AtomicU16>);

impl Service {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://127.0.0.1:{}/heard", listener.local_addr().unwrap().port());
        let ears: Ears = (Arc::default(), Arc::new(AtomicU16::new(200)));
        let (heard, status) = ears.clone();
        let router = Router::new().route("/heard", post(hear)).with_state(ears);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, heard, status }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn answers(&self, status: StatusCode) {
        self.status.store(status.as_u16(), Ordering::SeqCst);
    }

    fn registers(&self) -> impl FnOnce(&mut ClientSettings) {
        let address = self.address.clone();
        move |settings| settings.backchannel_logout_uri = Some(address)
    }
}

async fn hear(State((heard, status)): State<Ears>, headers: HeaderMap, body: String) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    let fields: Vec<_> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let [(name, token)] = fields.as_slice() else { panic!("{body}") };
    assert_eq!(name, "logout_token");
    heard.lock().unwrap().push(token.clone());
    StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap()
}

async fn provider() -> Provider {
    let local = "127.0.0.0/8".parse().unwrap();
    Provider::start_with(|config| config.outgoing.allow_networks = vec![local]).await
}

/// Somebody who is logged in and has been sent to these services.
async fn logged_in(provider: &Provider, services: &[&str]) -> Browser {
    let mut alex = provider.browser();
    provider.log_in(&mut alex, &Ask::of(services[0]), ALEX).await.expect(StatusCode::OK);
    for service in services {
        alex.open(&Ask::of(service).url()).await.expect(StatusCode::SEE_OTHER);
    }
    alex
}

async fn log_out(browser: &mut Browser) {
    let ask = browser.open("/logout").await.expect(StatusCode::OK);
    browser.submit_to(&ask, "/logout", &[]).await.expect(StatusCode::OK);
}

/// Tells everybody who is due, as the worker does.
async fn deliver(provider: &Provider) {
    while !matches!(back_channel::deliver_next(provider.kit()).await.unwrap(), Round::Idle { .. }) {}
}

#[tokio::test]
async fn one_log_out_reaches_every_service_of_the_session_that_wants_to_hear_it() {
    let provider = provider().await;
    let (portal, hub, other) = (Service::start().await, Service::start().await, Service::start().await);
    provider.add_client("portal", portal.registers()).await;
    provider
        .add_client("hub", |settings| {
            hub.registers()(settings);
            settings.id_token_algorithm = Algorithm::ES256;
        })
        .await;
    provider.add_client("deaf", |_| {}).await;
    provider.add_client("other", other.registers()).await;
    let mut alex = logged_in(&provider, &["portal", "hub", "deaf"]).await;
    log_out(&mut alex).await;
    deliver(&provider).await;
    assert_eq!((portal.heard().len(), hub.heard().len(), other.heard().len()), (1, 1, 0));
    deliver(&provider).await;
    assert_eq!(portal.heard().len(), 1, "once is enough");
}

#[tokio::test]
async fn the_token_says_who_has_logged_out_where_and_can_pass_for_nothing_else() {
    let provider = provider().await;
    let service = Service::start().await;
    let secret = provider.add_client("portal", service.registers()).await.unwrap();
    let ask = Ask::of("portal");
    let mut alex = logged_in(&provider, &["portal"]).await;
    let back = alex.open(&ask.url()).await.expect(StatusCode::SEE_OTHER);
    let code = back.location_param("code").unwrap();
    let tokens = provider.redeem(&code, &ask, "portal", &secret).await.expect(StatusCode::OK).json();
    let id_token = claims_of(tokens["id_token"].as_str().unwrap());
    log_out(&mut alex).await;
    deliver(&provider).await;
    let token = &service.heard()[0];
    let header = header_of(token);
    assert_eq!((&header["typ"], &header["alg"]), (&"logout+jwt".into(), &"RS256".into()));
    let jwks = alex.open("/jwks").await.expect(StatusCode::OK).json();
    let mut published = jwks["keys"].as_array().unwrap().iter();
    assert!(published.any(|key| key["kid"] == header["kid"]));
    let said = claims_of(token);
    for name in ["iss", "sub", "aud", "sid"] {
        assert_eq!(said[name], id_token[name], "{name}");
    }
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 120);
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert_eq!(said["events"], serde_json::json!({ event: {} }));
    assert!(said["jti"].as_str().unwrap().len() >= 16);
    assert!(said.get("nonce").is_none());
    // Nor is it a hint by which a service could say who is to log in or out.
    let ask = ask.clone().with("id_token_hint", token).with("prompt", "none");
    let refused = alex.open(&ask.url()).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(refused.location_param("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn row_36_every_way_a_session_ends_is_told() {
    for end in ["reset", "disabled", "password", "erased", "new email", "somebody else"] {
        let provider = provider().await;
        let service = Service::start().await;
        provider.add_client("portal", service.registers()).await;
        let mut alex = logged_in(&provider, &["portal"]).await;
        let user = users::find(provider.kit(), &Actor::Operator, ALEX).await.unwrap();
        match end {
            "reset" => {
                let mut fresh = provider.browser();
                let third = provider.new_password_page(&mut fresh, ALEX).await;
                let new = "velvet kettle thunder";
                let fields = [("new_password", new), ("confirm_password", new)];
                fresh.submit(&third, &fields).await.expect(StatusCode::SEE_OTHER);
            }
            "disabled" => {
                assert!(users::set_active(provider.kit(), &Actor::Operator, &user, false).await.unwrap())
            }
            "erased" => personal_data::erase(provider.kit(), &Actor::Operator, &user).await.unwrap(),
            "new email" => {
                let email = Email::parse("alex@another.example").unwrap();
                let details = Details { email, name: user.name.clone(), organisation: None };
                people::change(provider.kit(), &Actor::Operator, &user, details).await.unwrap();
            }
            "password" => {
                users::set_password(provider.kit(), &Actor::Operator, &user, "another otter drumming")
                    .await
                    .unwrap()
            }
            _ => {
                provider.add_person("sam@school.example", "Sam Sample").await;
                let ask = Ask::of("portal").with("prompt", "login");
                provider.log_in(&mut alex, &ask, "sam@school.example").await.expect(StatusCode::OK);
            }
        }
        deliver(&provider).await;
        assert_eq!(service.heard().len(), 1, "{end}");
        assert_eq!(claims_of(&service.heard()[0])["sub"], user.subject.as_str(), "{end}");
    }
}

#[tokio::test]
async fn a_service_that_is_down_is_told_later_with_a_fresh_token_and_one_that_refuses_is_not() {
    let provider = provider().await;
    let service = Service::start().await;
    provider.add_client("portal", service.registers()).await;
    let mut alex = logged_in(&provider, &["portal"]).await;
    service.answers(StatusCode::SERVICE_UNAVAILABLE);
    log_out(&mut alex).await;
    deliver(&provider).await;
    deliver(&provider).await;
    assert_eq!(service.heard().len(), 1, "it waits before the next try");
    provider.advance(Span::seconds(5));
    service.answers(StatusCode::NO_CONTENT);
    deliver(&provider).await;
    let heard = service.heard();
    assert_eq!(heard.len(), 2);
    assert_ne!(claims_of(&heard[0])["jti"], claims_of(&heard[1])["jti"]);
    assert_eq!(provider.number("SELECT COUNT(*) FROM logouts WHERE state = 'told'").await, 1);

    let mut alex = logged_in(&provider, &["portal"]).await;
    service.answers(StatusCode::BAD_REQUEST);
    log_out(&mut alex).await;
    deliver(&provider).await;
    provider.advance(Span::hours(1));
    deliver(&provider).await;
    assert_eq!(service.heard().len(), 3, "what it will not have now it would not have later");
    assert_eq!(provider.number("SELECT COUNT(*) FROM logouts WHERE state = 'failed'").await, 1);
}

#[tokio::test]
async fn row_76_a_service_on_our_own_network_is_not_told() {
    let provider = Provider::start().await;
    let service = Service::start().await;
    provider.add_client("portal", service.registers()).await;
    let mut alex = logged_in(&provider, &["portal"]).await;
    log_out(&mut alex).await;
    deliver(&provider).await;
    assert!(service.heard().is_empty());
    assert_eq!(provider.number("SELECT COUNT(*) FROM logouts WHERE state = 'queued'").await, 1);
}

#[tokio::test]
async fn a_service_that_has_but_an_id_token_hears_and_so_does_one_that_has_not_been_used_for_days() {
    let local = "127.0.0.0/8".parse().unwrap();
    let provider = Provider::start_with(|config| {
        config.outgoing.allow_networks = vec![local];
        config.settings.session.absolute = Span::days(30);
        config.settings.session.idle = Span::days(30);
    })
    .await;
    let (by_browser, long_ago) = (Service::start().await, Service::start().await);
    provider
        .add_client("browser", |settings| {
            by_browser.registers()(settings);
            settings.response_types = vec![crate::model::ResponseType::IdToken];
            settings.grant_types = vec![crate::model::GrantType::Implicit];
        })
        .await;
    provider.add_client("portal", long_ago.registers()).await;
    let mut alex = logged_in(&provider, &["portal"]).await;
    let ask = Ask::of("browser").with("response_type", "id_token");
    let ask = ask.with("code_challenge", "").with("code_challenge_method", "");
    assert!(alex.open(&ask.url()).await.location_param("id_token").is_some());
    provider.advance(Span::days(5));
    crate::jobs::purge::round(provider.kit()).await.unwrap();
    log_out(&mut alex).await;
    deliver(&provider).await;
    assert_eq!((by_browser.heard().len(), long_ago.heard().len()), (1, 1));
    provider.advance(Span::days(40));
    crate::jobs::purge::round(provider.kit()).await.unwrap();
    assert_eq!(provider.number("SELECT COUNT(*) FROM grants").await, 0);
}
