//! Requests as signed objects (RFC 9101; OpenID Connect Core 1.0, section 6; FAPI 2.0 Message Signing, section 5.3.1).

use http::StatusCode;
use serde_json::{Value, json};

use super::client_assertion::{key_set, own_key};
use super::client_keys::Publisher;
use super::par::{assert_refused, brought, fapi2, push, push_signed};
use super::support::{Ask, ISSUER, Page, Provider, REDIRECT};
use crate::base::base64url;
use crate::jose::{Content, SigningKey, encrypt};
use crate::model::{Algorithm, ClientSettings, ContentEncryption, KeyManagement};

/// What a request asks, as claims, with what a strict client adds.
fn claims(provider: &Provider, ask: &Ask, client: &str) -> Value {
    let now = crate::base::Clock::now(&*provider.clock).seconds();
    let mut claims = json!({ "iss": client, "aud": ISSUER, "nbf": now, "exp": now + 60 });
    for (name, value) in &ask.params {
        claims[name] = json!(value);
    }
    claims
}

/// The claims but for one that is changed, or taken out by null.
fn changed(mut claims: Value, name: &str, value: &Value) -> Value {
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(name),
        value => claims.as_object_mut().unwrap().insert(name.to_owned(), value.clone()),
    };
    claims
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    key.sign("oauth-authz-req+jwt", claims).unwrap()
}

/// A provider with the client `portal`, which has a key as well as its secret.
async fn with_key(adjust: impl FnOnce(&mut ClientSettings)) -> (Provider, SigningKey) {
    let (provider, key) = (Provider::start().await, own_key(Algorithm::ES256));
    provider
        .add_client("portal", |settings| {
            settings.jwks = Some(key_set(&[&key]));
            adjust(settings);
        })
        .await;
    (provider, key)
}

#[track_caller]
fn assert_error(page: &Page, error: &str, what: &str) {
    assert_eq!(
        page.location_param("error").as_deref(),
        Some(error),
        "{what}: {} {}",
        page.location(),
        page.text()
    );
}

#[tokio::test]
async fn what_is_signed_counts_before_what_stands_beside_it() {
    let (provider, key) = with_key(|settings| settings.default_max_age = Some(1)).await;
    let inside = json!({
        "state": "signed", "redirect_uri": REDIRECT, "max_age": 10_000,
        "claims": { "id_token": { "email": null } }
    });
    let ask = Ask::of("portal")
        .with("redirect_uri", "https://evil.example/")
        .with("request", &signed(&key, &inside));
    let back = provider.browser().open(&ask.clone().with("prompt", "none").url()).await;
    assert_error(&back, "login_required", "an error goes to the signed address");
    assert!(back.location().starts_with(REDIRECT));
    assert_eq!(back.location_param("state").as_deref(), Some("signed"));
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &ask, "alex@school.example").await;
    provider.advance(crate::base::Span::seconds(10));
    let silent = alex.open(&ask.with("prompt", "none").url()).await;
    assert!(silent.location_param("code").is_some(), "max_age is the signed one: {}", silent.location());
}

#[tokio::test]
async fn a_request_object_that_is_not_good_is_refused_and_never_ignored() {
    let (provider, key) = with_key(|_| {}).await;
    let good = claims(&provider, &Ask::of("portal"), "portal");
    let outer = |object: &str| Ask::of("portal").with("request", object).with("prompt", "none");
    let fine = provider.browser().open(&outer(&signed(&key, &good)).url()).await;
    assert_error(&fine, "login_required", "all is well but nobody is logged in");
    // What nobody here reads says nothing, whatever its form.
    let mut odd = good.clone();
    for (name, value) in [("authorization_details", json!([{ "type": "x" }])), ("acr", json!(["a"]))] {
        odd = changed(odd, name, &value);
    }
    odd["login_hint"] = Value::Null;
    let page = provider.browser().open(&outer(&signed(&key, &odd)).url()).await;
    assert_error(&page, "login_required", "members that are not ours are passed over");
    let bare = outer(&signed(&key, &good)).with("scope", "openid");
    assert_error(&provider.browser().open(&bare.url()).await, "login_required", "the signed scope counts");
    for (name, value) in [
        ("iss", json!("other")),
        ("aud", json!("https://other.example")),
        ("exp", json!(1)),
        ("nbf", json!(9_999_999_999_i64)),
        ("client_id", json!("other")),
        ("response_type", json!("id_token")),
        ("request", json!("x.y.z")),
        ("request_uri", json!("https://portal.example/r")),
        ("sub", json!("portal")),
        ("state", json!(["a"])),
        ("state", json!("\0")),
        ("state", json!("\u{FFFD}")),
    ] {
        let object = signed(&key, &changed(good.clone(), name, &value));
        let page = provider.browser().open(&outer(&object).url()).await;
        assert_error(&page, "invalid_request_object", &format!("{name} {value}"));
    }
    let body = base64url(good.to_string());
    let mut damaged = signed(&key, &good);
    damaged.truncate(damaged.len() - 4);
    let another = signed(&own_key(Algorithm::ES256), &good);
    let wrong_end = key.sign("dpop+jwt", &good).unwrap();
    for object in ["x.y.z", "x", &damaged, &another, &wrong_end] {
        assert_error(&provider.browser().open(&outer(object).url()).await, "invalid_request_object", object);
    }
    let both = outer(&signed(&key, &good)).with("request_uri", "https://portal.example/r");
    assert_error(&provider.browser().open(&both.url()).await, "invalid_request", "both at once");
    for name in ["none", "None", "nOnE", "HS256", ""] {
        let header = base64url(json!({ "alg": name }).to_string());
        for signature in ["", "AAAA"] {
            let page = provider.browser().open(&outer(&format!("{header}.{body}.{signature}")).url()).await;
            assert_error(&page, "invalid_request_object", name);
        }
    }
}

