//! Guessing passwords: counted before they are checked, by account, by browser and by network.

use http::{Method, StatusCode};

use super::support::{Ask, Browser, PASSWORD, Page, Provider, other_code};
use crate::base::Span;

const ALEX: &str = "alex@school.example";
const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const PAUSED: StatusCode = StatusCode::TOO_MANY_REQUESTS;
const HASHED: &str = "SELECT COUNT(*) FROM events WHERE kind = 'login.password_wrong'";

async fn ready() -> (Provider, Ask) {
    let provider = Provider::start_with(|config| config.limits.address_failures = 10_000).await;
    provider.add_client("portal", |_| {}).await;
    (provider, Ask::of("portal"))
}

async fn guess(browser: &mut Browser, page: &Page, email: &str, password: &str) -> Page {
    browser.submit(page, &[("email", email), ("password", password)]).await
}

#[tokio::test]
async fn row_16_ten_wrong_passwords_pause_the_account_for_a_quarter_of_an_hour() {
    let (provider, ask) = ready().await;
    let mut thief = provider.browser();
    let page = provider.login_page(&mut thief, &ask).await;
    for n in 0..10 {
        guess(&mut thief, &page, ALEX, &format!("guess {n}")).await.expect(WRONG);
    }
    let paused = guess(&mut thief, &page, ALEX, PASSWORD).await.expect(PAUSED);
    assert!(paused.text().contains("You have tried to log in too many times"));
    assert!(paused.text().contains("You can try again after 12:15pm."), "{}", paused.text());
    assert_eq!(paused.header("retry-after"), "901");
    assert_eq!(provider.number(HASHED).await, 10);
    provider.advance(Span::seconds(899));
    guess(&mut thief, &page, ALEX, PASSWORD).await.expect(PAUSED);
    provider.advance(Span::seconds(2));
    guess(&mut thief, &page, ALEX, PASSWORD).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_owner_is_told_once_that_logging_in_is_paused() {
    let (provider, ask) = ready().await;
    let mut thief = provider.browser();
    let page = provider.login_page(&mut thief, &ask).await;
    for n in 0..15 {
        guess(&mut thief, &page, ALEX, &format!("guess {n}")).await;
    }
    let letters = provider.mail_to(ALEX).await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].1.contains("12:15pm"), "{}", letters[0].1);
}

