//! Logging out at the wish of a relying party (OpenID Connect RP-Initiated Logout 1.0).

use http::{Method, StatusCode, header};

use super::support::{Ask, Page, Portal, Provider, claims_of};
use crate::base::Span;
use crate::policy::redirect::tests::misspellings;

const AFTER: &str = "https://portal.example/";

/// A logged-in Alex, with her tokens.
struct Stage {
    portal: Portal,
    hint: String,
    access: String,
}

impl Stage {
    async fn set() -> Self {
        let portal = Portal::open().await;
        let tokens = portal.tokens(&portal.ask).await;
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        Self { hint: text("id_token"), access: text("access_token"), portal }
    }

    async fn log_out(&self, params: &[(&str, &str)]) -> Page {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        self.portal.alex.clone().open(&format!("/logout?{query}")).await
    }

    /// Whether Alex is still logged in; her token must be alive exactly as long.
    async fn is_logged_in(&self) -> bool {
        let back = self.portal.answer(&self.portal.ask.clone().with("prompt", "none")).await;
        let logged_in = back.location_param("code").is_some();
        let alive = self.portal.userinfo(&self.access).await.status == StatusCode::OK;
        assert_eq!(logged_in, alive);
        logged_in || {
            assert_eq!(back.location_param("error").as_deref(), Some("login_required"));
            false
        }
    }
}

#[tokio::test]
async fn a_service_that_vouches_for_it_logs_its_person_out_and_gets_them_back() {
    let long = "s".repeat(128);
    for (state, location) in [
        (long.as_str(), format!("{AFTER}?state={long}")),
        ("", AFTER.to_owned()),
        ("a b&c", format!("{AFTER}?state=a+b%26c")),
    ] {
        let stage = Stage::set().await;
        let mut params = vec![("id_token_hint", stage.hint.as_str()), ("post_logout_redirect_uri", AFTER)];
        if !state.is_empty() {
            params.push(("state", state));
        }
        let back = stage.log_out(&params).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(back.location(), location);
        let cookie = back.header(header::SET_COOKIE);
        assert!(cookie.starts_with("__Host-session=;") && cookie.contains("Max-Age=0"), "{cookie}");
        assert_eq!(back.header("clear-site-data"), "\"cache\"");
        assert!(!stage.is_logged_in().await);
    }
}

#[tokio::test]
async fn row_36_without_a_voucher_the_person_is_asked_and_nothing_happens_until_they_answer() {
    let garbage = "eyJhbGciOiJub25lIn0.e30.";
    for params in [
        &[][..],
        &[("post_logout_redirect_uri", AFTER)],
        &[("post_logout_redirect_uri", AFTER), ("client_id", "portal")],
        &[("state", "x")],
        &[("id_token_hint", garbage), ("post_logout_redirect_uri", AFTER)],
        &[("logout_hint", "alex"), ("ui_locales", "se")],
    ] {
        let stage = Stage::set().await;
        let asked = stage.log_out(params).await.expect(StatusCode::OK);
        assert!(asked.headers.get(header::LOCATION).is_none());
        assert!(stage.is_logged_in().await, "{params:?}");
        let mut alex = stage.portal.alex.clone();
        let token = asked.hidden("token").unwrap();
        let mut answer = vec![("token", token.as_str())];
        answer.extend_from_slice(params);
        let done = alex.post("/logout", &answer).await.expect(StatusCode::OK);
        assert!(done.headers.get(header::LOCATION).is_none(), "{params:?}");
        assert!(!stage.is_logged_in().await, "{params:?}");
        assert!(!alex.cookies.contains_key("__Host-session"));
    }
}

#[tokio::test]
async fn row_36_another_site_cannot_answer_for_the_person() {
    let stage = Stage::set().await;
    let asked = stage.log_out(&[]).await;
    let token = asked.hidden("token").unwrap();
    let mut alex = stage.portal.alex.clone();
    let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    for fields in [&[][..], &[("token", "x")], &[("token", token.as_str())]] {
        alex.send(Method::POST, "/logout", Some(fields), &foreign).await.expect(StatusCode::OK);
        assert!(stage.is_logged_in().await);
    }
}

