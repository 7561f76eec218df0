//! `gatehouse client check`: what a service declares, and what is found of it.

use std::sync::{Arc, Mutex};

use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::json;

use super::client_assertion::{key_set, own_key};
use super::client_certificate::Sample;
use super::support::{Provider, REDIRECT};
use crate::admin::client_check::{self, Finding, Verdict};
use crate::admin::clients;
use crate::jose::SigningKey;
use crate::model::{Actor, Algorithm, Client, ClientAuthentication, ClientSettings};

/// A service on this machine, that does everything well and some things badly.
struct Service {
    base: String,
    key: SigningKey,
    /// What is posted to it, as it came.
    posted: Arc<Mutex<Vec<String>>>,
}

impl Service {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let key = own_key(Algorithm::ES256);
        let set = key_set(&[&key]).to_string();
        let signed = key.sign("oauth-authz-req+jwt", &json!({ "client_id": "portal" })).unwrap();
        let posted = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&posted);
        let log_out = async move |body: String| {
            heard.lock().unwrap().push(body);
            StatusCode::BAD_REQUEST
        };
        let router = Router::new()
            .route("/keys", get(|| async { set }))
            .route("/request", get(|| async { signed }))
            .route("/sector", get(|| async { Json(json!([REDIRECT])) }))
            .route("/text", get(|| async { "<p>Hello" }))
            .route("/long", get(|| async { "x".repeat(100_000) }))
            .route(
                "/away",
                get(|| async { Redirect::temporary("/text") }).post(|| async { Redirect::to("/text") }),
            )
            .route("/out", post(log_out))
            .route("/careless", post(|| async {}));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, key, posted }
    }

    fn at(&self, path: &str) -> Option<String> {
        Some(format!("{}{path}", self.base))
    }
}

/// A provider that may reach this machine, and what it finds of a client that was registered so.
async fn look(adjust: impl FnOnce(&mut ClientSettings)) -> Vec<Finding> {
    let local = "127.0.0.1/32".parse().unwrap();
    let provider = Provider::start_with(|config| config.outgoing.allow_networks = vec![local]).await;
    provider
        .add_client("portal", |settings| {
            settings.home_page = None;
            adjust(settings);
        })
        .await;
    let client = clients::find(provider.kit(), &Actor::Operator, "portal").await.unwrap();
    client_check::look(provider.kit(), &client).await
}

/// The one finding that is not good.
fn other(findings: Vec<Finding>) -> Finding {
    let mut others = findings.into_iter().filter(|finding| finding.verdict != Verdict::Good);
    let other = others.next().expect("something to be told");
    assert!(others.next().is_none(), "{:?}", others.next());
    other
}

#[tokio::test]
async fn of_a_service_that_is_as_it_says_everything_is_good() {
    let service = Service::start().await;
    let findings = look(|settings| {
        settings.authentication = ClientAuthentication::PrivateKeyJwt;
        settings.jwks_uri = service.at("/keys");
        settings.request_uris = vec![service.at("/request").unwrap()];
        settings.backchannel_logout_uri = service.at("/out");
        settings.home_page = service.at("/long");
        settings.initiate_login_uri = service.at("/away");
        settings.policy_uri = service.at("/text");
        settings.logo_uri = service.at("/text");
        settings.safeguarding_uri = service.at("/text");
        settings.exit_uri = service.at("/text");
    })
    .await;
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Good), "{findings:#?}");
    let whats: Vec<&str> = findings.iter().map(|finding| finding.what).collect();
    let expected = [
        "registration",
        "redirect address",
        "after logging out",
        "keys",
        "signed request",
        "back-channel logout",
        "home page",
        "login start",
        "privacy notice",
        "logo",
        "safeguarding page",
        "exit page",
    ];
    assert_eq!(whats, expected);
    let posted = service.posted.lock().unwrap().join("");
    assert!(
        posted.starts_with("logout_token=") && !posted.contains("eyJ"),
        "nothing that could count: {posted}"
    );
}

/// Registers a client so, and expects to be told of one thing: what it is, what was found, and what to do.
async fn expect(
    adjust: impl FnOnce(&mut ClientSettings),
    verdict: Verdict,
    [what, found, remedy]: [&str; 3],
) {
    let other = other(look(adjust).await);
    assert_eq!((other.verdict, other.what), (verdict, what), "{other:?}");
    assert!(other.found.as_ref().unwrap().contains(found), "{other:?}");
    assert!(other.remedy.as_ref().unwrap().contains(remedy), "{other:?}");
}

