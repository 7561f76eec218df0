//! A person and a service that use the provider from outside.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::house::{House, PATIENCE, code_in};
use crate::http::{Answer, Browser, Wire, basic, request};

pub const ALEX: &str = "alex@school.example";
pub const PASSWORD: &str = "purple otter drumming";
const REDIRECT: &str = "https://portal.example/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-rfc-7636-to-like";
/// The SHA-256 digest of the verifier, in base64url.
const CHALLENGE: &str = "57abMH2_6yhRKFKY5-RXGlgmvj90NLmqH_8ZMYbMDE8";

impl House {
    /// Settles a setting anew.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value.into()));
    }

    /// The code that was mailed to somebody, once it is there. The letter is thrown away.
    pub async fn code_to(&self, email: &str) -> String {
        let began = Instant::now();
        loop {
            for (path, letter) in self.letters() {
                if letter.contains(&format!("To: {email}")) {
                    fs::remove_file(path).expect("a letter");
                    if let Some(code) = code_in(&letter) {
                        return code;
                    }
                }
            }
            assert!(began.elapsed() < PATIENCE, "no letter to {email}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A registered service and its secret.
pub struct Service {
    basic: String,
}

impl Service {
    /// Registers the service `portal`, which greets nobody on the way back.
    pub fn register(house: &House) -> Self {
        let registered = house.must(
            &[
                "client",
                "add",
                "--id",
                "portal",
                "--name",
                "Children's Services Portal",
                "--redirect-uri",
                REDIRECT,
                "--welcome",
                "skip",
                "--json",
            ],
            "",
        );
        let registered: serde_json::Value = serde_json::from_str(&registered).unwrap();
        Self { basic: basic("portal", registered["client_secret"].as_str().unwrap()) }
    }

    /// Where it sends people to log in.
    pub fn authorize_url() -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([
            ("client_id", "portal"),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        format!("/authorize?{}", query.finish())
    }

    pub async fn redeem(&self, port: u16, code: &str) -> Result<Answer, String> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.ask_token(port, &form).await
    }

    pub async fn refresh(&self, port: u16, token: &str) -> Result<Answer, String> {
        self.ask_token(port, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn ask_token(&self, port: u16, form: &[(&str, &str)]) -> Result<Answer, String> {
        Wire::to(port).ask(request("/token", &[("authorization", &self.basic)], Some(form))).await
    }
}

/// What the provider says of somebody to whoever has an access token.
pub async fn userinfo(port: u16, token: &str) -> Result<Answer, String> {
    let bearer = format!("Bearer {token}");
    Wire::to(port).ask(request("/userinfo", &[("authorization", &bearer)], None)).await
}

/// Enters the password and the code that comes by mail; the answer to the code.
pub async fn log_in(house: &House, browser: &mut Browser, email: &str) -> Answer {
    let page = browser.enter_password(&Service::authorize_url(), (email, PASSWORD)).await.unwrap();
    let code = house.code_to(email).await;
    browser.submit(&page, &[("code", &code)]).await.unwrap()
}

/// An authorization code for a browser that is logged in.
pub async fn code_for(browser: &mut Browser) -> Result<String, String> {
    let answer = browser.open(&Service::authorize_url()).await?;
    answer.onward("code").ok_or_else(|| format!("{} {}", answer.status, answer.body))
}

/// Asks a process to end, politely.
pub fn terminate(child: &Child) {
    let sent = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(sent.unwrap().success());
}