#[tokio::test]
async fn row_68_a_request_that_is_made_to_cost_much_is_refused() {
    let (provider, key) = (Provider::start().await, own_key(Algorithm::ES256));
    let adjust = |settings: &mut ClientSettings| settings.jwks = Some(key_set(&[&key]));
    let secret = provider.add_client("portal", adjust).await.unwrap();
    let good = claims(&provider, &Ask::of("portal"), "portal");
    // Deeper than a reader should follow.
    let nested = (0..200).fold(json!([]), |inner, _| json!([inner]));
    let deep_header = format!("{{\"alg\":\"ES256\",\"x\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000));
    let encrypted = |header: Value| format!("{}.AAAA.AAAA.AAAA.AAAA", base64url(header.to_string()));
    for object in [
        vec!["AAAA"; 2_000].join("."),
        ".".repeat(5_000),
        format!("{}.{}.AAAA", base64url(&deep_header), base64url(good.to_string())),
        signed(&key, &changed(good.clone(), "claims", &nested)),
        // The key of this one would be made for as long as its header says.
        encrypted(json!({
            "alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_147_483_648_u64, "p2s": "AAAAAAAAAAA",
        })),
        encrypted(json!({ "alg": "RSA1_5", "enc": "A128GCM" })),
    ] {
        // Pushed, because an address may not be that long.
        let pushed = push(&provider, &Ask::of("portal").with("request", &object), "portal", &secret).await;
        assert_refused(&pushed, "invalid_request_object", &object);
    }
    let fine = Ask::of("portal").with("request", &signed(&key, &good));
    assert_eq!(push(&provider, &fine, "portal", &secret).await.status, StatusCode::CREATED);
}

/// FAPI 2.0 Message Signing, section 5.3.1.
#[tokio::test]
async fn who_must_sign_is_held_to_every_rule_and_nothing_beside_counts() {
    let (provider, key) = (Provider::start().await, own_key(Algorithm::PS256));
    let demand = |settings: &mut ClientSettings| {
        fapi2(settings, &key);
        settings.require_signed_requests = true;
    };
    provider.add_client("strict", demand).await;
    let ask = Ask::of("strict");
    let good = claims(&provider, &ask, "strict");
    let beside = Ask { params: vec![("client_id".to_owned(), "strict".to_owned())], ..ask.clone() };
    let pushing = async |object: &str, beside: &Ask| {
        push_signed(&provider, &beside.clone().with("request", object), "strict", &key).await
    };
    let unsigned = push_signed(&provider, &ask, "strict", &key).await;
    assert_refused(&unsigned, "invalid_request", "unsigned");
    let now = good["nbf"].as_i64().unwrap();
    for (name, value) in [
        ("exp", Value::Null),
        ("nbf", Value::Null),
        ("aud", Value::Null),
        ("iss", Value::Null),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 70 * 60)),
        ("nbf", json!(now - 70 * 60)),
        ("aud", json!("https://other.example")),
        ("request_uri", json!("urn:ietf:params:oauth:request_uri:x")),
    ] {
        let page = pushing(&signed(&key, &changed(good.clone(), name, &value)), &beside).await;
        assert_refused(&page, "invalid_request_object", &format!("{name} {value}"));
    }
    let rs256 = own_key(Algorithm::RS256);
    let other = own_key(Algorithm::PS256);
    for object in [signed(&rs256, &good), signed(&other, &good)] {
        assert_refused(&pushing(&object, &beside).await, "invalid_request_object", "another key");
    }
    let outside = beside.clone().with("redirect_uri", REDIRECT);
    let without = signed(&key, &changed(good.clone(), "redirect_uri", &Value::Null));
    assert_refused(&pushing(&without, &outside).await, "invalid_request", "redirect_uri beside the object");
    let good = changed(good, "aud", &json!([ISSUER, "https://other.example"]));
    let good = changed(good, "nbf", &json!(now + 8));
    let pushed = pushing(&signed(&key, &good), &beside.clone().with("state", "unsigned")).await;
    let bring = brought("strict", &pushed);
    let welcome = provider.log_in(&mut provider.browser(), &bring, "alex@school.example").await;
    welcome.expect(StatusCode::OK);
    let silent = provider.browser().open(&bring.with("state", "x").url()).await;
    assert!(silent.location().starts_with("/login"), "it may be loaded again: {}", silent.location());
}

