//! What access tokens look like and whom they are for (RFC 9068; RFC 8707; RFC 8693), and under which name a service
//! knows a person (OpenID Connect Core 1.0, section 8).

use http::StatusCode;
use josekit::jwe;
use josekit::jwk::Jwk;
use serde_json::{Value, json};

use super::par::assert_refused;
use super::portal::{Portal, claims_of, header_of};
use super::support::{Ask, ISSUER, Page, Provider, basic};
use crate::admin::users;
use crate::base::Span;
use crate::jose::TokenType;
use crate::model::{
    AccessTokenFormat, Actor, Algorithm, ClientSettings, ContentEncryption, GrantType, KeyManagement,
    ResponseType, SubjectType,
};

const CASES: &str = "https://cases.example/api";
const LETTERS: &str = "https://letters.example/api";

fn readable(settings: &mut ClientSettings) {
    settings.access_token_format = AccessTokenFormat::Jwt;
}

fn may_call(settings: &mut ClientSettings) {
    settings.resources = [CASES, LETTERS].map(str::to_owned).to_vec();
}

async fn post(provider: &Provider, path: &str, client: (&str, &str), fields: &[(&str, &str)]) -> Page {
    provider.browser().call(path, fields, &[("authorization", &basic(client.0, client.1))]).await
}

impl Portal {
    async fn state(&self, token: &str) -> Value {
        post(&self.provider, "/introspect", ("portal", &self.secret), &[("token", token)]).await.json()
    }

