//! The forgotten password: it logs nobody in, ends everything that was open, and tells the owner.

use http::StatusCode;

use super::support::{Ask, PASSWORD, Provider, other_code};
use crate::base::Span;
use crate::model::Actor;

const ALEX: &str = "alex@school.example";
const NEW: &str = "velvet kettle thunder";
const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const CHANGED: &str = "Your password has been changed. Log in with your new password.";

#[tokio::test]
async fn row_11_a_reset_logs_nobody_in_and_ends_everything_that_was_open() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let ask = Ask::of("portal");
    let mut thief = provider.browser();
    let code = provider.code_for(&mut thief, &ask, ALEX).await;
    let tokens = provider.redeem(&code, &ask, "portal", &secret).await.expect(StatusCode::OK).json();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    thief.call("/userinfo", &[], &[("authorization", &bearer)]).await.expect(StatusCode::OK);
    let unspent = thief.open(&ask.url()).await.location_param("code").unwrap();

    provider.advance(Span::minutes(1));
    let mut alex = provider.browser();
    let third = provider.new_password_page(&mut alex, ALEX).await;
    let fields = [("new_password", NEW), ("confirm_password", NEW)];
    let done = alex.submit(&third, &fields).await.expect(StatusCode::SEE_OTHER);
    assert!(!done.headers.contains_key("set-cookie"));
    assert!(alex.cookies.keys().all(|name| name.starts_with("__Host-flow-")), "{:?}", alex.cookies.keys());
    let login = alex.follow(done).await.expect(StatusCode::OK);
    assert!(login.text().contains(CHANGED));
    assert!(login.body.contains(ALEX), "the email is filled in");
    let reloaded = alex.open(&login.url).await.expect(StatusCode::OK);
    assert!(!reloaded.text().contains(CHANGED), "the banner is shown once");

    let refused = thief.call("/userinfo", &[], &[("authorization", &bearer)]).await;
    refused.expect(StatusCode::UNAUTHORIZED);
    provider.redeem(&unspent, &ask, "portal", &secret).await.expect(StatusCode::BAD_REQUEST);
    let again = thief.open(&ask.url()).await;
    assert!(again.location().starts_with("/login"), "{}", again.location());
    assert_eq!(provider.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 0);
    assert_eq!(provider.number("SELECT COUNT(*) FROM grants WHERE revoked_at IS NULL").await, 0);
    assert_eq!(provider.number("SELECT COUNT(*) FROM devices").await, 0);
    let letters = provider.mail_to(ALEX).await;
    let notices = letters.iter().filter(|(subject, _)| subject.contains("changed")).count();
    assert_eq!(notices, 1, "{letters:?}");

    let old = alex.submit(&reloaded, &[("email", ALEX), ("password", PASSWORD)]).await;
    old.expect(WRONG);
    let new = alex.submit(&reloaded, &[("email", ALEX), ("password", NEW)]).await;
    assert!(new.expect(StatusCode::SEE_OTHER).location().starts_with("/login/code"));
}

#[tokio::test]
async fn every_wrong_entry_of_a_reset_is_explained() {
    let provider = Provider::start().await;
    let mut alex = provider.browser();
    let begun = alex.open("/reset").await;
    let first = alex.follow(begun).await.expect(StatusCode::OK);
    for (email, message) in [
        ("", "Enter your email"),
        ("alex", "Enter an email address in the correct format, like name@example.com"),
    ] {
        let answer = alex.submit(&first, &[("email", email)]).await.expect(WRONG);
        assert!(answer.body.contains("<title>Error: ") && answer.text().contains(message));
    }
    let second = provider.reset_code_page(&mut alex, ALEX).await;
    for (entry, message) in [
        ("", "Enter the code"),
        ("abc", "The code must be 8 numbers"),
        ("1234", "You have entered 4 numbers. The code has 8 numbers"),
        ("123456789", "You have entered 9 numbers. The code has 8 numbers"),
    ] {
        let answer = alex.submit(&second, &[("code", entry)]).await.expect(WRONG);
        assert!(answer.body.contains("<title>Error: ") && answer.text().contains(message), "{entry}");
    }
}

