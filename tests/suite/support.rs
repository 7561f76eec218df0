//! What the suite stands on: a database each, a clock that is moved by hand, mail in memory, and actors.

use std::sync::{Arc, Once};

use axum::Router;
use http::StatusCode;

pub(crate) use super::browser::{Browser, Page};
pub(crate) use super::portal::{Portal, claims_of, header_of};
use crate::admin::{clients, users};
use crate::app::{App, Stage, Surroundings, open_kit};
use crate::base::{ClientId, ManualClock, SeededRandom, Span, Timestamp, base64url, sha256};
use crate::config::Config;
use crate::hash::Cost;
use crate::kit::Kit;
use crate::model::{Actor, ClientSettings, Email, Profile, User};
use crate::outbox::{self, Round};
use crate::store::Store;

/// Noon on 22 November 2026, in London and in UTC.
pub(crate) const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);
pub(crate) const ISSUER: &str = "https://login.example.gov.uk";
pub(crate) const REDIRECT: &str = "https://portal.example/callback";
pub(crate) const PASSWORD: &str = "purple otter drumming";

/// A database of its own: an SQLite file, or a PostgreSQL schema where `GATEHOUSE_TEST_DATABASE` says so.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) url: String,
    /// Keeps the directory until the test ends.
    directory: tempfile::TempDir,
}

impl Database {
    pub(crate) async fn fresh() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = match std::env::var("GATEHOUSE_TEST_DATABASE") {
            Ok(server) if server.starts_with("postgres") => fresh_schema(&server).await,
            _ => format!("sqlite:{}", directory.path().join("test.db").display()),
        };
        let store = Store::open(&url, 8).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, url, directory }
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.directory.path()
    }
}

async fn fresh_schema(server: &str) -> String {
    let mut bytes = [0; 8];
    crate::base::Random::fill(&crate::base::OsRandom, &mut bytes);
    let schema = format!("t_{}", crate::base::hex_lower(bytes));
    let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(server).await.unwrap();
    let create = format!("CREATE SCHEMA {schema}");
    sqlx::Executor::execute(&mut conn, sqlx::AssertSqlSafe(create)).await.unwrap();
    let separator = if server.contains('?') { '&' } else { '?' };
    format!("{server}{separator}options=-c%20search_path%3D{schema}")
}

/// A provider under test.
pub(crate) struct Provider {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) router: Router,
    pub(crate) database: Database,
}

/// Has every line worth logging from the beginning: a line that nobody hears when it is first written can be lost to
/// whoever begins to listen at that moment.
fn hear_everything() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
    });
}

impl Provider {
    /// A provider with the defaults, one person (Alex) and one confidential client (`portal`).
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(adjust: impl FnOnce(&mut Config)) -> Self {
        hear_everything();
        let database = Database::fresh().await;
        let clock = Arc::new(ManualClock::at(NOON));
        let mut config = Config::minimal(ISSUER, &database.url).unwrap();
        config.keys.master_key_file = database.path().join("keys").join("master.key");
        adjust(&mut config);
        let app = node(config, Arc::clone(&clock), 1).await;
        let router = app.router(Router::new());
        let provider = Self { app, clock, router, database };
        provider.add_person("alex@school.example", "Alex Example").await;
        provider
    }

    /// Another node on the same database, with the same master key and clock.
    pub(crate) async fn second_node(&self) -> Router {
        self.second_app().await.router(Router::new())
    }

    /// The same, with its tools.
    pub(crate) async fn second_app(&self) -> App {
        node(self.kit().config.clone(), Arc::clone(&self.clock), 2).await
    }

    pub(crate) fn kit(&self) -> &Kit {
        &self.app.kit
    }

    pub(crate) async fn add_person(&self, email: &str, name: &str) -> User {
        let new = users::NewUser {
            email: Email::parse(email).unwrap(),
            name: name.to_owned(),
            organisation: Some("Example Primary School".to_owned()),
            profile: Profile { given_name: Some("Alex".to_owned()), ..Profile::default() },
            password: Some(PASSWORD.to_owned()),
        };
        users::add(self.kit(), &Actor::Operator, new).await.unwrap()
    }

