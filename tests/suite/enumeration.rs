//! Who is registered: no answer, no count and no amount of work tells.

use http::StatusCode;

use super::support::{Browser, PASSWORD, Page, Provider};
use crate::admin::users;
use crate::base::Span;
use crate::model::Actor;

/// Known, unknown and deactivated, all of one length.
const EVERYBODY: [&str; 3] = ["alex@school.example", "nemo@school.example", "gone@school.example"];

async fn ready() -> Provider {
    let provider = Provider::start_with(|config| config.limits.address_failures = 10_000).await;
    let gone = provider.add_person("gone@school.example", "Gina Gone").await;
    users::set_active(provider.kit(), &Actor::Operator, &gone, false).await.unwrap();
    provider
}

/// An answer without what differs from visit to visit: token, journey, cookie, and the address as typed.
fn bare(page: &Page, email: &str, flow: &str) -> String {
    let mut headers: Vec<String> = page
        .headers
        .iter()
        .map(|(name, value)| match (name.as_str(), value.to_str().unwrap()) {
            ("set-cookie", line) => {
                let (pair, attributes) = line.split_once(';').unwrap();
                let value = pair.split_once('=').unwrap();
                format!("set-cookie: {}={};{attributes}", value.0, "x".repeat(value.1.len()))
            }
            (name, value) => format!("{name}: {value}"),
        })
        .collect();
    headers.sort();
    let token = page.hidden("token").unwrap_or_else(|| "no token".to_owned());
    let all = format!("{} {}\n{}", page.status, headers.join("\n"), page.body);
    all.replace(&token, "TOKEN").replace(flow, "FLOW").replace(email, "EMAIL")
}

struct Walk {
    answers: Vec<String>,
    commits: Vec<u64>,
}

impl Walk {
    async fn step(
        &mut self,
        provider: &Provider,
        who: (&str, &str),
        answer: impl Future<Output = Page>,
    ) -> Page {
        let before = provider.kit().store.commits();
        let page = answer.await;
        self.commits.push(provider.kit().store.commits() - before);
        self.answers.push(bare(&page, who.0, who.1));
        page
    }
}

async fn first_page(browser: &mut Browser, path: &str) -> Page {
    let begun = browser.open(path).await;
    browser.follow(begun).await.expect(StatusCode::OK)
}

/// Everything that somebody can do who has an address and no password for it.
async fn walk(provider: &Provider, email: &str) -> Walk {
    let mut walk = Walk { answers: Vec::new(), commits: Vec::new() };
    let mut browser = provider.browser();
    let login = first_page(&mut browser, "/login").await;
    let flow = login.flow();
    let who = (email, flow.as_str());
    for _ in 0..12 {
        let fields = [("email", email), ("password", "not the password")];
        walk.step(provider, who, browser.submit(&login, &fields)).await;
    }
    let reset = browser.open(&format!("/reset?flow={flow}")).await.expect(StatusCode::OK);
    let asked = walk.step(provider, who, browser.submit(&reset, &[("email", email)])).await;
    let second = browser.open(asked.location()).await.expect(StatusCode::OK);
    walk.answers.push(bare(&second, email, &flow));
    let new = format!("/reset/code/new?flow={flow}");
    walk.step(provider, who, browser.submit_to(&second, &new, &[])).await;
    for _ in 0..3 {
        provider.advance(Span::seconds(31));
        walk.step(provider, who, browser.submit_to(&second, &new, &[])).await;
    }
    for _ in 0..6 {
        walk.step(provider, who, browser.submit(&second, &[("code", "00000000")])).await;
    }
    walk
}

#[tokio::test]
async fn row_21_to_23_known_unknown_and_deactivated_get_the_same_answers_for_the_same_work() {
    let mut walks = Vec::new();
    for email in EVERYBODY {
        // A provider each, so that the clock stands the same.
        let provider = ready().await;
        walks.push(walk(&provider, email).await);
    }
    let [known, unknown, gone] = walks.as_slice() else { panic!("three walks") };
    for other in [unknown, gone] {
        for (step, (one, another)) in known.answers.iter().zip(&other.answers).enumerate() {
            assert_eq!(one, another, "step {step}");
        }
    }
    assert_eq!(known.commits, unknown.commits);
    assert_eq!(known.commits, gone.commits);
    assert!(known.answers[10].starts_with("429"), "the eleventh guess is refused, whoever it is");
}

#[tokio::test]
async fn row_21_the_right_password_of_a_deactivated_account_is_told_what_a_wrong_one_is() {
    let provider = ready().await;
    let mut answers = Vec::new();
    for (email, password) in
        [(EVERYBODY[0], "not the password"), (EVERYBODY[2], PASSWORD), (EVERYBODY[1], PASSWORD)]
    {
        let mut browser = provider.browser();
        let login = first_page(&mut browser, "/login").await;
        let answer = browser.submit(&login, &[("email", email), ("password", password)]).await;
        answers.push(bare(&answer, email, &login.flow()));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn row_23_only_who_is_known_gets_mail_and_whoever_is_deactivated_is_told_whom_to_call() {
    let provider = ready().await;
    for email in EVERYBODY {
        provider.reset_code_page(&mut provider.browser(), email).await;
    }
    assert_eq!(provider.mail_to(EVERYBODY[0]).await.len(), 1);
    assert_eq!(provider.mail_to(EVERYBODY[1]).await.len(), 0);
    let letters = provider.mail_to(EVERYBODY[2]).await;
    assert_eq!(letters.len(), 1);
    let digits = letters[0].1.lines().any(|line| {
        let line = line.trim().replace(' ', "");
        line.len() == 8 && line.bytes().all(|b| b.is_ascii_digit())
    });
    assert!(!digits, "it holds no code");
}
