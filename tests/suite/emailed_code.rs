//! The emailed code: five tries, one use, fifteen minutes, one browser, one purpose.

use http::StatusCode;

use super::support::{Ask, Provider, other_code};
use crate::base::Span;

const ALEX: &str = "alex@school.example";
const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const TRIES: &str = "SELECT tries FROM challenges";

async fn ready() -> (Provider, Ask) {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    (provider, Ask::of("portal"))
}

#[tokio::test]
async fn every_entry_that_is_not_a_code_is_explained_and_costs_no_try() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    for (entry, message) in [
        ("", "Enter the code"),
        ("abc", "The code must be 8 numbers"),
        ("1234", "You have entered 4 numbers. The code has 8 numbers"),
        ("1", "You have entered 1 number. The code has 8 numbers"),
        ("123456789", "You have entered 9 numbers. The code has 8 numbers"),
    ] {
        let answer = alex.submit(&page, &[("code", entry)]).await.expect(WRONG);
        assert!(answer.body.contains("<title>Error: "), "{entry}");
        assert!(answer.text().contains(message), "{entry}: {}", answer.text());
    }
    assert_eq!(provider.number(TRIES).await, 0);
}

#[tokio::test]
async fn row_1_after_five_wrong_codes_the_right_one_is_refused() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    for n in 1..5 {
        let answer = alex.submit(&page, &[("code", &other_code(&code, n))]).await.expect(WRONG);
        assert!(answer.text().contains("That code is not correct. Check the email and try again"));
    }
    for entry in [other_code(&code, 5), code] {
        let answer = alex.submit(&page, &[("code", &entry)]).await.expect(StatusCode::TOO_MANY_REQUESTS);
        assert!(answer.text().contains("You have entered the wrong code too many times"));
        assert!(answer.headers.contains_key("retry-after"));
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM sessions").await, 0);
    assert_eq!(provider.number(TRIES).await, 5);
}

#[tokio::test]
async fn row_1_the_eleventh_code_of_a_day_is_not_mailed() {
    let (provider, ask) = ready().await;
    for sent in 1..=10 {
        provider.code_page(&mut provider.browser(), &ask, ALEX).await;
        assert_eq!(provider.mail_to(ALEX).await.len(), sent);
        provider.advance(Span::minutes(2));
    }
    let mut browser = provider.browser();
    let login = provider.login_page(&mut browser, &ask).await;
    let fields = [("email", ALEX), ("password", super::support::PASSWORD)];
    let answer = browser.submit(&login, &fields).await.expect(StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.text().contains("You have asked for too many codes"));
    assert!(answer.header("retry-after").parse::<i64>().unwrap() > 0);
    assert_eq!(provider.mail_to(ALEX).await.len(), 10);
}

#[tokio::test]
async fn row_2_a_hundred_parallel_guesses_count_five() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    let guesses: Vec<_> = (1..=100)
        .map(|n| {
            let (mut alex, page, guess) = (alex.clone(), page.clone(), other_code(&code, n));
            tokio::spawn(async move { alex.submit(&page, &[("code", &guess)]).await.status })
        })
        .collect();
    let mut looked_at = 0;
    for guess in guesses {
        looked_at += usize::from(guess.await.unwrap() == WRONG);
    }
    // The fifth is told that it was the last.
    assert_eq!(looked_at, 4);
    assert_eq!(provider.number("SELECT COUNT(*) FROM events WHERE kind = 'code.wrong'").await, 4);
    assert_eq!(provider.number("SELECT COUNT(*) FROM events WHERE kind = 'code.used_up'").await, 1);
    alex.submit(&page, &[("code", &code)]).await.expect(StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn row_2_the_right_code_sent_sixty_four_times_at_once_begins_one_session() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let (mut alex, page, code) = (alex.clone(), page.clone(), code.clone());
            tokio::spawn(async move {
                alex.submit(&page, &[("code", &code)]).await;
                alex.cookies.contains_key("__Host-session")
            })
        })
        .collect();
    let mut sessions = 0;
    for attempt in tries {
        sessions += usize::from(attempt.await.unwrap());
    }
    assert_eq!(sessions, 1);
    assert_eq!(provider.number("SELECT COUNT(*) FROM sessions").await, 1);
}

#[tokio::test]
async fn row_3_a_try_stays_counted_when_the_browser_hangs_up() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    let (mut hasty, sent) = (alex.clone(), page.clone());
    let guess = other_code(&code, 1);
    let attempt = tokio::spawn(async move { hasty.submit(&sent, &[("code", &guess)]).await });
    // Hang up as soon as the try is in the database.
    for _ in 0..100_000 {
        if provider.number(TRIES).await > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    attempt.abort();
    assert_eq!(provider.number(TRIES).await, 1);
}

#[tokio::test]
async fn row_4_a_code_works_once() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    let before = alex.clone();
    alex.submit(&page, &[("code", &code)]).await.expect(StatusCode::SEE_OTHER);
    let mut thief = before;
    let again = thief.submit(&page, &[("code", &code)]).await;
    assert!(!again.headers.contains_key("set-cookie"), "{:?}", again.headers);
    assert_eq!(provider.number("SELECT COUNT(*) FROM sessions").await, 1);
}