#[tokio::test]
async fn keys_that_are_not_as_they_should_be_are_named() {
    let service = Service::start().await;
    let inside = Some("https://10.0.0.1/keys".to_owned());
    for (uri, algorithm, found, remedy) in [
        (service.at("/none"), None, "status 404", "put it there"),
        (service.at("/text"), None, "not JSON", "JWK set"),
        (service.at("/keys"), Some(Algorithm::EdDSA), "no key for EdDSA", "add one"),
        (inside, None, "not on the public internet", "outgoing.allow_networks"),
    ] {
        let adjust = |settings: &mut ClientSettings| {
            settings.authentication = ClientAuthentication::PrivateKeyJwt;
            (settings.jwks_uri, settings.assertion_algorithm) = (uri, algorithm);
        };
        expect(adjust, Verdict::Bad, ["keys", found, remedy]).await;
    }
}

#[tokio::test]
async fn requests_that_are_not_signed_by_the_service_are_named() {
    let service = Service::start().await;
    let stranger = own_key(Algorithm::ES256);
    for (key, path, found, remedy) in [
        (&stranger, "/request", "not believed", "sign it"),
        (&service.key, "/text", "no signed token", "request object"),
    ] {
        let adjust = |settings: &mut ClientSettings| {
            settings.jwks = Some(key_set(&[key]));
            settings.request_uris.extend(service.at(path));
        };
        expect(adjust, Verdict::Bad, ["signed request", found, remedy]).await;
    }
}

#[tokio::test]
async fn who_cannot_be_told_of_log_outs_is_named_and_so_is_who_believes_anything() {
    let service = Service::start().await;
    for (path, verdict, found, remedy) in [
        ("/none", Verdict::Bad, "404", "posted form"),
        ("/away", Verdict::Bad, "303", "redirect"),
        ("/careless", Verdict::Note, "with success", "who signed"),
    ] {
        let adjust = |settings: &mut ClientSettings| settings.backchannel_logout_uri = service.at(path);
        expect(adjust, verdict, ["back-channel logout", found, remedy]).await;
    }
}

#[tokio::test]
async fn a_sector_document_and_a_front_channel_that_are_not_as_they_should_be_are_named() {
    let service = Service::start().await;
    let local = "127.0.0.1/32".parse().unwrap();
    let provider = Provider::start_with(|config| config.outgoing.allow_networks = vec![local]).await;
    provider.add_client("portal", |_| {}).await;
    let mut client = clients::find(provider.kit(), &Actor::Operator, "portal").await.unwrap();
    let settings = &mut client.settings;
    settings.sector_identifier_uri = service.at("/sector");
    settings.frontchannel_logout_uri = service.at("/text");
    let seen = async |client: &Client, what| {
        let found = client_check::look(provider.kit(), client).await;
        found.into_iter().find(|finding| finding.what == what).unwrap()
    };
    assert_eq!(seen(&client, "sector document").await.verdict, Verdict::Good);
    assert_eq!(seen(&client, "front-channel logout").await.verdict, Verdict::Good);
    let settings = &mut client.settings;
    settings.redirect_uris.push("https://portal.example/other".to_owned());
    settings.frontchannel_logout_uri = service.at("/none");
    for (path, words) in
        [("/none", "status 404"), ("/text", "not a JSON"), ("/sector", "lacks a redirect address")]
    {
        client.settings.sector_identifier_uri = service.at(path);
        let bad = seen(&client, "sector document").await;
        assert!(bad.verdict == Verdict::Bad && bad.found.as_ref().unwrap().contains(words), "{bad:?}");
    }
    assert_eq!(seen(&client, "front-channel logout").await.verdict, Verdict::Bad);
}

#[tokio::test]
async fn addresses_that_lead_people_nowhere_are_named() {
    let service = Service::start().await;
    let inside = Some("https://10.0.0.1/".to_owned());
    for (page, verdict, found, remedy) in [
        (service.at("/none"), Verdict::Bad, "404", "put a page there"),
        (inside, Verdict::Note, "not on the public internet", "browser"),
    ] {
        expect(|settings| settings.home_page = page, verdict, ["home page", found, remedy]).await;
    }
    let here =
        |settings: &mut ClientSettings| settings.redirect_uris = vec!["http://localhost:1/".to_owned()];
    expect(here, Verdict::Note, ["redirect address", "visitor's own machine", "real people"]).await;
}

#[tokio::test]
async fn a_service_that_shows_certificates_must_be_asked_for_them_and_have_one() {
    let certificate = Sample::new("Example", "portal.example", None);
    let asked = |jwks: serde_json::Value| {
        look(move |settings| {
            settings.authentication = ClientAuthentication::SelfSignedTlsClientAuth;
            settings.jwks = Some(jwks);
        })
    };
    let unasked = other(asked(json!({ "keys": [certificate.jwk()] })).await);
    assert_eq!((unasked.verdict, unasked.what), (Verdict::Bad, "certificate"));
    assert!(unasked.remedy.unwrap().contains("listen.ask_client_certificates"));
    let findings = asked(key_set(&[&own_key(Algorithm::ES256)])).await;
    let keys = findings.into_iter().find(|finding| finding.what == "keys").unwrap();
    assert_eq!(keys.verdict, Verdict::Bad);
    assert!(keys.remedy.unwrap().contains("x5c"));
}
