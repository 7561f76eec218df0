//! Sessions and cookies: new at every step, for this host only, and no longer than they should be.

use http::StatusCode;

use super::support::{Ask, Browser, PASSWORD, Provider, other_code};
use crate::base::Span;

const ALEX: &str = "alex@school.example";

async fn ready() -> (Provider, Ask) {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    (provider, Ask::of("portal"))
}

fn flow_cookie(browser: &Browser, flow: &str) -> String {
    browser.cookies[&format!("__Host-flow-{flow}")].clone()
}

#[tokio::test]
async fn row_31_every_step_gives_a_new_cookie_and_the_old_one_is_dead() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let login = provider.login_page(&mut alex, &ask).await;
    let (flow, planted) = (login.flow(), alex.clone());
    let first = flow_cookie(&alex, &flow);
    let sent = alex.submit(&login, &[("email", ALEX), ("password", PASSWORD)]).await;
    assert_ne!(flow_cookie(&alex, &flow), first);
    let page = alex.follow(sent).await.expect(StatusCode::OK);
    // Whoever planted the first cookie is out.
    let mut thief = planted;
    thief.open(&page.url).await.expect(StatusCode::BAD_REQUEST);
    let code = provider.last_code_to(ALEX).await;
    thief.submit(&page, &[("code", &code)]).await.expect(StatusCode::BAD_REQUEST);
    alex.submit(&page, &[("code", &code)]).await.expect(StatusCode::SEE_OTHER);
    let session = alex.cookies["__Host-session"].clone();

    // Logging in again gives another cookie, and keeps the session that relying parties know.
    let sid = "SELECT COUNT(*) FROM sessions";
    provider.advance(Span::minutes(1));
    let mut before = alex.clone();
    provider.log_in(&mut alex, &ask.clone().with("prompt", "login"), ALEX).await.expect(StatusCode::OK);
    assert_ne!(alex.cookies["__Host-session"], session);
    assert_eq!(provider.number(sid).await, 1);
    let old = before.open(&ask.url()).await.expect(StatusCode::SEE_OTHER);
    assert!(old.location().starts_with("/login"), "{}", old.location());
}

#[tokio::test]
async fn row_31_planted_cookies_are_worth_nothing() {
    let (provider, ask) = ready().await;
    let mut thief = provider.browser();
    provider.log_in(&mut thief, &ask, ALEX).await.expect(StatusCode::OK);
    provider.add_person("sam@school.example", "Sam Sample").await;
    let mut sam = provider.browser();
    sam.cookies.insert("__Host-session".to_owned(), thief.cookies["__Host-session"].clone());
    sam.cookies.insert("__Host-device".to_owned(), thief.cookies["__Host-device"].clone());
    provider.log_in(&mut sam, &ask.clone().with("prompt", "login"), "sam@school.example").await;
    assert_ne!(sam.cookies["__Host-session"], thief.cookies["__Host-session"]);
    assert_ne!(sam.cookies["__Host-device"], thief.cookies["__Host-device"]);
    // The planted session was ended, and did not become Sam's.
    let gone = thief.open(&ask.url()).await.expect(StatusCode::SEE_OTHER);
    assert!(gone.location().starts_with("/login"));
    let mut guesser = provider.browser();
    guesser.cookies.insert("__Host-session".to_owned(), "x".repeat(43));
    assert!(guesser.open(&ask.url()).await.location().starts_with("/login"));
}

#[tokio::test]
async fn people_who_share_a_browser_are_each_known_at_it() {
    let (provider, ask) = ready().await;
    let sam = "sam@school.example";
    provider.add_person(sam, "Sam Sample").await;
    let (mut shared, again) = (provider.browser(), ask.clone().with("prompt", "login"));
    for email in [ALEX, sam, ALEX, sam, ALEX] {
        provider.advance(Span::hours(1));
        provider.log_in(&mut shared, &again, email).await.expect(StatusCode::OK);
    }
    for email in [ALEX, sam] {
        let subjects: Vec<String> =
            provider.mail_to(email).await.into_iter().map(|(subject, _)| subject).collect();
        assert!(!subjects.iter().any(|subject| subject.contains("new device")), "{email}: {subjects:?}");
    }
    // Elsewhere they are not.
    provider.log_in(&mut provider.browser(), &ask, sam).await.expect(StatusCode::OK);
    let told = provider.mail_to(sam).await;
    assert!(told.iter().any(|(subject, _)| subject.contains("new device")), "{told:?}");
}

