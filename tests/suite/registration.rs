//! Services that register themselves (OpenID Connect Dynamic Client Registration 1.0; RFC 7591; RFC 7592).

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::support::{Ask, ISSUER, Page, Provider, REDIRECT};
use crate::admin::{clients, registration};
use crate::base::Span;
use crate::config::OpenTo;
use crate::model::Actor;

async fn open_to(open_to: OpenTo) -> Provider {
    Provider::start_with(|config| config.registration.open_to = open_to).await
}

async fn send(provider: &Provider, method: Method, path: &str, token: &str, body: &Value) -> Page {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    super::http::send(&provider.router, request.body(body).unwrap()).await
}

async fn register(provider: &Provider, token: &str, document: &Value) -> Page {
    send(provider, Method::POST, "/register", token, document).await
}

fn plain() -> Value {
    json!({ "redirect_uris": [REDIRECT], "client_name": "Rota Planner" })
}

/// Everything about a registration but what names it.
fn path_of(registered: &Value) -> String {
    registered["registration_client_uri"].as_str().unwrap().strip_prefix(ISSUER).unwrap().to_owned()
}

#[tokio::test]
async fn a_service_registers_logs_somebody_in_and_looks_after_its_registration() {
    let provider = open_to(OpenTo::Anybody).await;
    let found = provider.browser().open(crate::base::paths::OPENID_CONFIGURATION).await.json();
    assert_eq!(found["registration_endpoint"], format!("{ISSUER}/register"));
    let page = register(&provider, "", &plain()).await.expect(StatusCode::CREATED);
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
    let registered = page.json();
    assert_eq!(registered["client_secret_expires_at"], 0);
    assert_eq!(registered["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(registered["scope"], "openid profile email address phone");
    let text = |name: &str| registered[name].as_str().unwrap().to_owned();
    let (id, secret, token) = (text("client_id"), text("client_secret"), text("registration_access_token"));
    let ask = Ask::of(&id).with("code_challenge", "").with("code_challenge_method", "");
    let mut alex = provider.browser();
    let welcome = provider.log_in(&mut alex, &ask, "alex@school.example").await;
    let on = alex.open(&format!("/flow/{}/continue", welcome.flow())).await;
    let question = alex.follow(on).await.expect(StatusCode::OK);
    assert!(question.text().contains("Rota Planner"), "it has to ask");
    let back = alex.submit(&question, &[("answer", "share")]).await;
    let code = back.location_param("code").unwrap();
    let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT)];
    let basic = super::support::basic(&id, &secret);
    provider.browser().call("/token", &fields, &[("authorization", &basic)]).await.expect(StatusCode::OK);
    let path = path_of(&registered);
    let read = send(&provider, Method::GET, &path, &token, &Value::Null).await.expect(StatusCode::OK).json();
    for same in ["client_id", "client_name", "redirect_uris", "registration_client_uri"] {
        assert_eq!(read[same], registered[same], "{same}");
    }
    assert!(read["client_secret"].is_null(), "it is shown once");
    assert_eq!(read["registration_access_token"], token.as_str(), "RFC 7592, section 3");
    let mut changed = plain();
    changed["client_name"] = json!("Rota Planner 2");
    for (wrong, value) in
        [("client_id", json!("other")), ("client_secret", json!("gh_cs_other")), ("x", json!(1))]
    {
        let mut changed = changed.clone();
        changed[wrong] = value;
        send(&provider, Method::PUT, &path, &token, &changed).await.expect(StatusCode::BAD_REQUEST);
    }
    // What an administrator has set for it is not its own to undo.
    let kit = provider.kit();
    let mut looked_after = clients::find(kit, &Actor::Operator, &id).await.unwrap();
    looked_after.settings.exit_uri = Some("https://weather.example/".to_owned());
    looked_after.settings.require_pkce = true;
    clients::update(kit, &Actor::Operator, looked_after).await.unwrap();
    changed["client_id"] = json!(id);
    changed["client_secret"] = json!(secret);
    changed["redirect_uris"] = json!(["https://rota.example/other"]);
    let put = send(&provider, Method::PUT, &path, &token, &changed).await.expect(StatusCode::OK).json();
    assert_eq!(put["client_name"], "Rota Planner 2");
    let kept = clients::find(kit, &Actor::Operator, &id).await.unwrap().settings;
    assert_eq!(kept.redirect_uris, ["https://rota.example/other"]);
    assert!(kept.require_pkce && kept.asks_consent && kept.exit_uri.is_some());
    send(&provider, Method::DELETE, &path, &token, &Value::Null).await.expect(StatusCode::NO_CONTENT);
    send(&provider, Method::GET, &path, &token, &Value::Null).await.expect(StatusCode::UNAUTHORIZED);
    let gone = provider.browser().open(&ask.url()).await;
    assert_eq!(gone.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn row_60_nobody_registers_where_that_is_not_wanted_nor_without_an_invitation() {
    let closed = open_to(OpenTo::Nobody).await;
    register(&closed, "", &plain()).await.expect(StatusCode::NOT_FOUND);
    let found = closed.browser().open(crate::base::paths::OPENID_CONFIGURATION).await.json();
    assert!(found["registration_endpoint"].is_null());
    let provider = open_to(OpenTo::Invited).await;
    register(&provider, "", &plain()).await.expect(StatusCode::UNAUTHORIZED);
    register(&provider, "gh_ia_invented", &plain()).await.expect(StatusCode::UNAUTHORIZED);
    let token = registration::invite(provider.kit(), &Actor::Operator, Span::hours(1)).await.unwrap();
    let registered = register(&provider, token.reveal(), &plain()).await.expect(StatusCode::CREATED).json();
    let own = registered["registration_access_token"].as_str().unwrap();
    register(&provider, own, &plain()).await.expect(StatusCode::UNAUTHORIZED);
    let other = register(&provider, token.reveal(), &plain()).await.expect(StatusCode::CREATED).json();
    let page = send(&provider, Method::GET, &path_of(&other), own, &Value::Null).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "a token opens its own registration only");
    provider.advance(Span::minutes(61));
    register(&provider, token.reveal(), &plain()).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn row_60_what_a_service_must_not_say_of_itself_is_refused_or_passed_over() {
    let provider = open_to(OpenTo::Anybody).await;
    let with = |name: &str, value: Value| {
        let mut document = plain();
        document[name] = value;
        document
    };
    for (document, error) in [
        (with("redirect_uris", json!([])), "invalid_redirect_uri"),
        (with("redirect_uris", json!(["https://portal.example/#x"])), "invalid_redirect_uri"),
        (with("redirect_uris", json!(["javascript:alert(1)"])), "invalid_redirect_uri"),
        (with("asks_consent", json!(false)), "invalid_client_metadata"),
        (with("introspects", json!(true)), "invalid_client_metadata"),
        (with("response_types", json!(["nonsense"])), "invalid_client_metadata"),
        (with("grant_types", json!(["client_credentials"])), "invalid_client_metadata"),
        (with("initiate_login_uri", json!("http://portal.example/")), "invalid_client_metadata"),
        (with("token_endpoint_auth_method", json!("private_key_jwt")), "invalid_client_metadata"),
        (with("client_name", json!("<b>\u{e9}\"x\"</b>")), "invalid_client_metadata"),
        (with("jwks", json!({ "keys": [{ "kty": "oct", "k": "AA" }] })), "invalid_client_metadata"),
        (with("sector_identifier_uri", json!("https://127.0.0.1/sector")), "invalid_client_metadata"),
        (json!([]), "invalid_client_metadata"),
    ] {
        let page = register(&provider, "", &document).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(page.json()["error"], error, "{document}: {}", page.body);
        let said = page.json()["error_description"].as_str().unwrap().to_owned();
        assert!(said.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\'), "{said}");
    }
    let odd = with("unheard_of", json!({ "a": 1 }));
    let registered = register(&provider, "", &odd).await.expect(StatusCode::CREATED).json();
    assert!(registered["unheard_of"].is_null());
    assert_eq!(provider.number("SELECT COUNT(*) FROM clients WHERE id <> 'gatehouse-console'").await, 1);
}

/// What the Dynamic plan of the certification registers with.
#[tokio::test]
async fn the_log_in_page_shows_what_a_service_registered() {
    let provider = open_to(OpenTo::Anybody).await;
    let mut document = plain();
    for (name, value) in [
        ("client_uri", json!("https://rota.example/")),
        ("logo_uri", json!("https://rota.example/logo.png")),
        ("policy_uri", json!("https://rota.example/policy")),
        ("tos_uri", json!("https://rota.example/terms")),
        ("grant_types", json!(["authorization_code", "implicit", "refresh_token"])),
        ("response_types", json!(["code", "id_token", "code id_token token"])),
        ("frontchannel_logout_uri", json!("https://portal.example/out")),
        ("userinfo_signed_response_alg", json!("RS256")),
        ("contacts", json!(["alex@rota.example"])),
        ("default_acr_values", json!(["urn:mace:incommon:iap:silver"])),
    ] {
        document[name] = value;
    }
    let registered = register(&provider, "", &document).await.expect(StatusCode::CREATED).json();
    assert_eq!(registered["frontchannel_logout_session_required"], true);
    for name in ["contacts", "default_acr_values"] {
        assert_eq!(registered[name], document[name], "{name}");
    }
    assert!(registered["scope"].as_str().unwrap().contains("offline_access"));
    let ask = Ask::of(registered["client_id"].as_str().unwrap());
    let page = provider.login_page(&mut provider.browser(), &ask).await;
    for address in
        ["https://rota.example/logo.png", "https://rota.example/policy", "https://rota.example/terms"]
    {
        assert!(page.body.contains(address), "{address}");
    }
    assert!(page.header("content-security-policy").contains("img-src 'self' https://rota.example;"));
    let front = provider.browser().open("/").await.expect(StatusCode::OK);
    assert!(
        !front.body.contains("rota.example"),
        "row 60: a stranger's service is not listed among the council's"
    );
}

#[tokio::test]
async fn row_60_one_network_cannot_fill_the_house_with_services() {
    let provider = Provider::start_with(|config| {
        config.registration.open_to = OpenTo::Anybody;
        config.registration.per_hour = 3;
    })
    .await;
    for _ in 0..3 {
        register(&provider, "", &plain()).await.expect(StatusCode::CREATED);
    }
    let refused = register(&provider, "", &plain()).await.expect(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.json()["error"], "temporarily_unavailable");
    assert_eq!(refused.header(header::RETRY_AFTER), "3600");
    assert_eq!(provider.number("SELECT COUNT(*) FROM registration_tokens").await, 3);
    provider.advance(Span::hours(1));
    register(&provider, "", &plain()).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn row_60_no_service_gives_itself_a_name_of_the_councils() {
    let provider = open_to(OpenTo::Anybody).await;
    provider.add_client("rota", |_| {}).await;
    let own = clients::find(provider.kit(), &Actor::Operator, "rota").await.unwrap();
    // In a crowd of others that begin alike as well.
    for number in 0..201 {
        let id = format!("crowd-{number:03}");
        provider.add_client(&id, |settings| settings.asks_consent = true).await;
    }
    let shout = own.name.to_uppercase();
    let hidden = own.name.replace(' ', "\u{200b} ");
    let taken = [
        "Example County Council",
        "children\u{2019}s  services PORTAL",
        &shout,
        &hidden,
        "Ex\u{430}mple County Council",
    ];
    for name in taken {
        let document = json!({ "redirect_uris": [REDIRECT], "client_name": name });
        let refused = register(&provider, "", &document).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.json()["error"], "invalid_client_metadata", "{name}");
    }
    // Two that nobody trusts may have the same name, and none may take one over later.
    register(&provider, "", &plain()).await.expect(StatusCode::CREATED);
    let registered = register(&provider, "", &plain()).await.expect(StatusCode::CREATED).json();
    let token = registered["registration_access_token"].as_str().unwrap();
    let mut same = plain();
    same["client_id"] = registered["client_id"].clone();
    let mut renamed = same.clone();
    renamed["client_name"] = json!("Example County Council");
    let path = path_of(&registered);
    send(&provider, Method::PUT, &path, token, &renamed).await.expect(StatusCode::BAD_REQUEST);
    send(&provider, Method::PUT, &path, token, &same).await.expect(StatusCode::OK);
}

/// What the Implicit plans of the certification register with.
#[tokio::test]
async fn a_service_that_needs_no_token_endpoint_registers_and_is_answered() {
    let provider = open_to(OpenTo::Anybody).await;
    let mut document = plain();
    document["grant_types"] = json!(["implicit"]);
    let refused = register(&provider, "", &document).await.expect(StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("response type with code"), "{}", refused.body);
    document["response_types"] = json!(["id_token"]);
    let registered = register(&provider, "", &document).await.expect(StatusCode::CREATED).json();
    assert_eq!(registered["grant_types"], json!(["implicit"]));
    let ask = Ask::of(registered["client_id"].as_str().unwrap()).with("response_type", "id_token");
    let ask = ask.with("code_challenge", "").with("code_challenge_method", "");
    let mut alex = provider.browser();
    let welcome = provider.log_in(&mut alex, &ask, "alex@school.example").await;
    let on = alex.open(&format!("/flow/{}/continue", welcome.flow())).await;
    let question = alex.follow(on).await.expect(StatusCode::OK);
    let back = alex.submit(&question, &[("answer", "share")]).await;
    assert!(back.location_param("id_token").is_some(), "{}", back.location());
}
