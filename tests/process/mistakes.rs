//! Mistakes in the configuration: exit code 2, a sentence that says what to mend, and nothing half-written.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use crate::certificate::Sample;
use crate::house::{House, Node, free_port};
use crate::tls;

/// Starts a provider that must refuse; its one sentence.
fn refusal(house: &House) -> String {
    let output = house.run(&["serve"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("gatehouse: ") && !said.contains("panicked"), "{said}");
    said
}

fn nothing_was_made(house: &House) {
    assert!(!house.path("keys").exists() && !house.path("gatehouse.db").exists());
}

#[tokio::test]
async fn an_unknown_key_is_named_with_the_nearest_known_one() {
    let mut house = House::bare().await;
    let file = house.path("gatehouse.toml");
    fs::write(&file, "[login]\ncode_minuets = 5\n").unwrap();
    house.set("GATEHOUSE_CONFIG", file.to_str().unwrap());
    let said = refusal(&house);
    assert!(said.contains("login.code_minuets") && said.contains("login.code_minutes"), "{said}");
    assert!(said.contains("gatehouse.toml"), "{said}");
    nothing_was_made(&house);
}

#[tokio::test]
async fn an_unknown_variable_is_named_with_the_nearest_known_one() {
    let mut house = House::bare().await;
    house.set("GATEHOUSE_LOGIN_CODE_MINUETS", "5");
    assert!(refusal(&house).contains("GATEHOUSE_LOGIN_CODE_MINUTES"));
    nothing_was_made(&house);
}

#[tokio::test]
async fn an_issuer_must_be_a_bare_https_origin() {
    let mut house = House::bare().await;
    for issuer in ["http://login.example.gov.uk", "https://login.example.gov.uk/", "login"] {
        house.set("GATEHOUSE_ISSUER", issuer);
        let said = refusal(&house);
        assert!(said.contains("issuer") && said.contains(issuer), "{said}");
    }
    nothing_was_made(&house);
}

#[tokio::test]
async fn a_database_without_a_directory_is_not_made() {
    let mut house = House::bare().await;
    let path = house.path("nowhere").join("gatehouse.db");
    house.set("GATEHOUSE_DATABASE_URL", format!("sqlite:{}", path.display()));
    assert!(refusal(&house).contains(path.to_str().unwrap()));
    assert!(!house.path("nowhere").exists());
    nothing_was_made(&house);
}

#[tokio::test]
async fn row_98_a_key_file_that_others_can_read_is_refused() {
    let house = House::bare().await;
    house.must(&["migrate"], "");
    let file = house.path("keys/master.key");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let said = refusal(&house);
    assert!(said.contains("chmod 600") && said.contains("master.key"), "{said}");
    let doctor = house.run(&["doctor"], "");
    assert_eq!(doctor.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("BAD   master key"));
}

#[tokio::test]
async fn a_certificate_that_cannot_be_served_with_is_named() {
    let mut house = House::bare().await;
    let own = tls::encrypt(&mut house);
    let (certificate, key) = (house.path("certificate.pem"), house.path("key.pem"));
    for (file, text, mode, expected) in [
        (
            &key,
            tls::key(&Sample::about(tls::now(), "Example", "localhost", None)),
            0o600,
            "is not the key of",
        ),
        (&key, "rubbish".to_owned(), 0o600, "no private key in PEM"),
        (&key, tls::sealed_key(&own), 0o600, "under a password"),
        (&key, tls::key(&own), 0o604, "run chmod 640"),
        (&certificate, String::new(), 0o644, "no certificate in PEM"),
    ] {
        tls::write(&house, &own);
        fs::write(file, text).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        let said = refusal(&house);
        assert!(said.contains(expected) && said.contains(file.to_str().unwrap()), "{said}");
    }
    fs::remove_file(&certificate).unwrap();
    let said = refusal(&house);
    assert!(said.contains("certificate.pem") && said.contains("No such file"), "{said}");
    nothing_was_made(&house);
}

#[tokio::test]
async fn a_database_opens_with_its_own_master_key_only() {
    let mut house = House::bare().await;
    house.must(&["migrate"], "");
    house.set("GATEHOUSE_KEYS_DIRECTORY", house.path("others").to_str().unwrap());
    let said = refusal(&house);
    assert!(said.contains("master key"), "{said}");
}

#[tokio::test]
async fn a_damaged_key_file_is_refused_and_left_alone() {
    let house = House::bare().await;
    house.must(&["migrate"], "");
    let file = house.path("keys/master.key");
    fs::write(&file, "rubbish").unwrap();
    let said = refusal(&house);
    assert!(said.contains("damaged") && said.contains("master.key"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "rubbish");
}

#[tokio::test]
async fn a_broken_page_of_a_councils_own_is_named() {
    let mut house = House::bare().await;
    let pages = house.path("mine/pages");
    fs::create_dir_all(&pages).unwrap();
    fs::write(pages.join("login.html"), "{% if %}").unwrap();
    house.set("GATEHOUSE_TEMPLATES_DIRECTORY", house.path("mine").to_str().unwrap());
    let said = refusal(&house);
    assert!(said.contains("login.html"), "{said}");
    nothing_was_made(&house);
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_and_a_key_that_cannot_be_made_leave_nothing_behind() {
    let mut house = House::bare().await;
    house.set("GATEHOUSE_OUTGOING_CA_FILE", house.path("nowhere.pem").to_str().unwrap().to_owned());
    assert!(refusal(&house).contains("nowhere.pem"));
    nothing_was_made(&house);
    house.settings.retain(|(name, _)| *name != "GATEHOUSE_OUTGOING_CA_FILE");
    fs::write(house.path("file"), "").unwrap();
    house.set("GATEHOUSE_KEYS_DIRECTORY", house.path("file/keys").to_str().unwrap().to_owned());
    assert!(refusal(&house).contains("master.key"));
    nothing_was_made(&house);
}

#[tokio::test]
async fn a_command_makes_no_database_where_there_is_none() {
    let house = House::bare().await;
    let commands: [&[&str]; 7] = [
        &["user", "list"],
        &["client", "list"],
        &["key", "rotate"],
        &["administrator", "link"],
        &["session", "list"],
        &["status"],
        &["export"],
    ];
    for command in commands {
        let output = house.run(command, "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{command:?}: {said}");
        assert!(said.contains("start the provider or run gatehouse migrate"), "{said}");
        nothing_was_made(&house);
    }
    house.must(&["migrate"], "");
    house.must(&["user", "list"], "");
}

#[tokio::test]
async fn a_wrong_and_a_lost_master_key_are_seen_by_the_doctor_and_refused_by_migrate() {
    let house = House::new().await;
    let file = house.path("keys/master.key");
    let right = fs::read(&file).unwrap();
    let bad = |house: &House, says: &str| {
        let output = house.run(&["doctor"], "");
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        let line = said.lines().find(|line| line.starts_with("BAD ")).unwrap();
        assert!(line.contains("master key: ") && line.contains(says), "{said}");
        let output = house.run(&["migrate"], "");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(says));
    };
    let other = House::new().await;
    fs::copy(other.path("keys/master.key"), &file).unwrap();
    bad(&house, "not the one that this database was made with");
    fs::remove_file(&file).unwrap();
    bad(&house, "put it back");
    assert!(!file.exists(), "none is made");
    fs::write(&file, right).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    house.must(&["doctor"], "");
    let found: serde_json::Value = serde_json::from_str(&house.must(&["doctor", "--json"], "")).unwrap();
    assert_eq!((&found[1]["what"], &found[1]["verdict"]), (&"master key".into(), &"good".into()));
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let house = House::bare().await;
    let _taken = TcpListener::bind(("127.0.0.1", house.port)).unwrap();
    let said = refusal(&house);
    assert!(said.contains(&house.port.to_string()) && said.contains("something else"), "{said}");
    nothing_was_made(&house);
}

#[tokio::test]
async fn row_103_a_second_server_on_one_sqlite_file_is_refused_and_commands_are_not() {
    let mut house = House::bare().await;
    house.set("GATEHOUSE_DATABASE_URL", format!("sqlite:{}", house.path("gatehouse.db").display()));
    let first = house.serve().await;
    let port = free_port();
    house.set("GATEHOUSE_LISTEN_ADDRESS", format!("127.0.0.1:{port}"));
    let said = refusal(&house);
    assert!(said.contains("gatehouse.db") && said.contains("already"), "{said}");
    house.must(&["user", "list"], "");
    drop(first);
    let _second = Node::start(house.command(&["serve"]), port).await;
}

#[tokio::test]
async fn a_database_server_that_does_not_answer_is_named_once() {
    let mut house = House::bare().await;
    house.set("GATEHOUSE_DATABASE_URL", "postgres://nobody@127.0.0.1:1/gatehouse");
    let said = refusal(&house);
    assert_eq!(said.matches("refused").count(), 1, "{said}");
}

#[tokio::test]
async fn whoever_has_no_configuration_is_told_where_it_belongs() {
    let mut house = House::bare().await;
    house.settings.retain(|(name, _)| *name != "GATEHOUSE_ISSUER");
    let said = refusal(&house);
    assert!(said.contains("--config") && said.contains("GATEHOUSE_ISSUER"), "{said}");
}
