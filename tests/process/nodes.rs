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