#[tokio::test]
async fn row_34_every_cookie_of_a_journey_is_for_this_host_only() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let begun = alex.open(&ask.url()).await;
    let mut answers = vec![begun.clone()];
    let login = alex.follow(begun).await;
    let sent = alex.submit(&login, &[("email", ALEX), ("password", PASSWORD)]).await;
    answers.push(sent.clone());
    let page = alex.follow(sent).await;
    let code = provider.last_code_to(ALEX).await;
    let done = alex.submit(&page, &[("code", &code)]).await;
    answers.push(done.clone());
    answers.push(alex.follow(done).await);
    let out = alex.open("/logout").await.expect(StatusCode::OK);
    answers.push(alex.submit(&out, &[]).await);
    let mut seen = 0;
    for line in answers.iter().flat_map(|answer| answer.headers.get_all("set-cookie")) {
        let line = line.to_str().unwrap();
        assert!(line.starts_with("__Host-") && line.len() < 4_096, "{line}");
        // What the frame of session management reads opens nothing, and services' pages hold that frame.
        let attributes: &[&str] = match line.starts_with("__Host-state=") {
            true => &["; Path=/;", "; SameSite=None", "; Secure"],
            false => &["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"],
        };
        for attribute in attributes {
            assert!(line.contains(attribute), "{line}");
        }
        assert!(!line.to_lowercase().contains("domain"), "{line}");
        seen += 1;
    }
    assert_eq!(seen, 7, "the journey twice, session, state, device, and two of them taken back");
    assert!(!alex.cookies.contains_key("__Host-session"));
}

#[tokio::test]
async fn row_34_a_session_cookie_that_comes_twice_counts_for_nothing() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    provider.log_in(&mut alex, &ask, ALEX).await.expect(StatusCode::OK);
    assert!(alex.open(&ask.url()).await.location_param("code").is_some());
    let session = alex.cookies["__Host-session"].clone();
    alex.cookies.insert("a".to_owned(), format!("b; __Host-session={session}"));
    assert!(alex.open(&ask.url()).await.location().starts_with("/login"));
}

#[tokio::test]
async fn row_35_a_session_ends_after_an_hour_of_rest_and_after_twelve_of_work() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    provider.log_in(&mut alex, &ask, ALEX).await.expect(StatusCode::OK);
    provider.advance(Span::minutes(59));
    assert!(alex.open(&ask.url()).await.location_param("code").is_some());
    provider.advance(Span::minutes(61));
    assert!(alex.open(&ask.url()).await.location().starts_with("/login"));
    provider.log_in(&mut alex, &ask, ALEX).await.expect(StatusCode::OK);
    for _ in 0..14 {
        provider.advance(Span::minutes(50));
        assert!(alex.open(&ask.url()).await.location_param("code").is_some());
    }
    provider.advance(Span::minutes(21));
    assert!(alex.open(&ask.url()).await.location().starts_with("/login"));
}

#[tokio::test]
async fn a_log_in_from_another_browser_is_told_to_the_owner_once() {
    let (provider, ask) = ready().await;
    let mut first = provider.browser();
    provider.log_in(&mut first, &ask, ALEX).await;
    let letters = async || {
        provider.mail_to(ALEX).await.into_iter().filter(|(s, _)| !s.contains("code")).collect::<Vec<_>>()
    };
    assert_eq!(letters().await.len(), 0, "the first browser is new by nature");
    provider.advance(Span::minutes(1));
    let mut second = provider.browser();
    let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
    second.extra.push(("user-agent", agent.to_owned()));
    provider.log_in(&mut second, &ask, ALEX).await;
    let told = letters().await;
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("Firefox on Windows"), "{}", told[0].1);
    provider.advance(Span::minutes(1));
    provider.log_in(&mut second, &ask.with("prompt", "login"), ALEX).await;
    assert_eq!(letters().await.len(), 1);
}

