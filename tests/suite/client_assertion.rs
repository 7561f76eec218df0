//! Clients that prove who they are by an assertion (OpenID Connect Core 1.0, section 9; RFC 7523; FAPI 2.0 Security
//! Profile, section 5.3.2.1).

use std::sync::atomic::{AtomicU32, Ordering};

use http::StatusCode;
use josekit::jws::{HS256, JwsSigner as _};
use serde_json::{Value, json};

use super::support::{Ask, ISSUER, NOON, Page, Provider, REDIRECT, basic};
use crate::admin::clients;
use crate::base::{ClientId, Span, base64url};
use crate::clients::assertion::TYPE;
use crate::jobs;
use crate::jose::{SigningKey, generate};
use crate::model::{Actor, Algorithm, ClientAuthentication, ClientSettings, KeyRecord, SecurityProfile};

pub(crate) const TOKEN_ENDPOINT: &str = "https://login.example.gov.uk/token";

/// A client's own key.
pub(crate) fn own_key(algorithm: Algorithm) -> SigningKey {
    let new = generate(algorithm, 2048).unwrap();
    let record = KeyRecord {
        kid: new.kid,
        algorithm,
        public_jwk: new.public_jwk,
        sealed_private: String::new(),
        created_at: NOON,
        active_from: NOON,
        remove_after: None,
    };
    SigningKey::load(&record, &new.private_jwk).unwrap()
}

pub(crate) fn key_set(keys: &[&SigningKey]) -> Value {
    json!({ "keys": keys.iter().map(|key| &key.public_jwk).collect::<Vec<_>>() })
}

/// What `client` says of itself now, never twice the same.
pub(crate) fn claims(provider: &Provider, client: &str, audience: &str) -> Value {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = crate::base::Clock::now(&*provider.clock).seconds();
    let jti = format!("assertion {}", NEXT.fetch_add(1, Ordering::Relaxed));
    json!({ "iss": client, "sub": client, "aud": audience, "jti": jti, "iat": now, "exp": now + 60 })
}

/// What the token endpoint says to an assertion that comes with a code that nobody has: a client that is believed
/// hears of the code only.
pub(crate) async fn present(provider: &Provider, assertion: &str) -> Page {
    present_with(provider, &[("client_assertion", assertion), ("client_assertion_type", TYPE)], &[]).await
}

async fn present_with(provider: &Provider, credentials: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
    let grant = [("grant_type", "authorization_code"), ("code", "gh_ac_unknown"), ("redirect_uri", REDIRECT)];
    provider.browser().call("/token", &[&grant, credentials].concat(), headers).await
}

#[track_caller]
pub(crate) fn assert_believed(page: &Page, what: &str) {
    let error = page.json()["error"].as_str().unwrap().to_owned();
    // A client that keeps to FAPI 2.0 hears first that it shows no key.
    let is_about_the_grant = ["invalid_grant", "invalid_dpop_proof"].contains(&&*error);
    assert!(page.status == StatusCode::BAD_REQUEST && is_about_the_grant, "{what}: {}", page.body);
}

#[track_caller]
pub(crate) fn assert_not_believed(page: &Page, what: &str) {
    assert_eq!(
        (page.status, &page.json()["error"]),
        (StatusCode::UNAUTHORIZED, &"invalid_client".into()),
        "{what}"
    );
}

/// A provider with the client `portal`, which signs with a key of its own.
async fn with_key(algorithm: Algorithm, adjust: impl FnOnce(&mut ClientSettings)) -> (Provider, SigningKey) {
    let (provider, key) = (Provider::start().await, own_key(algorithm));
    let secret = provider
        .add_client("portal", |settings| {
            settings.authentication = ClientAuthentication::PrivateKeyJwt;
            settings.jwks = Some(key_set(&[&key]));
            adjust(settings);
        })
        .await;
    assert_eq!(secret, None, "a client with a key gets no secret");
    (provider, key)
}

fn fapi2(settings: &mut ClientSettings) {
    (settings.profile, settings.id_token_algorithm) = (SecurityProfile::Fapi2, Algorithm::PS256);
}

