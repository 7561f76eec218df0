//! `cargo bench --bench bench`: what the provider spends, measured on the release binary as its own process.
//!
//! The load comes from this process over kept connections of HTTP/1.1. What is compared is the server's processor
//! time for 1,000 operations, as it was here and as it would have been on the machine on which the bars were set
//! ([`yardstick`]). The bars stand in [`operations`]. The run fails where a count is broken, because counts are the
//! same on every machine, or where log-ins fall behind what their password hash alone would let through.
//!
//! `GATEHOUSE_TEST_DATABASE=postgres://…` measures on PostgreSQL; its own processor time is not counted.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that went wrong is none")]
#![expect(clippy::indexing_slicing, reason = "JSON is looked into by name")]
#![expect(clippy::disallowed_methods, reason = "measuring takes the real clock")]

#[path = "../support/house.rs"]
mod house;
#[path = "../support/http.rs"]
mod http;
mod limit;
mod log_ins;
mod operations;
mod proof;
mod server;
mod table;
mod yardstick;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use house::{House, Node, PROGRAM};
use operations::Gauge;
use server::Server;
use table::{Figure, Table};
use yardstick::{Floor, Yardstick};

fn main() -> ExitCode {
    yardstick::main(run())
}

async fn run() -> ExitCode {
    read_from_disk();
    let house = House::new().await;
    let database = house.setting("GATEHOUSE_DATABASE_URL").split(':').next().unwrap_or_default().to_owned();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("Gatehouse on {database}; {cores} cores, shared with the load that is put on it.");
    println!("Load average {}: what else runs here makes every figure worse.\n", load_average());
    let mut table = Table::default();
    let yardstick = Yardstick::start().await;
    let floor = yardstick.measure().await;
    let Floor { answer, signature } = Floor::REFERENCE;
    table.add(Figure::least("a bare answer of HTTP: processor seconds for 1,000", floor.answer).goal(answer));
    table.add(
        Figure::least("a signature (RS256): processor seconds for 1,000", floor.signature).goal(signature),
    );
    at_rest(&house, &mut table).await;
    let token = single_sign_on(&house, &yardstick, &mut table).await;
    log_in(&house, &token, &mut table).await;
    print!("{table}");
    if table.is_broken() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Has the program read from the disk when it is next started, as one that was installed. One that was just linked is still
/// in memory, in larger pieces, and more of it counts as resident.
fn read_from_disk() {
    let input = format!("if={PROGRAM}");
    for (tool, arguments) in
        [("sync", &[PROGRAM][..]), ("dd", &[&input, "iflag=nocache", "count=0", "status=none"])]
    {
        let done = Command::new(tool).args(arguments).status();
        assert!(done.is_ok_and(|done| done.success()), "{tool}, as GNU has it, is needed");
    }
}

/// How many programs have wanted a core in the last minute.
fn load_average() -> String {
    let averages = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    averages.split(' ').next().unwrap_or("unknown").to_owned()
}

/// What there is before anybody asks for anything.
async fn at_rest(house: &House, table: &mut Table) {
    let node = house.serve().await;
    table.add(Figure::least("ready after the first start, keys made, ms", millis(&node)));
    let server = Server::of(&node, house.port);
    table.add(Figure::least("resident when idle, MiB", idle_mib(&server).await).bar(30.0).goal(15.0));
}

/// Everything that somebody who is logged in causes; an access token that it left.
async fn single_sign_on(house: &House, yardstick: &Yardstick, table: &mut Table) -> String {
    let node = server::start_demo(house).await;
    let server = Server::of(&node, house.port);
    table.add(Figure::least("resident when idle, with the sample portal, MiB", idle_mib(&server).await));
    let token = operations::measure(&mut Gauge { server: &server, yardstick, table }).await;
    let loaded = server.resident_mib();
    table.add(Figure::least("resident after load, MiB", loaded).bar(60.0).goal(40.0));
    token
}

/// Everything that somebody who is not logged in causes, with new people and another start.
async fn log_in(house: &House, token: &str, table: &mut Table) {
    let people = log_ins::people(house);
    let node = house.serve().await;
    table.add(Figure::least("ready after a later start, ms", millis(&node)).bar(500.0).goal(50.0));
    let server = Server::of(&node, house.port);
    let before = limit::hashes_per_second();
    let load = Server::of_process(std::process::id(), house.port);
    let (began, spent, own) = (Instant::now(), server.processor_seconds(), load.processor_seconds());
    let busy = log_ins::measure(house, &people, token).await;
    let spent = server.processor_seconds() - spent;
    let own = (load.processor_seconds() - own) / began.elapsed().as_secs_f64();
    let limit = f64::midpoint(before, limit::hashes_per_second());
    let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
    let hashing = f64::from(busy.done) * cores / limit;
    table.add(Figure::least("log-in: processor seconds for 1,000", 1_000.0 * spent / f64::from(busy.done)));
    table.add(Figure::most("log-in: of those, the hash alone, %", 100.0 * hashing / spent));
    table.add(Figure::least("log-in: what the load itself takes of the cores, %", 100.0 * own / cores));
    table.add(Figure::most("password hashes alone, a second", limit));
    table.add(Figure::most("log-ins, password and code, a second", busy.per_second));
    let share = 100.0 * busy.per_second / limit;
    table.add(Figure::most("log-ins as a share of the hashes, %", share).bar(90.0).goal(95.0).decides());
    table.add(Figure::least("resident after log-ins, MiB", server.resident_mib()));
    table.add(Figure::least("UserInfo meanwhile, 99th percentile, ms", busy.p99_millis).bar(50.0).goal(50.0));
}

/// What is resident once the memory of earlier password hashes, which is kept for a moment, has been given back.
async fn idle_mib(server: &Server) -> f64 {
    tokio::time::sleep(Duration::from_secs(5)).await;
    server.resident_mib()
}

fn millis(node: &Node) -> f64 {
    node.ready_after.as_secs_f64() * 1_000.0
}
