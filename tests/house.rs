//! Holds the code to the plan of the house in `src/lib.rs`, which the compiler cannot do inside one crate.
//!
//! The floors are read from the plan itself; what the plan says in prose stands in the tables below.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where the tree cannot be read")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Arrows between rooms of one floor that the plan does not draw with `<`, and why they are good.
const NEIGHBOURS: &[(&str, &str, &str)] = &[
    ("config", "base", "settings are spans and secrets"),
    ("model", "base", "what exists has ids and times"),
];

/// Rooms that see less than their floor would let them.
const RECLUSES: &[(&str, &[&str], &str)] =
    &[("portal", &["base"], "a relying party knows its provider by the protocol only")];

/// Where an outside crate may be named: a room, or a file of one. Crates that are not here belong to nobody.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("josekit", &["jose"]),
    // josekit, lettre and sqlx call it too.
    ("openssl", &["certificate"]),
    ("lettre", &["mail"]),
    ("minijinja", &["view"]),
    ("argon2", &["hash"]),
    ("bcrypt", &["hash"]),
    ("pbkdf2", &["hash"]),
    ("scrypt", &["hash"]),
    ("sha1", &["hash"]),
    ("chacha20poly1305", &["keyring"]),
    ("hkdf", &["keyring"]),
    ("hmac", &["base"]),
    ("subtle", &["base"]),
    ("getrandom", &["base"]),
    ("sha2", &["base", "keyring", "hash"]),
    ("zxcvbn", &["policy"]),
    ("confique", &["config"]),
    ("toml", &["config", "cli/apply.rs"]),
    ("strsim", &["config"]),
    ("ipnet", &["config"]),
    // The demo and the wiring hand one Router to another; the portal is a site of its own.
    ("axum", &["web", "portal", "app", "cli/demo.rs", "cli/serve.rs"]),
    ("tower", &["web"]),
    ("tower_http", &["web"]),
    ("hyper", &["web", "fetch"]),
    // The portal fetches as a relying party does.
    ("hyper_util", &["web", "fetch", "portal"]),
    ("native_tls", &["fetch"]),
    ("tokio_native_tls", &["fetch"]),
    ("tokio_openssl", &["web"]),
    ("openidconnect", &["portal"]),
    ("utoipa", &["web"]),
    ("utoipa_axum", &["web"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("comfy_table", &["cli"]),
    ("rpassword", &["cli"]),
    ("indicatif", &["cli"]),
    ("csv", &["admin"]),
    ("tracing_subscriber", &["cli"]),
    (
        "tempfile",
        &["cli/demo.rs", "keyfile.rs", "mail/directory.rs", "store/db/file.rs", "store/db/place.rs"],
    ),
];

/// Where SQL is written.
const SQL_ROOM: &str = "store";
const SQL: &[&str] = &["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "CREATE TABLE", "ON CONFLICT"];

const LONGEST_FILE: usize = 450;

/// A source file: its path under its root, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The folder or file at the top of `src/` that it belongs to.
    fn room(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// Test modules may see everything.
    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// What the product is made of: without comments, and without the test module at the end.
    fn code(&self) -> String {
        let product = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = product.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// How many `super::` lead to the door of the room.
    fn depth(&self) -> usize {
        let below = self.path.matches('/').count();
        if self.path.ends_with("/mod.rs") { below - 1 } else { below }
    }
}

/// The rooms in the order of the plan, each with its floor and whether it stands on that floor's ladder.
struct Plan(Vec<(String, u32, bool)>);

impl Plan {
    /// From the table in the documentation: `| floor | rooms | what they are |`.
    fn read(documentation: &str) -> Self {
        let mut rooms = Vec::new();
        for line in documentation.lines() {
            let mut cells = line.trim_start_matches("//! | ").split(" | ");
            let Some(floor) = cells.next().and_then(|cell| cell.parse().ok()) else { continue };
            let cell = cells.next().unwrap_or_default();
            let names = cell.split('`').skip(1).step_by(2);
            rooms.extend(names.map(|name| (name.to_owned(), floor, cell.contains('<'))));
        }
        Self(rooms)
    }

    fn place(&self, room: &str) -> Option<(usize, &(String, u32, bool))> {
        self.0.iter().enumerate().find(|(_, (name, ..))| name == room)
    }

    /// Whether one room may name another.
    fn allows(&self, from: &str, to: &str) -> bool {
        if let Some((_, sees, _)) = RECLUSES.iter().find(|(room, ..)| *room == from) {
            return sees.contains(&to);
        }
        match (self.place(from), self.place(to)) {
            (Some((mine, (_, floor, ladder))), Some((other, (_, below, _)))) => {
                below < floor
                    || (below == floor && *ladder && other < mine)
                    || NEIGHBOURS.iter().any(|(a, b, _)| (*a, *b) == (from, to))
            }
            _ => false,
        }
    }
}

/// The rooms that a file names by `crate::`.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{').and_then(|group| group.split_once("};")) {
            Some((group, _)) => named.extend(group.split(',').map(first_word)),
            None => drop(named.insert(first_word(after))),
        }
    }
    named.remove("");
    named
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// The longest chain of `super::` in a file.
fn longest_climb(code: &str) -> usize {
    (0..).find(|times| !code.contains(&"super::".repeat(times + 1))).unwrap_or_default()
}

/// Whether a file names an outside crate: `name::` that does not continue another path or word.
fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        !(before.is_ascii_alphanumeric() || before == '_' || before == ':')
    }) || code.contains(&format!("use {name};"))
}

