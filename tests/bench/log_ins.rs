//! People who log in with a password and an emailed code, as many as the machine lets through.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::house::{House, code_in};
use crate::http::{Browser, Wire, request};
use crate::operations::{authorize_url, bearer, good};

/// How many log in at once: enough that a hash is always waiting for a core, and fewer than may be under way from one
/// address.
const PEOPLE: usize = 24;
const PASSWORD: &str = "purple otter drumming";
const LONG_ENOUGH: Duration = Duration::from_secs(10);
/// How often somebody who is logged in asks for something meanwhile.
const PACE: Duration = Duration::from_millis(20);

pub struct Busy {
    /// All that were finished.
    pub done: u32,
    pub per_second: f64,
    /// Of a UserInfo request meanwhile.
    pub p99_millis: f64,
}

/// Codes that have come by mail, by address.
#[derive(Default)]
struct Post {
    codes: RefCell<HashMap<String, String>>,
    came: Notify,
}

impl Post {
    /// The code that somebody waits for. Nobody looks again before something has come: the load must not eat
    /// the time that it measures.
    async fn code_for(&self, email: &str) -> String {
        loop {
            let came = self.came.notified();
            if let Some(code) = self.codes.borrow_mut().remove(email) {
                return code;
            }
            came.await;
        }
    }
}

/// Adds the people; their addresses.
pub fn people(house: &House) -> Vec<String> {
    let emails: Vec<String> = (0..PEOPLE).map(|number| format!("sam{number}@school.example")).collect();
    for email in &emails {
        house.add_person(email, PASSWORD);
    }
    emails
}

/// Lets everybody log in, again and again.
pub async fn measure(house: &House, people: &[String], token: &str) -> Busy {
    let url = sample_service(house);
    let post = Rc::new(Post::default());
    let until = Instant::now() + LONG_ENOUGH;
    let mut running = tokio::task::JoinSet::new();
    for email in people {
        let (browser, post, url, email) =
            (Browser::at(house.port), Rc::clone(&post), Rc::clone(&url), email.clone());
        running.spawn_local(async move { log_in_until(until, browser, (&url, &email), &post).await });
    }
    let (wire, token) = (Wire::to(house.port), bearer(token));
    let meanwhile = tokio::task::spawn_local(ask_until(until, wire, token));
    // The last ones finish what they have begun.
    let mut done = 0;
    while !running.is_empty() {
        deliver(house, &post);
        tokio::time::sleep(Duration::from_millis(2)).await;
        while let Some(finished) = running.try_join_next() {
            done += finished.expect("log-ins");
        }
    }
    Busy {
        done,
        per_second: f64::from(done) / LONG_ENOUGH.as_secs_f64(),
        p99_millis: meanwhile.await.expect("answers"),
    }
}

/// The address that the sample service sends browsers to.
fn sample_service(house: &House) -> Rc<str> {
    let shown = house.must(&["client", "show", "portal", "--json"], "");
    let client: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    authorize_url("portal", client["redirect_uris"][0].as_str().expect("an address")).into()
}

/// How often somebody got in before the time was up.
async fn log_in_until(until: Instant, mut browser: Browser, way: (&str, &str), post: &Post) -> u32 {
    let (url, email) = way;
    let mut done = 0;
    while Instant::now() < until {
        // Somebody whose session has ended: the browser is known, and that is all.
        browser.cookies.retain(|name, _| name == "device");
        let page = browser.enter_password(url, (email, PASSWORD)).await.expect("the page for the code");
        let code = post.code_for(email).await;
        let answer = browser.submit(&page, &[("code", &code)]).await.expect("an answer");
        assert!(answer.location().starts_with("/welcome"), "{} {}", answer.status, answer.body);
        done += u32::from(Instant::now() < until);
    }
    done
}

/// Hands out the codes that have come.
fn deliver(house: &House, post: &Post) {
    for (path, letter) in house.letters() {
        let email = letter.lines().find_map(|line| line.strip_prefix("To: "));
        if let (Some(email), Some(code)) = (email, code_in(&letter)) {
            post.codes.borrow_mut().insert(email.trim().to_owned(), code);
        }
        std::fs::remove_file(path).expect("a letter");
    }
    post.came.notify_waiters();
}

/// Asks UserInfo at a steady pace; the 99th percentile of its answers' times, in milliseconds.
async fn ask_until(until: Instant, mut wire: Wire, bearer: String) -> f64 {
    let mut times = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        good(wire.ask(request("/userinfo", &[("authorization", &bearer)], None)).await);
        times.push(began.elapsed());
        tokio::time::sleep(PACE).await;
    }
    times.sort_unstable();
    let place = times.len() * 99 / 100;
    times.get(place).or(times.last()).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}
