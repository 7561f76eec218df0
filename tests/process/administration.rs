//! Administration on the command line: roles, invitations, the file of services, and the trail.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::house::House;
use crate::http::Browser;
use crate::partner::{ALEX, PASSWORD, Service, log_in};

const NINA: &str = "nina@school.example";

#[tokio::test]
async fn somebody_is_invited_looked_after_and_erased() {
    let house = House::new().await;
    let said = house.must(&["user", "invite", NINA, "--name", "Nina New", "--organisation", "School"], "");
    assert!(said.contains("It works until"), "{said}");
    house.must(&["user", "invite", NINA], "");
    let invite = ["user", "invite", NINA, "--name", "Nina Other"];
    let refused = house.run(&invite, "");
    assert_eq!(refused.status.code(), Some(2), "another name would be lost");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("user update"));
    for deed in ["withdraw-invitation", "unlock", "ask-new-password", "log-out"] {
        house.must(&["user", deed, NINA], "");
    }
    let held: Value = serde_json::from_str(&house.must(&["user", "export", NINA], "")).unwrap();
    assert_eq!(held["person"]["email"], NINA);
    let unasked = house.run(&["user", "erase", NINA], "");
    assert_eq!(unasked.status.code(), Some(2));
    house.must(&["user", "erase", NINA, "--yes"], "");
    assert_eq!(house.run(&["user", "show", NINA], "").status.code(), Some(2));
}

#[tokio::test]
async fn somebody_is_found_and_changed_and_both_addresses_are_told() {
    let house = House::new().await;
    house.add_person("alex@school.example", "purple otter drumming");
    let added = house.must(&["user", "add", "--email", NINA, "--name", "Nina New"], "");
    assert!(added.contains("gatehouse user invite nina@school.example"), "{added}");
    let list = |more: &[&str]| -> Vec<String> {
        let listed = house.must(&[&["user", "list", "--json"], more].concat(), "");
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let emails =
            listed.as_array().unwrap().iter().map(|person| person["email"].as_str().unwrap().to_owned());
        emails.collect()
    };
    assert_eq!(list(&["--search", "nina"]), [NINA]);
    assert_eq!(list(&["--limit", "1"]), ["alex@school.example"]);
    assert_eq!(list(&["--never"]).len(), 2);
    assert!(list(&["--not-since", "90"]).is_empty());
    assert_eq!(house.run(&["user", "update", NINA], "").status.code(), Some(2), "nothing is to change");
    let update = ["user", "update", NINA, "--name", "Nina Newer", "--organisation", "School"];
    house.must(&update, "");
    let said = house.must(&["user", "update", NINA, "--email", "nina@new.example"], "");
    assert!(said.contains("nina@school.example and nina@new.example are told by email."), "{said}");
    let shown: Value =
        serde_json::from_str(&house.must(&["user", "show", "nina@new.example", "--json"], "")).unwrap();
    assert_eq!((&shown["name"], &shown["organisation"]), (&"Nina Newer".into(), &"School".into()));
    let waiting: Value = serde_json::from_str(&house.must(&["mail", "list", "--json"], "")).unwrap();
    assert_eq!(waiting.as_array().unwrap().len(), 2, "{waiting}");
    assert!(house.must(&["mail", "list"], "").contains("Waiting"));
    let status: Value = serde_json::from_str(&house.must(&["status", "--json"], "")).unwrap();
    assert_eq!((&status["people"]["active"], &status["mail_waiting"]), (&1.into(), &2.into()), "{status}");
    assert!(house.must(&["status"], "").contains("1 active, 1 invited, 0 deactivated, 0 locked"));
}