/// What is wrong with the arrows of a file.
fn arrows(source: &Source, plan: &Plan) -> Vec<String> {
    let (code, room) = (source.code(), source.room());
    let mut wrong = Vec::new();
    for other in rooms_named(&code).iter().filter(|other| *other != room) {
        if !plan.allows(room, other) {
            wrong.push(format!("{} names crate::{other}, which is not below {room}", source.path));
        }
    }
    if longest_climb(&code) > source.depth() {
        wrong.push(format!("{} climbs out of {room} by super::", source.path));
    }
    wrong
}

/// What is wrong with the outside crates and the SQL that a file names.
fn strangers(source: &Source) -> Vec<String> {
    let code = source.code();
    let here = |place: &&str| *place == source.room() || *place == source.path;
    let mut wrong = Vec::new();
    for (name, places) in OUTSIDE {
        if names_crate(&code, name) && !places.iter().any(here) {
            wrong.push(format!("{} names {name}, which belongs in {places:?}", source.path));
        }
    }
    if source.room() != SQL_ROOM {
        let found = SQL.iter().filter(|keyword| code.contains(**keyword));
        wrong.extend(found.map(|keyword| format!("{} writes SQL: {keyword}", source.path)));
    }
    wrong
}

/// What is wrong with the form of a file, be it product or test.
fn form(source: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = source.text.lines().count();
    if lines > LONGEST_FILE {
        wrong.push(format!("{} has {lines} lines; {LONGEST_FILE} are enough", source.path));
    }
    let silenced = ["#[", "#!["].map(|opening| format!("{opening}allow("));
    if silenced.iter().any(|attribute| source.text.contains(attribute)) {
        wrong.push(format!("{} allows a lint; expect it, with a reason", source.path));
    }
    wrong
}