#[tokio::test]
async fn row_4_an_earlier_code_of_the_same_journey_still_works() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    let first = provider.last_code_to(ALEX).await;
    provider.advance(Span::seconds(31));
    let new = format!("/login/code/new?flow={}", page.flow());
    let sent = alex.submit_to(&page, &new, &[]).await.expect(StatusCode::SEE_OTHER);
    let resent = alex.follow(sent).await.expect(StatusCode::OK);
    assert!(resent.text().contains("We have sent you a new code. It can take a few minutes to arrive."));
    assert_ne!(provider.last_code_to(ALEX).await, first);
    // Loaded again, the page says so no more, and nothing is sent; nor by opening the button's own address.
    for url in [&resent.url, &new] {
        let opened = alex.open(url).await;
        let page = alex.follow(opened).await.expect(StatusCode::OK);
        assert!(!page.text().contains("We have sent you a new code"), "{}", page.text());
    }
    assert_eq!(provider.mail_to(ALEX).await.len(), 2);
    alex.submit(&page, &[("code", &first)]).await.expect(StatusCode::SEE_OTHER);
    assert!(alex.cookies.contains_key("__Host-session"));
}

#[tokio::test]
async fn row_5_a_code_lives_fifteen_minutes_and_an_expired_one_brings_a_new_one() {
    let (provider, ask) = ready().await;
    for (seconds, works) in [(899, true), (901, false)] {
        let mut alex = provider.browser();
        let page = provider.code_page(&mut alex, &ask, ALEX).await;
        let code = provider.last_code_to(ALEX).await;
        let letters = provider.mail_to(ALEX).await.len();
        provider.advance(Span::seconds(seconds));
        let answer = alex.submit(&page, &[("code", &code)]).await;
        assert_eq!(alex.cookies.contains_key("__Host-session"), works, "{seconds}");
        if works {
            continue;
        }
        let answer = answer.expect(WRONG);
        assert!(answer.text().contains("That code has expired. We have sent you a new code"));
        assert_eq!(provider.mail_to(ALEX).await.len(), letters + 1);
        let fresh = provider.last_code_to(ALEX).await;
        alex.submit(&page, &[("code", &fresh)]).await.expect(StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn row_6_a_code_works_only_in_the_browser_that_it_was_sent_for() {
    let (provider, ask) = ready().await;
    let (mut one, mut other) = (provider.browser(), provider.browser());
    provider.code_page(&mut one, &ask, ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    let page = provider.code_page(&mut other, &ask, ALEX).await;
    other.submit(&page, &[("code", &code)]).await.expect(WRONG);
    assert_eq!(provider.number("SELECT COUNT(*) FROM challenges WHERE tries = 1").await, 1);
    assert!(!other.cookies.contains_key("__Host-session"));
}

#[tokio::test]
async fn row_7_a_code_is_for_one_person_and_one_purpose() {
    let (provider, ask) = ready().await;
    provider.add_person("sam@school.example", "Sam Sample").await;
    let mut alex = provider.browser();
    let reset = provider.reset_code_page(&mut alex, ALEX).await;
    let reset_code = provider.last_code_to(ALEX).await;
    let login = alex.open(&format!("/login?flow={}", reset.flow())).await;
    let fields = [("email", ALEX), ("password", super::support::PASSWORD)];
    let sent = alex.submit(&login, &fields).await;
    let login = alex.follow(sent).await.expect(StatusCode::OK);
    let login_code = provider.last_code_to(ALEX).await;
    alex.submit(&login, &[("code", &reset_code)]).await.expect(WRONG);
    let reset = alex.open(&reset.url).await.expect(StatusCode::OK);
    alex.submit(&reset, &[("code", &login_code)]).await.expect(WRONG);
    let mut sam = provider.browser();
    let page = provider.code_page(&mut sam, &ask, "sam@school.example").await;
    sam.submit(&page, &[("code", &login_code)]).await.expect(WRONG);
    // And each is right where it belongs.
    alex.submit(&reset, &[("code", &reset_code)]).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn another_code_waits_thirty_seconds_and_the_fourth_extra_one_is_refused() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let page = provider.code_page(&mut alex, &ask, ALEX).await;
    let new = format!("/login/code/new?flow={}", page.flow());
    let sent = alex.submit_to(&page, &new, &[]).await.expect(StatusCode::SEE_OTHER);
    let answer = alex.follow(sent).await.expect(StatusCode::OK);
    assert!(answer.text().contains("We sent you a code less than a minute ago."), "{}", answer.text());
    assert_eq!(provider.mail_to(ALEX).await.len(), 1);
    for sent in 2..=4 {
        provider.advance(Span::seconds(30));
        alex.submit_to(&page, &new, &[]).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(provider.mail_to(ALEX).await.len(), sent);
    }
    provider.advance(Span::seconds(30));
    let answer = alex.submit_to(&page, &new, &[]).await.expect(StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.text().contains("You have asked for too many codes"));
    assert!(answer.header("retry-after").parse::<i64>().unwrap() > 0);
    assert_eq!(provider.mail_to(ALEX).await.len(), 4);
}

#[tokio::test]
async fn row_10_pressing_submit_many_times_at_once_mails_one_code() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let login = provider.login_page(&mut alex, &ask).await;
    let posts: Vec<_> = (0..32)
        .map(|_| {
            let (mut alex, login) = (alex.clone(), login.clone());
            let fields = [("email", ALEX), ("password", super::support::PASSWORD)];
            tokio::spawn(async move { alex.submit(&login, &fields).await.status })
        })
        .collect();
    for post in posts {
        post.await.unwrap();
    }
    // So many tries at once also pause the account, which is another letter.
    let letters = provider.mail_to(ALEX).await;
    assert_eq!(letters.iter().filter(|(subject, _)| subject.contains("code")).count(), 1);
}
