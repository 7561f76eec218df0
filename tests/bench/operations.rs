//! The operations of people who are logged in, one kind after the other.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::house::code_in;
use crate::http::{Answer, Browser, Wire, basic, request};
use crate::proof::ProvenKey;
use crate::server::{Server, Spent};
use crate::table::{Figure, Table, median};
use crate::yardstick::{Floor, Yardstick};

const CONNECTIONS: u32 = 8;
/// How often each operation is measured; what counts is the median.
const ROUNDS: u32 = 3;
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-rfc-7636-to-like";

/// An operation and what it may cost: processor seconds for 1,000, and commits where they are counted.
struct Cost {
    name: &'static str,
    /// The bar and the goal, where there are any.
    limits: Option<(f64, f64)>,
    most_commits: Option<f64>,
    /// How often each connection does it in a round: enough for a hundred ticks of the processor's clock or so.
    times: u32,
}

impl Cost {
    const fn new(name: &'static str, limits: (f64, f64), times: u32) -> Self {
        Self { name, limits: Some(limits), most_commits: None, times }
    }

    /// What is only counted.
    const fn counted(name: &'static str, times: u32) -> Self {
        Self { name, limits: None, most_commits: None, times }
    }
}

/// What every visitor knows of a sample service.
struct Service {
    authorize: String,
    redirect_uri: String,
    basic: String,
    issuer: String,
}

/// What is measured, by what, and where the figures go.
pub struct Gauge<'a> {
    pub server: &'a Server,
    pub yardstick: &'a Yardstick,
    pub table: &'a mut Table,
}

/// A browser with a live session, and the service it goes to.
struct Visitor {
    browser: Browser,
    service: Rc<Service>,
    wire: Wire,
    codes: Vec<String>,
    token: String,
    refresh: String,
    key: ProvenKey,
}

/// Measures everything; an access token that still works.
pub async fn measure(gauge: &mut Gauge<'_>) -> String {
    let (portal, library) = services(gauge.server).await;
    let visitors = visitors(gauge.server, &portal).await;
    let flow = Cost::new("code flow, single sign-on", (1.2, 0.7), 250);
    let flow = Cost { most_commits: Some(3.0), ..flow };
    let all = drive(gauge, visitors, flow, async |visitor| {
        visitor.authorize().await;
        visitor.redeem().await;
    })
    .await;
    let cost = Cost::new("authorize", (0.4, 0.25), 250);
    let all = drive(gauge, all, cost, async |visitor| visitor.authorize().await).await;
    let cost = Cost::new("token", (0.8, 0.45), 250);
    let all = drive(gauge, all, cost, async |visitor| visitor.redeem().await).await;
    let cost = Cost::new("UserInfo", (0.12, 0.08), 1_000);
    let mut all = drive(gauge, all, cost, async |visitor| visitor.user_info().await).await;
    for visitor in &mut all {
        visitor.service = Rc::clone(&library);
        visitor.authorize().await;
        visitor.redeem().await;
    }
    let cost = Cost::new("refresh, rotating", (0.9, 0.5), 250);
    let cost = Cost { most_commits: Some(2.0), ..cost };
    let all = drive(gauge, all, cost, async |visitor| visitor.refresh().await).await;
    let cost = Cost::new("client credentials", (0.4, 0.35), 250);
    let all = drive(gauge, all, cost, async |visitor| visitor.act_for_itself().await).await;
    let cost = Cost::counted("client credentials bound to a key (DPoP)", 250);
    let all = drive(gauge, all, cost, async |visitor| visitor.act_with_its_key().await).await;
    let cost = Cost::counted("pushed request (PAR)", 250);
    let all = drive(gauge, all, cost, async |visitor| visitor.push().await).await;
    let cost = Cost::new("introspection", (0.12, 0.08), 1_000);
    let all = drive(gauge, all, cost, async |visitor| visitor.introspect().await).await;
    let cost = Cost::new("discovery", (0.02, 0.016), 5_000);
    let discovery = "/.well-known/openid-configuration";
    let all = drive(gauge, all, cost, async |visitor| visitor.fetch(discovery).await).await;
    let cost = Cost::new("JWKS", (0.02, 0.016), 5_000);
    let all = drive(gauge, all, cost, async |visitor| visitor.fetch("/jwks").await).await;
    all.into_iter().next().map(|visitor| visitor.token).expect("a visitor")
}

/// Lets every visitor do the same so many times, all at once, in three rounds, and notes what the server spent on it.
async fn drive(
    gauge: &mut Gauge<'_>,
    mut visitors: Vec<Visitor>,
    cost: Cost,
    operation: impl AsyncFn(&mut Visitor) + Copy + 'static,
) -> Vec<Visitor> {
    let (mut here, mut floors, mut counted) = (Vec::new(), Vec::new(), Spent::default());
    let operations = f64::from(cost.times * CONNECTIONS);
    for _ in 0..ROUNDS {
        floors.push(gauge.yardstick.measure().await);
        let before = gauge.server.spent().await;
        visitors = round(visitors, cost.times, operation).await;
        let spent = gauge.server.spent().await.since(&before).over(operations);
        here.push(1_000.0 * spent.seconds);
        counted = counted.plus(&spent.over(f64::from(ROUNDS)));
    }
    let name = format!("{}: processor seconds for 1,000", cost.name);
    let seconds = median(here);
    let elsewhere = Floor::middle(&floors).elsewhere(seconds, counted.signatures);
    let figure = Figure::least(name, seconds).elsewhere(elsewhere);
    gauge.table.add(match cost.limits {
        Some((bar, goal)) => figure.bar(bar).goal(goal),
        None => figure,
    });
    if counted.commits + counted.signatures > 0.0 {
        let figure = Figure::least(format!("{}: commits for one", cost.name), counted.commits);
        gauge.table.add(match cost.most_commits {
            Some(most) => figure.bar(most).decides(),
            None => figure,
        });
        gauge.table.add(Figure::least(format!("{}: signatures for one", cost.name), counted.signatures));
    }
    visitors
}