fn sources(root: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().expect("a path in UTF-8");
                found.push(Source::new(name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// The files of the product, without the two at the foundation that hold no room.
fn product() -> Vec<Source> {
    let mut files = sources("src");
    files.retain(|source| !source.is_test() && !["lib.rs", "main.rs"].contains(&source.path.as_str()));
    files
}

fn plan() -> (Plan, String) {
    let house = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    (Plan::read(&house), house)
}

fn nothing_wrong(wrong: &[String]) {
    assert!(wrong.is_empty(), "the house plan is broken:\n  {}", wrong.join("\n  "));
}

#[test]
fn every_room_is_in_the_plan_and_every_room_of_the_plan_is_there() {
    let (plan, house) = plan();
    let modules = house.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let built: BTreeSet<&str> = modules.collect();
    let planned: BTreeSet<&str> = plan.0.iter().map(|(name, ..)| name.as_str()).collect();
    let suite = BTreeSet::from(["suite"]);
    assert_eq!(built.difference(&suite).copied().collect::<BTreeSet<_>>(), planned);
}

#[test]
fn imports_go_down_only() {
    let (plan, _) = plan();
    nothing_wrong(&product().iter().flat_map(|source| arrows(source, &plan)).collect::<Vec<_>>());
}

#[test]
fn outside_crates_and_sql_stay_in_their_rooms() {
    nothing_wrong(&product().iter().flat_map(strangers).collect::<Vec<_>>());
}

#[test]
fn files_are_short_and_silence_no_lint() {
    let all = sources("src").into_iter().chain(sources("tests"));
    nothing_wrong(&all.flat_map(|source| form(&source)).collect::<Vec<_>>());
}

/// SECURITY, row 20: there is no way to try a password past the counters. The second place compares a new password with
/// the one before, for whoever has proved by other means that the account is theirs.
#[test]
fn row_20_a_password_is_checked_where_attempts_are_counted() {
    let places = ["accounts/guard.rs", "accounts/new_password.rs"];
    let checks = |source: &Source| source.text.contains(".hasher.verify(");
    let found: Vec<String> = product().into_iter().filter(checks).map(|source| source.path).collect();
    let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, places);
}

/// SECURITY, row 95: what cannot be compared with `==` is compared in constant time.
#[test]
fn row_95_secrets_and_digests_cannot_be_compared_in_passing() {
    let secrets = product().into_iter().find(|source| source.path == "base/secret.rs").unwrap();
    assert!(!secrets.text.contains("PartialEq"), "base/secret.rs");
}

#[test]
fn a_broken_plan_is_noticed() {
    let plan = Plan::read("//! | 2 | `kit` | |\n//! | 1 | `a` < `b` | |\n//! | 0 | `base`, `model` | |");
    for (path, text, wrong) in [
        ("kit.rs", "use crate::a::X;", 0),
        ("b.rs", "use crate::{a, base};", 0),
        ("a.rs", "use crate::b::X;", 1),
        ("a.rs", "use crate::{b, kit};", 2),
        ("a.rs", "fn f() { crate::b::f() }", 1),
        ("a.rs", "// crate::b\n", 0),
        ("a.rs", "#[cfg(test)]\nmod tests {\n use crate::kit;\n}", 0),
        ("model/x.rs", "use crate::base::X; use super::Y;", 0),
        ("base/x.rs", "use crate::model::X;", 1),
        ("base/x.rs", "use super::super::kit::X;", 1),
        ("base/mod.rs", "use super::kit::X;", 1),
    ] {
        assert_eq!(arrows(&Source::new(path, text), &plan).len(), wrong, "{path}: {text}");
    }
    for (path, text, wrong) in [
        ("store/x.rs", "use sqlx::Row; const A: &str = \"SELECT 1\";", 0),
        ("web/x.rs", "use sqlx::Row;", 1),
        ("web/x.rs", "const A: &str = \"SELECT 1\";", 1),
        ("cli/demo.rs", "use axum::Router;", 0),
        ("cli/user.rs", "use axum::Router;", 1),
        ("web/x.rs", "use crate::store::sqlx::Row; my_sqlx::f()", 0),
    ] {
        assert_eq!(strangers(&Source::new(path, text)).len(), wrong, "{path}: {text}");
    }
    assert_eq!(form(&Source::new("a.rs", &"\n".repeat(451))).len(), 1);
    assert_eq!(form(&Source::new("a.rs", &["#[", "allow(dead_code)]"].concat())).len(), 1);
    assert!(form(&Source::new("a.rs", "#[expect(dead_code, reason = \"\")]")).is_empty());
}