#[tokio::test]
async fn sessions_are_listed_by_person_and_service_and_ended() {
    let house = House::new().await;
    house.add_person(ALEX, PASSWORD);
    Service::register(&house);
    let node = house.serve().await;
    log_in(&house, &mut Browser::at(house.port), ALEX).await;
    let list = |more: &[&str]| -> Value {
        let listed = house.must(&[&["session", "list", "--json"], more].concat(), "");
        serde_json::from_str(&listed).unwrap()
    };
    let all = list(&[]);
    assert_eq!((&all[0]["email"], all.as_array().unwrap().len()), (&ALEX.into(), 1), "{all}");
    assert_eq!(list(&["--person", ALEX]), all);
    assert_eq!(house.run(&["session", "list", "--service", "nosuch"], "").status.code(), Some(2));
    assert!(house.must(&["session", "list"], "").contains(ALEX));
    let id = all[0]["id"].as_str().unwrap();
    assert!(house.must(&["session", "end", id], "").contains("is logged out of"));
    assert_eq!(list(&[]), Value::Array(Vec::new()));
    assert_eq!(house.run(&["session", "end", id], "").status.code(), Some(2));
    drop(node);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_named() {
    let house = House::new().await;
    house.must(&["user", "add", "--email", NINA, "--name", "Nina New"], "");
    let file = house.path("people.csv");
    fs::write(&file, "name,email\nAlex,alex@school.example\n").unwrap();
    let set = ["administrator", "set", NINA, "--role", "services", "--service", "nosuch"];
    let import = ["user", "import", file.to_str().unwrap(), "--service", "nosuch", "--dry-run"];
    for command in [&set[..], &import[..]] {
        let output = house.run(command, "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert_eq!(said, "gatehouse: There is no service with the ID nosuch\n", "{command:?}");
    }
    let dropped = ["administrator", "set", NINA, "--role", "support", "--service", "nosuch"];
    let output = house.run(&dropped, "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("only for --role services"));
}

#[tokio::test]
async fn row_99_a_link_makes_the_first_owner_and_the_last_one_stays() {
    let house = House::new().await;
    let (first, second) =
        (house.must(&["administrator", "link"], ""), house.must(&["administrator", "link"], ""));
    assert!(first.contains("/setup/gh_su_") && first != second);
    house.must(&["user", "add", "--email", NINA, "--name", "Nina New"], "");
    house.must(&["administrator", "set", NINA, "--role", "owner"], "");
    assert_eq!(house.run(&["administrator", "link"], "").status.code(), Some(2));
    let kept = house.run(&["administrator", "remove", NINA], "");
    assert!(String::from_utf8_lossy(&kept.stderr).contains("this is the last owner"));
    let listed: Value = serde_json::from_str(&house.must(&["administrator", "list", "--json"], "")).unwrap();
    assert_eq!((&listed[0]["role"], &listed[0]["services"]), (&"owner".into(), &serde_json::json!([])));
    assert_eq!(listed[0]["last_login_at"], Value::Null);
}

#[tokio::test]
async fn a_sponsor_is_asked_and_a_review_is_listed_shown_and_withdrawn() {
    let house = House::new().await;
    house.add_person("alex@school.example", "purple otter drumming");
    let add = ["user", "add", "--email", NINA, "--name", "Nina New", "--organisation", "School"];
    house.must(&add, "");
    let begin = |sponsor| ["review", "begin", "School", "--sponsor", sponsor, "--days", "7"];
    let refused = house.run(&begin(NINA), "");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("invite them first"));
    let begun = house.must(&begin("alex@school.example"), "");
    assert!(begun.contains("is asked about 1 people by"), "{begun}");
    let listed: Value = serde_json::from_str(&house.must(&["review", "list", "--json"], "")).unwrap();
    assert_eq!((&listed[0]["status"], &listed[0]["people"]), (&"open".into(), &1.into()));
    let id = listed[0]["id"].as_str().unwrap();
    let shown = house.must(&["review", "show", id], "");
    assert!(shown.contains("Nina New") && shown.contains("none yet"), "{shown}");
    assert!(house.must(&["review", "withdraw", id], "").contains("is withdrawn"));
    assert!(house.must(&["review", "withdraw", id], "").contains("was over already"));
    assert!(house.must(&["review", "list"], "").contains("Withdrawn"));
}

#[tokio::test]
async fn a_file_of_services_is_planned_applied_and_written_again() {
    let house = House::new().await;
    let file = house.path("services.toml");
    let text = "[services.portal]\nname = \"Portal\"\n\n[services.portal.settings]\n\
        redirect_uris = [\"https://portal.example/cb\"]\n";
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    assert!(house.must(&["plan", file], "").contains("+ service portal: Portal\n1 change."));
    assert_eq!(house.run(&["apply", file], "").status.code(), Some(2), "nobody can be asked");
    assert!(
        house.must(&["apply", file, "--yes"], "").contains("The secret of portal, shown this once: gh_cs_")
    );
    assert!(house.must(&["apply", file, "--yes"], "").contains("No changes: everything already matches"));
    let exported = house.must(&["export"], "");
    assert!(exported.starts_with("[services.portal]\nname = \"Portal\""), "{exported}");
}

/// Runs the program without any of the house's settings.
fn elsewhere(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(crate::house::PROGRAM).args(arguments).env_clear().output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn row_100_an_export_of_the_trail_is_checked_anywhere_with_nothing_but_the_key() {
    let house = House::new().await;
    for number in 0..5 {
        let email = format!("p{number}@school.example");
        house.must(&["user", "add", "--email", &email, "--name", "Some Body"], "");
    }
    assert!(house.must(&["audit", "verify"], "").contains("The trail is whole: 5 rows."));
    let (trail, key) = (house.path("trail.jsonl"), house.path("key.json"));
    house.must(&["audit", "export", "--output", trail.to_str().unwrap()], "");
    fs::write(&key, house.must(&["audit", "key"], "")).unwrap();
    let verify = ["audit", "verify", trail.to_str().unwrap(), "--key", key.to_str().unwrap()];
    assert_eq!(elsewhere(&verify).0, Some(0));
    let whole = fs::read_to_string(&trail).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let swapped = [lines[0], lines[2], lines[1]].join("\n");
    let removed = [&lines[..1], &lines[2..]].concat().join("\n");
    let unsigned = lines[..4].join("\n");
    let cut = [&lines[..3], &lines[5..]].concat().join("\n");
    for (changed, says) in [
        (whole.replacen("user.added", "user.erased", 1), "line 1: row 1: it was changed"),
        (swapped, "line 2: row 2: it is not in its place: the order of the rows was changed"),
        (unsigned, "row 1: no signed head vouches for this row, nor for any after it"),
        ("{}\n".to_owned(), "line 1 is not part of an audit export"),
        (String::new(), "is empty: there is nothing to check"),
        (removed, "line 2: row 2: it was removed"),
        (cut, "row 4: the rows from here to 5 were cut off"),
    ] {
        fs::write(&trail, changed).unwrap();
        let (code, said) = elsewhere(&verify);
        assert_eq!(code, Some(2));
        assert!(said.contains(says), "{said}");
    }
    let earlier = house.path("earlier.jsonl");
    fs::write(&earlier, &whole).unwrap();
    let against = house.must(&["audit", "verify", "--against", earlier.to_str().unwrap()], "");
    assert!(against.contains("The last signed head vouches for row 6 and is from "), "{against}");
    fs::write(&earlier, lines[0]).unwrap();
    let refused = house.run(&["audit", "verify", "--against", earlier.to_str().unwrap()], "");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("holds no signed head to compare with"));
    let listed = house.must(&["audit", "list", "--kind", "user.added", "--limit", "2", "--json"], "");
    assert_eq!(serde_json::from_str::<Value>(&listed).unwrap().as_array().unwrap().len(), 2);
    assert!(house.must(&["audit", "export", "--format", "csv"], "").starts_with("Time,Event,Person,By,"));
}
