//! `gatehouse demo`: a provider, two sample services and a mailbox, on this machine, in a minute.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::RawQuery;
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Args;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::{Failure, open, serve};
use crate::admin::{administrators, clients, users};
use crate::app::{self, App, Stage};
use crate::base::{ClientId, Error, Fault, Secret, Span, SystemClock, base64url, kinds, sha256};
use crate::config::{Config, OpenTo, Proxies, SecretText};
use crate::jobs::keep_time;
use crate::kit::Kit;
use crate::model::{Actor, Address, ClientSettings, Email, GrantType, Profile, ResponseType, Role};
use crate::oidc::params::Params;
use crate::policy::permission::scopes;
use crate::policy::scope;
use crate::portal::{self, mailbox};
use crate::web::Door;

#[derive(Args)]
pub(super) struct Options {
    /// Where the provider listens.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where the sample portal listens; the second sample service takes the port after it.
    #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    portal: SocketAddr,
    /// Where everything is kept. Without it: a temporary directory, removed at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The database, where it is not an SQLite file in that directory.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// How much of what happens is printed: error, warn, info, debug or trace.
    #[arg(long, default_value = "warn", value_name = "LEVEL")]
    log: String,
}

impl Options {
    /// Whether everything runs on one core ([`crate::config::Database`]), as it does beside SQLite.
    pub(super) fn one_core(&self) -> bool {
        self.database.as_ref().is_none_or(|url| url.starts_with("sqlite:"))
    }
}

/// Two people to log in as.
const PEOPLE: [(&str, &str, &str, &str); 2] = [
    ("Alex Example", "alex@school.example", "Example Primary School", "purple otter drumming"),
    ("Sam Sample", "sam@health.example", "Example Health Visitors", "seven quiet lanterns"),
];

/// The owner, to try the console with.
const OWNER: (&str, &str, &str, &str) =
    ("Olivia Owner", "olivia@council.example", "Example County Council", "nine paper comets");

/// Where the second service's button for leaving at once leads.
const HARMLESS: &str = "https://www.bbc.co.uk/weather";

/// A sample service, and where it can be reached.
struct Service {
    id: &'static str,
    name: &'static str,
    base: Url,
}

/// Where the three listeners have ended up.
struct Places {
    issuer: String,
    portal: Url,
    hub: Url,
}

pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let provider = app::listen(options.listen).await?;
    let portal = app::listen(options.portal).await?;
    let next = match options.portal.port() {
        0 => 0,
        port => port.saturating_add(1),
    };
    let hub = app::listen(SocketAddr::new(options.portal.ip(), next)).await?;
    let places = Places {
        issuer: origin(&provider)?.trim_end_matches('/').to_owned(),
        portal: parse(&origin(&portal)?)?,
        hub: parse(&origin(&hub)?)?,
    };
    let temporary = match &options.data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("gatehouse-demo-").tempdir()?),
    };
    let data = options.data.clone().or_else(|| temporary.as_ref().map(|made| made.path().to_owned()));
    let data = data.unwrap_or_default();
    std::fs::create_dir_all(&data)?;
    let config = config(&options, &places, &data)?;
    open::log(&config.log);
    let clock = Arc::new(SystemClock::default());
    let stage = Stage::set(&config)?;
    let kit = open::kit(config, Arc::clone(&clock) as _).await?;
    let _claim = kit.store.claim()?;
    keep_time::round(&kit, &clock).await?;
    let app = App::start(kit, stage).await?;
    let settled = settle(&app.kit, &places).await?;
    tell(&places, &data, temporary.is_some());
    let extra = extra(&app, &clock, facts(&places, &settled));
    let portals = portals(&places, &settled, (portal, hub));
    let door = Door { listener: provider, encryption: None, proxies: Proxies::default() };
    app.run(door, extra, clock, serve::told_to_stop()).await?;
    drop(portals);
    println!("Stopped.");
    Ok(())
}

