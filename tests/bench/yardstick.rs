//! How slow this machine is at this moment, beside the one on which the bars were set.
//!
//! Machines differ, and one that is shared is twice as slow in one second as in the next. So before every
//! measurement two things that nobody can make cheaper are measured in the same way: an answer of HTTP with
//! nothing behind it, and one with a signature.

use std::process::{Child, Command, ExitCode, Stdio};

use axum::Router;
use axum::routing::get;
use josekit::jwk::Jwk;
use josekit::jws::{JwsSigner as _, RS256};

use crate::house::free_port;
use crate::http::{Wire, request};
use crate::server::Server;
use crate::table::median;

/// The argument with which a benchmark becomes the server that is measured.
const BARE: &str = "--bare-server";
const CONNECTIONS: u32 = 8;
/// Requests of each connection: enough to measure, and few enough to do so often.
const ANSWERS: u32 = 400;
const SIGNATURES: u32 = 40;

/// Processor seconds for 1,000 bare answers, or for 1,000 signatures (RS256, 2048 bits).
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    pub answer: f64,
    pub signature: f64,
}

impl Floor {
    /// Of the machine on which the bars were set.
    pub const REFERENCE: Self = Self { answer: 0.012, signature: 0.25 };

    /// Of several measurements.
    pub fn middle(several: &[Self]) -> Self {
        let of = |part: fn(&Self) -> f64| median(several.iter().map(part).collect());
        Self { answer: of(|floor| floor.answer), signature: of(|floor| floor.signature) }
    }

    /// What `seconds` here, of which so many are `signatures`, would have been on the machine of the bars.
    pub fn elsewhere(self, seconds: f64, signatures: f64) -> f64 {
        let own = (seconds - signatures * self.signature).max(0.0);
        own * Self::REFERENCE.answer / self.answer + signatures * Self::REFERENCE.signature
    }
}

/// A server that does nothing else.
pub struct Yardstick {
    child: Child,
    server: Server,
}

impl Yardstick {
    pub async fn start() -> Self {
        let port = free_port();
        let this = std::env::current_exe().expect("this program");
        let child = Command::new(this)
            .args([BARE, &port.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .expect("a server");
        let server = Server::of_process(child.id(), port);
        while Wire::to(port).ask(request("/", &[], None)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let yardstick = Self { child, server };
        // The first of everything is slower than the rest.
        yardstick.measure().await;
        yardstick
    }

    pub async fn measure(&self) -> Floor {
        let answer = self.seconds("/", ANSWERS).await;
        let signed = self.seconds("/signed", SIGNATURES).await;
        Floor { answer, signature: signed - answer }
    }

    /// Processor seconds for 1,000 requests.
    async fn seconds(&self, path: &'static str, times: u32) -> f64 {
        let before = self.server.scheduled_seconds();
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..CONNECTIONS {
            let mut wire = Wire::to(self.server.port);
            running.spawn_local(async move {
                for _ in 0..times {
                    wire.ask(request(path, &[], None)).await.expect("an answer");
                }
            });
        }
        running.join_all().await;
        1_000.0 * (self.server.scheduled_seconds() - before) / f64::from(times * CONNECTIONS)
    }
}

impl Drop for Yardstick {
    fn drop(&mut self) {
        // That it has ended already is no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a benchmark does: its measurement, or being what is measured.
pub fn main(measurement: impl Future<Output = ExitCode>) -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(BARE) {
        serve(arguments.next().expect("a port").parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, measurement)
}

/// The server that is measured.
fn serve(port: u16) {
    let key = Jwk::generate_rsa_key(2_048).expect("a key");
    let signer = RS256.signer_from_jwk(&key).expect("a signer");
    let sign = move || {
        let signature = signer.sign(b"as many bytes as make no difference").expect("a signature");
        std::future::ready(format!("{}", signature.len()))
    };
    let routes = Router::new().route("/", get(async || "Hello")).route("/signed", get(sign));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        axum::serve(listener, routes).await.expect("a server");
    });
}