#[tokio::test]
async fn whoever_sees_where_they_are_logged_in_can_log_out_there() {
    let (provider, ask) = ready().await;
    let [mut here, mut phone, mut library] = [(); 3].map(|()| provider.browser());
    phone.extra.push(("user-agent", "Mozilla/5.0 (iPhone) Version/18.0 Mobile Safari/604.1".to_owned()));
    for browser in [&mut phone, &mut library, &mut here] {
        provider.log_in(browser, &ask, ALEX).await.expect(StatusCode::OK);
    }
    provider.add_person("sam@school.example", "Sam Sample").await;
    let [mut sam, mut sams_phone] = [(); 2].map(|()| provider.browser());
    for browser in [&mut sam, &mut sams_phone] {
        provider.log_in(browser, &ask, "sam@school.example").await.expect(StatusCode::OK);
    }

    let page = here.open("/account/sessions").await.expect(StatusCode::OK);
    assert_eq!(page.text().matches("(this device)").count(), 1, "{}", page.text());
    assert!(page.text().contains("Log out Safari on iPhone"), "{}", page.text());
    let row = page.body.split("Safari on iPhone").nth(1).unwrap();
    let id = row.split("name=\"end\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    // Nobody else can end it, not even with a token of their own.
    let theirs = sam.open("/account/sessions").await.expect(StatusCode::OK);
    assert!(!theirs.body.contains(id));
    sam.submit(&theirs, &[("end", id)]).await.expect(StatusCode::SEE_OTHER);
    assert!(is_logged_in(&mut phone, &ask).await);

    let ended = here.submit(&page, &[("end", id)]).await;
    let page = here.follow(ended).await.expect(StatusCode::OK);
    assert!(page.text().contains("You have logged out Safari on iPhone."), "{}", page.text());
    assert!(!is_logged_in(&mut phone, &ask).await);
    assert!(is_logged_in(&mut library, &ask).await);
    let ended = here.submit(&page, &[("end", "others")]).await;
    let page = here.follow(ended).await.expect(StatusCode::OK);
    assert!(page.text().contains("You have logged out everywhere else."), "{}", page.text());
    assert!(!is_logged_in(&mut library, &ask).await);
    assert!(is_logged_in(&mut here, &ask).await && is_logged_in(&mut sam, &ask).await);
    phone.open("/account/sessions").await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn row_29_after_a_quarter_of_an_hour_a_change_needs_a_new_log_in() {
    let (provider, ask) = ready().await;
    let [mut here, mut there] = [(); 2].map(|()| provider.browser());
    provider.log_in(&mut there, &ask, ALEX).await.expect(StatusCode::OK);
    provider.log_in(&mut here, &ask, ALEX).await.expect(StatusCode::OK);
    let page = here.open("/account/sessions").await.expect(StatusCode::OK);
    provider.advance(Span::minutes(15));
    let refused = here.submit(&page, &[("end", "others")]).await;
    let login = here.follow(refused).await.expect(StatusCode::OK);
    assert!(login.text().contains("For security, log in again to continue."), "{}", login.text());
    assert!(is_logged_in(&mut there, &ask).await);
}

/// PAGES, P15.
#[tokio::test]
async fn the_history_names_the_browser_of_whoever_failed_to_log_in() {
    let (provider, ask) = ready().await;
    let mut thief = provider.browser();
    thief
        .extra
        .push(("user-agent", "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537".to_owned()));
    let login = provider.login_page(&mut thief, &ask).await;
    thief.submit(&login, &[("email", ALEX), ("password", "wrong horse")]).await;
    let code_page = provider.code_page(&mut thief, &ask, ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    thief.submit(&code_page, &[("code", &other_code(&code, 1))]).await;
    provider.advance(Span::days(1));

    let mut here = provider.browser();
    provider.log_in(&mut here, &ask, ALEX).await.expect(StatusCode::OK);
    let page = here.open("/account/history").await.expect(StatusCode::OK);
    let rows: Vec<&str> = page.body.split("<tr>").collect();
    for what in ["Wrong password", "Wrong code"] {
        let row = rows.iter().find(|row| row.contains(&format!("<td>{what}</td>"))).unwrap();
        assert!(row.contains("Chrome on Android"), "{row}");
    }
    assert!(!page.text().contains("Not known"), "{}", page.text());
    // Today's times need no date; others have theirs.
    let date = crate::view::TimeText::date_at_clock_time(provider.kit().now()).text;
    let today = date.split(" at ").next().unwrap();
    assert!(!page.text().contains(today), "{}", page.text());
    let sessions = here.open("/account/sessions").await.expect(StatusCode::OK);
    assert!(!sessions.text().contains(today), "{}", sessions.text());
}

/// Whether a service is answered without a page.
async fn is_logged_in(browser: &mut Browser, ask: &Ask) -> bool {
    let answer = browser.open(&ask.clone().with("prompt", "none").url()).await.expect(StatusCode::SEE_OTHER);
    answer.location_param("code").is_some()
}