fn sign_with_secret(secret: &str, claims: &Value) -> String {
    let message = format!("{}.{}", base64url(r#"{"alg":"HS256"}"#), base64url(claims.to_string()));
    let mac = HS256.signer_from_bytes(secret).unwrap().sign(message.as_bytes()).unwrap();
    format!("{message}.{}", base64url(mac))
}

#[tokio::test]
async fn an_assertion_may_name_the_endpoint_where_certificates_are_shown_and_only_there() {
    let apart = "https://mtls.login.example.gov.uk";
    let provider = Provider::start_with(|config| {
        config.listen.certificate_origin = Some(apart.parse().unwrap());
    })
    .await;
    let key = own_key(Algorithm::ES256);
    let jwks = key_set(&[&key]);
    provider
        .add_client("portal", |settings| {
            settings.authentication = ClientAuthentication::PrivateKeyJwt;
            settings.jwks = Some(jwks);
        })
        .await;
    let signed = || key.sign("JWT", &claims(&provider, "portal", &format!("{apart}/token"))).unwrap();
    let come = async |host: &str| {
        let assertion = signed();
        let credentials = [("client_assertion", assertion.as_str()), ("client_assertion_type", TYPE)];
        present_with(&provider, &credentials, &[("host", host)]).await
    };
    assert_believed(&come("mtls.login.example.gov.uk").await, "at the other address");
    assert_not_believed(&come("login.example.gov.uk").await, "at the issuer");
}

#[tokio::test]
async fn a_client_gets_tokens_for_a_signature_with_its_own_key() {
    let (provider, key) = with_key(Algorithm::ES256, |_| {}).await;
    let ask = Ask::of("portal");
    let code = provider.code_for(&mut provider.browser(), &ask, "alex@school.example").await;
    let assertion = key.sign("JWT", &claims(&provider, "portal", TOKEN_ENDPOINT)).unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &ask.verifier),
        ("client_id", "portal"),
        ("client_assertion_type", TYPE),
        ("client_assertion", &assertion),
    ];
    let tokens = provider.browser().call("/token", &fields, &[]).await.expect(StatusCode::OK).json();
    assert!(tokens["id_token"].is_string() && tokens["access_token"].is_string());
}

#[tokio::test]
async fn each_profile_takes_the_algorithms_and_audiences_that_it_allows() {
    for algorithm in Algorithm::ALL {
        let (provider, key) = with_key(algorithm, |_| {}).await;
        let (strict, only) = (own_key(algorithm), own_key(algorithm));
        provider
            .add_client("strict", |settings| {
                settings.authentication = ClientAuthentication::PrivateKeyJwt;
                settings.jwks = Some(key_set(&[&strict]));
                fapi2(settings);
            })
            .await;
        provider
            .add_client("only", |settings| {
                settings.authentication = ClientAuthentication::PrivateKeyJwt;
                settings.assertion_algorithm = Some(Algorithm::ES256);
                settings.jwks = Some(key_set(&[&only]));
            })
            .await;
        let answer = async |key: &SigningKey, client: &str, audience: &str| {
            present(&provider, &key.sign("JWT", &claims(&provider, client, audience)).unwrap()).await
        };
        let name = algorithm.name();
        assert_believed(&answer(&key, "portal", ISSUER).await, name);
        assert_believed(&answer(&key, "portal", TOKEN_ENDPOINT).await, name);
        if algorithm == Algorithm::RS256 {
            assert_not_believed(&answer(&strict, "strict", ISSUER).await, name);
        } else {
            assert_believed(&answer(&strict, "strict", ISSUER).await, name);
        }
        assert_not_believed(&answer(&strict, "strict", TOKEN_ENDPOINT).await, name);
        match algorithm {
            Algorithm::ES256 => assert_believed(&answer(&only, "only", ISSUER).await, name),
            _ => assert_not_believed(&answer(&only, "only", ISSUER).await, name),
        }
    }
}