fn origin(listener: &TcpListener) -> Result<String, Failure> {
    // By name, because browsers treat "localhost" as a safe place and 127.0.0.1 as a stranger.
    Ok(format!("http://localhost:{}/", listener.local_addr()?.port()))
}

fn parse(text: &str) -> Result<Url, Failure> {
    Url::parse(text).map_err(|error| Failure(format!("{text}: {error}")))
}

fn config(options: &Options, places: &Places, data: &std::path::Path) -> Result<Config, Failure> {
    let database =
        options.database.clone().unwrap_or_else(|| format!("sqlite:{}", data.join("gatehouse.db").display()));
    let mut config = Config::minimal(&places.issuer, &database)?;
    config.keys.master_key_file = data.join("keys").join("master.key");
    if options.database.is_some() && options.data.is_none() {
        // The database outlives the temporary directory: a key that goes with that would leave it shut.
        let key = base64url(sha256(format!("gatehouse demo {database}")));
        config.keys.master_key = Some(SecretText::new(&key));
    }
    config.log.level.clone_from(&options.log);
    config.log.json = false;
    config.set("brand.home_url", places.portal.as_str())?;
    // Libraries that register themselves can be tried out too.
    config.registration.open_to = OpenTo::Anybody;
    // Everything in it is on this machine, services that want to hear of logouts too.
    config.outgoing.allow_this_machine();
    // The same two people log in again and again.
    config.registration.per_hour = 100_000;
    config.limits.codes_per_day = 1_000;
    config.limits.journeys_per_minute = 100_000;
    config.limits.address_failures = 10_000;
    Ok(config)
}

/// The client that developers try things out with.
const EXPERIMENTS: &str = "sample-library";

/// The program that administers the provider, to try that interface with.
const TOOL: &str = "sample-tool";

/// The address of what it stands for, as a service that accepts tokens.
const LIBRARY: &str = "https://library.example/api";

/// A sample client with the secret it has for this run.
struct Settled {
    id: String,
    name: &'static str,
    redirect_uri: String,
    secret: Secret<kinds::Client>,
}

