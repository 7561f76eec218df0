//! `kill -9` under load, judged by a ledger of what the provider had acknowledged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::house::House;
use crate::http::{Answer, Browser};
use crate::partner::{ALEX, PASSWORD, Service, code_for, log_in};

const CYCLES: u32 = 20;
const LONG_ENOUGH: Duration = Duration::from_secs(20);
const BROWSERS: usize = 4;

/// What the provider said it had done.
enum Acknowledged {
    /// An authorization code was issued.
    Issued(String),
    /// It was redeemed.
    Redeemed(String),
}

/// What is owed after any number of crashes.
#[derive(Default)]
struct Ledger {
    redeemed: Vec<String>,
    /// Issued, and never seen to be redeemed: one redemption may have been cut off.
    open: Vec<String>,
}

impl Ledger {
    fn enter(&mut self, entry: Acknowledged) {
        match entry {
            Acknowledged::Issued(code) => self.open.push(code),
            Acknowledged::Redeemed(code) => {
                self.open.retain(|open| *open != code);
                self.redeemed.push(code);
            }
        }
    }

    /// Nothing that was redeemed can be redeemed again, and nothing that is open can be redeemed twice.
    async fn judge(&mut self, house: &House, service: &Service) {
        for code in std::mem::take(&mut self.open) {
            if service.redeem(house.port, &code).await.unwrap().status == StatusCode::OK {
                self.redeemed.push(code);
            }
        }
        for code in std::mem::take(&mut self.redeemed) {
            let again = service.redeem(house.port, &code).await.unwrap();
            assert_eq!(again.status, StatusCode::BAD_REQUEST, "redeemed twice: {}", again.body);
            assert_eq!(again.json()["error"], "invalid_grant");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_crash() {
    let house = House::new().await;
    house.add_person(ALEX, PASSWORD);
    let service = Arc::new(Service::register(&house));
    let mut node = house.serve().await;
    let mut cookies = Vec::new();
    for _ in 0..BROWSERS {
        let mut browser = Browser::at(house.port);
        log_in(&house, &mut browser, ALEX).await;
        assert!(browser.cookies.contains_key("session"));
        cookies.push(browser.cookies);
    }
    let (began, mut redeemed, mut cycles) = (Instant::now(), 0, 0);
    while cycles < CYCLES && began.elapsed() < LONG_ENOUGH {
        let (told, mut telling) = unbounded_channel();
        let mut running = tokio::task::JoinSet::new();
        for known in &cookies {
            let mut browser = Browser::at(house.port);
            browser.cookies.clone_from(known);
            running.spawn(use_codes(browser, Arc::clone(&service), told.clone()));
        }
        running.spawn(begin_log_ins(Browser::at(house.port)));
        drop(told);
        tokio::time::sleep(Duration::from_millis(u64::from(60 + 17 * cycles))).await;
        drop(node);
        running.join_all().await;
        node = house.serve().await;
        let mut ledger = Ledger::default();
        while let Ok(entry) = telling.try_recv() {
            ledger.enter(entry);
        }
        redeemed += ledger.redeemed.len();
        ledger.judge(&house, &service).await;
        cycles += 1;
    }
    assert!(cycles >= 3 && redeemed > 10, "{cycles} crashes and {redeemed} codes are too few to judge by");
    // The sessions, the person and the service were acknowledged too.
    for known in cookies {
        let mut browser = Browser::at(house.port);
        browser.cookies = known;
        code_for(&mut browser).await.expect("the session has outlived every crash");
    }
    house.must(&["user", "show", ALEX], "");
    house.must(&["client", "show", "portal"], "");
    assert!(house.must(&["doctor"], "").contains("up to date"));
}

#[tokio::test]
async fn row_54_a_refresh_token_that_was_rotated_is_known_as_that_after_a_crash() {
    let house = House::new().await;
    house.add_person(ALEX, PASSWORD);
    let service = Service::register(&house);
    house.must(
        &["client", "update", "portal", "--grant", "authorization_code", "--grant", "refresh_token"],
        "",
    );
    let node = house.serve().await;
    let mut browser = Browser::at(house.port);
    log_in(&house, &mut browser, ALEX).await;
    let mut families = Vec::new();
    for _ in 0..2 {
        let code = code_for(&mut browser).await.unwrap();
        let mut family = vec![token_of(&service.redeem(house.port, &code).await.unwrap())];
        for turn in 0..2 {
            family.push(token_of(&service.refresh(house.port, &family[turn]).await.unwrap()));
        }
        families.push(family);
    }
    drop(node);
    let _node = house.serve().await;
    // The first but one may come again for a moment, where an answer was lost; the first may not.
    for refused in [&families[0][0], &families[0][2]] {
        let answer = service.refresh(house.port, refused).await.unwrap();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert_eq!(answer.json()["error"], "invalid_grant");
    }
    token_of(&service.refresh(house.port, &families[1][2]).await.unwrap());
}

#[track_caller]
fn token_of(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

/// Gets codes and redeems them until the provider is gone.
async fn use_codes(mut browser: Browser, service: Arc<Service>, told: UnboundedSender<Acknowledged>) {
    let port = browser.wire.port;
    while let Ok(code) = code_for(&mut browser).await {
        told.send(Acknowledged::Issued(code.clone())).unwrap();
        match service.redeem(port, &code).await {
            Ok(answer) if answer.status == StatusCode::OK => {
                told.send(Acknowledged::Redeemed(code)).unwrap();
            }
            Ok(answer) => panic!("{} {}", answer.status, answer.body),
            Err(_) => return,
        }
    }
}

/// Enters the password again and again until the provider is gone.
async fn begin_log_ins(mut browser: Browser) {
    while browser.enter_password("/login", (ALEX, PASSWORD)).await.is_ok() {
        browser.cookies.clear();
    }
}

#[tokio::test]
async fn people_and_services_that_were_acknowledged_are_there_after_a_crash() {
    let house = House::new().await;
    for number in 0..5 {
        let email = format!("sam{number}@school.example");
        house.add_person(&email, PASSWORD);
        // A second addition is cut off somewhere.
        let other = format!("cut{number}@school.example");
        let add = ["user", "add", "--email", &other, "--name", "Sam Sample"];
        let mut child = house.command(&add).stdout(std::process::Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(4 * number)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(house.must(&["user", "show", &email], "").contains("Active"));
    }
    house.must(&["user", "list", "--json"], "");
    assert!(house.must(&["doctor"], "").contains("up to date"));
}