#[tokio::test]
async fn row_42_row_45_only_the_registered_address_is_gone_to() {
    let provider = Provider::start().await;
    let after = "https://portal.example/callback".to_owned();
    let secret = provider
        .add_client("portal", |settings| settings.post_logout_redirect_uris = vec![after.clone()])
        .await
        .unwrap();
    let mut alex = provider.browser();
    let ask = Ask::of("portal");
    let code = provider.code_for(&mut alex, &ask, "alex@school.example").await;
    let tokens = provider.redeem(&code, &ask, "portal", &secret).await.json();
    let hint = tokens["id_token"].as_str().unwrap();
    let url = |target: &str| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("id_token_hint", hint)
            .append_pair("post_logout_redirect_uri", target)
            .finish();
        format!("/logout?{query}")
    };
    let tricks = ["//evil.example", "/\\evil.example", "/%09/evil.example", "https:evil.example", "\\\\evil"];
    for target in misspellings().iter().map(String::as_str).chain(tricks) {
        // A browser without a session: nothing is left to ask, only whether to go on.
        let page = provider.browser().open(&url(target)).await.expect(StatusCode::OK);
        assert!(page.headers.get(header::LOCATION).is_none(), "{target}");
    }
    let back = alex.open(&url(&after)).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(back.location(), after);
}

#[tokio::test]
async fn row_36_another_persons_hint_asks_first() {
    let stage = Stage::set().await;
    stage.portal.provider.add_person("sam@school.example", "Sam Sample").await;
    let mut sam = stage.portal.provider.browser();
    let ask = &stage.portal.ask;
    let code = stage.portal.provider.code_for(&mut sam, ask, "sam@school.example").await;
    let tokens = stage.portal.redeem(&code).await.json();
    let hers = tokens["id_token"].as_str().unwrap();
    let asked = stage.log_out(&[("id_token_hint", hers), ("post_logout_redirect_uri", AFTER)]).await;
    assert!(asked.expect(StatusCode::OK).hidden("token").is_some());
    assert!(stage.is_logged_in().await);
}

#[tokio::test]
async fn an_old_hint_is_good_and_one_that_names_another_client_is_not() {
    let stage = Stage::set().await;
    let good = [("id_token_hint", stage.hint.as_str()), ("post_logout_redirect_uri", AFTER)];
    let named = [good[0], good[1], ("client_id", "other")];
    stage.log_out(&named).await.expect(StatusCode::OK);
    assert!(stage.is_logged_in().await);
    stage.portal.provider.advance(Span::minutes(50));
    let expired = claims_of(&stage.hint)["exp"].as_i64().unwrap();
    assert!(expired < stage.portal.provider.kit().now().seconds());
    let agreed = [good[0], good[1], ("client_id", "portal")];
    assert_eq!(stage.log_out(&agreed).await.expect(StatusCode::SEE_OTHER).location(), AFTER);
    let back = stage.portal.answer(&stage.portal.ask.clone().with("prompt", "none")).await;
    assert_eq!(back.location_param("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_service_may_post_its_wish() {
    let stage = Stage::set().await;
    let fields =
        [("id_token_hint", stage.hint.as_str()), ("post_logout_redirect_uri", AFTER), ("state", "x")];
    let mut alex = stage.portal.alex.clone();
    let posted = alex.post_from_afar("/logout", &fields).await;
    // The browser sent no cookie of ours along: it is asked again by GET, when it does.
    let back = alex.follow(posted).await;
    assert_eq!(back.expect(StatusCode::SEE_OTHER).location(), format!("{AFTER}?state=x"));
    assert!(!stage.is_logged_in().await);
}

#[tokio::test]
async fn row_78_parameters_that_stand_twice_take_nobody_anywhere() {
    let stage = Stage::set().await;
    let twice = [
        ("id_token_hint", stage.hint.as_str()),
        ("post_logout_redirect_uri", AFTER),
        ("post_logout_redirect_uri", AFTER),
    ];
    let asked = stage.log_out(&twice).await.expect(StatusCode::OK);
    assert!(asked.hidden("token").is_some());
    assert!(stage.is_logged_in().await);
}

#[tokio::test]
async fn row_71_an_answer_that_is_signed_is_no_hint() {
    let stage = Stage::set().await;
    let ask = stage.portal.ask.clone().with("response_mode", "jwt").with("prompt", "none");
    for mut browser in [stage.portal.provider.browser(), stage.portal.alex.clone()] {
        let answer = browser.open(&ask.url()).await.location_param("response").unwrap();
        let params = [("id_token_hint", answer.as_str()), ("post_logout_redirect_uri", AFTER)];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        browser.open(&format!("/logout?{query}")).await.expect(StatusCode::OK);
    }
    assert!(stage.is_logged_in().await);
}