/// Makes sure that the people and the services are there; in a kept database they may be already.
async fn settle(kit: &Kit, places: &Places) -> Result<Vec<Settled>, Failure> {
    for (name, email, organisation, password) in PEOPLE.into_iter().chain([OWNER]) {
        let parsed = Email::parse(email).map_err(|_| Failure(format!("{email} is not an address")))?;
        let new = users::NewUser {
            email: parsed,
            name: name.to_owned(),
            organisation: Some(organisation.to_owned()),
            profile: profile(name),
            password: Some(password.to_owned()),
        };
        match users::add(kit, &Actor::Operator, new).await {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    let owner = users::find(kit, &Actor::Operator, OWNER.1).await?;
    administrators::give(kit, &Actor::Operator, &owner, (Role::Owner, &[])).await?;
    let services = [
        Service { id: "portal", name: "Children's Services Portal", base: places.portal.clone() },
        Service { id: "hub", name: "Foster Carers Hub", base: places.hub.clone() },
        Service { id: TOOL, name: "Sample Tool", base: parse("http://127.0.0.1:8098/")? },
        Service { id: EXPERIMENTS, name: "Sample Library", base: parse("http://127.0.0.1:8099/")? },
    ];
    let mut settled = Vec::new();
    for service in services {
        settled.push(register(kit, &service).await?);
    }
    Ok(settled)
}

async fn register(kit: &Kit, service: &Service) -> Result<Settled, Failure> {
    let redirect_uri = format!("{}callback", service.base);
    // The others are names only: nobody listens there.
    let hears = !matches!(service.id, TOOL | EXPERIMENTS);
    let hears_at = service.base.join(portal::LOGGED_OUT_ELSEWHERE).ok().filter(|_| hears);
    let settings = match service.id {
        TOOL => administration(),
        _ => ClientSettings {
            redirect_uris: vec![redirect_uri.clone()],
            post_logout_redirect_uris: vec![service.base.to_string()],
            home_page: Some(service.base.to_string()),
            backchannel_logout_uri: hears_at.map(String::from),
            exit_uri: (service.id == "hub").then(|| HARMLESS.to_owned()),
            ..if service.id == EXPERIMENTS { everything() } else { ClientSettings::default() }
        },
    };
    let id = ClientId::parse(service.id).ok_or_else(|| Fault::new("a sample client has a bad identifier"))?;
    let secret = match clients::find(kit, &Actor::Operator, service.id).await {
        Ok(mut known) => {
            known.settings = settings;
            let known = clients::update(kit, &Actor::Operator, known).await?;
            clients::rotate_secret(kit, &Actor::Operator, &known, clients::Rotation::after(Span::seconds(0)))
                .await?
        }
        Err(_) => clients::add(kit, &Actor::Operator, Some(id), service.name.to_owned(), settings)
            .await?
            .secret
            .ok_or_else(|| Fault::new("a sample client got no secret"))?,
    };
    Ok(Settled { id: service.id.to_owned(), name: service.name, redirect_uri, secret })
}

/// What a program has that may do whatever a program may do here.
fn administration() -> ClientSettings {
    ClientSettings {
        grant_types: vec![GrantType::ClientCredentials],
        scopes: Some(scopes::EVERY.map(str::to_owned).into()),
        ..ClientSettings::default()
    }
}

/// What a client for experiments may do: all that there is.
fn everything() -> ClientSettings {
    let own = ["offline_access", "library:read", "library:write"];
    let scopes = scope::STANDARD.into_iter().map(|(name, _)| name).chain(own);
    ClientSettings {
        grant_types: GrantType::ALL.to_vec(),
        response_types: ResponseType::ALL.to_vec(),
        scopes: Some(scopes.map(str::to_owned).collect()),
        introspects: true,
        resource: Some(LIBRARY.to_owned()),
        resources: vec![LIBRARY.to_owned(), "https://archive.example/api".to_owned()],
        ..ClientSettings::default()
    }
}

/// Every standard claim, so that a developer sees what each looks like.
fn profile(name: &str) -> Profile {
    let some = |text: &str| Some(text.to_owned());
    let (given, family) = name.split_once(' ').unwrap_or((name, ""));
    let page = format!("https://people.example/{}", given.to_lowercase());
    Profile {
        given_name: some(given),
        family_name: some(family),
        middle_name: some("Robin"),
        nickname: some(given),
        preferred_username: some(&given.to_lowercase()),
        picture: some(&format!("{page}.png")),
        website: some(&format!("{page}/blog")),
        profile: Some(page),
        gender: some("not stated"),
        birthdate: some("1985-04-12"),
        zoneinfo: some("Europe/London"),
        locale: some("en-GB"),
        phone_number: some("+44 1632 960123"),
        phone_number_verified: Some(false),
        address: Some(Address {
            formatted: some("1 Example Street\nExampleton\nEX1 2MP"),
            street_address: some("1 Example Street"),
            locality: some("Exampleton"),
            region: some("Exampleshire"),
            postal_code: some("EX1 2MP"),
            country: some("United Kingdom"),
        }),
    }
}

fn tell(places: &Places, data: &std::path::Path, is_temporary: bool) {
    println!("Gatehouse is running.\n");
    println!("  Sample portal    {}", places.portal);
    println!("  Second service   {}", places.hub);
    println!("  Mailbox          {}/dev/mailbox", places.issuer);
    println!("  Console          {}{}", places.issuer, crate::base::paths::CONSOLE);
    println!("  Provider         {}", places.issuer);
    println!("  Discovery        {}{}", places.issuer, crate::base::paths::OPENID_CONFIGURATION);
    println!("\nLog in as:");
    for (_, email, _, password) in PEOPLE {
        println!("  {email:<22} {password}");
    }
    println!("\nLog in to the console as:\n  {:<22} {}", OWNER.1, OWNER.3);
    let fate = if is_temporary { " (removed at the end)" } else { "" };
    println!("\nEverything is kept in {}{fate}. Press Ctrl+C to stop.", data.display());
}

fn facts(places: &Places, settled: &[Settled]) -> Value {
    let people: Vec<Value> = PEOPLE
        .iter()
        .map(|(name, email, _, password)| json!({ "name": name, "email": email, "password": password }))
        .collect();
    let clients: Vec<Value> = settled
        .iter()
        .map(|client| {
            json!({
                "client_id": client.id, "client_secret": client.secret.reveal(), "name": client.name,
                "redirect_uris": [client.redirect_uri],
            })
        })
        .collect();
    json!({
        "issuer": places.issuer, "portal": places.portal, "hub": places.hub,
        "console": format!("{}{}", places.issuer, crate::base::paths::CONSOLE),
        "owner": json!({ "name": OWNER.0, "email": OWNER.1, "password": OWNER.3 }),
        "mailbox": format!("{}/dev/mailbox", places.issuer), "people": people, "clients": clients,
    })
}

/// What exists in the demo only: the mailbox, and handles for scripts.
fn extra(app: &App, clock: &Arc<SystemClock>, facts: Value) -> Router {
    let letters = app.mailbox.clone();
    let entries = move || {
        letters
            .letters()
            .into_iter()
            .map(|letter| mailbox::MailboxEntry {
                to: letter.to,
                from: letter.from,
                subject: letter.subject,
                text: letter.text,
                html: letter.html,
                at_millis: letter.at.millis(),
            })
            .collect()
    };
    let clock = Arc::clone(clock);
    let advance = move |RawQuery(query): RawQuery, body: String| {
        let clock = Arc::clone(&clock);
        async move {
            let sent = if body.is_empty() { query.unwrap_or_default() } else { body };
            let seconds = Params::parse(sent.as_bytes()).ok().and_then(|params| {
                params.get("advance_seconds").and_then(|seconds| seconds.parse::<u32>().ok())
            });
            let ahead = clock.advance(Span::seconds(seconds.unwrap_or(0)));
            Json(json!({ "ahead_millis": ahead }))
        }
    };
    let kit = Arc::clone(&app.kit);
    let counters = move || {
        let kit = Arc::clone(&kit);
        async move {
            Json(json!({ "commits": kit.store.commits(), "signatures": kit.signing.current().signatures() }))
        }
    };
    mailbox::router(entries, facts)
        .route("/dev/clock", post(advance))
        .route("/dev/counters.json", get(counters))
}

/// Starts the sample services. They end when the set is dropped.
fn portals(
    places: &Places,
    settled: &[Settled],
    (portal, hub): (TcpListener, TcpListener),
) -> tokio::task::JoinSet<()> {
    let mut running = tokio::task::JoinSet::new();
    let listeners = [(portal, &places.portal, &places.hub), (hub, &places.hub, &places.portal)];
    for (client, (listener, base, other)) in settled.iter().zip(listeners) {
        let Some(client_id) = ClientId::parse(&client.id) else { continue };
        let neighbour = settled.iter().take(2).find(|neighbour| neighbour.id != client.id);
        let settings = portal::Settings {
            name: client.name.to_owned(),
            base_url: base.clone(),
            issuer: places.issuer.clone(),
            client_id,
            client_secret: client.secret.reveal().to_owned(),
            other: neighbour.map(|neighbour| (neighbour.name.to_owned(), other.clone())),
        };
        running.spawn(async move {
            if let Err(error) = portal::serve(listener, settings, std::future::pending()).await {
                tracing::error!(%error, "a sample service has stopped");
            }
        });
    }
    running
}
