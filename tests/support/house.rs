//! A provider in a process of its own: its directory, its commands, its letters.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::http::{Wire, request};

/// The program under test, as cargo built it for this test or benchmark.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_gatehouse");
/// Long enough for anything on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A directory with a database, keys and letters, and the settings that lead there.
pub struct House {
    directory: TempDir,
    pub port: u16,
    pub settings: Vec<(&'static str, String)>,
}

impl House {
    /// A house of its own, on SQLite or in a fresh schema of the PostgreSQL server that
    /// `GATEHOUSE_TEST_DATABASE` names, with its database made.
    pub async fn new() -> Self {
        let house = Self::bare().await;
        house.must(&["migrate"], "");
        house
    }

    /// The same before anything was made.
    pub async fn bare() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let at = |name: &str| directory.path().join(name).display().to_string();
        fs::create_dir(at("letters")).expect("a directory");
        let settings = vec![
            ("GATEHOUSE_ISSUER", format!("http://localhost:{port}")),
            ("GATEHOUSE_LISTEN_ADDRESS", format!("127.0.0.1:{port}")),
            ("GATEHOUSE_DATABASE_URL", fresh_database(directory.path()).await),
            ("GATEHOUSE_KEYS_DIRECTORY", at("keys")),
            ("GATEHOUSE_MAIL_TRANSPORT", "directory".to_owned()),
            ("GATEHOUSE_MAIL_DIRECTORY", at("letters")),
            ("GATEHOUSE_MAIL_FROM", "no-reply@login.example.gov.uk".to_owned()),
            ("GATEHOUSE_LIMITS_CODES_PER_DAY", "1000".to_owned()),
            ("GATEHOUSE_LIMITS_JOURNEYS_PER_MINUTE", "1000000".to_owned()),
            ("GATEHOUSE_LOG_LEVEL", "warn".to_owned()),
        ];
        Self { directory, port, settings }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn setting(&self, name: &str) -> &str {
        self.settings.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The program with these arguments, in this house and nowhere else.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.within(Command::new(PROGRAM));
        command.args(arguments);
        command
    }

    /// Any program, in this house and nowhere else.
    pub fn within(&self, mut command: Command) -> Command {
        let inherited = std::env::vars_os().map(|(name, _)| name);
        for name in inherited.filter(|name| name.to_string_lossy().starts_with("GATEHOUSE_")) {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.directory.path());
        command
    }

    /// Runs a command to its end, with `input` on its standard input.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        // A command that reads nothing may have ended before it could be told anything.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        child.wait_with_output().expect("an end")
    }

    /// The same, which must go well; what it printed.
    pub fn must(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    pub fn add_person(&self, email: &str, password: &str) {
        let name = ["--name", "Sam Sample", "--password-stdin"];
        self.must(&[&["user", "add", "--email", email], &name[..]].concat(), password);
    }

    /// Starts the provider and waits until it is ready.
    pub async fn serve(&self) -> Node {
        Node::start(self.command(&["serve"]), self.port).await
    }

    /// Every letter that lies there, as a file and its text.
    pub fn letters(&self) -> Vec<(PathBuf, String)> {
        let files = fs::read_dir(self.path("letters")).expect("a directory");
        let paths = files.map(|entry| entry.expect("an entry").path());
        let whole = paths.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
        whole.filter_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text))).collect()
    }
}

/// A code as letters show it: a line with two groups of four digits.
pub fn code_in(letter: &str) -> Option<String> {
    letter.lines().find_map(|line| {
        let (first, second) = line.trim().split_once(' ')?;
        let digits = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
        (digits(first) && digits(second)).then(|| format!("{first}{second}"))
    })
}

/// A running provider; it is killed when it is dropped.
pub struct Node {
    pub child: Child,
    /// From its start to its first answer at `/readyz`.
    pub ready_after: Duration,
}

impl Node {
    pub async fn start(mut command: Command, port: u16) -> Self {
        let began = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the program");
        let mut node = Self { child, ready_after: Duration::ZERO };
        loop {
            let answer = Wire::to(port).ask(request("/readyz", &[], None)).await;
            node.ready_after = began.elapsed();
            if answer.is_ok_and(|answer| answer.status.is_success()) {
                return node;
            }
            let ended = node.child.try_wait().expect("a state");
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "not ready: {ended:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody has at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

async fn fresh_database(directory: &Path) -> String {
    match std::env::var("GATEHOUSE_TEST_DATABASE") {
        Ok(server) if server.starts_with("postgres") => fresh_schema(&server, directory).await,
        _ => format!("sqlite:{}", directory.join("gatehouse.db").display()),
    }
}

/// A schema named like the directory, which nobody else has.
async fn fresh_schema(server: &str, directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let letters: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    let schema = format!("h_{letters}");
    let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(server).await.expect("a server");
    let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::Executor::execute(&mut conn, create).await.expect("a schema");
    let separator = if server.contains('?') { '&' } else { '?' };
    format!("{server}{separator}options=-c%20search_path%3D{schema}")
}