    /// Registers a client that sends people back to [`REDIRECT`], and returns its secret.
    pub(crate) async fn add_client(
        &self,
        id: &str,
        adjust: impl FnOnce(&mut ClientSettings),
    ) -> Option<String> {
        let mut settings = ClientSettings {
            redirect_uris: vec![REDIRECT.to_owned()],
            post_logout_redirect_uris: vec!["https://portal.example/".to_owned()],
            home_page: Some("https://portal.example/".to_owned()),
            ..ClientSettings::default()
        };
        adjust(&mut settings);
        // No two services have one name.
        let mut name = "Children's Services Portal".to_owned();
        let mut conn = self.database.store.read().await.unwrap();
        if crate::store::services::has_namesake(&mut conn, &name, id).await.unwrap() {
            name = format!("Service {id}");
        }
        drop(conn);
        let registered =
            clients::add(self.kit(), &Actor::Operator, ClientId::parse(id), name, settings).await.unwrap();
        registered.secret.map(|secret| secret.reveal().to_owned())
    }

    /// A new browser that has never been here.
    pub(crate) fn browser(&self) -> Browser {
        Browser::at(self.router.clone())
    }

    pub(crate) fn advance(&self, span: Span) {
        self.clock.advance(span);
    }

    /// Sends everything that waits, as the worker does.
    pub(crate) async fn deliver(&self) {
        let next = || outbox::deliver_due(self.kit(), &self.app.mailer, &self.app.engine);
        while !matches!(next().await.unwrap(), Round::Idle { .. }) {}
    }

    /// The letters to an address, newest first, as subject and text.
    pub(crate) async fn mail_to(&self, email: &str) -> Vec<(String, String)> {
        self.deliver().await;
        let letters = self.app.mailbox.letters();
        letters
            .into_iter()
            .filter(|letter| letter.to == email)
            .map(|letter| (letter.subject, letter.text))
            .collect()
    }

    /// The newest code that was mailed to an address: eight digits.
    pub(crate) async fn last_code_to(&self, email: &str) -> String {
        let letters = self.mail_to(email).await;
        let text =
            &letters.iter().find(|(subject, _)| subject.contains("code")).expect("a letter with a code").1;
        code_in(text)
    }
}

async fn node(config: Config, clock: Arc<ManualClock>, seed: u64) -> App {
    let random = Arc::new(SeededRandom::new(seed));
    let cost = Cost { memory: 64, passes: 1, lanes: 1 };
    let stage = Stage::set(&config).unwrap();
    let kit = open_kit(config, Surroundings { clock, random, cost }).await.unwrap();
    App::start(kit, stage).await.unwrap()
}

/// The code in a letter: the line that is eight digits in two groups.
pub(crate) fn code_in(text: &str) -> String {
    text.lines()
        .map(|line| line.trim().replace(' ', ""))
        .find(|line| line.len() == 8 && line.bytes().all(|b| b.is_ascii_digit()))
        .expect("a line with the code")
}

/// An authorization request of the client `portal`, with its PKCE pair.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) params: Vec<(String, String)>,
    pub(crate) verifier: String,
}

impl Ask {
    pub(crate) fn of(client: &str) -> Self {
        let verifier = "a-verifier-that-is-long-enough-for-rfc-7636-to-like".to_owned();
        let challenge = base64url(sha256(&verifier));
        let params = [
            ("client_id", client),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { params, verifier }
    }

    /// With a parameter set, added or, where the value is empty, taken out.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.params.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.params.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(crate) fn url(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.params).finish();
        format!("/authorize?{query}")
    }
}

impl Provider {
    /// Walks through both steps of logging in, up to the greeting.
    pub(crate) async fn log_in(&self, browser: &mut Browser, ask: &Ask, email: &str) -> Page {
        let begun = browser.open(&ask.url()).await.expect(StatusCode::SEE_OTHER);
        let login = browser.follow(begun).await.expect(StatusCode::OK);
        let step_two = browser.submit(&login, &[("email", email), ("password", PASSWORD)]).await;
        let code_page = browser.follow(step_two).await.expect(StatusCode::OK);
        let code = self.last_code_to(email).await;
        let done = browser.submit(&code_page, &[("code", &code)]).await;
        browser.follow(done).await
    }

