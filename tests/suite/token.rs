//! The token endpoint and UserInfo (RFC 6749, section 3.2; OpenID Connect Core 1.0, sections 3.1.3 and 5.3).

use http::StatusCode;

use super::support::{Ask, Browser, Page, Provider, REDIRECT, basic};
use crate::admin::{clients, users};
use crate::base::Span;
use crate::jose::TokenType;
use crate::model::{Actor, Algorithm, ClientAuthentication, ClientSettings, GrantType};

const ALEX: &str = "alex@school.example";

async fn userinfo(provider: &Provider, token: &str) -> Page {
    let bearer = format!("Bearer {token}");
    provider.browser().call("/userinfo", &[], &[("authorization", &bearer)]).await
}

fn access_token(page: &Page) -> String {
    page.json()["access_token"].as_str().unwrap().to_owned()
}

#[track_caller]
fn assert_refused(page: Page, status: StatusCode, error: &str) {
    let page = page.expect(status);
    assert_eq!(page.json()["error"], error);
    assert_eq!(page.header("cache-control"), "no-store");
    let said = page.json()["error_description"].as_str().unwrap().to_owned();
    assert!(said.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)), "{said}");
}

#[tokio::test]
async fn row_50_one_of_sixty_four_parallel_redemptions_wins_and_the_replay_revokes_what_it_won() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let other_node = provider.second_node().await;
    let ask = Ask::of("portal");
    let code = provider.code_for(&mut provider.browser(), &ask, ALEX).await;
    let header = basic("portal", &secret);
    let tries: Vec<_> = (0..64)
        .map(|turn| {
            let node = if turn % 2 == 0 { provider.router.clone() } else { other_node.clone() };
            let (code, verifier, header) = (code.clone(), ask.verifier.clone(), header.clone());
            tokio::spawn(async move {
                let fields = [
                    ("grant_type", "authorization_code"),
                    ("code", code.as_str()),
                    ("redirect_uri", REDIRECT),
                    ("code_verifier", verifier.as_str()),
                ];
                Browser::at(node).call("/token", &fields, &[("authorization", &header)]).await
            })
        })
        .collect();
    let mut won = Vec::new();
    for attempt in tries {
        let page = attempt.await.unwrap();
        match page.status {
            StatusCode::OK => won.push(access_token(&page)),
            _ => assert_refused(page, StatusCode::BAD_REQUEST, "invalid_grant"),
        }
    }
    assert_eq!(won.len(), 1);
    userinfo(&provider, &won[0]).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn row_49_a_code_used_again_later_kills_its_tokens() {
    let provider = Provider::start().await;
    let may_refresh = |settings: &mut ClientSettings| settings.grant_types.push(GrantType::RefreshToken);
    let secret = provider.add_client("portal", may_refresh).await.unwrap();
    let ask = Ask::of("portal");
    let code = provider.code_for(&mut provider.browser(), &ask, ALEX).await;
    let tokens = provider.redeem(&code, &ask, "portal", &secret).await.expect(StatusCode::OK);
    let token = access_token(&tokens);
    userinfo(&provider, &token).await.expect(StatusCode::OK);
    provider.advance(Span::seconds(30));
    assert_refused(
        provider.redeem(&code, &ask, "portal", &secret).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
    let dead = userinfo(&provider, &token).await.expect(StatusCode::UNAUTHORIZED);
    assert!(dead.header("www-authenticate").contains("error=\"invalid_token\""));
    let tokens = tokens.json();
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    let header = basic("portal", &secret);
    let page = provider.browser().call("/token", &fields, &[("authorization", &header)]).await;
    assert_refused(page, StatusCode::BAD_REQUEST, "invalid_grant");
}

#[tokio::test]
async fn row_51_a_code_lives_for_a_minute_and_belongs_to_its_redirect_uri() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let ask = Ask::of("portal");
    let mut alex = provider.browser();
    let code = provider.code_for(&mut alex, &ask, ALEX).await;
    provider.advance(Span::seconds(59));
    provider.redeem(&code, &ask, "portal", &secret).await.expect(StatusCode::OK);
    let late = alex.open(&ask.url()).await.location_param("code").unwrap();
    provider.advance(Span::seconds(61));
    assert_refused(
        provider.redeem(&late, &ask, "portal", &secret).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
    let code = alex.open(&ask.url()).await.location_param("code").unwrap();
    let other = format!("{REDIRECT}x");
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", &*other),
        ("code_verifier", &*ask.verifier),
    ];
    let page =
        provider.browser().call("/token", &fields, &[("authorization", &basic("portal", &secret))]).await;
    assert_refused(page, StatusCode::BAD_REQUEST, "invalid_grant");
    // The wrong guess cost the code.
    assert_refused(
        provider.redeem(&code, &ask, "portal", &secret).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
}

#[tokio::test]
async fn row_48_another_clients_credentials_burn_the_code() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let thief = provider.add_client("thief", |_| {}).await.unwrap();
    let ask = Ask::of("portal");
    let code = provider.code_for(&mut provider.browser(), &ask, ALEX).await;
    assert_refused(
        provider.redeem(&code, &ask, "thief", &thief).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
    assert_refused(
        provider.redeem(&code, &ask, "portal", &secret).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
}

#[tokio::test]
async fn row_47_a_verifier_that_does_not_fit_is_refused() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |settings| settings.require_pkce = false).await.unwrap();
    let mut alex = provider.browser();
    let with = Ask::of("portal");
    provider.code_for(&mut alex, &with, ALEX).await;
    let without = with.clone().with("code_challenge", "").with("code_challenge_method", "");
    let long = "v".repeat(129);
    for (ask, verifier) in [
        (&with, None),
        (&with, Some("")),
        (&with, Some("too-short")),
        (&with, Some(long.as_str())),
        (&with, Some("another-verifier-that-is-long-enough-for-rfc-7636")),
        (&without, Some(with.verifier.as_str())),
    ] {
        let code = alex.open(&ask.url()).await.location_param("code").unwrap();
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", REDIRECT)];
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        let page =
            provider.browser().call("/token", &fields, &[("authorization", &basic("portal", &secret))]).await;
        assert_refused(page, StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let code = alex.open(&without.url()).await.location_param("code").unwrap();
    let fields = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", REDIRECT)];
    let page =
        provider.browser().call("/token", &fields, &[("authorization", &basic("portal", &secret))]).await;
    page.expect(StatusCode::OK);
}

/// What it is, the form, the `Authorization` header, the error that it earns.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str, &'a str);

#[tokio::test]
async fn row_57_a_client_is_believed_by_its_registered_method_only() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let posting = provider
        .add_client("posting", |settings| settings.authentication = ClientAuthentication::ClientSecretPost)
        .await
        .unwrap();
    provider.add_client("open", |settings| settings.authentication = ClientAuthentication::None).await;
    let wrong = secret.replace("gh_cs_", "gh_cs_A").chars().take(49).collect::<String>();
    let (good, bad, unknown) = (basic("portal", &secret), basic("portal", &wrong), basic("nobody", &secret));
    let post_as_basic = basic("posting", &posting);
    let open_as_basic = basic("open", "x");
    let grant = ("grant_type", "authorization_code");
    let code = ("code", "gh_ac_unknown");
    let cases: [Case<'_>; 12] = [
        ("basic", vec![grant, code], &good, "invalid_grant"),
        (
            "post",
            vec![grant, code, ("client_id", "posting"), ("client_secret", &posting)],
            "",
            "invalid_grant",
        ),
        ("none", vec![grant, code, ("client_id", "open")], "", "invalid_grant"),
        ("nothing", vec![grant, code], "", "invalid_client"),
        ("wrong secret", vec![grant, code], &bad, "invalid_client"),
        ("unknown client", vec![grant, code], &unknown, "invalid_client"),
        (
            "post for basic",
            vec![grant, code, ("client_id", "portal"), ("client_secret", &secret)],
            "",
            "invalid_client",
        ),
        ("basic for post", vec![grant, code], &post_as_basic, "invalid_client"),
        ("none for basic", vec![grant, code, ("client_id", "portal")], "", "invalid_client"),
        ("basic for none", vec![grant, code], &open_as_basic, "invalid_client"),
        ("two ways", vec![grant, code, ("client_secret", &secret)], &good, "invalid_request"),
        ("another id", vec![grant, code, ("client_id", "open")], &good, "invalid_client"),
    ];
    for (name, fields, authorization, error) in cases {
        let headers: Vec<(&str, &str)> =
            [("authorization", authorization)].into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let page = provider.browser().call("/token", &fields, &headers).await;
        assert_eq!(page.json()["error"], error, "{name}");
        let expected =
            if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        assert_eq!(page.status, expected, "{name}");
        let challenged = error == "invalid_client" && !headers.is_empty();
        assert_eq!(!page.header("www-authenticate").is_empty(), challenged, "{name}");
    }
}

#[tokio::test]
async fn a_secret_in_the_address_and_a_grant_that_is_not_there_are_refused() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let (good, grant) = (basic("portal", &secret), ("grant_type", "authorization_code"));
    let in_query = format!("/token?client_id=portal&client_secret={secret}");
    assert_refused(
        provider.browser().call(&in_query, &[grant, ("code", "gh_ac_unknown")], &[]).await,
        StatusCode::BAD_REQUEST,
        "invalid_request",
    );
    for (grant_type, error) in [("password", "unsupported_grant_type"), ("", "invalid_request")] {
        let page = provider
            .browser()
            .call("/token", &[("grant_type", grant_type)], &[("authorization", &good)])
            .await;
        assert_refused(page, StatusCode::BAD_REQUEST, error);
    }
}

