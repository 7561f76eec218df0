//! What the server has spent, as the kernel and the server itself count it.

use std::process::Command;

use crate::house::Node;
use crate::http::{Wire, request};

/// A running demo.
pub struct Server {
    pid: u32,
    pub port: u16,
    ticks_per_second: f64,
}

/// Everything spent since the start of the process.
#[derive(Clone, Copy)]
pub struct Spent {
    pub seconds: f64,
    pub commits: f64,
    pub signatures: f64,
}

impl Server {
    pub fn of(node: &Node, port: u16) -> Self {
        let asked = Command::new("getconf").arg("CLK_TCK").output().ok();
        let ticks = asked.and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok());
        Self { pid: node.child.id(), port, ticks_per_second: ticks.unwrap_or(100.0) }
    }

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
        let stat = self.proc("stat");
        let (_, after_name) = stat.rsplit_once(") ").expect("a name in brackets");
        let ticks = after_name.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().expect("ticks"));
        ticks.sum::<f64>() / self.ticks_per_second
    }

    pub fn resident_mib(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a size in kB") / 1_024.0
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.pid)).expect("a running process")
    }
}
