//! A disk that is full (SECURITY, row 104): what has to be written is refused for the moment, what is only read goes on,
//! and nobody restarts anything.
//!
//! The disk is the process's limit on how large a file may grow, which is changed while it runs.

use std::fs;
use std::process::Command;

use http::StatusCode;

use crate::backups::furnished;
use crate::house::{House, Node, PROGRAM};
use crate::http::{Answer, Browser, Wire, request};
use crate::partner::{ALEX, PASSWORD, Service, code_for, log_in, userinfo};

/// Bytes that one page takes in SQLite's log.
const FRAME: u64 = 4096 + 24;

/// A provider that is told of a full disk by an error, as by a real one, and not by a signal that ends it.
async fn serve(house: &House) -> Node {
    let mut shell = house.within(Command::new("sh"));
    shell.args(["-c", &format!("trap '' XFSZ; exec {PROGRAM} serve")]);
    Node::start(shell, house.port).await
}

/// Leaves room for so many pages in the database's log.
fn leave_room(house: &House, node: &Node, pages: u64) {
    let log = fs::metadata(house.path("gatehouse.db-wal")).map_or(0, |meta| meta.len());
    limit(node, &(log + pages * FRAME).to_string());
}

fn make_room(node: &Node) {
    limit(node, "unlimited");
}

fn limit(node: &Node, bytes: &str) {
    let arguments = [format!("--pid={}", node.child.id()), format!("--fsize={bytes}:unlimited")];
    assert!(Command::new("prlimit").args(arguments).status().unwrap().success());
}

fn is_put_off(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{what}: {}", answer.body);
    assert!(answer.headers.get("set-cookie").is_none(), "{what} gave a cookie");
}

async fn get(house: &House, path: &str) -> Answer {
    Wire::to(house.port).ask(request(path, &[], None)).await.unwrap()
}

#[tokio::test]
async fn row_104_while_the_disk_is_full_what_is_read_is_answered_and_nothing_is_half_done() {
    let (house, service) = furnished().await;
    let node = serve(&house).await;
    let mut browser = Browser::at(house.port);
    log_in(&house, &mut browser, ALEX).await;
    let used = code_for(&mut browser).await.unwrap();
    let tokens = service.redeem(house.port, &used).await.unwrap().json();
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let code = code_for(&mut browser).await.unwrap();
    let mut half = Browser::at(house.port);
    let page = half.enter_password(&Service::authorize_url(), (ALEX, PASSWORD)).await.unwrap();
    let emailed = house.code_to(ALEX).await;
    let mut early = Browser::at(house.port);
    let begun = early.open("/login").await.unwrap();
    let form = early.follow(begun).await.unwrap();

    leave_room(&house, &node, 0);
    for turn in 0..3 {
        let entered = early.submit(&form, &[("email", ALEX), ("password", PASSWORD)]).await.unwrap();
        is_put_off(&entered, "the password");
        let ended = half.submit(&page, &[("code", &emailed)]).await.unwrap();
        is_put_off(&ended, "the emailed code");
        assert!(!half.cookies.contains_key("session"));
        is_put_off(&service.redeem(house.port, &code).await.unwrap(), "the authorization code");
        is_put_off(&service.refresh(house.port, &token("refresh_token")).await.unwrap(), "the refresh token");
        is_put_off(&browser.open(&Service::authorize_url()).await.unwrap(), "single sign-on");
        for path in ["/jwks", "/.well-known/openid-configuration", "/healthz"] {
            assert_eq!(get(&house, path).await.status, StatusCode::OK, "{path}, turn {turn}");
        }
        let known = userinfo(house.port, &token("access_token")).await.unwrap();
        assert_eq!(known.status, StatusCode::OK, "{}", known.body);
        let account = browser.open("/account").await.unwrap();
        assert_eq!(account.status, StatusCode::OK, "{}", account.body);
    }

    make_room(&node);
    let ended = half.submit(&page, &[("code", &emailed)]).await.unwrap();
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.body);
    assert!(half.cookies.contains_key("session"));
    let redeemed = service.redeem(house.port, &code).await.unwrap();
    assert_eq!(redeemed.status, StatusCode::OK, "{}", redeemed.body);
    assert_eq!(service.redeem(house.port, &code).await.unwrap().status, StatusCode::BAD_REQUEST);
    let refreshed = service.refresh(house.port, &token("refresh_token")).await.unwrap();
    assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
    log_in(&house, &mut Browser::at(house.port), ALEX).await;
    assert!(house.must(&["audit", "verify"], "").contains("The trail is whole"));
    house.must(&["doctor"], "");
}

#[tokio::test]
async fn row_104_wherever_in_a_log_in_the_disk_gets_full_it_can_be_finished_once_there_is_room() {
    let (house, _) = furnished().await;
    let node = serve(&house).await;
    let (mut put_off, mut done) = (0, 0);
    for pages in (0..30).step_by(2) {
        let mut browser = Browser::at(house.port);
        let begun = browser.open(&Service::authorize_url()).await.unwrap();
        let form = browser.follow(begun).await.unwrap();
        leave_room(&house, &node, pages);
        let mut entered = browser.submit(&form, &[("email", ALEX), ("password", PASSWORD)]).await.unwrap();
        make_room(&node);
        if entered.status != StatusCode::SEE_OTHER {
            is_put_off(&entered, "the password");
            put_off += 1;
            entered = browser.submit(&form, &[("email", ALEX), ("password", PASSWORD)]).await.unwrap();
        }
        let page = browser.follow(entered).await.unwrap();
        let emailed = house.code_to(ALEX).await;
        leave_room(&house, &node, pages);
        let mut ended = browser.submit(&page, &[("code", &emailed)]).await.unwrap();
        make_room(&node);
        if ended.status != StatusCode::SEE_OTHER {
            is_put_off(&ended, "the emailed code");
            put_off += 1;
            ended = browser.submit(&page, &[("code", &emailed)]).await.unwrap();
        }
        assert_eq!(ended.status, StatusCode::SEE_OTHER, "{pages}: {}", ended.body);
        code_for(&mut browser).await.unwrap();
        done += 1;
    }
    assert!(put_off >= 4 && done == 15, "the disk was full {put_off} times only");
    let listed = house.must(&["session", "list", "--json"], "");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), done, "one session each");
    assert!(house.must(&["audit", "verify"], "").contains("The trail is whole"));
}