#[tokio::test]
async fn row_16_after_a_hundred_failures_only_a_known_browser_or_a_reset_opens_the_account() {
    let (provider, ask) = ready().await;
    let mut known = provider.browser();
    provider.log_in(&mut known, &ask, ALEX).await.expect(StatusCode::OK);
    for burst in 0..12 {
        let mut thief = provider.browser();
        let page = provider.login_page(&mut thief, &ask).await;
        for n in 0..10 {
            guess(&mut thief, &page, ALEX, &format!("guess {burst} {n}")).await;
        }
        provider.advance(Span::minutes(16));
    }
    assert_eq!(provider.number(HASHED).await, 100);
    // Nobody forgets it because it was quiet for some days.
    provider.advance(Span::days(3));
    crate::jobs::purge::round(provider.kit()).await.unwrap();
    let mut fresh = provider.browser();
    let page = provider.login_page(&mut fresh, &ask).await;
    let told = provider.mail_to(ALEX).await.len();
    let shut = guess(&mut fresh, &page, ALEX, PASSWORD).await.expect(PAUSED);
    assert!(shut.body.contains("To log in again, reset your password."), "{}", shut.body);
    assert!(!shut.body.contains("You can try again after"), "{}", shut.body);
    provider.advance(Span::hours(2));
    let page = provider.login_page(&mut fresh, &ask).await;
    guess(&mut fresh, &page, ALEX, PASSWORD).await.expect(PAUSED);
    let letters = provider.mail_to(ALEX).await;
    assert_eq!(letters.len() - told, 1, "the owner is told once a day");
    assert!(
        letters.iter().any(|(_, text)| text.contains("when you have reset your password")),
        "{letters:?}"
    );
    let page = provider.login_page(&mut known, &ask.clone().with("prompt", "login")).await;
    guess(&mut known, &page, ALEX, PASSWORD).await.expect(StatusCode::SEE_OTHER);
    let third = provider.new_password_page(&mut fresh, ALEX).await;
    let new = "velvet kettle thunder";
    let done = fresh.submit(&third, &[("new_password", new), ("confirm_password", new)]).await;
    let page = fresh.follow(done).await.expect(StatusCode::OK);
    guess(&mut fresh, &page, ALEX, new).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn row_17_a_network_that_sprays_is_paused_and_no_owner_is_blamed() {
    let provider = Provider::start_with(|config| {
        config.listen.trusted_proxies.0 = vec!["0.0.0.0/32".parse().unwrap()];
    })
    .await;
    let limit = provider.kit().config.limits.address_failures;
    let header = provider.kit().config.listen.forwarded_header.clone();
    assert_eq!(header.as_str(), "x-forwarded-for");
    let mut thief = provider.browser();
    thief.extra.push(("x-forwarded-for", "203.0.113.9".to_owned()));
    let begun = thief.open("/login").await;
    let page = thief.follow(begun).await.expect(StatusCode::OK);
    for n in 0..limit {
        guess(&mut thief, &page, &format!("person{n}@school.example"), "Summer2026!").await.expect(WRONG);
    }
    guess(&mut thief, &page, ALEX, PASSWORD).await.expect(PAUSED);
    assert_eq!(provider.number(HASHED).await, i64::from(limit));
    assert_eq!(provider.mail_to(ALEX).await.len(), 0, "the account is not paused");
    thief.extra[0].1 = "203.0.113.10".to_owned();
    guess(&mut thief, &page, ALEX, PASSWORD).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn row_18_a_stranger_cannot_lock_the_owner_out() {
    let (provider, ask) = ready().await;
    let mut owner = provider.browser();
    provider.log_in(&mut owner, &ask, ALEX).await.expect(StatusCode::OK);
    let mut thief = provider.browser();
    let page = provider.login_page(&mut thief, &ask).await;
    for n in 0..20 {
        guess(&mut thief, &page, ALEX, &format!("guess {n}")).await;
    }
    guess(&mut thief, &page, ALEX, PASSWORD).await.expect(PAUSED);
    let page = provider.login_page(&mut owner, &ask.with("prompt", "login")).await;
    guess(&mut owner, &page, ALEX, PASSWORD).await.expect(StatusCode::SEE_OTHER);
    // And a new browser of the owner's has the way by mail.
    let third = provider.new_password_page(&mut provider.browser(), ALEX).await;
    assert!(third.url.starts_with("/reset/password"));
}

#[tokio::test]
async fn row_18_nobody_on_the_same_network_can_lock_the_owner_out() {
    let provider = Provider::start_with(|config| config.limits.address_failures = 5).await;
    provider.add_client("portal", |_| {}).await;
    let ask = Ask::of("portal");
    let mut owner = provider.browser();
    provider.log_in(&mut owner, &ask, ALEX).await.expect(StatusCode::OK);
    let mut thief = provider.browser();
    let page = provider.login_page(&mut thief, &ask).await;
    for n in 0..5 {
        guess(&mut thief, &page, &format!("person{n}@school.example"), "Summer2026!").await.expect(WRONG);
    }
    guess(&mut thief, &page, ALEX, PASSWORD).await.expect(PAUSED);
    let page = provider.login_page(&mut owner, &ask.with("prompt", "login")).await;
    // Nor do the owner's own mistakes count against the others there.
    guess(&mut owner, &page, ALEX, "a mistake").await.expect(WRONG);
    guess(&mut owner, &page, ALEX, PASSWORD).await.expect(StatusCode::SEE_OTHER);
    provider.advance(Span::minutes(15));
    let page = provider.login_page(&mut thief, &Ask::of("portal")).await;
    for n in 0..5 {
        guess(&mut thief, &page, &format!("person{n}@school.example"), "Summer2026!").await.expect(WRONG);
    }
    guess(&mut thief, &page, ALEX, PASSWORD).await.expect(PAUSED);
}

#[tokio::test]
async fn a_crowd_that_logs_in_at_once_from_one_network_is_paused_by_nothing() {
    let provider = Provider::start_with(|config| {
        config.limits.address_failures = 5;
        config.limits.hash_concurrency = 1;
    })
    .await;
    provider.add_client("portal", |_| {}).await;
    let ask = Ask::of("portal");
    let mut crowd = Vec::new();
    let (enter, entrance) = tokio::sync::watch::channel(false);
    for n in 0..20 {
        let email = format!("person{n}@school.example");
        provider.add_person(&email, "Sam Sample").await;
        let mut browser = provider.browser();
        let page = provider.login_page(&mut browser, &ask).await;
        let mut entrance = entrance.clone();
        crowd.push(tokio::spawn(async move {
            entrance.wait_for(|is_open| *is_open).await.unwrap();
            let mut times = 0;
            loop {
                times += 1;
                let sent = guess(&mut browser, &page, &email, PASSWORD).await;
                match sent.status {
                    StatusCode::SEE_OTHER => return times,
                    StatusCode::SERVICE_UNAVAILABLE => tokio::task::yield_now().await,
                    status => panic!("{status}: {}", sent.text()),
                }
            }
        }));
    }
    // Somebody's password takes long to check, and everybody has to wait.
    let dear = "$argon2id$v=19$m=19456,t=60,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA";
    let kit = std::sync::Arc::clone(&provider.app.kit);
    let long = tokio::spawn(async move { kit.hasher.verify("x", Some(dear)).await });
    tokio::task::yield_now().await;
    enter.send_replace(true);
    let mut times = 0;
    for person in crowd {
        times += person.await.unwrap();
    }
    assert!(times > 20, "some had to come again");
    long.await.unwrap().unwrap().unwrap();
    // And who fails is counted as ever.
    let mut thief = provider.browser();
    let page = provider.login_page(&mut thief, &ask).await;
    for n in 0..5 {
        guess(&mut thief, &page, &format!("person{n}@school.example"), "Summer2026!").await.expect(WRONG);
    }
    guess(&mut thief, &page, ALEX, PASSWORD).await.expect(PAUSED);
}

#[tokio::test]
async fn row_19_every_spelling_of_an_address_shares_one_count() {
    let (provider, ask) = ready().await;
    let mut thief = provider.browser();
    let page = provider.login_page(&mut thief, &ask).await;
    let spellings =
        ["alex@school.example", "ALEX@school.example", " alex@SCHOOL.example", "Alex@School.Example "];
    for n in 0..10 {
        guess(&mut thief, &page, spellings[n % 4], "a guess").await.expect(WRONG);
    }
    for spelling in spellings {
        guess(&mut thief, &page, spelling, PASSWORD).await.expect(PAUSED);
    }
}

#[tokio::test]
async fn row_20_two_journeys_and_two_nodes_share_one_count() {
    let (provider, ask) = ready().await;
    let (mut one, mut other) = (provider.browser(), provider.browser());
    let first = provider.login_page(&mut one, &ask).await;
    other.router = provider.second_node().await;
    let begun = other.open("/login").await;
    let second = other.follow(begun).await.expect(StatusCode::OK);
    for _ in 0..5 {
        guess(&mut one, &first, ALEX, "a guess").await.expect(WRONG);
        guess(&mut other, &second, ALEX, "a guess").await.expect(WRONG);
    }
    guess(&mut one, &first, ALEX, PASSWORD).await.expect(PAUSED);
    guess(&mut other, &second, ALEX, PASSWORD).await.expect(PAUSED);
}

#[tokio::test]
async fn sixty_four_guesses_at_once_count_ten() {
    let (provider, ask) = ready().await;
    let mut thief = provider.browser();
    let page = provider.login_page(&mut thief, &ask).await;
    let guesses: Vec<_> = (0..64)
        .map(|n| {
            let (mut thief, page) = (thief.clone(), page.clone());
            tokio::spawn(async move { guess(&mut thief, &page, ALEX, &format!("guess {n}")).await.status })
        })
        .collect();
    let mut checked = 0;
    for guess in guesses {
        checked += usize::from(guess.await.unwrap() == WRONG);
    }
    assert_eq!(checked, 10);
    assert_eq!(provider.number(HASHED).await, 10);
}

#[tokio::test]
async fn row_20_the_front_door_and_the_change_of_a_password_share_one_count() {
    const NEW: &str = "velvet kettle thunder";
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    provider.log_in(&mut alex, &ask, ALEX).await.expect(StatusCode::OK);
    // A thief with the session, at a browser that is not known.
    alex.cookies.remove("__Host-device");
    let form = alex.open("/account/password").await.expect(StatusCode::OK);
    let change = async |alex: &mut Browser, present: &str| {
        let fields = [("password", present), ("new_password", NEW), ("confirm_password", NEW)];
        alex.submit(&form, &fields).await
    };
    let mut thief = provider.browser();
    let page = provider.login_page(&mut thief, &ask).await;
    for n in 0..5 {
        change(&mut alex, &format!("guess {n}")).await.expect(WRONG);
        guess(&mut thief, &page, ALEX, &format!("guess {n}")).await.expect(WRONG);
    }
    change(&mut alex, PASSWORD).await.expect(PAUSED);
    guess(&mut thief, &page, ALEX, PASSWORD).await.expect(PAUSED);
    assert_eq!(provider.number(HASHED).await, 10);
}

const ALARMS: &str = "SELECT COUNT(*) FROM events WHERE kind = 'alarm.guessing'";

#[tokio::test]
async fn row_17_one_password_that_is_tried_on_many_accounts_is_noticed_and_pauses_nobody() {
    let provider = Provider::start_with(|config| {
        config.limits.address_failures = 10_000;
        config.limits.wrong_passwords_per_hour = 20;
    })
    .await;
    provider.add_client("portal", |_| {}).await;
    let ask = Ask::of("portal");
    let mut thief = provider.browser();
    let page = provider.login_page(&mut thief, &ask).await;
    for (n, alarms) in (0..30).map(|n| (n, i64::from(n >= 20))) {
        guess(&mut thief, &page, &format!("person{n}@school.example"), "Summer2026!").await.expect(WRONG);
        assert_eq!(provider.number(ALARMS).await, alarms, "after {n}");
    }
    provider.advance(Span::seconds(1));
    crate::admin::status::count(provider.kit()).await.unwrap();
    let status = crate::admin::status::read(provider.kit(), &crate::model::Actor::Operator).await.unwrap();
    let attention = crate::admin::status::attention(&status, provider.kit().now()).concat();
    assert!(attention.contains("Somebody may be guessing"), "{attention}");
    provider.log_in(&mut provider.browser(), &ask, ALEX).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn row_9_codes_that_are_guessed_across_accounts_are_noticed_and_pause_nobody() {
    let provider = Provider::start_with(|config| config.limits.wrong_codes_per_day = 8).await;
    provider.add_client("portal", |_| {}).await;
    let ask = Ask::of("portal");
    for n in 0..3 {
        let email = format!("person{n}@school.example");
        provider.add_person(&email, "Sam Sample").await;
        let mut thief = provider.browser();
        let page = provider.code_page(&mut thief, &ask, &email).await;
        let code = provider.last_code_to(&email).await;
        for n in 1..=4 {
            thief.submit(&page, &[("code", &other_code(&code, n))]).await.expect(WRONG);
        }
        assert_eq!(provider.number(ALARMS).await, i64::from(n == 2), "{email}");
    }
    provider.log_in(&mut provider.browser(), &ask, ALEX).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_network_begins_only_so_many_journeys_in_a_minute_and_who_has_begun_goes_on() {
    let provider = Provider::start_with(|config| config.limits.journeys_per_minute = 60).await;
    provider.add_client("portal", |_| {}).await;
    let ask = Ask::of("portal");
    let mut alex = provider.browser();
    let page = provider.login_page(&mut alex, &ask).await;
    for n in 1..60 {
        let path = ["/login", "/reset", "/device", &ask.url()][n % 4].to_owned();
        provider.browser().open(&path).await.expect(StatusCode::SEE_OTHER);
    }
    let to_authorize = format!("{}&flow=x", ask.url());
    for path in ["/login", "/reset", "/device", "/account", "/account/reviews/x", &ask.url(), &to_authorize] {
        let busy = provider.browser().open(path).await.expect(StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(busy.header("retry-after"), "60");
        assert!(busy.text().contains("Wait a minute, then"), "{}", busy.text());
        let looked = provider.browser().send(Method::HEAD, path, None, &[]).await;
        assert!(!looked.headers.contains_key("set-cookie"), "{path}");
    }
    let long = ask.clone().with("unheard_of", &"x".repeat(7_000));
    let fields: Vec<(&str, &str)> = long.params.iter().map(|(name, value)| (&**name, &**value)).collect();
    for (path, fields) in [("/authorize", &fields[..]), ("/device", &[("user_code", "x")])] {
        provider.browser().post(path, fields).await.expect(StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM flows").await, 60);
    // Nobody is held up who need not begin.
    let silent = provider.browser().open(&ask.clone().with("prompt", "none").url()).await;
    assert_eq!(silent.location_param("error").as_deref(), Some("login_required"));
    let sent = alex.submit(&page, &[("email", ALEX), ("password", PASSWORD)]).await;
    alex.follow(sent).await.expect(StatusCode::OK);
    provider.advance(Span::minutes(1));
    provider.browser().open("/login").await.expect(StatusCode::SEE_OTHER);
}
