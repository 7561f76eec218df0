//! Backups made while people log in, and what they are worth once they are back in place (SECURITY, row 112).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::house::House;
use crate::http::{Answer, Browser};
use crate::partner::{ALEX, PASSWORD, Service, code_for, log_in, userinfo};

const KIM: &str = "kim@school.example";

/// A house on SQLite, whatever the suite runs on, with a person and a service.
pub async fn furnished() -> (House, Service) {
    let mut house = House::bare().await;
    house.set("GATEHOUSE_DATABASE_URL", format!("sqlite:{}", house.path("gatehouse.db").display()));
    furnish(&house);
    let service = Service::register(&house);
    let grants = ["--grant", "authorization_code", "--grant", "refresh_token"];
    house.must(&[&["client", "update", "portal"], &grants[..]].concat(), "");
    (house, service)
}

fn furnish(house: &House) {
    house.must(&["migrate"], "");
    house.add_person(ALEX, PASSWORD);
}

pub fn path(house: &House, name: &str) -> String {
    house.path(name).display().to_string()
}

/// What a command that must fail says, in one sentence and with exit code 2.
pub fn refusal(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("gatehouse: ") && !said.contains("panicked"), "{said}");
    said
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert_eq!(answer.json()["error"], "invalid_grant");
}

fn events(house: &House) -> Vec<Value> {
    let listed = house.must(&["audit", "list", "--limit", "1000", "--json"], "");
    serde_json::from_str(&listed).unwrap()
}

fn kept_copies(house: &House) -> Vec<String> {
    let names = fs::read_dir(house.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.starts_with("gatehouse.db.replaced-") && !name.ends_with("-wal")).collect()
}