#[tokio::test]
async fn only_the_registered_algorithm_signs_requests() {
    let (provider, key) = with_key(|settings| settings.request_algorithm = Some(Algorithm::EdDSA)).await;
    let object = signed(&key, &claims(&provider, &Ask::of("portal"), "portal"));
    let page = provider.browser().open(&Ask::of("portal").with("request", &object).url()).await;
    assert_error(&page, "invalid_request_object", "ES256 was not agreed");
}

#[tokio::test]
async fn row_74_a_request_is_fetched_from_a_registered_address_and_from_no_other() {
    let (publisher, key) = (Publisher::start().await, own_key(Algorithm::ES256));
    let local = "127.0.0.1/32".parse().unwrap();
    let provider = Provider::start_with(|config| config.outgoing.allow_networks = vec![local]).await;
    let address = format!("http://127.0.0.1:{}/request#v1", publisher.port);
    provider
        .add_client("portal", |settings| {
            settings.jwks = Some(key_set(&[&key]));
            settings.request_uris = vec![address.clone()];
        })
        .await;
    let ask = Ask::of("portal").with("prompt", "none");
    let answer = async |uri: &str| provider.browser().open(&ask.clone().with("request_uri", uri).url()).await;
    for other in [
        &format!("http://127.0.0.1:{}/request", publisher.port),
        &format!("{address}2"),
        &address.to_uppercase(),
        "https://evil.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "urn:ietf:params:oauth:request_uri:short",
    ] {
        assert_error(&answer(other).await, "request_uri_not_supported", other);
    }
    assert_eq!(publisher.asked(), 0, "nothing was fetched");
    assert_error(&answer(&address).await, "invalid_request_uri", "there is nothing there yet");
    let object = changed(claims(&provider, &ask, "portal"), "state", &json!("fetched"));
    *publisher.document.lock().unwrap() = signed(&key, &object);
    let page = answer(&address).await;
    assert_error(&page, "login_required", "fetched");
    assert_eq!(page.location_param("state").as_deref(), Some("fetched"));
    *publisher.document.lock().unwrap() = "<html>".to_owned();
    assert_error(&answer(&address).await, "invalid_request_object", "not a token");
}

/// RFC 9101, section 6.1.
#[tokio::test]
async fn a_request_may_be_encrypted_for_us_once_it_is_signed() {
    let (provider, key) = with_key(|_| {}).await;
    let published = provider.browser().open(crate::base::paths::JWKS).await.json();
    let ours = published["keys"].as_array().unwrap().iter().find(|key| key["use"] == "enc").unwrap();
    assert!(ours["d"].is_null() && ours["kid"].is_string());
    let ask = Ask::of("portal");
    let object = signed(&key, &changed(claims(&provider, &ask, "portal"), "scope", &json!("openid email")));
    let how = (KeyManagement::EcdhEsA256Kw, ContentEncryption::A256Gcm);
    let encrypted = encrypt(&published, how, Content::Token(&object)).unwrap();
    let page = provider.browser().open(&ask.clone().with("request", &encrypted).url()).await;
    assert!(page.location().starts_with("/login?flow="), "{}", page.location());
    let second = provider.second_node().await;
    let page = super::support::Browser::at(second).open(&ask.clone().with("request", &encrypted).url()).await;
    assert!(page.location().starts_with("/login?flow="), "every node has the key: {}", page.location());
    let damaged = format!("{}A", &encrypted[..encrypted.len() - 2]);
    let page = provider.browser().open(&ask.with("request", &damaged).url()).await;
    assert_error(&page, "invalid_request_object", "damaged");
}
