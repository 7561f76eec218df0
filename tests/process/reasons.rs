//! Why something was done, said on the command line.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::house::House;

const NINA: &str = "nina@school.example";

/// The newest event of a kind, as programs read it.
fn newest(house: &House, kind: &str) -> Value {
    let listed = house.must(&["audit", "list", "--kind", kind, "--limit", "1", "--json"], "");
    serde_json::from_str::<Value>(&listed).unwrap()[0].clone()
}

#[tokio::test]
async fn every_command_that_changes_something_keeps_the_reason_that_it_is_given() {
    let house = House::new().await;
    let file = house.path("services.toml");
    let redirect = "https://portal.example/cb";
    let settings = format!("redirect_uris = [\"{redirect}\"]");
    fs::write(&file, format!("[services.rota]\nname = \"Rota\"\n[services.rota.settings]\n{settings}\n"))
        .unwrap();
    let file = file.to_str().unwrap();
    let people = house.path("people.csv");
    fs::write(&people, "name,email\nSam Sample,sam@school.example\n").unwrap();
    let add = ["client", "add", "--id", "portal", "--name", "Portal", "--redirect-uri", redirect];
    let commands: [(&[&str], &str); 21] = [
        (&["user", "add", "--email", NINA, "--name", "Nina New"], "user.added"),
        (&["user", "import", people.to_str().unwrap(), "--yes"], "user.added"),
        (&["user", "invite", NINA], "user.invited"),
        (&["user", "withdraw-invitation", NINA], "user.invitation_withdrawn"),
        (&["user", "set-password", NINA, "--password-stdin"], "user.password_set"),
        (&["user", "update", NINA, "--organisation", "School"], "user.changed"),
        (&["user", "disable", NINA], "user.disabled"),
        (&["user", "enable", NINA], "user.enabled"),
        (&["user", "ask-new-password", NINA], "user.new_password_asked"),
        (&["user", "export", NINA], "user.exported"),
        (&["administrator", "set", NINA, "--role", "auditor"], "administrator.role_given"),
        (&["administrator", "remove", NINA], "administrator.role_taken"),
        (&add, "client.added"),
        (&["client", "update", "portal", "--name", "Hub"], "client.updated"),
        (&["client", "rotate-secret", "portal"], "client.secret_rotated"),
        (&["client", "disable", "portal"], "client.disabled"),
        (&["client", "remove", "portal"], "client.removed"),
        (&["key", "rotate"], "key.rotated"),
        (&["apply", file, "--yes"], "client.added"),
        (&["audit", "export"], "events.exported"),
        (&["restore"], "database.restored"),
    ];
    for (number, (command, kind)) in commands.into_iter().enumerate() {
        let reason = format!("CHG-{number}: asked by Zoë");
        house.must(&[command, &["--reason", &reason]].concat(), "eleven brass kettles\n");
        assert_eq!(newest(&house, kind)["reason"], reason.as_str(), "{command:?}");
    }
    assert!(house.must(&["audit", "list"], "").contains("Reason"));
}

#[tokio::test]
async fn a_reason_that_cannot_be_kept_is_refused_before_anything_is_done() {
    let house = House::new().await;
    house.must(&["user", "add", "--email", NINA, "--name", "Nina New"], "");
    let long = "x".repeat(201);
    for (reason, says) in [
        (&*long, "Reason must be 200 characters or fewer"),
        ("two\nlines", "Reason must be one line"),
        ("", "Enter a reason, or leave it out"),
    ] {
        let refused = house.run(&["user", "disable", NINA, "--reason", reason], "");
        assert_eq!(refused.status.code(), Some(2));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(says), "{said}");
    }
    let naming = ["user", "erase", NINA, "--yes", "--reason", "Nina New wrote to us"];
    let refused = house.run(&naming, "");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(said, "gatehouse: The reason is kept after they are erased: leave out their name and email\n");
    let status = house.must(&["user", "show", NINA], "");
    assert!(!status.contains("Deactivated"), "{status}");
}

#[tokio::test]
async fn the_reason_of_somebody_who_was_erased_can_be_read_by_nobody_and_the_trail_is_whole() {
    let house = House::new().await;
    house.must(&["user", "add", "--email", NINA, "--name", "Nina New"], "");
    let formula = "=1+1 says Nina New";
    house.must(&["user", "disable", NINA, "--reason", formula], "");
    let csv = house.must(&["audit", "export", "--format", "csv"], "");
    assert!(csv.starts_with("Time,Event,Person,By,Service,From,Detail,Reason\n"), "{csv}");
    assert!(csv.contains(",\"'=1+1 says Nina New\"\n"), "{csv}");
    let (trail, key) = (house.path("trail.jsonl"), house.path("key.json"));
    let (trail, key) = (trail.to_str().unwrap(), key.to_str().unwrap());
    house.must(&["audit", "export", "--output", trail], "");
    fs::write(key, house.must(&["audit", "key"], "")).unwrap();
    let whole = fs::read_to_string(trail).unwrap();
    assert!(!whole.contains("=1+1") && whole.contains("\"reason\":{\"sealed\":"), "{whole}");
    house.must(&["user", "erase", NINA, "--yes", "--reason", "Request 4711"], "");
    assert_eq!(newest(&house, "user.disabled")["reason"], Value::Null);
    assert_eq!(newest(&house, "user.erased")["reason"], "Request 4711");
    assert!(house.must(&["audit", "verify"], "").contains("The trail is whole"));
    // What was taken away before can be checked anywhere, and is as mute.
    let verify = ["audit", "verify", trail, "--key", key];
    let elsewhere = Command::new(crate::house::PROGRAM).args(verify).env_clear().output().unwrap();
    assert!(elsewhere.status.success(), "{elsewhere:?}");
}
