//! Two things at once in one journey or one session: what was true when the first began is not taken on trust.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use hyper::body::Frame;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::http::send;
use super::portal::Portal;
use super::support::{Ask, Browser, ISSUER, PASSWORD, Page, Provider};
use crate::accounts::emailed_code::{self, Checked};
use crate::accounts::flow::{self, Found, Journey};
use crate::accounts::session;
use crate::base::{FlowId, Secret, SessionId, Span};
use crate::model::{Email, Purpose, Visit};
use crate::oidc::authorize::{Authorization, authorize};
use crate::oidc::params::Params;
use crate::store::{challenges, flows, users};

const ALEX: &str = "alex@school.example";
const SAM: &str = "sam@school.example";

async fn ready() -> (Provider, Ask) {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    provider.add_person(SAM, "Sam Sample").await;
    (provider, Ask::of("portal"))
}

/// A body that comes when somebody sends it.
struct Late(Pin<Box<oneshot::Receiver<Bytes>>>);

impl hyper::body::Body for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.as_mut().poll(context).map(|sent| sent.ok().map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// A form whose headers are there and whose body is not.
struct Stalled {
    body: oneshot::Sender<Bytes>,
    answer: JoinHandle<Page>,
}

impl Stalled {
    async fn post(browser: &Browser, url: &str) -> Self {
        let (body, late) = oneshot::channel();
        let cookies: Vec<String> =
            browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ORIGIN, ISSUER)
            .body(Body::new(Late(Box::pin(late))))
            .unwrap();
        let router = browser.router.clone();
        let answer = tokio::spawn(async move { send(&router, request).await });
        // Whatever is looked up before the body has come is looked up now.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        Self { body, answer }
    }

    async fn finish(self, fields: &[(&str, &str)]) -> Page {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body.send(form.into()).unwrap();
        self.answer.await.unwrap()
    }
}

/// The journey of a page, as it stands.
async fn journey(provider: &Provider, browser: &Browser, page: &Page) -> Journey {
    let id = FlowId::parse(&page.flow()).unwrap();
    let cookie = browser.cookies.iter().find(|(name, _)| name.contains(&page.flow())).unwrap().1;
    match flow::open(provider.kit(), &id, &Secret::presented(cookie).unwrap()).await.unwrap() {
        Found::Live(journey) => *journey,
        _ => panic!("no such journey"),
    }
}

#[tokio::test]
async fn row_7_a_form_that_was_begun_for_one_person_is_not_finished_by_anothers_code() {
    let (provider, ask) = ready().await;
    let mut thief = provider.browser();
    let page = provider.code_page(&mut thief, &ask, ALEX).await;
    let token = page.hidden("token").unwrap();
    let stalled = Stalled::post(&thief, &page.url).await;
    let login = thief.open(&format!("/login?flow={}", page.flow())).await.expect(StatusCode::OK);
    thief.submit(&login, &[("email", SAM), ("password", PASSWORD)]).await.expect(StatusCode::SEE_OTHER);
    let code = provider.last_code_to(SAM).await;
    let answer = stalled.finish(&[("token", &token), ("code", &code)]).await;
    assert_ne!(answer.status, StatusCode::SEE_OTHER, "{}", answer.location());
    assert_eq!(provider.number("SELECT COUNT(*) FROM sessions").await, 0);
}

#[tokio::test]
async fn row_7_a_code_that_was_right_logs_nobody_in_whose_code_it_was_not() {
    let (provider, ask) = ready().await;
    let kit = provider.kit();
    let mut browser = provider.browser();
    let page = provider.code_page(&mut browser, &ask, ALEX).await;
    let begun = journey(&provider, &browser, &page).await;
    let code = provider.last_code_to(ALEX).await;
    let checked = emailed_code::check(kit, &begun, Purpose::LogIn, &code, &Visit::default()).await.unwrap();
    let Checked::Right { user_id: alex } = checked else { panic!("the code was right") };
    // Before it is acted on, somebody else takes the journey over.
    let login = browser.open(&format!("/login?flow={}", page.flow())).await;
    browser.submit(&login, &[("email", SAM), ("password", PASSWORD)]).await.expect(StatusCode::SEE_OTHER);
    let mut tx = kit.store.begin().await.unwrap();
    assert!(!challenges::pass(&mut tx, &begun.flow.id, Purpose::LogIn, &alex).await.unwrap());
    let session = SessionId::generate(kit.now(), &*kit.random);
    assert!(!flows::code_right(&mut tx, &begun.flow.id, &alex, &session).await.unwrap());
}