    /// Logs in from where an answer leads, and presses "Return to Home"; the page that comes then.
    pub(crate) async fn log_in_from(&self, browser: &mut Browser, asked: Page, email: &str) -> Page {
        let login = browser.follow(asked).await.expect(StatusCode::OK);
        let step_two = browser.submit(&login, &[("email", email), ("password", PASSWORD)]).await;
        let code_page = browser.follow(step_two).await.expect(StatusCode::OK);
        let code = self.last_code_to(email).await;
        let done = browser.submit(&code_page, &[("code", &code)]).await;
        let welcome = browser.follow(done).await.expect(StatusCode::OK);
        let on = welcome.link("class=\"button\"").unwrap_or_else(|| panic!("no way on: {}", welcome.body));
        let back = browser.open(&on).await;
        browser.follow(back).await.expect(StatusCode::OK)
    }

    /// Logs in and goes on to the relying party; the authorization code it is sent.
    pub(crate) async fn code_for(&self, browser: &mut Browser, ask: &Ask, email: &str) -> String {
        let welcome = self.log_in(browser, ask, email).await.expect(StatusCode::OK);
        let id = welcome.url.split("flow=").nth(1).unwrap().to_owned();
        let back = browser.open(&format!("/flow/{id}/continue")).await.expect(StatusCode::SEE_OTHER);
        back.location_param("code").unwrap_or_else(|| panic!("no code in {}", back.location()))
    }

    /// Redeems a code of the client `portal` with its secret, by HTTP Basic.
    pub(crate) async fn redeem(&self, code: &str, ask: &Ask, client: &str, secret: &str) -> Page {
        let basic = basic(client, secret);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", &ask.verifier),
        ];
        self.browser().call("/token", &fields, &[("authorization", &basic)]).await
    }
}

/// An HTTP Basic header.
pub(crate) fn basic(client: &str, secret: &str) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{client}:{secret}"));
    format!("Basic {encoded}")
}

impl Provider {
    /// Opens the first page of the journey that a request begins.
    pub(crate) async fn login_page(&self, browser: &mut Browser, ask: &Ask) -> Page {
        let begun = browser.open(&ask.url()).await.expect(StatusCode::SEE_OTHER);
        browser.follow(begun).await.expect(StatusCode::OK)
    }

    /// Walks to the page that asks for the code, with the right password.
    pub(crate) async fn code_page(&self, browser: &mut Browser, ask: &Ask, email: &str) -> Page {
        let login = self.login_page(browser, ask).await;
        let sent = browser.submit(&login, &[("email", email), ("password", PASSWORD)]).await;
        browser.follow(sent).await.expect(StatusCode::OK)
    }

    /// Walks to the second page of a reset that leads to no service in particular.
    pub(crate) async fn reset_code_page(&self, browser: &mut Browser, email: &str) -> Page {
        let begun = browser.open("/reset").await.expect(StatusCode::SEE_OTHER);
        let first = browser.follow(begun).await.expect(StatusCode::OK);
        let sent = browser.submit(&first, &[("email", email)]).await;
        browser.follow(sent).await.expect(StatusCode::OK)
    }

    /// Walks to the third page of a reset, with the code from the mailbox.
    pub(crate) async fn new_password_page(&self, browser: &mut Browser, email: &str) -> Page {
        let second = self.reset_code_page(browser, email).await;
        let code = self.last_code_to(email).await;
        let right = browser.submit(&second, &[("code", &code)]).await;
        browser.follow(right).await.expect(StatusCode::OK)
    }

    /// A number out of the database.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        let mut conn = self.kit().store.read().await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
    }
}

/// Eight digits that are not `code`: the `n`th of them.
pub(crate) fn other_code(code: &str, n: u32) -> String {
    format!("{:08}", (code.parse::<u32>().unwrap() + n) % 100_000_000)
}
