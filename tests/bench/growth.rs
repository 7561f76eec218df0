//! `cargo bench --bench growth`: what the provider spends among a million people and ten thousand services.
//!
//! Everybody comes in by the doors that operators have. Then the operations of people who are logged in are measured
//! as `bench` measures them, and every list, search and page of administrators, on the release binary as its own
//! process. The run fails where one of these is far over its bar ([`administration`]).
//!
//! `GATEHOUSE_TEST_DATABASE=postgres://…` measures on PostgreSQL, with the processor time of its processes where they
//! run on the same machine. `GATEHOUSE_BENCH_PEOPLE` and `GATEHOUSE_BENCH_SERVICES` change the numbers.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that went wrong is none")]
#![expect(clippy::indexing_slicing, reason = "JSON is looked into by name")]
#![expect(clippy::disallowed_methods, reason = "measuring takes the real clock")]

mod administration;
mod crowd;
mod database;
mod filling;
#[path = "../support/house.rs"]
mod house;
#[path = "../support/http.rs"]
mod http;
mod operations;
mod proof;
mod server;
mod table;
mod visits;
mod yardstick;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use administration::{Asker, Size};
use house::House;
use operations::Gauge;
use server::Server;
use table::{Figure, Table};
use yardstick::Yardstick;

const PROGRAM: &str = "onlooker";
const SCOPES: [&str; 5] =
    ["admin:people.read", "admin:services.read", "admin:sessions", "admin:events.read", "admin:status.read"];
const OWNER: (&str, &str) = ("olwen@council.example", filling::PASSWORD);
/// How many people are logged in: enough for a page of the list.
const VISITORS: usize = 60;
/// A server is idle that has used so little of a core for as long as this.
const IDLE: (f64, Duration) = (0.02, Duration::from_secs(5));
/// For as long as this, a server that nobody asks is watched: its jobs come round every minute.
const WATCH: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    yardstick::main(run())
}

async fn run() -> ExitCode {
    let house = House::new().await;
    let database = house.setting("GATEHOUSE_DATABASE_URL").split(':').next().unwrap_or_default().to_owned();
    let size = Size {
        people: number("GATEHOUSE_BENCH_PEOPLE", 1_000_000),
        services: number("GATEHOUSE_BENCH_SERVICES", 10_000),
    };
    println!("Gatehouse on {database}, {} people and {} services.\n", size.people, size.services);
    let mut table = Table::default();
    fill(&house, size, &mut table).await;
    single_sign_on(&house, &mut table).await;
    administer(&house, size, &mut table).await;
    database::remove(&house).await;
    print!("\n{table}");
    if table.is_broken() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn number(variable: &str, usual: usize) -> usize {
    let asked = std::env::var(variable).ok().map(|text| text.parse().expect("a number"));
    asked.unwrap_or(usual)
}

async fn fill(house: &House, size: Size, table: &mut Table) {
    // As a provider is set up: it has run before many people come.
    drop(house.serve().await);
    let (applied, again) = filling::services(house, size.services);
    table.add(Figure::least("services registered, s", applied));
    table.add(Figure::least("the same file applied again, s", again));
    let seconds = filling::people(house, size.people);
    table.add(Figure::least("people imported, s", seconds));
    table.add(Figure::most("people imported, a second", size.people as f64 / seconds));
    table.add(Figure::least("size of the database, MiB", database::size(house).await));
}

/// The server of a house once it has nothing left to do by itself, and how many seconds that took.
async fn settled(house: &House, mut server: Server) -> (Server, f64) {
    let began = Instant::now();
    server.helpers = database::processes(house).await;
    loop {
        let before = server.processor_seconds();
        tokio::time::sleep(IDLE.1).await;
        if server.processor_seconds() - before < IDLE.0 * IDLE.1.as_secs_f64() {
            return (server, began.elapsed().as_secs_f64());
        }
    }
}

/// What `bench` measures of people who are logged in, on the same database.
async fn single_sign_on(house: &House, table: &mut Table) {
    let node = server::start_demo(house).await;
    let (server, seconds) = settled(house, Server::of(&node, house.port)).await;
    table.add(Figure::least("until everything is in the audit trail, s", seconds));
    let yardstick = Yardstick::start().await;
    operations::measure(&mut Gauge { server: &server, yardstick: &yardstick, table }).await;
}

async fn administer(house: &House, size: Size, table: &mut Table) {
    let secret = program(house);
    house.add_person(OWNER.0, OWNER.1);
    house.must(&["administrator", "set", OWNER.0, "--role", "owner"], "");
    let node = house.serve().await;
    table.add(Figure::least("ready after a later start, ms", node.ready_after.as_secs_f64() * 1_000.0));
    visits::log_in(house, VISITORS.min(size.people), size.services).await;
    let (server, _) = settled(house, Server::of(&node, house.port)).await;
    let before = server.processor_seconds();
    tokio::time::sleep(WATCH).await;
    let share = (server.processor_seconds() - before) / WATCH.as_secs_f64();
    table.add(Figure::least("when nobody asks anything, % of a core", 100.0 * share));
    table.add(Figure::least("resident when idle, MiB", server.resident_mib()));
    let asker = Asker::program(&server, PROGRAM, &secret).await;
    let people = administration::interface(&asker, size, table).await;
    let owner = Asker::browser(&server, visits::administrator(house, OWNER).await);
    administration::console(&owner, &people, size, table).await;
    table.add(Figure::least("resident after load, MiB", server.resident_mib()));
}

/// Registers the program that asks; its secret.
fn program(house: &House) -> String {
    let mut arguments = vec!["client", "add", "--id", PROGRAM, "--name", "Onlooker", "--json"];
    arguments.extend(["--grant", "client_credentials"]);
    arguments.extend(SCOPES.iter().flat_map(|scope| ["--scope", scope]));
    let client: serde_json::Value = serde_json::from_str(&house.must(&arguments, "")).expect("JSON");
    client["client_secret"].as_str().expect("a secret").to_owned()
}