/// FAPI 2.0 Security Profile, section 5.3.2.1: every negative of client assertions, and what must be forgiven.
#[tokio::test]
async fn row_57_an_assertion_that_says_something_else_is_refused() {
    let (provider, key) = with_key(Algorithm::PS256, fapi2).await;
    for (name, value, good) in [
        ("aud", json!("https://other.example"), false),
        ("aud", json!([ISSUER]), false),
        ("aud", json!([ISSUER, "https://other.example"]), false),
        ("aud", json!(TOKEN_ENDPOINT), false),
        ("aud", json!("https://login.example.gov.uk/par"), false),
        ("sub", Value::Null, false),
        ("sub", json!("other"), false),
        ("iss", json!("other"), false),
        ("jti", Value::Null, false),
        ("extra", json!("x"), true),
    ] {
        let mut claims = claims(&provider, "portal", ISSUER);
        claims[name] = value;
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let page = present(&provider, &key.sign("JWT", &claims).unwrap()).await;
        let what = format!("{name} {claims}");
        if good { assert_believed(&page, &what) } else { assert_not_believed(&page, &what) }
    }
    let other = own_key(Algorithm::PS256);
    let stranger = other.sign("JWT", &claims(&provider, "portal", ISSUER)).unwrap();
    assert_not_believed(&present(&provider, &stranger).await, "another's key");
    let unsigned = format!(
        "{}.{}.",
        base64url(r#"{"alg":"none"}"#),
        base64url(claims(&provider, "portal", ISSUER).to_string())
    );
    assert_not_believed(&present(&provider, &unsigned).await, "no signature");
    let by_public_key = sign_with_secret(&key.public_jwk.to_string(), &claims(&provider, "portal", ISSUER));
    assert_not_believed(&present(&provider, &by_public_key).await, "the public key taken for a secret");
}

#[tokio::test]
async fn row_70_an_assertion_counts_for_minutes_and_never_before_its_time() {
    let (provider, key) = with_key(Algorithm::PS256, fapi2).await;
    let now = NOON.seconds();
    let ten_years = 10 * 365 * 86_400;
    for (name, value, good) in [
        ("exp", json!(now + 59), true),
        ("exp", json!(now - 61), false),
        ("exp", json!(now + 3600), false),
        ("exp", json!(now + ten_years), false),
        ("exp", json!("soon"), false),
        ("exp", Value::Null, false),
        ("nbf", json!(now - ten_years), true),
        ("nbf", json!(now + 9), true),
        ("nbf", json!(now + 61), false),
        ("iat", json!(now - 59), true),
        ("iat", json!(now + 10), true),
        ("iat", json!(now + 61), false),
    ] {
        let mut claims = claims(&provider, "portal", ISSUER);
        claims[name] = value;
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let page = present(&provider, &key.sign("JWT", &claims).unwrap()).await;
        let what = format!("{name} {claims}");
        if good { assert_believed(&page, &what) } else { assert_not_believed(&page, &what) }
    }
}

#[tokio::test]
async fn row_57_a_client_proves_itself_in_one_way_and_in_the_registered_one() {
    let (provider, key) = with_key(Algorithm::ES256, |_| {}).await;
    let secret = provider.add_client("basic", |_| {}).await.unwrap();
    let new = |client: &str| key.sign("JWT", &claims(&provider, client, ISSUER)).unwrap();
    // None of them is believed, so that none is used up.
    let (own, others, header) = (new("portal"), new("basic"), basic("portal", "x"));
    let kind = ("client_assertion_type", TYPE);
    let (own, others) = (("client_assertion", own.as_str()), ("client_assertion", others.as_str()));
    let cases = [
        ("with a secret", vec![kind, own, ("client_secret", "x")], "", "invalid_request"),
        ("with a header", vec![kind, own], header.as_str(), "invalid_request"),
        ("another type", vec![("client_assertion_type", "urn:example"), own], "", "invalid_client"),
        ("no type", vec![own], "", "invalid_client"),
        ("no assertion", vec![kind, ("client_id", "portal")], "", "invalid_client"),
        ("another client_id", vec![kind, own, ("client_id", "basic")], "", "invalid_client"),
        ("registered for a secret", vec![kind, others], "", "invalid_client"),
        ("not a token", vec![kind, ("client_assertion", "x")], "", "invalid_client"),
    ];
    for (name, fields, header, error) in &cases {
        let headers: Vec<(&str, &str)> =
            [("authorization", *header)].into_iter().filter(|(_, value)| !value.is_empty()).collect();
        assert_eq!(present_with(&provider, fields, &headers).await.json()["error"], *error, "{name}");
    }
    let by_secret = [("client_id", "portal"), ("client_secret", secret.as_str())];
    assert_not_believed(&present_with(&provider, &by_secret, &[]).await, "a secret for a key");
    assert_not_believed(&present_with(&provider, &[("client_id", "portal")], &[]).await, "nothing for a key");
    let in_address = format!("/token?client_assertion={}", own.1);
    let page = provider.browser().call(&in_address, &[kind], &[]).await;
    assert_eq!(page.json()["error"], "invalid_request");
    let client = clients::find(provider.kit(), &Actor::Operator, "portal").await.unwrap();
    assert!(
        clients::rotate_secret(
            provider.kit(),
            &Actor::Operator,
            &client,
            clients::Rotation::after(Span::hours(1))
        )
        .await
        .is_err(),
        "there is no secret"
    );
}

#[tokio::test]
async fn row_57_of_sixty_four_uses_of_one_assertion_on_two_nodes_one_counts() {
    let (provider, key) = with_key(Algorithm::ES256, |_| {}).await;
    let nodes = [provider.router.clone(), provider.second_node().await];
    let assertion = key.sign("JWT", &claims(&provider, "portal", ISSUER)).unwrap();
    let uses = (0..64).map(|turn| {
        let (node, assertion) = (nodes[turn % 2].clone(), assertion.clone());
        tokio::spawn(async move {
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", "gh_ac_unknown"),
                ("client_assertion_type", TYPE),
                ("client_assertion", &assertion),
            ];
            super::support::Browser::at(node).call("/token", &fields, &[]).await.json()["error"].clone()
        })
    });
    let mut believed = 0;
    for used in uses.collect::<Vec<_>>() {
        let error = used.await.unwrap();
        believed += usize::from(error == "invalid_grant");
        assert!(error == "invalid_grant" || error == "invalid_client", "{error}");
    }
    assert_eq!(believed, 1);
    let same_jti = key.sign(
        "JWT",
        &json!({
            "iss": "portal", "sub": "portal", "aud": TOKEN_ENDPOINT, "exp": NOON.seconds() + 90,
            "jti": super::support::claims_of(&assertion)["jti"]
        }),
    );
    assert_not_believed(&present(&provider, &same_jti.unwrap()).await, "another assertion of the same name");
    provider.advance(Span::minutes(2));
    jobs::purge::round(provider.kit()).await.unwrap();
    assert_eq!(provider.number("SELECT COUNT(*) FROM used_assertions").await, 0, "too old to be remembered");
    assert_not_believed(&present(&provider, &assertion).await, "and too old to be used");
}