#[tokio::test]
async fn row_28_every_weak_choice_is_explained_and_nothing_is_changed() {
    let provider = Provider::start().await;
    let mut alex = provider.browser();
    let third = provider.new_password_page(&mut alex, ALEX).await;
    let long = "long enough ".repeat(84);
    let same = "Your new password must be different from your current password";
    let personal = "Your new password must not contain your name, your email or the name of this service";
    for (new, confirmation, message) in [
        ("", "", "Enter your new password"),
        ("", "", "Confirm your new password"),
        ("seven77", "", "Your new password must be at least 12 characters. You entered 7"),
        (&*long, "", "Your new password must be 1,000 characters or fewer"),
        ("passwordpassword", "passwordpassword", "That one is on a list of common passwords"),
        ("Example thunder kettle", "Example thunder kettle", personal),
        ("alex@school.example!", "alex@school.example!", personal),
        (PASSWORD, PASSWORD, same),
        (NEW, "", "Confirm your new password"),
        (NEW, "velvet kettle", "Confirm password must be the same as your new password"),
    ] {
        let fields = [("new_password", new), ("confirm_password", confirmation)];
        let answer = alex.submit(&third, &fields).await.expect(WRONG);
        assert!(answer.body.contains("<title>Error: "), "{new}");
        assert!(answer.text().contains(message), "{new}: {}", answer.text());
        assert!(new.is_empty() || !answer.body.contains(&format!("value=\"{new}\"")));
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM events WHERE kind = 'reset.done'").await, 0);
    let sixty_four = format!("{NEW}{}", "\u{1f9a6}".repeat(43));
    let fields = [("new_password", &*sixty_four), ("confirm_password", &sixty_four)];
    alex.submit(&third, &fields).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn row_14_of_sixty_four_passwords_at_once_exactly_one_wins() {
    let provider = Provider::start().await;
    let mut alex = provider.browser();
    let third = provider.new_password_page(&mut alex, ALEX).await;
    let posts: Vec<_> = (0..64)
        .map(|n| {
            let (mut alex, third) = (alex.clone(), third.clone());
            let new = format!("{NEW} {n}");
            tokio::spawn(async move {
                alex.submit(&third, &[("new_password", &new), ("confirm_password", &new)]).await;
            })
        })
        .collect();
    for post in posts {
        post.await.unwrap();
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM events WHERE kind = 'reset.done'").await, 1);
    let stored =
        crate::admin::users::find(provider.kit(), &Actor::Operator, ALEX).await.unwrap().password.unwrap();
    let mut right = 0;
    for n in 0..64 {
        let verdict = provider.kit().hasher.verify(&format!("{NEW} {n}"), Some(&stored)).await.unwrap();
        right += usize::from(verdict == Ok(crate::hash::Verdict::Right));
    }
    assert_eq!(right, 1);
    let notices = provider.mail_to(ALEX).await;
    assert_eq!(notices.iter().filter(|(subject, _)| subject.contains("changed")).count(), 1);
}

#[tokio::test]
async fn row_10_a_hundred_requests_at_once_mail_one_reset_code() {
    let provider = Provider::start_with(|config| config.limits.address_failures = 1_000).await;
    let mut alex = provider.browser();
    let mut posts = Vec::new();
    for _ in 0..4 {
        let begun = alex.open("/reset").await;
        let first = alex.follow(begun).await.expect(StatusCode::OK);
        for _ in 0..25 {
            let (mut alex, first) = (alex.clone(), first.clone());
            posts.push(tokio::spawn(async move { alex.submit(&first, &[("email", ALEX)]).await.status }));
        }
    }
    for post in posts {
        assert_eq!(post.await.unwrap(), StatusCode::SEE_OTHER);
    }
    assert_eq!(provider.mail_to(ALEX).await.len(), 1);
}

#[tokio::test]
async fn a_code_that_was_mailed_goes_on_working_when_asking_again_sends_nothing() {
    let provider = Provider::start().await;
    let mut alex = provider.browser();
    let mut second = provider.reset_code_page(&mut alex, ALEX).await;
    // The hour's three letters go out, and then the journey's first page is sent once more.
    for _ in 0..3 {
        provider.advance(Span::seconds(31));
        let first = alex.open(&format!("/reset?flow={}", second.flow())).await.expect(StatusCode::OK);
        let sent = alex.submit(&first, &[("email", ALEX)]).await;
        second = alex.follow(sent).await.expect(StatusCode::OK);
    }
    assert_eq!(provider.mail_to(ALEX).await.len(), 3);
    let code = provider.last_code_to(ALEX).await;
    alex.submit(&second, &[("code", &code)]).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn twenty_wrong_reset_codes_in_a_day_are_all_that_an_address_gets() {
    let provider = Provider::start().await;
    let mut looked_at = 0;
    for _ in 0..6 {
        let mut thief = provider.browser();
        let second = provider.reset_code_page(&mut thief, ALEX).await;
        let code = provider.last_code_to(ALEX).await;
        for n in 1..=5 {
            thief.submit(&second, &[("code", &other_code(&code, n))]).await;
        }
        provider.advance(Span::minutes(30));
    }
    looked_at += provider.number("SELECT COUNT(*) FROM events WHERE kind LIKE 'code.wrong'").await;
    looked_at += provider.number("SELECT COUNT(*) FROM events WHERE kind LIKE 'code.used_up'").await;
    assert_eq!(looked_at, 20);
}

#[tokio::test]
async fn row_12_what_a_request_says_of_its_host_reaches_neither_mail_nor_location() {
    for header in ["x-forwarded-host", "x-forwarded-proto", "x-host", "forwarded", "x-original-url"] {
        let provider = Provider::start().await;
        let mut alex = provider.browser();
        alex.extra.push((header, "evil.example".to_owned()));
        let begun = alex.open("/reset").await;
        assert!(begun.location().starts_with('/'), "{}", begun.location());
        let first = alex.follow(begun).await.expect(StatusCode::OK);
        let sent = alex.submit(&first, &[("email", ALEX)]).await;
        assert!(sent.location().starts_with('/'), "{}", sent.location());
        let second = alex.follow(sent).await;
        assert!(!second.body.contains("evil.example"));
        provider.deliver().await;
        let letters = provider.app.mailbox.letters();
        assert_eq!(letters.len(), 1);
        for letter in letters {
            assert!(!format!("{}{}{}", letter.subject, letter.text, letter.html).contains("evil.example"));
        }
    }
}

#[tokio::test]
async fn row_13_a_second_address_in_the_form_gets_no_mail() {
    let provider = Provider::start().await;
    let mut alex = provider.browser();
    let begun = alex.open("/reset").await;
    let first = alex.follow(begun).await.expect(StatusCode::OK);
    let evil = "evil@evil.example";
    alex.submit(&first, &[("email", ALEX), ("email", evil)]).await.expect(StatusCode::BAD_REQUEST);
    for both in [
        "alex@school.example,evil@evil.example",
        "alex@school.example evil@evil.example",
        "alex@school.example\r\nBcc: evil@evil.example",
        "[\"alex@school.example\",\"evil@evil.example\"]",
    ] {
        alex.submit(&first, &[("email", both)]).await.expect(WRONG);
    }
    let fields = [("email", "ALEX@SCHOOL.EXAMPLE"), ("email[]", evil), ("Email", evil)];
    alex.submit(&first, &fields).await.expect(StatusCode::SEE_OTHER);
    provider.deliver().await;
    let to: Vec<String> = provider.app.mailbox.letters().into_iter().map(|letter| letter.to).collect();
    assert_eq!(to, [ALEX]);
}

#[tokio::test]
async fn cancelling_a_reset_kills_its_code_and_leads_back_to_the_log_in() {
    let provider = Provider::start().await;
    let mut alex = provider.browser();
    let second = provider.reset_code_page(&mut alex, ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    let back = alex.open(&format!("/reset/cancel?flow={}", second.flow())).await;
    assert!(back.expect(StatusCode::SEE_OTHER).location().starts_with("/login?flow="));
    let late = alex.submit(&second, &[("code", &code)]).await;
    assert_ne!(late.status, StatusCode::SEE_OTHER);
    assert!(!late.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_reset_begun_on_one_node_is_finished_on_the_other() {
    let provider = Provider::start().await;
    let mut alex = provider.browser();
    let second = provider.reset_code_page(&mut alex, ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    alex.router = provider.second_node().await;
    let right = alex.submit(&second, &[("code", &code)]).await;
    let third = alex.follow(right).await.expect(StatusCode::OK);
    let done = alex.submit(&third, &[("new_password", NEW), ("confirm_password", NEW)]).await;
    assert!(alex.follow(done).await.expect(StatusCode::OK).text().contains(CHANGED));
}
