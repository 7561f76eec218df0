//! Services that hear of a log-out through the browser, those that nobody can tell (P11, P12; OpenID Connect
//! Front-Channel Logout 1.0), and those that look for themselves (OpenID Connect Session Management 1.0).

use http::{StatusCode, header};

use super::portal::{Portal, claims_of};
use super::support::{Ask, ISSUER, Page, Provider};
use crate::base::{hex_lower, sha256};
use crate::model::{Actor, ClientSettings};

const AFTER: &str = "https://portal.example/";

fn framed(settings: &mut ClientSettings) {
    settings.frontchannel_logout_uri = Some("https://portal.example/out?from=gatehouse".to_owned());
}

/// A portal in which Alex has used these services, with her ID token for the portal.
async fn used(portal: &Portal, services: &[&str]) -> String {
    for id in services {
        assert!(portal.answer(&Ask::of(id)).await.location_param("code").is_some());
    }
    portal.tokens(&portal.ask).await["id_token"].as_str().unwrap().to_owned()
}

async fn log_out(portal: &Portal, params: &[(&str, &str)]) -> Page {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    portal.alex.clone().open(&format!("/logout?{query}")).await
}

#[tokio::test]
async fn the_browser_calls_each_service_that_wants_it_and_then_goes_where_it_was_sent() {
    let portal = Portal::open_with(framed).await;
    let hint = used(&portal, &[]).await;
    let sid = claims_of(&hint)["sid"].as_str().unwrap().to_owned();
    let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTER), ("state", "s")];
    let page = log_out(&portal, &params).await.expect(StatusCode::OK);
    let frame = url::Url::parse_with_params(
        "https://portal.example/out?from=gatehouse",
        [("iss", ISSUER), ("sid", sid.as_str())],
    );
    let escaped = frame.unwrap().as_str().replace('&', "&amp;");
    assert!(page.body.contains(&format!("<iframe src=\"{escaped}\"")), "{}", page.body);
    assert!(page.header("content-security-policy").contains("; frame-src https://portal.example;"));
    assert_eq!(page.header(header::REFRESH), format!("2; url={AFTER}?state=s"));
    assert!(
        page.body.contains(&format!("href=\"{AFTER}?state=s\"")),
        "and a link, for whoever does not wait"
    );
    let gone = portal.answer(&portal.ask.clone().with("prompt", "none")).await;
    assert_eq!(gone.location_param("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_service_that_cannot_be_told_is_named_and_the_one_that_asked_is_not() {
    let portal = Portal::open().await;
    for id in ["quiet", "framed"] {
        portal
            .provider
            .add_client(id, |s| {
                if id == "framed" {
                    framed(s)
                }
            })
            .await;
    }
    let name = |id: &str, name: &str| {
        let (kit, id, name) = (portal.provider.kit(), id.to_owned(), name.to_owned());
        async move {
            let mut client = crate::admin::clients::find(kit, &Actor::Operator, &id).await.unwrap();
            client.name = name;
            crate::admin::clients::update(kit, &Actor::Operator, client).await.unwrap();
        }
    };
    name("quiet", "School Admissions").await;
    name("framed", "Foster Carer Hub").await;
    let hint = used(&portal, &["quiet", "framed"]).await;
    let asked = log_out(&portal, &[]).await.expect(StatusCode::OK);
    assert!(asked.text().contains("logs you out of 3 connected services"), "{}", asked.text());
    let page = log_out(&portal, &[("id_token_hint", &hint)]).await.expect(StatusCode::OK);
    let says = "We could not log you out of: School Admissions. Close your browser to be sure.";
    assert!(page.text().contains(says), "{}", page.text());
    assert!(page.headers.get(header::REFRESH).is_none(), "there is nowhere to go on to");
}

#[tokio::test]
async fn who_was_told_is_not_named_and_who_did_not_answer_is() {
    let portal = Portal::open().await;
    // Nothing listens there: the first try fails at once.
    portal
        .provider
        .add_client("down", |s| s.backchannel_logout_uri = Some("http://127.0.0.1:9/out".to_owned()))
        .await;
    let hint = used(&portal, &["down"]).await;
    let page = log_out(&portal, &[("id_token_hint", &hint)]).await.expect(StatusCode::OK);
    assert!(page.text().contains("We could not log you out of: Service down."), "{}", page.text());
}

#[tokio::test]
async fn who_could_not_be_told_stands_on_a_page_that_waits_for_the_reader() {
    let portal = Portal::open().await;
    portal.provider.add_client("quiet", |_| {}).await;
    let hint = used(&portal, &["quiet"]).await;
    let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTER)];
    let page = log_out(&portal, &params).await.expect(StatusCode::OK);
    assert!(page.text().contains("We could not log you out of"), "{}", page.text());
    assert!(page.headers.get(header::REFRESH).is_none(), "no page moves by itself");
    assert!(!page.text().contains("We are taking you back now."), "{}", page.text());
    let main = page.body.split("<main").nth(1).unwrap();
    let first = main.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(first, AFTER, "the way back is the first link");
}

#[tokio::test]
async fn where_frames_are_called_there_is_time_to_read_who_could_not_be_told() {
    let portal = Portal::open_with(framed).await;
    portal.provider.add_client("quiet", |_| {}).await;
    let hint = used(&portal, &["quiet"]).await;
    let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTER)];
    let page = log_out(&portal, &params).await.expect(StatusCode::OK);
    assert!(page.text().contains("We could not log you out of"), "{}", page.text());
    assert_eq!(page.header(header::REFRESH), format!("10; url={AFTER}"));
}

/// PAGES, P12.
#[tokio::test]
async fn everybody_stops_at_the_page_where_the_council_wants_that() {
    let provider = Provider::start_with(|config| config.settings.session.logged_out_page = true).await;
    let portal = Portal::open_at(provider, |_| {}).await;
    let hint = used(&portal, &[]).await;
    let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTER)];
    let page = log_out(&portal, &params).await.expect(StatusCode::OK);
    assert!(page.text().contains("You have logged out"), "{}", page.text());
    assert!(page.headers.get(header::REFRESH).is_none(), "nobody is hurried away from it");
    assert!(page.body.contains(&format!("href=\"{AFTER}\"")));
}

/// OpenID Connect Session Management 1.0, sections 2 and 4.2.
#[tokio::test]
async fn an_answer_says_how_to_recognise_the_session_and_the_frame_can() {
    let portal = Portal::open().await;
    let back = portal.answer(&portal.ask).await;
    let state = back.location_param("session_state").unwrap();
    let (hash, salt) = state.rsplit_once('.').unwrap();
    let held = &portal.alex.cookies["__Host-state"];
    let expected = hex_lower(sha256(format!("portal https://portal.example {held} {salt}")));
    assert_eq!(hash, expected);
    let frame = portal.provider.browser().open("/session/check").await.expect(StatusCode::OK);
    assert!(frame.body.contains("data-cookie=\"__Host-state\""));
    assert!(frame.headers.get(header::X_FRAME_OPTIONS).is_none());
    assert!(!frame.header("content-security-policy").contains("frame-ancestors"));
    let hint = used(&portal, &[]).await;
    let page = log_out(&portal, &[("id_token_hint", &hint)]).await;
    let taken = page.headers.get_all(header::SET_COOKIE).iter();
    assert!(taken.filter_map(|c| c.to_str().ok()).any(|c| c.starts_with("__Host-state=;")));
}
