//! A second node on the same PostgreSQL database, and the end of one that is asked to end.

use std::time::{Duration, Instant};

use http::StatusCode;

use crate::house::{House, Node, PATIENCE, free_port};
use crate::http::{Browser, Wire, request};
use crate::partner::{ALEX, PASSWORD, Service, terminate};

#[tokio::test]
async fn a_node_that_is_told_to_end_finishes_what_it_has_begun() {
    let house = House::new().await;
    house.add_person(ALEX, PASSWORD);
    let mut node = house.serve().await;
    let mut browser = Browser::at(house.port);
    let begun = browser.open("/login").await.unwrap();
    let page = browser.follow(begun).await.unwrap();
    // The password is being hashed when the signal comes.
    let posting = tokio::spawn(async move {
        let fields = [("email", ALEX), ("password", PASSWORD)];
        browser.submit(&page, &fields).await
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    terminate(&node.child);
    let answer = posting.await.unwrap().expect("an answer, although the end was near");
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let began = Instant::now();
    let status = loop {
        if let Some(status) = node.child.try_wait().unwrap() {
            break status;
        }
        assert!(began.elapsed() < PATIENCE, "it does not end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(status.code(), Some(0));
    assert!(Wire::to(house.port).ask(request("/healthz", &[], None)).await.is_err());
}

#[tokio::test]
async fn a_journey_begun_on_one_node_ends_on_another() {
    let mut house = House::new().await;
    if house.setting("GATEHOUSE_DATABASE_URL").starts_with("sqlite:") {
        eprintln!("only on PostgreSQL: an SQLite file is for one machine");
        return;
    }
    house.add_person(ALEX, PASSWORD);
    let service = Service::register(&house);
    let first = house.port;
    let _one = house.serve().await;
    let second = free_port();
    house.set("GATEHOUSE_LISTEN_ADDRESS", format!("127.0.0.1:{second}"));
    let _other = Node::start(house.command(&["serve"]), second).await;
    let mut browser = Browser::at(first);
    let page = browser.enter_password(&Service::authorize_url(), (ALEX, PASSWORD)).await.unwrap();
    let code = house.code_to(ALEX).await;
    browser.wire = Wire::to(second);
    let done = browser.submit(&page, &[("code", &code)]).await.unwrap();
    let done = browser.open(done.location()).await.unwrap();
    let back = browser.open(done.location()).await.unwrap();
    let code = back.onward("code").unwrap_or_else(|| panic!("{} {}", back.status, back.body));
    let tokens = service.redeem(first, &code).await.unwrap();
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    assert_eq!(service.redeem(second, &code).await.unwrap().status, StatusCode::BAD_REQUEST);
    let mut keys = Vec::new();
    for port in [first, second] {
        keys.push(Wire::to(port).ask(request("/jwks", &[], None)).await.unwrap().body);
    }
    assert_eq!(keys[0], keys[1]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn beside_sqlite_requests_are_answered_on_one_core_and_passwords_are_checked_on_all() {
    let mut house = House::new().await;
    house.add_person(ALEX, PASSWORD);
    Service::register(&house);
    let all = cores_of("/proc/self/status");
    let node = house.serve().await;
    let on_sqlite = house.setting("GATEHOUSE_DATABASE_URL").starts_with("sqlite:");
    let first = format!("/proc/{}/status", node.child.id());
    assert_eq!(cores_of(&first) == 1, on_sqlite || all == 1, "the first thread");
    crate::partner::log_in(&house, &mut Browser::at(house.port), ALEX).await;
    let threads = std::fs::read_dir(format!("/proc/{}/task", node.child.id())).unwrap();
    let threads =
        threads.map(|thread| cores_of(&thread.unwrap().path().join("status").display().to_string()));
    assert!(threads.into_iter().any(|cores| cores == all), "no thread may use all {all} cores");
    drop(node);
    house.set("GATEHOUSE_DATABASE_ONE_CORE", "false");
    let node = house.serve().await;
    assert_eq!(cores_of(&format!("/proc/{}/status", node.child.id())), all);
}

/// How many cores a thread may run on (proc(5)).
#[cfg(target_os = "linux")]
fn cores_of(status: &str) -> u32 {
    let status = std::fs::read_to_string(status).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed:")).unwrap().trim();
    mask.split(',').map(|part| u32::from_str_radix(part, 16).unwrap().count_ones()).sum()
}