    async fn token_for(&self, ask: &Ask) -> String {
        self.tokens(ask).await["access_token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_token_that_services_can_read_says_what_it_is_and_can_be_taken_back() {
    let portal = Portal::open_with(readable).await;
    let token = portal.token_for(&portal.ask).await;
    assert_eq!(header_of(&token)["typ"], "at+jwt");
    assert!(portal.provider.kit().signing.current().verify(TokenType::Access, &token).is_some());
    assert!(portal.provider.kit().signing.current().verify(TokenType::Id, &token).is_none());
    let claims = claims_of(&token);
    assert_eq!((&claims["iss"], &claims["aud"]), (&ISSUER.into(), &ISSUER.into()));
    assert_eq!((&claims["client_id"], &claims["scope"]), (&"portal".into(), &"openid profile email".into()));
    let told = portal.userinfo(&token).await.expect(StatusCode::OK).json();
    assert_eq!(told["sub"], claims["sub"]);
    assert_eq!(portal.state(&token).await["active"], true);
    let jti = claims["jti"].as_str().unwrap();
    portal.userinfo(jti).await.expect(StatusCode::UNAUTHORIZED);
    let (body, _) = token.rsplit_once('.').unwrap();
    portal.userinfo(&format!("{body}.AAAA")).await.expect(StatusCode::UNAUTHORIZED);
    post(&portal.provider, "/revoke", ("portal", &portal.secret), &[("token", &token)]).await;
    portal.userinfo(&token).await.expect(StatusCode::UNAUTHORIZED);
    let id_token = portal.tokens(&portal.ask).await["id_token"].as_str().unwrap().to_owned();
    portal.userinfo(&id_token).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_is_for_the_services_that_were_asked_for_and_for_no_others() {
    let portal = Portal::open_with(|settings| {
        readable(settings);
        may_call(settings);
    })
    .await;
    let cases_secret = portal
        .provider
        .add_client("cases", |settings| settings.resource = Some(CASES.to_owned()))
        .await
        .unwrap();
    let both = format!("{CASES} {LETTERS}");
    let ask = portal.ask.clone().with("resource", &both);
    let tokens = portal.tokens(&ask).await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(claims_of(token)["aud"], json!([CASES, LETTERS]));
    portal.userinfo(token).await.expect(StatusCode::UNAUTHORIZED);
    let known =
        post(&portal.provider, "/introspect", ("cases", &cases_secret), &[("token", token)]).await.json();
    assert_eq!((&known["active"], &known["aud"]), (&true.into(), &json!([CASES, LETTERS])));
    let own = portal.token_for(&portal.ask).await;
    let unknown =
        post(&portal.provider, "/introspect", ("cases", &cases_secret), &[("token", &own)]).await.json();
    assert_eq!(unknown, json!({ "active": false }), "it is not for them");
    for bad in ["https://evil.example/", "cases", &format!("{CASES} https://evil.example/")] {
        let page = portal.answer(&portal.ask.clone().with("resource", bad)).await;
        assert_eq!(page.location_param("error").as_deref(), Some("invalid_target"), "{bad}");
    }
    let code = portal.code(&portal.ask.clone().with("resource", CASES)).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", super::support::REDIRECT),
        ("code_verifier", &portal.ask.verifier),
        ("resource", LETTERS),
    ];
    let wider = post(&portal.provider, "/token", ("portal", &portal.secret), &fields).await;
    assert_refused(&wider, "invalid_target", "more than was granted");
}

#[tokio::test]
async fn row_55_a_service_that_was_taken_from_a_client_is_given_it_no_more() {
    let portal = Portal::open_with(may_call).await;
    let kit = portal.provider.kit();
    let (first, second) =
        (portal.ask.clone().with("resource", CASES), portal.ask.clone().with("resource", LETTERS));
    let (lost, kept) = (portal.code(&first).await, portal.code(&second).await);
    let mut client = crate::admin::clients::find(kit, &Actor::Operator, "portal").await.unwrap();
    client.settings.resources = vec![LETTERS.to_owned()];
    crate::admin::clients::update(kit, &Actor::Operator, client).await.unwrap();
    assert_refused(&portal.redeem(&lost).await, "invalid_target", "it was taken away");
    portal.redeem(&kept).await.expect(StatusCode::OK);
}

/// RFC 8707, section 2: the one parameter that may stand several times.
#[tokio::test]
async fn several_services_may_be_named_one_by_one() {
    let provider = Provider::start().await;
    let secret = provider
        .add_client("job", |settings| {
            settings.redirect_uris.clear();
            settings.home_page = None;
            settings.post_logout_redirect_uris.clear();
            settings.grant_types = vec![GrantType::ClientCredentials];
            readable(settings);
            may_call(settings);
        })
        .await
        .unwrap();
    let fields = [("grant_type", "client_credentials"), ("resource", CASES), ("resource", LETTERS)];
    let tokens = post(&provider, "/token", ("job", &secret), &fields).await.expect(StatusCode::OK).json();
    let claims = claims_of(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!([CASES, LETTERS]), &"job".into()));
    assert!(claims["auth_time"].is_null());
}

/// The portal calls the cases service, which calls the letters service for the same person.
struct Chain {
    portal: Portal,
    cases_secret: String,
    token: String,
}

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";

impl Chain {
    async fn start() -> Self {
        let portal = Portal::open_with(may_call).await;
        let cases_secret = portal
            .provider
            .add_client("cases", |settings| {
                readable(settings);
                settings.resource = Some(CASES.to_owned());
                settings.resources = vec![LETTERS.to_owned()];
                settings.grant_types.push(GrantType::TokenExchange);
            })
            .await
            .unwrap();
        let token = portal.token_for(&portal.ask.clone().with("resource", CASES)).await;
        Self { portal, cases_secret, token }
    }