#[tokio::test]
async fn a_rotated_secret_works_beside_the_new_one_until_its_time_is_up() {
    let provider = Provider::start().await;
    let old = provider.add_client("portal", |_| {}).await.unwrap();
    let client = clients::find(provider.kit(), &Actor::Operator, "portal").await.unwrap();
    let new = clients::rotate_secret(
        provider.kit(),
        &Actor::Operator,
        &client,
        clients::Rotation::after(Span::hours(1)),
    )
    .await
    .unwrap();
    let answer = async |secret: &str| {
        provider.redeem("gh_ac_x", &Ask::of("portal"), "portal", secret).await.json()["error"].clone()
    };
    assert_eq!(answer(&old).await, "invalid_grant");
    assert_eq!(answer(new.reveal()).await, "invalid_grant");
    provider.advance(Span::hours(1));
    assert_eq!(answer(&old).await, "invalid_client");
    assert_eq!(answer(new.reveal()).await, "invalid_grant");
}

#[tokio::test]
async fn every_algorithm_signs_id_tokens_that_say_what_they_must_and_no_more() {
    let provider = Provider::start().await;
    for algorithm in Algorithm::ALL {
        let id = algorithm.name();
        let secret =
            provider.add_client(id, |settings| settings.id_token_algorithm = algorithm).await.unwrap();
        let ask = Ask::of(id).with("scope", "openid profile email address phone").with("max_age", "100");
        let mut alex = provider.browser();
        let code = provider.code_for(&mut alex, &ask, ALEX).await;
        let page = provider.redeem(&code, &ask, id, &secret).await.expect(StatusCode::OK);
        assert_eq!(
            (page.header("cache-control"), page.header("content-type")),
            ("no-store", "application/json")
        );
        let tokens = page.json();
        assert_eq!(
            (tokens["token_type"].as_str(), tokens["expires_in"].as_i64()),
            (Some("Bearer"), Some(600))
        );
        let token = tokens["id_token"].as_str().unwrap();
        let claims = provider.kit().signing.current().verify(TokenType::Id, token).expect(id);
        let mut names: Vec<&str> = claims.keys().map(String::as_str).collect();
        names.sort_unstable();
        let expected =
            ["acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"];
        assert_eq!(names, expected);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
        provider.advance(Span::minutes(1));
    }
}