#[tokio::test]
async fn a_client_signs_with_the_secret_that_only_it_and_we_know() {
    let provider = Provider::start().await;
    let by_secret =
        |settings: &mut ClientSettings| settings.authentication = ClientAuthentication::ClientSecretJwt;
    let secret = provider.add_client("portal", by_secret).await.unwrap();
    let new = |secret: &str| sign_with_secret(secret, &claims(&provider, "portal", TOKEN_ENDPOINT));
    let once = new(&secret);
    assert_believed(&present(&provider, &once).await, "the secret");
    assert_not_believed(&present(&provider, &once).await, "the same once more");
    assert_not_believed(
        &present(&provider, &new(&secret.replace("gh_cs_", "gh_cs-"))).await,
        "another secret",
    );
    let plain = [("client_id", "portal"), ("client_secret", secret.as_str())];
    assert_not_believed(&present_with(&provider, &plain, &[]).await, "the secret in clear");
    let client = clients::find(provider.kit(), &Actor::Operator, "portal").await.unwrap();
    let next = clients::rotate_secret(
        provider.kit(),
        &Actor::Operator,
        &client,
        clients::Rotation::after(Span::hours(1)),
    )
    .await
    .unwrap();
    assert_believed(&present(&provider, &new(&secret)).await, "the old beside the new");
    assert_believed(&present(&provider, &new(next.reveal())).await, "the new");
    provider.advance(Span::hours(1));
    assert_not_believed(&present(&provider, &new(&secret)).await, "the old after its time");
    assert_believed(&present(&provider, &new(next.reveal())).await, "the new still");
    assert_eq!(provider.number("SELECT COUNT(*) FROM sealed_secrets").await, 2);
    let mut client = clients::find(provider.kit(), &Actor::Operator, "portal").await.unwrap();
    client.settings.authentication = ClientAuthentication::ClientSecretPost;
    clients::update(provider.kit(), &Actor::Operator, client).await.unwrap();
    assert_eq!(provider.number("SELECT COUNT(*) FROM sealed_secrets").await, 0, "a digest is enough now");
    let posted = [("client_id", "portal"), ("client_secret", next.reveal())];
    assert_believed(&present_with(&provider, &posted, &[]).await, "the same secret, posted");
}

#[tokio::test]
async fn keys_that_cannot_be_used_are_not_registered() {
    let provider = Provider::start().await;
    let key = own_key(Algorithm::ES256);
    let add = async |jwks: Value| {
        let settings = ClientSettings {
            redirect_uris: vec![REDIRECT.to_owned()],
            authentication: ClientAuthentication::PrivateKeyJwt,
            jwks: Some(jwks),
            ..ClientSettings::default()
        };
        clients::add(
            provider.kit(),
            &Actor::Operator,
            ClientId::parse("portal"),
            "Portal".to_owned(),
            settings,
        )
        .await
    };
    for bad in [json!({}), json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }), json!({ "keys": [] })] {
        assert!(matches!(add(bad).await, Err(crate::base::Error::Refused(_))));
    }
    assert!(add(key_set(&[&key])).await.is_ok());
}
