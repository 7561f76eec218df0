//! People who log in, so that there are sessions to look at.

use std::time::Duration;

use crate::crowd;
use crate::filling::PASSWORD;
use crate::house::{House, code_in};
use crate::http::{Answer, Browser};
use crate::operations::authorize_url;

/// Lets some people log in, each to another service.
pub async fn log_in(house: &House, people: usize, services: usize) {
    for number in 0..people {
        let service = crowd::service(number % services);
        let url = authorize_url(&service.id, &service.redirect_uri());
        let mut browser = Browser::at(house.port);
        let email = crowd::person(number).email;
        let welcome = enter(house, &mut browser, &url, (&email, PASSWORD)).await;
        assert!(welcome.location().starts_with("/welcome"), "{} {}", welcome.status, welcome.body);
        let back = browser.open(&url).await.expect("an answer");
        assert!(back.onward("code").is_some(), "{} {}", back.status, back.body);
    }
}

/// Logs an administrator in to the console; the cookies of the browser.
pub async fn administrator(house: &House, who: (&str, &str)) -> String {
    let mut browser = Browser::at(house.port);
    let mut answer = enter(house, &mut browser, "/admin", who).await;
    while answer.status.is_redirection() {
        let next = answer.location().trim_start_matches(house.setting("GATEHOUSE_ISSUER")).to_owned();
        answer = browser.open(&next).await.expect("an answer");
    }
    assert!(answer.url == "/admin" && answer.status.is_success(), "{} {}", answer.url, answer.body);
    let cookies: Vec<String> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    cookies.join("; ")
}

/// Enters the password and the code that comes by mail; the answer to that.
async fn enter(house: &House, browser: &mut Browser, url: &str, who: (&str, &str)) -> Answer {
    let page = browser.enter_password(url, who).await.expect("the page for the code");
    let code = loop {
        if let Some(code) = house.letters().iter().find_map(|(_, letter)| code_in(letter)) {
            break code;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    // The next one waits for another.
    for (path, _) in house.letters() {
        std::fs::remove_file(path).expect("a letter");
    }
    browser.submit(&page, &[("code", &code)]).await.expect("an answer")
}