async fn round(
    visitors: Vec<Visitor>,
    times: u32,
    operation: impl AsyncFn(&mut Visitor) + Copy + 'static,
) -> Vec<Visitor> {
    let mut running = tokio::task::JoinSet::new();
    for mut visitor in visitors {
        running.spawn_local(async move {
            for _ in 0..times {
                operation(&mut visitor).await;
            }
            visitor
        });
    }
    running.join_all().await
}

/// The sample portal, which can log people in, and the client for experiments, which can do everything.
async fn services(server: &Server) -> (Rc<Service>, Rc<Service>) {
    let told = facts(server).await;
    let service = |id: &str| {
        let clients = told["clients"].as_array().expect("clients");
        let client = clients.iter().find(|client| client["client_id"] == id).expect("a sample client");
        let redirect_uri = text(&client["redirect_uris"][0]);
        Rc::new(Service {
            authorize: authorize_url(id, &redirect_uri),
            basic: basic(id, &text(&client["client_secret"])),
            redirect_uri,
            issuer: text(&told["issuer"]),
        })
    };
    (service("portal"), service("sample-library"))
}

async fn facts(server: &Server) -> serde_json::Value {
    let told = Wire::to(server.port).ask(request("/dev/demo.json", &[], None)).await;
    told.expect("the facts of the demo").json()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// As many browsers as there are connections, all logged in as one of the sample people.
async fn visitors(server: &Server, service: &Rc<Service>) -> Vec<Visitor> {
    let person = &facts(server).await["people"][0];
    let who = (text(&person["email"]), text(&person["password"]));
    let mut visitors = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut browser = Browser::at(server.port);
        log_in(&mut browser, &service.authorize, (&who.0, &who.1)).await;
        let (service, wire) = (Rc::clone(service), Wire::to(server.port));
        let (token, refresh) = (String::new(), String::new());
        let key = ProvenKey::new();
        visitors.push(Visitor { browser, service, wire, codes: Vec::new(), token, refresh, key });
    }
    visitors
}

/// The address that the service sends browsers to.
pub fn authorize_url(client: &str, redirect_uri: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut query = form_urlencoded::Serializer::new("/authorize?".to_owned());
    query.extend_pairs([
        ("client_id", client),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    query.finish().replacen("?&", "?", 1)
}

async fn log_in(browser: &mut Browser, url: &str, who: (&str, &str)) {
    let page = browser.enter_password(url, who).await.expect("the page for the code");
    let session = loop {
        let mailbox = browser.open("/dev/mailbox.json").await.expect("the mailbox").json();
        let code = mailbox[0]["text"].as_str().and_then(code_in);
        if let Some(code) = code {
            let done = browser.submit(&page, &[("code", &code)]).await.expect("an answer");
            if browser.cookies.contains_key("session") {
                break done;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert!(session.location().starts_with("/welcome"), "{} {}", session.status, session.body);
}

impl Visitor {
    async fn authorize(&mut self) {
        let answer = self.browser.open(&self.service.authorize).await.expect("an answer");
        let code = answer.onward("code");
        self.codes.push(code.unwrap_or_else(|| panic!("{} {}", answer.status, answer.body)));
    }

    async fn redeem(&mut self) {
        let code = self.codes.pop().expect("a code");
        let service = Rc::clone(&self.service);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &service.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let answer = self.post("/token", &form).await.json();
        self.token = text(&answer["access_token"]);
        self.refresh = answer["refresh_token"].as_str().unwrap_or_default().to_owned();
    }

    async fn refresh(&mut self) {
        let refresh = std::mem::take(&mut self.refresh);
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let answer = self.post("/token", &form).await.json();
        self.token = text(&answer["access_token"]);
        self.refresh = text(&answer["refresh_token"]);
    }

    async fn act_for_itself(&mut self) {
        self.post("/token", &[("grant_type", "client_credentials")]).await;
    }

    async fn act_with_its_key(&mut self) {
        let proof = self.key.proof(&format!("{}/token", self.service.issuer));
        let headers = [("authorization", self.service.basic.as_str()), ("dpop", &proof)];
        let form = [("grant_type", "client_credentials")];
        good(self.wire.ask(request("/token", &headers, Some(&form))).await);
    }

    async fn push(&mut self) {
        let (_, query) = self.service.authorize.split_once('?').expect("a request");
        let asked: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let form: Vec<(&str, &str)> = asked.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post("/par", &form).await;
    }

    async fn introspect(&mut self) {
        let token = self.token.clone();
        self.post("/introspect", &[("token", &token)]).await;
    }

    /// What the service asks with its secret.
    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let headers = [("authorization", self.service.basic.as_str())];
        good(self.wire.ask(request(path, &headers, Some(form))).await)
    }

    async fn user_info(&mut self) {
        good(self.wire.ask(request("/userinfo", &[("authorization", &bearer(&self.token))], None)).await);
    }

    async fn fetch(&mut self, path: &str) {
        good(self.wire.ask(request(path, &[], None)).await);
    }
}

pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// An answer that must be 200.
pub fn good(answer: Result<Answer, String>) -> Answer {
    let answer = answer.expect("an answer");
    assert!(answer.status.is_success(), "{}: {} {}", answer.url, answer.status, answer.body);
    answer
}
