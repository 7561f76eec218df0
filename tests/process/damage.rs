//! A damaged database, as whoever starts the provider meets it (SECURITY, row 114).

use std::fs;

use crate::backups::{furnished, path, refusal};
use crate::house::{House, Node, PATIENCE};
use crate::http::{Wire, request};
use crate::partner::ALEX;

/// Damages a page that no start reads, in the middle of the file.
async fn damage(house: &House) {
    let file = house.path("gatehouse.db");
    // An index of the audit trail.
    let mut conn =
        <sqlx::SqliteConnection as sqlx::Connection>::connect(&format!("sqlite:{}", file.display()))
            .await
            .unwrap();
    let page: i64 = sqlx::query_scalar("SELECT rootpage FROM sqlite_schema WHERE name = 'events_by_client'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    sqlx::Connection::close(conn).await.unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let at = usize::try_from(page - 1).unwrap() * 4096;
    bytes[at..at + 4096].fill(0xA5);
    fs::write(&file, bytes).unwrap();
}

fn says_what_to_do(said: &str) {
    assert!(said.contains("gatehouse.db is damaged (") && said.contains("gatehouse restore"), "{said}");
}

#[tokio::test]
async fn row_114_a_damaged_database_is_not_served_from_until_a_backup_is_in_its_place() {
    let (house, _) = furnished().await;
    let backup = path(&house, "backup.db");
    house.must(&["backup", &backup], "");
    damage(&house).await;
    says_what_to_do(&refusal(&house.run(&["serve"], "")));
    says_what_to_do(&refusal(&house.run(&["migrate"], "")));
    says_what_to_do(&refusal(&house.run(&["backup", &path(&house, "other.db")], "")));
    let doctor = house.run(&["doctor"], "");
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert_eq!(doctor.status.code(), Some(2));
    says_what_to_do(said.lines().find(|line| line.starts_with("BAD   database: ")).unwrap_or(&said));
    house.must(&["restore", &backup, "--yes"], "");
    let _node = house.serve().await;
    house.must(&["user", "show", ALEX], "");
}

#[tokio::test]
async fn row_114_a_large_database_is_looked_through_after_the_start_and_damage_ends_it() {
    let (house, _) = furnished().await;
    let backup = path(&house, "backup.db");
    house.must(&["backup", &backup], "");
    damage(&house).await;
    // Room that nothing uses: large enough to be looked through later, and on disk it is not there.
    let file = fs::File::options().append(true).open(house.path("gatehouse.db")).unwrap();
    file.set_len(300 * 1024 * 1024).unwrap();
    let mut command = house.command(&["serve"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let serving = command.spawn().unwrap();
    let ended = tokio::task::spawn_blocking(move || serving.wait_with_output().unwrap());
    let ended = tokio::time::timeout(PATIENCE, ended).await.expect("it ends by itself").unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    says_what_to_do(said.lines().find(|line| line.starts_with("gatehouse: ")).unwrap_or(&said));
    assert!(Wire::to(house.port).ask(request("/readyz", &[], None)).await.is_err());
    // It is known to be damaged by now, and is looked through before anything else is done or said.
    says_what_to_do(&refusal(&house.run(&["serve"], "")));
    house.must(&["restore", &backup, "--yes"], "");
    drop(Node::start(house.command(&["serve"]), house.port).await);
}