#[tokio::test]
async fn row_14_a_reset_code_that_was_right_opens_nobody_elses_account() {
    let (provider, _) = ready().await;
    let kit = provider.kit();
    let mut browser = provider.browser();
    let page = provider.reset_code_page(&mut browser, SAM).await;
    let begun = journey(&provider, &browser, &page).await;
    let code = provider.last_code_to(SAM).await;
    let checked = emailed_code::check(kit, &begun, Purpose::Reset, &code, &Visit::default()).await.unwrap();
    let Checked::Right { user_id: sam } = checked else { panic!("the code was right") };
    let first = browser.open(&format!("/reset?flow={}", page.flow())).await.expect(StatusCode::OK);
    browser.submit(&first, &[("email", ALEX)]).await.expect(StatusCode::SEE_OTHER);
    let mut tx = kit.store.begin().await.unwrap();
    assert!(!challenges::pass(&mut tx, &begun.flow.id, Purpose::Reset, &sam).await.unwrap());
    drop(tx);
    browser.open(&format!("/reset/password?flow={}", page.flow())).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn row_11_what_was_under_way_when_a_session_ended_grants_nothing() {
    let portal = Portal::open().await;
    let kit = portal.provider.kit();
    let secret = Secret::presented(&portal.alex.cookies["__Host-session"]).unwrap();
    let current = session::current(kit, &secret).await.unwrap().unwrap();
    let stalled = Stalled::post(&portal.alex, "/authorize").await;
    let mut owner = portal.provider.browser();
    let page = portal.provider.new_password_page(&mut owner, ALEX).await;
    let new = "three other words entirely";
    let fields = [("new_password", new), ("confirm_password", new)];
    owner.submit(&page, &fields).await.expect(StatusCode::SEE_OTHER);
    let url = portal.ask.url();
    let (_, query) = url.split_once('?').unwrap();
    let asked: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fields: Vec<(&str, &str)> =
        asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = stalled.finish(&fields).await;
    assert!(answer.location_param("code").is_none(), "{}", answer.location());
    // And where the session was looked at a moment before it ended.
    let params = Params::parse(query.as_bytes()).unwrap();
    let authorized = authorize(kit, &params, Some(&current), &Visit::default()).await;
    assert!(matches!(authorized, Ok(Authorization::LogIn(_))), "somebody is to log in");
    let live = "SELECT COUNT(*) FROM grants WHERE revoked_at IS NULL";
    assert_eq!(portal.provider.number(live).await, 0);
}

#[tokio::test]
async fn row_29_a_password_that_was_changed_meanwhile_is_not_changed_again() {
    let (provider, _) = ready().await;
    let kit = provider.kit();
    let sam = users::by_email(&mut kit.store.read().await.unwrap(), &Email::parse(SAM).unwrap())
        .await
        .unwrap()
        .unwrap();
    let old = sam.password.unwrap();
    let mut tx = kit.store.begin().await.unwrap();
    assert!(users::change_password(&mut tx, &sam.id, (&old, "one"), kit.now()).await.unwrap());
    assert!(!users::change_password(&mut tx, &sam.id, (&old, "another"), kit.now()).await.unwrap());
}

#[tokio::test]
async fn whoever_had_too_many_codes_goes_on_in_the_same_journey_when_the_last_one_is_over() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    for _ in 0..4 {
        provider.advance(Span::seconds(30));
        alex.submit_to(&page, &format!("/login/code/new?flow={}", page.flow()), &[]).await;
    }
    let login = format!("/login?flow={}", page.flow());
    let fields = [("email", ALEX), ("password", PASSWORD)];
    let first = alex.open(&login).await.expect(StatusCode::OK);
    alex.submit(&first, &fields).await.expect(StatusCode::TOO_MANY_REQUESTS);
    provider.advance(Span::minutes(31));
    let again = alex.open(&login).await.expect(StatusCode::OK);
    let sent = alex.submit(&again, &fields).await.expect(StatusCode::SEE_OTHER);
    let second = alex.follow(sent).await.expect(StatusCode::OK);
    let code = provider.last_code_to(ALEX).await;
    alex.submit(&second, &[("code", &code)]).await.expect(StatusCode::SEE_OTHER);
    assert!(alex.cookies.contains_key("__Host-session"));
}