/// What a command has left behind.
fn strays(house: &House) -> Vec<String> {
    let names = fs::read_dir(house.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

/// What a partner has in hand.
struct InHand {
    code: String,
    access: String,
    refresh: String,
}

async fn in_hand(house: &House, browser: &mut Browser, service: &Service) -> InHand {
    let used = code_for(browser).await.unwrap();
    let tokens = service.redeem(house.port, &used).await.unwrap().json();
    let token =
        |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}")).to_owned();
    let (access, refresh) = (token("access_token"), token("refresh_token"));
    InHand { code: code_for(browser).await.unwrap(), access, refresh }
}

/// A backup that is made while codes are issued and redeemed; what the command says of it.
async fn back_up_under_load(house: &House, browser: &Browser, service: &Arc<Service>, backup: &str) -> Value {
    let mut load = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let mut other = Browser::at(house.port);
        other.cookies.clone_from(&browser.cookies);
        let (service, port) = (Arc::clone(service), house.port);
        load.spawn(async move {
            loop {
                let code = code_for(&mut other).await.unwrap();
                assert_eq!(service.redeem(port, &code).await.unwrap().status, StatusCode::OK);
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let made = house.must(&["backup", backup, "--json"], "");
    tokio::time::sleep(Duration::from_millis(100)).await;
    if let Some(ended) = load.try_join_next() {
        panic!("a browser was not served: {:?}", ended.unwrap_err());
    }
    load.shutdown().await;
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!((&made["people"], &made["services"]), (&1.into(), &1.into()), "{made}");
    let meta = fs::metadata(backup).unwrap();
    assert_eq!((meta.permissions().mode() & 0o777, &made["bytes"]), (0o600, &meta.len().into()));
    let again = refusal(&house.run(&["backup", backup], ""));
    assert!(again.contains("there already"), "{again}");
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_112_a_backup_made_under_load_brings_back_what_was_and_nothing_that_was_used_since() {
    let (house, service) = furnished().await;
    let service = Arc::new(service);
    let node = house.serve().await;
    let mut browser = Browser::at(house.port);
    log_in(&house, &mut browser, ALEX).await;
    let known = in_hand(&house, &mut browser, &service).await;
    let mut ended = Browser::at(house.port);
    log_in(&house, &mut ended, ALEX).await;
    let before: BTreeSet<String> =
        events(&house).iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();

    let backup = path(&house, "backup.db");
    let made = back_up_under_load(&house, &browser, &service, &backup).await;
    assert!(made["events"].as_u64().unwrap() > before.len() as u64, "{made}");

    // What the copy knows nothing of.
    assert_eq!(service.redeem(house.port, &known.code).await.unwrap().status, StatusCode::OK);
    let rotated = service.refresh(house.port, &known.refresh).await.unwrap();
    assert_eq!(rotated.status, StatusCode::OK, "{}", rotated.body);
    house.add_person(KIM, PASSWORD);
    let mut later = Browser::at(house.port);
    log_in(&house, &mut later, KIM).await;
    let since = in_hand(&house, &mut later, &service).await;

    let serving = refusal(&house.run(&["restore", &backup, "--yes"], ""));
    assert!(serving.contains("stop it first"), "{serving}");
    assert!(kept_copies(&house).is_empty());
    drop(node);
    let said = house.must(&["restore", &backup, "--yes", "--reason", "CHG-112: a bad disk"], "");
    assert!(said.contains("Invitations still work"), "{said}");
    let kept = kept_copies(&house);
    assert!(kept.len() == 1 && said.contains(&kept[0]), "{kept:?}: {said}");
    assert_eq!(fs::metadata(house.path("gatehouse.db")).unwrap().permissions().mode() & 0o777, 0o600);

    let node = house.serve().await;
    for hand in [&known, &since] {
        is_refused(&service.redeem(house.port, &hand.code).await.unwrap());
        is_refused(&service.refresh(house.port, &hand.refresh).await.unwrap());
        assert_eq!(userinfo(house.port, &hand.access).await.unwrap().status, StatusCode::UNAUTHORIZED);
    }
    is_refused(
        &service.refresh(house.port, rotated.json()["refresh_token"].as_str().unwrap()).await.unwrap(),
    );
    for old in [&mut browser, &mut ended, &mut later] {
        assert!(code_for(old).await.is_err(), "a session has outlived the restore");
    }
    let restored = events(&house);
    let there: BTreeSet<String> =
        restored.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    assert!(before.is_subset(&there), "events before the backup are gone");
    let event = restored.iter().find(|event| event["kind"] == "database.restored").unwrap();
    assert_eq!(event["reason"], "CHG-112: a bad disk");
    assert!(event["detail"]["sessions"].as_u64().unwrap() >= 2, "{event}");
    assert!(house.must(&["audit", "verify"], "").contains("The trail is whole"));
    assert!(house.run(&["user", "show", KIM], "").status.code() == Some(2), "nobody knew Kim then");

    let mut fresh = Browser::at(house.port);
    log_in(&house, &mut fresh, ALEX).await;
    let code = code_for(&mut fresh).await.unwrap();
    assert_eq!(service.redeem(house.port, &code).await.unwrap().status, StatusCode::OK);
    drop(node);

    // The database that was replaced is a backup like any other.
    house.must(&["restore", &path(&house, &kept[0]), "--yes"], "");
    house.must(&["user", "show", KIM], "");
    assert!(house.must(&["audit", "verify"], "").contains("The trail is whole"));
    assert_eq!(kept_copies(&house).len(), 2);
}

#[tokio::test]
async fn row_112_without_a_file_everything_that_may_have_been_used_is_void_on_any_database() {
    let house = House::bare().await;
    furnish(&house);
    let service = Service::register(&house);
    house.must(&["user", "add", "--email", KIM, "--name", "Kim Sample"], "");
    house.must(&["user", "invite", KIM], "");
    let invitation = house.must(&["client", "invite"], "");
    let node = house.serve().await;
    let mut browser = Browser::at(house.port);
    log_in(&house, &mut browser, ALEX).await;
    let code = code_for(&mut browser).await.unwrap();
    let used = code_for(&mut browser).await.unwrap();
    let tokens = service.redeem(house.port, &used).await.unwrap().json();
    // Half-way through logging in, with a code that was sent.
    let mut half = Browser::at(house.port);
    let page = half.enter_password(&Service::authorize_url(), (ALEX, PASSWORD)).await.unwrap();
    let emailed = house.code_to(ALEX).await;
    drop(node);
    house.must(&["restore", "--yes"], "");
    assert!(house.must(&["audit", "verify"], "").contains("The trail is whole"));
    let listed = house.must(&["client", "invitation", "list", "--json"], "");
    assert_eq!(serde_json::from_str::<Value>(&listed).unwrap(), Value::Array(Vec::new()), "{invitation}");
    assert!(house.must(&["user", "show", KIM], "").contains("Invited"), "an invitation still works");
    let _node = house.serve().await;
    is_refused(&service.redeem(house.port, &code).await.unwrap());
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(userinfo(house.port, access).await.unwrap().status, StatusCode::UNAUTHORIZED);
    assert!(code_for(&mut browser).await.is_err());
    half.submit(&page, &[("code", &emailed)]).await.unwrap();
    assert!(!half.cookies.contains_key("session"), "a journey has outlived the restore");
    log_in(&house, &mut Browser::at(house.port), ALEX).await;
}

#[tokio::test]
async fn row_112_what_is_no_backup_of_this_provider_leaves_the_database_alone() {
    let (house, _) = furnished().await;
    let backup = path(&house, "backup.db");
    house.must(&["backup", &backup], "");
    let right = fs::read(&backup).unwrap();
    let other = House::bare().await;
    let mut other = other;
    other.set("GATEHOUSE_DATABASE_URL", format!("sqlite:{}", other.path("gatehouse.db").display()));
    other.must(&["migrate"], "");
    let foreign = path(&house, "foreign.db");
    other.must(&["backup", &foreign], "");
    let newer = path(&house, "newer.db");
    fs::copy(&backup, &newer).unwrap();
    alter(&newer, "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 2").await;
    let others = path(&house, "others.db");
    fs::write(&others, "").unwrap();
    alter(&others, "CREATE TABLE notes (text TEXT)").await;
    let damaged = path(&house, "damaged.db");
    let mut torn = right.clone();
    let middle = torn.len() / 2 / 4096 * 4096;
    torn[middle..middle + 4096].fill(0xA5);
    fs::write(&damaged, &torn).unwrap();
    let cut = path(&house, "cut.db");
    fs::write(&cut, &right[..right.len() / 2]).unwrap();
    let text = path(&house, "text.db");
    fs::write(&text, "rubbish").unwrap();
    let database = fs::read(house.path("gatehouse.db")).unwrap();
    for (file, says) in [
        (&damaged, "damaged.db is damaged ("),
        (&cut, "cut.db is damaged ("),
        (&text, "not a database of Gatehouse"),
        (&others, "not a database of Gatehouse"),
        (&newer, "made by a newer gatehouse"),
        (&foreign, "the master key is not the one"),
        (&path(&house, "nowhere.db"), "nowhere.db cannot be copied"),
    ] {
        let said = refusal(&house.run(&["restore", file, "--yes"], ""));
        assert!(said.contains(says), "{said}");
        assert_eq!(fs::read(house.path("gatehouse.db")).unwrap(), database, "{file}");
        assert!(kept_copies(&house).is_empty());
    }
    assert!(strays(&house).is_empty(), "{:?}", strays(&house));
}

/// Does something to a file that a program of another kind might have done.
async fn alter(file: &str, statement: &'static str) {
    let mut conn =
        <sqlx::SqliteConnection as sqlx::Connection>::connect(&format!("sqlite:{file}")).await.unwrap();
    sqlx::Executor::execute(&mut conn, statement).await.unwrap();
    sqlx::Connection::close(conn).await.unwrap();
}

#[tokio::test]
async fn row_112_a_database_that_is_lost_or_damaged_is_restored_all_the_same() {
    let (house, _) = furnished().await;
    let backup = path(&house, "backup.db");
    house.must(&["backup", &backup], "");
    let database = house.path("gatehouse.db");
    for ruin in [ruin_wholly, ruin_the_middle, lose] {
        ruin(&database);
        house.must(&["restore", &backup, "--yes"], "");
        house.must(&["user", "show", ALEX], "");
        house.must(&["doctor"], "");
    }
    assert_eq!(kept_copies(&house).len(), 2, "what was lost cannot be kept");
}

fn ruin_wholly(database: &Path) {
    fs::write(database, "rubbish".repeat(1000)).unwrap();
}

fn ruin_the_middle(database: &Path) {
    let mut bytes = fs::read(database).unwrap();
    bytes[4096..3 * 4096].fill(0);
    fs::write(database, bytes).unwrap();
}

fn lose(database: &Path) {
    fs::remove_file(database).unwrap();
}

#[tokio::test]
async fn row_112_a_backup_for_which_there_is_no_room_leaves_nothing_behind() {
    let (house, _) = furnished().await;
    let backup = path(&house, "backup.db");
    let limited = format!("trap '' XFSZ; ulimit -f 64; exec {} backup {backup}", crate::house::PROGRAM);
    let mut shell = house.within(std::process::Command::new("sh"));
    let output = shell.args(["-c", &limited]).output().unwrap();
    let said = refusal(&output);
    assert!(said.contains("backup.db cannot be written"), "{said}");
    let names = fs::read_dir(house.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("backup")).collect();
    assert!(left.is_empty(), "{left:?}");
    house.must(&["backup", &backup], "");
}

#[tokio::test]
async fn row_112_a_postgresql_database_is_backed_up_and_restored_with_its_own_programs() {
    let house = House::new().await;
    if house.setting("GATEHOUSE_DATABASE_URL").starts_with("sqlite:") {
        eprintln!("only on PostgreSQL");
        return;
    }
    let said = refusal(&house.run(&["backup", &path(&house, "backup.db")], ""));
    assert!(said.contains("pg_dump"), "{said}");
    assert!(!house.path("backup.db").exists());
    let said = refusal(&house.run(&["restore", &path(&house, "backup.db"), "--yes"], ""));
    assert!(said.contains("pg_restore"), "{said}");
}

#[tokio::test]
async fn row_112_a_restore_that_is_killed_leaves_one_of_the_two_databases_whole() {
    let (house, _) = furnished().await;
    let backup = path(&house, "backup.db");
    house.must(&["backup", &backup], "");
    house.add_person(KIM, PASSWORD);
    const KILLED: u64 = 12;
    let (mut former, mut restored) = (0, 0);
    for turn in 0..=KILLED {
        let mut child = house.command(&["restore", &backup, "--yes"]);
        let mut child = child.stdout(std::process::Stdio::null()).spawn().unwrap();
        if turn < KILLED {
            tokio::time::sleep(Duration::from_millis(16 * turn)).await;
            child.kill().unwrap();
        }
        child.wait().unwrap();
        assert!(house.must(&["audit", "verify"], "").contains("The trail is whole"));
        house.must(&["user", "show", ALEX], "");
        let is_former = house.run(&["user", "show", KIM], "").status.success();
        // What is in place has been made void before it got there.
        let noted = house.must(&["audit", "list", "--kind", "database.restored", "--json"], "");
        assert_eq!(noted.contains("database.restored"), !is_former, "turn {turn}");
        if is_former {
            former += 1;
        } else {
            restored += 1;
            let kept = kept_copies(&house).pop().unwrap();
            for log in ["gatehouse.db-wal", "gatehouse.db-shm"] {
                let _ = fs::remove_file(house.path(log));
            }
            fs::rename(house.path(&kept), house.path("gatehouse.db")).unwrap();
        }
    }
    assert!(former > 0 && restored > 0, "{former} before and {restored} after the replacement");
    assert!(strays(&house).is_empty(), "the last one has tidied up: {:?}", strays(&house));
}