#[tokio::test]
async fn userinfo_tells_what_scope_and_claims_ask_for_by_every_way_of_asking() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let mut alex = provider.browser();
    let narrow = Ask::of("portal")
        .with("scope", "openid")
        .with("claims", r#"{"userinfo":{"name":{"essential":true}},"id_token":{"email":null}}"#);
    let code = provider.code_for(&mut alex, &narrow, ALEX).await;
    let tokens = provider.redeem(&code, &narrow, "portal", &secret).await.expect(StatusCode::OK);
    let claims = provider
        .kit()
        .signing
        .current()
        .verify(TokenType::Id, tokens.json()["id_token"].as_str().unwrap())
        .unwrap();
    assert_eq!(claims["email"], ALEX, "asked for by name");
    let token = access_token(&tokens);
    let told = userinfo(&provider, &token).await.expect(StatusCode::OK).json();
    assert_eq!(told.as_object().unwrap().len(), 2, "{told}");
    assert_eq!((&told["name"], &told["sub"]), (&"Alex Example".into(), &claims["sub"]));
    let in_body = provider.browser().call("/userinfo", &[("access_token", &token)], &[]).await;
    assert_eq!(in_body.expect(StatusCode::OK).json(), told);
    let bearer = format!("bEaReR {token}");
    let by_get =
        provider.browser().send(http::Method::GET, "/userinfo", None, &[("authorization", &bearer)]).await;
    assert_eq!(by_get.expect(StatusCode::OK).json(), told);
    let twice = provider
        .browser()
        .call("/userinfo", &[("access_token", &token)], &[("authorization", &bearer)])
        .await;
    twice.expect(StatusCode::BAD_REQUEST);
    let bare = provider.browser().call("/userinfo", &[], &[]).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(bare.header("www-authenticate"), "Bearer realm=\"userinfo\"");
    for spoilt in [
        format!("{token}A"),
        token[..token.len() - 1].to_owned(),
        token.replace("gh_at_", "gh_ac_"),
        "x".to_owned(),
    ] {
        userinfo(&provider, &spoilt).await.expect(StatusCode::UNAUTHORIZED);
    }
    let wide = Ask::of("portal").with("scope", "openid profile email");
    let code = alex.open(&wide.url()).await.location_param("code").unwrap();
    let token = access_token(&provider.redeem(&code, &wide, "portal", &secret).await);
    let told = userinfo(&provider, &token).await.json();
    assert!(
        told["updated_at"].is_i64() && told["email_verified"] == true && told["given_name"] == "Alex",
        "{told}"
    );
    provider.advance(Span::minutes(10));
    userinfo(&provider, &token).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn row_30_somebody_who_is_deactivated_is_out_at_once() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let ask = Ask::of("portal");
    let mut alex = provider.browser();
    let code = provider.code_for(&mut alex, &ask, ALEX).await;
    let token = access_token(&provider.redeem(&code, &ask, "portal", &secret).await);
    let pending = alex.open(&ask.url()).await.location_param("code").unwrap();
    let user = users::find(provider.kit(), &Actor::Operator, ALEX).await.unwrap();
    users::set_active(provider.kit(), &Actor::Operator, &user, false).await.unwrap();
    userinfo(&provider, &token).await.expect(StatusCode::UNAUTHORIZED);
    assert_refused(
        provider.redeem(&pending, &ask, "portal", &secret).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
    assert!(alex.open(&ask.url()).await.location().starts_with("/login?"));
}