    async fn exchange(&self, token: &str, more: &[(&str, &str)]) -> Page {
        let fields = [("grant_type", EXCHANGE), ("subject_token", token), ("subject_token_type", ACCESS)];
        let fields = [&fields, more].concat();
        post(&self.portal.provider, "/token", ("cases", &self.cases_secret), &fields).await
    }
}

#[tokio::test]
async fn a_service_calls_the_next_one_for_the_same_person_and_says_that_it_does() {
    let chain = Chain::start().await;
    chain.portal.provider.advance(Span::minutes(4));
    let narrower = [("resource", LETTERS), ("scope", "email")];
    let page = chain.exchange(&chain.token, &narrower).await.expect(StatusCode::OK).json();
    assert_eq!((&page["issued_token_type"], &page["scope"]), (&ACCESS.into(), &"email".into()));
    assert_eq!(page["expires_in"], 360, "it lasts no longer than what it was exchanged for");
    let token = page["access_token"].as_str().unwrap();
    let claims = claims_of(token);
    assert_eq!((&claims["aud"], &claims["act"]), (&LETTERS.into(), &json!({ "sub": "cases" })));
    assert_eq!(claims["sub"], chain.portal.state(&chain.token).await["sub"]);
    let kit = chain.portal.provider.kit();
    let alex = users::find(kit, &Actor::Operator, "alex@school.example").await.unwrap();
    users::set_active(kit, &Actor::Operator, &alex, false).await.unwrap();
    let state =
        post(&chain.portal.provider, "/introspect", ("cases", &chain.cases_secret), &[("token", token)])
            .await;
    assert_eq!(state.json(), json!({ "active": false }), "it ends with the person");
}

#[tokio::test]
async fn what_a_service_was_not_shown_or_may_not_call_is_refused() {
    let chain = Chain::start().await;
    let own = chain.portal.token_for(&chain.portal.ask).await;
    let letters = [("resource", LETTERS)];
    for (token, more, error) in [
        (own.as_str(), &letters[..], "invalid_request"),
        ("nonsense", &letters, "invalid_request"),
        (&chain.token, &[], "invalid_target"),
        (&chain.token, &[("resource", CASES)], "invalid_target"),
        (&chain.token, &[("audience", "https://evil.example/")], "invalid_target"),
        (&chain.token, &[("resource", LETTERS), ("scope", "openid address")], "invalid_scope"),
        (&chain.token, &[("resource", LETTERS), ("actor_token", "x")], "invalid_request"),
        (&chain.token, &[("resource", LETTERS), ("requested_token_type", "x")], "invalid_request"),
    ] {
        assert_refused(&chain.exchange(token, more).await, error, &format!("{token} {more:?}"));
    }
    let fields = [("grant_type", EXCHANGE), ("subject_token", &chain.token), ("subject_token_type", ACCESS)];
    let portal = ("portal", chain.portal.secret.as_str());
    let page = post(&chain.portal.provider, "/token", portal, &fields).await;
    assert_refused(&page, "unauthorized_client", "not registered for it");
}

#[tokio::test]
async fn services_of_two_sectors_cannot_tell_that_they_serve_the_same_person() {
    let portal = Portal::open_with(|settings| {
        settings.subject_type = SubjectType::Pairwise;
        settings.response_types = ResponseType::ALL.to_vec();
    })
    .await;
    for (id, redirect) in
        [("same", "https://portal.example/other"), ("other", "https://other.example/callback")]
    {
        portal
            .provider
            .add_client(id, |settings| {
                settings.subject_type = SubjectType::Pairwise;
                settings.redirect_uris = vec![redirect.to_owned()];
                settings.response_types = ResponseType::ALL.to_vec();
            })
            .await;
    }
    let redirect_of = |id: &str| match id {
        "same" => "https://portal.example/other",
        "other" => "https://other.example/callback",
        _ => super::support::REDIRECT,
    };
    portal.provider.add_client("public", |s| s.response_types = ResponseType::ALL.to_vec()).await;
    let mut subjects = Vec::new();
    for id in ["portal", "same", "other", "public"] {
        let page = portal
            .answer(
                &Ask::of(id).with("redirect_uri", redirect_of(id)).with("response_type", "id_token token"),
            )
            .await;
        let sub = claims_of(&page.location_param("id_token").unwrap())["sub"].clone();
        let told = portal.userinfo(&page.location_param("access_token").unwrap()).await.json();
        assert_eq!(told["sub"], sub, "{id}");
        let hinted = Ask::of(id)
            .with("redirect_uri", redirect_of(id))
            .with("prompt", "none")
            .with("claims", &json!({ "id_token": { "sub": { "value": sub } } }).to_string());
        assert!(
            portal.answer(&hinted).await.location_param("code").is_some(),
            "{id} may hint at its subject"
        );
        subjects.push(sub);
    }
    assert_eq!(subjects[0], subjects[1]);
    assert!(subjects[0] != subjects[2] && subjects[0] != subjects[3] && subjects[2] != subjects[3]);
    let foreign = json!({ "id_token": { "sub": { "value": subjects[3] } } }).to_string();
    let ask = portal.ask.clone().with("prompt", "none").with("claims", &foreign);
    assert_eq!(portal.answer(&ask).await.location_param("error").as_deref(), Some("login_required"));
}

/// OpenID Connect Core 1.0, section 5.3.2.
#[tokio::test]
async fn userinfo_is_signed_for_who_registered_that() {
    let portal = Portal::open_with(|s| s.userinfo_algorithm = Some(Algorithm::ES256)).await;
    let token = portal.token_for(&portal.ask).await;
    let page = portal.userinfo(&token).await.expect(StatusCode::OK);
    assert_eq!(page.header("content-type"), "application/jwt");
    assert_eq!(header_of(&page.body)["alg"], "ES256");
    let claims = claims_of(&page.body);
    assert_eq!((&claims["iss"], &claims["aud"]), (&ISSUER.into(), &"portal".into()));
    assert_eq!(claims["email"], "alex@school.example");
    assert!(claims["nonce"].is_null());
}

/// OpenID Connect Core 1.0, section 10.2.
#[tokio::test]
async fn what_is_encrypted_for_a_service_is_read_by_it_alone() {
    let key = Jwk::generate_ec_key(josekit::jwk::alg::ec::EcCurve::P256).unwrap();
    let mut public: serde_json::Map<String, Value> = key.to_public_key().unwrap().into();
    public.insert("use".to_owned(), json!("enc"));
    let portal = Portal::open_with(|settings| {
        settings.jwks = Some(json!({ "keys": [public] }));
        settings.id_token_key_management = Some(KeyManagement::EcdhEsA256Kw);
        settings.userinfo_key_management = Some(KeyManagement::EcdhEs);
        settings.userinfo_content_encryption = Some(ContentEncryption::A256Gcm);
    })
    .await;
    let tokens = portal.tokens(&portal.ask).await;
    let decrypter = jwe::ECDH_ES_A256KW.decrypter_from_jwk(&key).unwrap();
    let (inner, _) = jwe::deserialize_compact(tokens["id_token"].as_str().unwrap(), &decrypter).unwrap();
    let inner = String::from_utf8(inner).unwrap();
    assert!(portal.provider.kit().signing.current().verify(TokenType::Id, &inner).is_some());
    let page = portal.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(StatusCode::OK);
    assert_eq!(page.header("content-type"), "application/jwt");
    let decrypter = jwe::ECDH_ES.decrypter_from_jwk(&key).unwrap();
    let (told, _) = jwe::deserialize_compact(&page.body, &decrypter).unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["email"], "alex@school.example");
}

/// RFC 9701, section 5.
#[tokio::test]
async fn a_service_may_have_the_worth_of_a_token_signed() {
    let portal = Portal::open().await;
    let token = portal.token_for(&portal.ask).await;
    let header = basic("portal", &portal.secret);
    let signed = "application/token-introspection+jwt";
    let headers = [("authorization", header.as_str()), ("accept", signed)];
    let page = portal.provider.browser().call("/introspect", &[("token", &token)], &headers).await;
    assert_eq!(page.header("content-type"), signed);
    assert_eq!(header_of(&page.body)["typ"], "token-introspection+jwt");
    let claims = claims_of(&page.body);
    assert_eq!((&claims["iss"], &claims["aud"]), (&ISSUER.into(), &"portal".into()));
    assert_eq!(claims["token_introspection"]["active"], true);
}
