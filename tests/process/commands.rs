//! Every command, as it is typed.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::house::{House, PATIENCE};
use crate::http::Browser;

const ALEX: &str = "alex@school.example";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

/// What a command that must fail says, once it has done so with exit code 2.
fn refusal(house: &House, arguments: &[&str], input: &str) -> String {
    let output = house.run(arguments, input);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn people_are_added_looked_at_and_shut_out() {
    let house = House::new().await;
    let add = ["user", "add", "--email", ALEX, "--name", "Alex Example", "--password-stdin", "--json"];
    let added = json(&house.must(&add, "purple otter drumming\n"));
    assert_eq!(added["email"], ALEX);
    assert_eq!(added["status"], "Active");
    assert!(refusal(&house, &add, "purple otter drumming").contains("already has an account"));
    let listed = json(&house.must(&["user", "list", "--json"], ""));
    assert_eq!(listed[0]["sub"], added["sub"]);
    assert!(house.must(&["user", "list"], "").contains("Alex Example"));
    assert!(house.must(&["user", "disable", ALEX], "").contains("is deactivated"));
    assert!(house.must(&["user", "disable", ALEX], "").contains("was already deactivated."));
    assert!(house.must(&["user", "unlock", ALEX], "").contains("user enable"), "unlocking is not enough");
    let shown = json(&house.must(&["user", "show", ALEX, "--json"], ""));
    assert_eq!(shown["status"], "Deactivated");
    house.must(&["user", "enable", ALEX], "");
    assert!(house.must(&["user", "show", ALEX], "").contains("Active"));
    let said = house.must(&["user", "set-password", ALEX, "--password-stdin"], "seven quiet lanterns\n");
    assert!(said.contains("new password"), "{said}");
    assert!(refusal(&house, &["user", "show", "sam@school.example"], "").contains("nobody has"));
}

#[tokio::test]
async fn people_are_imported_once_they_have_been_looked_at() {
    let house = House::new().await;
    let file = house.path("people.csv");
    let people = "Name,Email,Password hash,Subject\n\
        Alex Example,alex@school.example,$2b$04$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu,old-1\n\
        Sam Sample,sam@school.example,,\n";
    fs::write(&file, format!("{people}Kim,KIM,,\nAna,alex@school.example,,\n")).unwrap();
    let import = ["user", "import", file.to_str().unwrap()];
    let said = refusal(&house, &import, "");
    let expected = "gatehouse: Row 4: Enter an email address in the correct format\n\
        gatehouse: Row 5: This email is already in row 2\n\
        gatehouse: 2 problems: nobody has been added\n";
    assert_eq!(said, expected);
    let listed = house.run(&[&import[..], &["--json", "--yes"]].concat(), "");
    assert_eq!(listed.status.code(), Some(2));
    let listed = json(&String::from_utf8(listed.stdout).unwrap());
    assert_eq!(listed["problems"][1]["row"], 5);
    assert_eq!(listed["counts"]["problem"], 2);

    fs::write(&file, people).unwrap();
    assert!(refusal(&house, &import, "y\n").contains("say --yes"), "in a pipe nobody is asked");
    let shown = house.must(&[&import[..], &["--dry-run"]].concat(), "");
    assert!(shown.contains("1  Will be sent an invitation") && shown.contains("Sam Sample"), "{shown}");
    assert_eq!(house.must(&["user", "list", "--json"], "").trim(), "[]");
    let done = house.must(&["user", "import", "-", "--yes", "--json"], people);
    assert_eq!(json(&done)["report"]["with_password"], 1);
    assert_eq!(json(&house.must(&["user", "show", ALEX, "--json"], ""))["sub"], "old-1");
    let again = house.run(&import, "");
    assert!(again.status.success() && again.stderr.is_empty(), "{again:?}");
    assert!(String::from_utf8_lossy(&again.stdout).contains("0 people added"), "{again:?}");
    assert!(refusal(&house, &["user", "import", "nowhere.csv"], "").contains("cannot be read"));
}

#[tokio::test]
async fn a_password_is_never_an_argument() {
    let house = House::new().await;
    let output = house.run(&["user", "add", "--email", ALEX, "--name", "Alex", "--password", "x"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("unexpected argument"));
    let without_source = refusal(&house, &["user", "set-password", ALEX], "");
    assert!(without_source.contains("nobody has"), "{without_source}");
    let file = house.path("password");
    fs::write(&file, "purple otter drumming\n").unwrap();
    let file = file.to_str().unwrap();
    house.must(&["user", "add", "--email", ALEX, "--name", "Alex Example", "--password-file", file], "");
    assert!(refusal(&house, &["user", "set-password", ALEX], "").contains("--password-stdin"));
    let weak = refusal(&house, &["user", "set-password", ALEX, "--password-stdin"], "short");
    assert!(!weak.contains("short\n") && weak.starts_with("gatehouse: "), "{weak}");
}

#[tokio::test]
async fn services_are_registered_changed_and_removed() {
    let house = House::new().await;
    let redirect = "https://portal.example/callback";
    let add = ["client", "add", "--id", "portal", "--name", "Portal", "--redirect-uri", redirect, "--json"];
    let added = json(&house.must(&add, ""));
    let secret = added["client_secret"].as_str().unwrap();
    assert!(refusal(&house, &add, "").contains("portal"));
    let shown = house.must(&["client", "show", "portal", "--json"], "");
    assert!(!shown.contains(secret), "a secret is shown once");
    assert_eq!(json(&shown)["redirect_uris"][0], redirect);
    let update = ["client", "update", "portal", "--name", "Hub", "--algorithm", "ES256", "--json"];
    let updated = json(&house.must(&update, ""));
    assert_eq!((&updated["client_name"], &updated["redirect_uris"][0]), (&"Hub".into(), &redirect.into()));
    let rotated = json(&house.must(&["client", "rotate-secret", "portal", "--json"], ""));
    assert_ne!(rotated["client_secret"], secret);
    let bad = ["client", "update", "portal", "--redirect-uri", "http://portal.example/callback"];
    assert!(refusal(&house, &bad, "").contains("portal.example"));
    assert_eq!(json(&house.must(&["client", "list", "--json"], ""))[0]["client_name"], "Hub");
    let state =
        |house: &House| json(&house.must(&["client", "show", "portal", "--json"], ""))["active"].clone();
    assert_eq!(state(&house), true);
    assert!(house.must(&["client", "disable", "portal"], "").contains("is off"));
    assert_eq!(state(&house), false);
    assert!(house.must(&["client", "list"], "").contains("Switched off"));
    assert!(house.must(&["client", "show", "portal"], "").contains("Status              Switched off"));
    assert!(house.must(&["client", "disable", "portal"], "").contains("off already"));
    assert!(house.must(&["client", "enable", "portal"], "").contains("is on again"));
    assert!(house.must(&["client", "remove", "portal"], "").contains("removed"));
    assert_eq!(json(&house.must(&["client", "list", "--json"], "")), Value::Array(Vec::new()));
    refusal(&house, &["client", "show", "portal"], "");
}

#[tokio::test]
async fn what_was_set_for_a_service_can_be_taken_back() {
    let house = House::new().await;
    let add =
        ["client", "add", "--id", "portal", "--name", "Portal", "--redirect-uri", "https://portal.example/"];
    let more = ["--without-pkce", "--native", "--home-page", "https://portal.example/", "--scope", "openid"];
    house.must(&[&add[..], &more].concat(), "");
    let shown = house.must(&["client", "show", "portal"], "");
    for line in
        ["PKCE                not demanded", "Kind                native app", "Scopes              openid"]
    {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let update = ["client", "update", "portal"];
    let back = ["--pkce", "true", "--native=false", "--home-page", "", "--scope", "", "--json"];
    let updated = json(&house.must(&[&update[..], &back].concat(), ""));
    assert_eq!((&updated["require_pkce"], &updated["application_type"]), (&true.into(), &"web".into()));
    assert_eq!((&updated["client_uri"], &updated["scopes"]), (&Value::Null, &Value::Null));
    let signed = json(&house.must(&[&update[..], &["--userinfo-algorithm", "ES256", "--json"]].concat(), ""));
    assert_eq!(signed["userinfo_signed_response_alg"], "ES256");
    let plain = json(&house.must(&[&update[..], &["--userinfo-algorithm", "", "--json"]].concat(), ""));
    assert_eq!(plain["userinfo_signed_response_alg"], Value::Null);
    let bad = refusal(&house, &[&update[..], &["--home-page", "portal"]].concat(), "");
    assert!(bad.contains("Home page must be a web address that starts with https://"), "{bad}");
    let colour = refusal(&house, &[&update[..], &["--algorithm", "RSA"]].concat(), "");
    assert!(colour.contains("choose one of RS256"), "{colour}");
}

#[tokio::test]
async fn two_services_cannot_have_one_name_and_services_are_found_by_their_words() {
    let house = House::new().await;
    let add = |id, name| {
        ["client", "add", "--id", id, "--name", name, "--redirect-uri", "https://portal.example/callback"]
    };
    house.must(&add("portal", "Portal"), "");
    assert!(refusal(&house, &add("hub", "Portal"), "").contains("Another service already uses that name"));
    house.must(&add("hub", "Foster Hub"), "");
    let rename = ["client", "update", "hub", "--name", "Portal"];
    assert!(refusal(&house, &rename, "").contains("Another service already uses that name"));
    house.must(&["client", "update", "portal", "--name", "Portal", "--run-by", "Example"], "");
    let found = json(&house.must(&["client", "list", "--search", "foster", "--json"], ""));
    let ids: Vec<&Value> = found.as_array().unwrap().iter().map(|client| &client["client_id"]).collect();
    assert_eq!(ids, ["hub"]);
}

/// Runs a command as if somebody sat at the terminal, who types one line; how it ended, and all that was shown.
fn at_a_terminal(house: &House, command: &str, typed: &str) -> (Option<i32>, String) {
    use std::io::Write as _;
    let line = format!("{} {command}", crate::house::PROGRAM);
    let mut script = house.within(Command::new("script"));
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn what_is_hard_to_undo_is_asked_about_at_a_terminal() {
    let house = House::new().await;
    house.add_person(ALEX, "purple otter drumming");
    let redirect = "https://portal.example/callback";
    house.must(&["client", "add", "--id", "portal", "--name", "Portal", "--redirect-uri", redirect], "");
    let commands = [
        "client disable portal".to_owned(),
        "client remove portal".to_owned(),
        "key rotate --now".to_owned(),
        format!("user disable {ALEX}"),
        format!("administrator remove {ALEX}"),
        "restore".to_owned(),
    ];
    for command in &commands {
        let (code, shown) = at_a_terminal(&house, command, "n\n");
        assert!(shown.contains("[y/N]") && shown.contains("nothing has been changed"), "{command}: {shown}");
        assert_eq!(code, Some(2), "{command}: {shown}");
    }
    for (command, typed) in [(commands[0].clone(), "y\n"), (format!("{} --yes", commands[1]), "")] {
        let (code, shown) = at_a_terminal(&house, &command, typed);
        assert_eq!(code, Some(0), "{command}: {shown}");
    }
}

#[tokio::test]
async fn a_service_is_checked_and_the_exit_code_says_whether_something_has_to_be_mended() {
    let house = House::new().await;
    let redirect = "https://portal.example/callback";
    house.must(&["client", "add", "--id", "portal", "--name", "Portal", "--redirect-uri", redirect], "");
    let said = house.must(&["client", "check", "portal"], "");
    assert!(said.contains(&format!("ok    redirect address {redirect}: ")), "{said}");
    let told = "https://127.0.0.1/log-out";
    house.must(&["client", "update", "portal", "--backchannel-logout", told], "");
    let output = house.run(&["client", "check", "portal"], "");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stdout).unwrap();
    let line = said.lines().find(|line| line.starts_with("BAD ")).unwrap();
    assert!(line.contains(told) && line.contains("not on the public internet"), "{line}");
    assert!(line.contains("status 400") && line.contains("outgoing.allow_networks"), "{line}");
    let output = house.run(&["client", "check", "portal", "--json"], "");
    assert_eq!(output.status.code(), Some(2));
    let found = json(&String::from_utf8(output.stdout).unwrap());
    let verdicts: Vec<&Value> = found.as_array().unwrap().iter().map(|finding| &finding["verdict"]).collect();
    assert_eq!(verdicts, ["good", "good", "bad"]);
    assert_eq!(found[2]["address"], told);
    assert!(refusal(&house, &["client", "check", "nobody"], "").contains("no client nobody"));
}

#[tokio::test]
async fn tokens_for_registering_are_made_listed_and_withdrawn() {
    let house = House::new().await;
    let token = house.must(&["client", "invite", "--hours", "48"], "");
    let listed = house.must(&["client", "invitation", "list"], "");
    assert!(listed.contains("Works until") && !listed.contains(token.trim()), "{listed}");
    let listed = json(&house.must(&["client", "invitation", "list", "--json"], ""));
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    let id = listed[0]["id"].as_str().unwrap();
    house.must(&["client", "invitation", "withdraw", id, "--reason", "Sent to the wrong supplier"], "");
    assert_eq!(house.must(&["client", "invitation", "list", "--json"], "").trim(), "[]");
    assert!(refusal(&house, &["client", "invitation", "withdraw", id], "").contains("no registration token"));
    assert!(house.must(&["audit", "list"], "").contains("Sent to the wrong supplier"));
}

#[tokio::test]
async fn services_are_registered_with_keys_in_place_of_secrets() {
    let house = House::new().await;
    let file = house.path("keys.json");
    let point = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let key = format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"spring","x":"{point}"}}"#);
    fs::write(&file, format!(r#"{{"keys":[{key}]}}"#)).unwrap();
    let file = file.to_str().unwrap();
    let add =
        ["client", "add", "--id", "portal", "--name", "Portal", "--redirect-uri", "https://portal.example/"];
    let by_key = ["--auth", "private-key-jwt", "--auth-algorithm", "EdDSA"];
    let add = [&add[..], &by_key, &["--json"]].concat();
    assert!(refusal(&house, &add, "").contains("public keys"));
    assert!(
        refusal(&house, &[&add[..], &["--jwks", "nowhere.json"]].concat(), "").contains("cannot be read")
    );
    let added = json(&house.must(&[&add[..], &["--jwks", file]].concat(), ""));
    assert_eq!(added["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(
        (&added["token_endpoint_auth_signing_alg"], &added["client_secret"]),
        (&"EdDSA".into(), &Value::Null)
    );
    assert!(house.must(&["client", "show", "portal"], "").contains("spring"));
    let uri = "https://portal.example/jwks";
    let update = ["client", "update", "portal", "--jwks-uri", uri, "--json"];
    let updated = json(&house.must(&update, ""));
    assert_eq!((&updated["jwks_uri"], &updated["jwks"]), (&uri.into(), &Value::Null));
    let stricter = ["client", "update", "portal", "--profile", "fapi2"];
    assert!(refusal(&house, &stricter, "").contains("ID tokens"));
    assert!(refusal(&house, &["client", "rotate-secret", "portal"], "").contains("has no secret"));
    let named = ["client", "update", "portal", "--auth", "tls", "--tls-host", "portal.example", "--json"];
    let named = json(&house.must(&named, ""));
    assert_eq!(named["tls_client_auth_san_dns"], "portal.example");
    assert_eq!(named["token_endpoint_auth_signing_alg"], Value::Null, "it meant the other way");
    let asking =
        ["--response-type", "code", "--response-type", "code id_token", "--request-algorithm", "EdDSA"];
    let demands = ["--pushed-requests", "required", "--signed-requests", "required"];
    let update = ["client", "update", "portal"];
    house.must(&[&update[..], &asking, &demands].concat(), "");
    let shown = house.must(&["client", "show", "portal"], "");
    assert!(shown.contains("may ask for code id_token, must be pushed, must be signed"), "{shown}");
    let relaxed = house.must(&[&update[..], &["--signed-requests", "optional", "--json"]].concat(), "");
    let relaxed = json(&relaxed);
    assert_eq!(relaxed["require_signed_request_object"], false);
    assert_eq!(relaxed["require_pushed_authorization_requests"], true);
    assert_eq!(relaxed["request_object_signing_alg"], "EdDSA");
    let said = house.must(&["client", "update", "portal", "--auth", "client-secret-jwt"], "");
    assert!(said.contains("rotate-secret portal"), "{said}");
}

#[tokio::test]
async fn keys_are_listed_and_rotated_and_the_old_ones_stay_published() {
    let house = House::new().await;
    let keys = |house: &House| json(&house.must(&["key", "list", "--json"], "")).as_array().unwrap().clone();
    let before = keys(&house);
    let said = house.must(&["key", "rotate", "--algorithm", "ES256", "--now"], "");
    assert!(said.contains("within a few seconds"), "{said}");
    let after = keys(&house);
    assert_eq!(after.len(), before.len() + usize::from(!before.is_empty()));
    assert!(before.iter().all(|old| after.iter().any(|key| key["kid"] == old["kid"])));
    assert!(house.must(&["key", "list"], "").contains("Signing"));
}

#[tokio::test]
async fn migrating_twice_is_migrating_once_and_the_doctor_is_content() {
    let house = House::bare().await;
    let before = house.must(&["doctor"], "");
    assert!(before.contains("first start makes it"), "{before}");
    assert!(!house.path("keys").exists(), "the doctor changes nothing");
    assert!(house.must(&["migrate"], "").contains("done"));
    assert!(house.must(&["migrate"], "").contains("was up to date"));
    let after = house.must(&["doctor"], "");
    assert!(after.contains("up to date") && !after.contains("BAD"), "{after}");
}

#[tokio::test]
async fn a_setting_that_a_command_changes_is_taken_up_by_a_provider_that_runs() {
    let mut house = House::new().await;
    let _node = house.serve().await;
    let mut browser = Browser::at(house.port);
    let council = "Northshire County Council";
    assert!(!browser.open("/help").await.unwrap().body.contains(council));
    let said = house.must(&["settings", "set", "brand.council", council], "");
    assert!(said.contains("\"Example County Council\" -> \"Northshire County Council\""), "{said}");
    let began = Instant::now();
    while !browser.open("/help").await.unwrap().body.contains(council) {
        assert!(began.elapsed() < PATIENCE, "it is not taken up");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(house.must(&["settings", "set", "brand.council", council], "").contains("No changes"));
    let listed = json(&house.must(&["settings", "list", "--json"], ""));
    let changed = listed.as_array().unwrap().iter().filter(|setting| setting["is_changed"] == true);
    assert_eq!(changed.map(|setting| &setting["value"]).collect::<Vec<_>>(), [council]);
    assert!(house.must(&["settings", "list"], "").contains("\"Example County Council\""));
    assert!(house.must(&["export"], "").contains("[brand]\ncouncil = \"Northshire County Council\"\n"));
    assert!(house.must(&["doctor"], "").contains("before what is configured: brand.council"));
    let why = refusal(&house, &["settings", "set", "session.hours", "soon"], "");
    assert!(why.contains("session.hours must be a whole number"), "{why}");
    assert!(
        refusal(&house, &["settings", "set", "brand.fone", "1"], "")
            .contains("did you mean \"brand.phone\"?")
    );
    // What is set by then would not be good with this configuration: it does not count, and the doctor says so.
    house.must(&["settings", "set", "login.code_minutes", "30"], "");
    house.set("GATEHOUSE_LOGIN_FLOW_MINUTES", "20");
    let output = house.run(&["doctor"], "");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("set by administrators, and not in use: login.flow_minutes is 20"), "{told}");
    let said = house.must(&["settings", "reset", "brand.council"], "");
    assert!(said.contains("-> \"Example County Council\""), "{said}");
}

#[tokio::test]
async fn the_reference_configuration_is_one_that_works() {
    let mut house = House::new().await;
    let reference = house.must(&["config"], "");
    let file = house.path("gatehouse.toml");
    fs::write(&file, &reference).unwrap();
    house.set("GATEHOUSE_CONFIG", file.to_str().unwrap());
    house.must(&["doctor"], "");
    for shell in ["bash", "zsh", "fish"] {
        assert!(house.must(&["completions", shell], "").contains("rotate-secret"), "{shell}");
    }
}
