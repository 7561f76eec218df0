//! What the server has spent, as the kernel and the server itself count it.

use std::process::Command;

use crate::house::{House, Node, free_port};
use crate::http::{Wire, request};

/// A running provider.
pub struct Server {
    pid: u32,
    /// Of other processes whose time counts as its own, such as those of a database.
    pub helpers: Vec<u32>,
    pub port: u16,
    ticks_per_second: f64,
}

/// Everything spent since the start of the process.
#[derive(Clone, Copy, Default)]
pub struct Spent {
    pub seconds: f64,
    pub commits: f64,
    pub signatures: f64,
}

impl Spent {
    pub fn since(&self, earlier: &Self) -> Self {
        self.with(earlier, |now, then| now - then)
    }

    pub fn plus(&self, other: &Self) -> Self {
        self.with(other, |one, other| one + other)
    }

    /// The part of each of so many.
    pub fn over(&self, many: f64) -> Self {
        self.with(&Self::default(), |all, _| all / many)
    }

    fn with(&self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            seconds: join(self.seconds, other.seconds),
            commits: join(self.commits, other.commits),
            signatures: join(self.signatures, other.signatures),
        }
    }
}

impl Server {
    pub fn of(node: &Node, port: u16) -> Self {
        Self::of_process(node.child.id(), port)
    }

    pub fn of_process(pid: u32, port: u16) -> Self {
        let asked = Command::new("getconf").arg("CLK_TCK").output().ok();
        let ticks = asked.and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok());
        Self { pid, helpers: Vec::new(), port, ticks_per_second: ticks.unwrap_or(100.0) }
    }

    /// What a demo counts itself.
    pub async fn spent(&self) -> Spent {
        let asked = Wire::to(self.port).ask(request("/dev/counters.json", &[], None)).await;
        let counts = asked.expect("the counters").json();
        let count = |name: &str| counts[name].as_f64().expect("a count");
        Spent {
            seconds: self.processor_seconds(),
            commits: count("commits"),
            signatures: count("signatures"),
        }
    }

    /// User and system time of every thread (proc(5), fields 14 and 15 of `stat`).
    pub fn processor_seconds(&self) -> f64 {
        let helpers = self.helpers.iter().filter_map(|pid| proc(*pid, "stat"));
        let ticks: f64 = helpers.chain([self.proc("stat")]).map(|stat| ticks(&stat)).sum();
        ticks / self.ticks_per_second
    }

    /// What threads that are still alive have spent, to the nanosecond (`schedstat` in proc(5)).
    pub fn scheduled_seconds(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid)).expect("a running process");
        let spent =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
        spent.filter_map(|line| line.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() / 1e9
    }

    pub fn resident_mib(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a size in kB") / 1_024.0
    }

    fn proc(&self, file: &str) -> String {
        proc(self.pid, file).expect("a running process")
    }
}

fn proc(pid: u32, file: &str) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{pid}/{file}")).ok()
}

fn ticks(stat: &str) -> f64 {
    let (_, after_name) = stat.rsplit_once(") ").expect("a name in brackets");
    after_name.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().expect("ticks")).sum()
}

/// Starts a demo on the database of a house, with its keys.
pub async fn start_demo(house: &House) -> Node {
    let (port, portal) = (house.port.to_string(), free_port().to_string());
    let at = |port: &str| format!("127.0.0.1:{port}");
    let directory = house.path("").display().to_string();
    let demo = house.command(&[
        "demo",
        "--listen",
        &at(&port),
        "--portal",
        &at(&portal),
        "--data",
        &directory,
        "--database",
        house.setting("GATEHOUSE_DATABASE_URL"),
    ]);
    Node::start(demo, house.port).await
}
