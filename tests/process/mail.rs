//! Letters and the mail server: up, down, slow, choosy, and without encryption.

use std::time::{Duration, Instant};

use crate::house::{House, PATIENCE, code_in, free_port};
use crate::http::Browser;
use crate::partner::{ALEX, PASSWORD};
use crate::smtp::{Act, Encryption, SmtpServer, Stage};

/// A house whose letters go to a mail server, with one person in it.
pub async fn house_with_mail(port: u16, security: &str) -> House {
    let mut house = House::new().await;
    house.add_person(ALEX, PASSWORD);
    house.set("GATEHOUSE_MAIL_TRANSPORT", "smtp");
    house.set("GATEHOUSE_MAIL_SMTP_HOST", "127.0.0.1");
    house.set("GATEHOUSE_MAIL_SMTP_PORT", port.to_string());
    house.set("GATEHOUSE_MAIL_SMTP_SECURITY", security);
    house.set("GATEHOUSE_MAIL_SMTP_TIMEOUT_SECONDS", "5");
    house
}

/// Enters the password; how long the page for the code took to come.
async fn wait_for_code_page(browser: &mut Browser) -> Duration {
    let began = Instant::now();
    let page = browser.enter_password("/login", (ALEX, PASSWORD)).await.unwrap();
    assert!(page.url.starts_with("/login/code"), "{} {}", page.url, page.body);
    began.elapsed()
}

/// Waits until something holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_letter_waits_for_a_server_that_is_down() {
    let port = free_port();
    let house = house_with_mail(port, "none").await;
    let _node = house.serve().await;
    wait_for_code_page(&mut Browser::at(house.port)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let server = SmtpServer::start_at(port, Encryption::Absent, &[Act::Accept]);
    until("the letter comes after all", || server.mails().len() == 1).await;
    assert!(code_in(&server.mails()[0].raw).is_some());
}

#[tokio::test]
async fn greylisting_delays_a_letter() {
    let later = Act::Answer(Stage::Rcpt, "450 4.2.0 Come back later");
    let server = SmtpServer::start(Encryption::Absent, &[later, Act::Accept]);
    let house = house_with_mail(server.port(), "none").await;
    let _node = house.serve().await;
    wait_for_code_page(&mut Browser::at(house.port)).await;
    until("the letter comes at the second attempt", || server.mails().len() == 1).await;
    assert_eq!(server.mails()[0].to, [ALEX]);
    assert_eq!(attempts(&server), 2);
}

#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_not_sent_again() {
    let never = Act::Answer(Stage::Rcpt, "550 5.1.1 Nobody here");
    let server = SmtpServer::start(Encryption::Absent, &[never]);
    let house = house_with_mail(server.port(), "none").await;
    let _node = house.serve().await;
    wait_for_code_page(&mut Browser::at(house.port)).await;
    until("the letter is refused", || attempts(&server) == 1).await;
    // The wait after a failure that may pass is five seconds.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!((attempts(&server), server.mails().len()), (1, 0));
}

/// How often the server was asked to take a letter.
fn attempts(server: &SmtpServer) -> usize {
    server.heard().matches("RCPT TO:").count()
}

#[tokio::test]
async fn row_93_without_encryption_nothing_is_sent() {
    let server = SmtpServer::start(Encryption::Absent, &[Act::Accept]);
    let house = house_with_mail(server.port(), "starttls").await;
    let _node = house.serve().await;
    wait_for_code_page(&mut Browser::at(house.port)).await;
    until("the server is asked", || server.connections() > 0).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let heard = server.heard();
    assert!(!heard.contains("MAIL") && !heard.contains("AUTH") && !heard.contains("alex"), "{heard}");
}

#[tokio::test]
async fn a_slow_server_delays_letters_and_nobody_else() {
    let slow = Act::Wait(Stage::Banner, Duration::from_secs(4));
    let server = SmtpServer::start(Encryption::Absent, &[slow]);
    let house = house_with_mail(server.port(), "none").await;
    let _node = house.serve().await;
    for _ in 0..3 {
        let took = wait_for_code_page(&mut Browser::at(house.port)).await;
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
}
