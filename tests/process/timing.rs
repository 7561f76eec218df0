//! How long an answer takes does not tell whether somebody has an account.

use std::time::{Duration, Instant};

use http::StatusCode;

use crate::house::House;
use crate::http::Browser;
use crate::mail::house_with_mail;
use crate::partner::PASSWORD;
use crate::smtp::{Act, Encryption, SmtpServer, Stage};

const PEOPLE: usize = 10;
/// What nobody can tell over a network (SECURITY, row 22).
const TOO_SMALL_TO_SEE: Duration = Duration::from_millis(3);
/// What tells people apart does so every time; a busy machine only now and then.
const ROUNDS: usize = 4;

/// How long a form of one field or two is answered for, from its page on.
async fn timed(port: u16, path: &str, fields: &[(&str, &str)], expected: StatusCode) -> Duration {
    let mut browser = Browser::at(port);
    let begun = browser.open(path).await.unwrap();
    let page = browser.follow(begun).await.unwrap();
    let began = Instant::now();
    let answer = browser.submit(&page, fields).await.unwrap();
    let took = began.elapsed();
    assert_eq!(answer.status, expected, "{}", answer.body);
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// How far apart the answers are, for those who are known and those who are not; each in turn, so that both meet the
/// same machine.
async fn gap(port: u16, path: &str, password: Option<&str>, expected: StatusCode) -> Duration {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..PEOPLE {
        for (who, times) in [("sam", &mut known), ("nobody", &mut unknown)] {
            let email = format!("{who}{number}@school.example");
            let fields: Vec<_> =
                std::iter::once(("email", &*email)).chain(password.map(|it| ("password", it))).collect();
            times.push(timed(port, path, &fields, expected).await);
        }
    }
    median(known).abs_diff(median(unknown))
}

async fn assert_nobody_can_tell(port: u16, path: &str, password: Option<&str>, expected: StatusCode) {
    let mut gaps = Vec::new();
    while gaps.len() < ROUNDS {
        let gap = gap(port, path, password, expected).await;
        if gap < TOO_SMALL_TO_SEE {
            return;
        }
        gaps.push(gap);
    }
    panic!("{path} tells who has an account: {gaps:?}");
}

fn add_people(house: &House) {
    for number in 0..PEOPLE {
        house.add_person(&format!("sam{number}@school.example"), PASSWORD);
    }
}

#[tokio::test]
async fn row_22_an_answer_takes_as_long_for_people_that_there_are_not() {
    // Whoever waited for this server would be found out by its five seconds.
    let slow = Act::Wait(Stage::Banner, Duration::from_secs(5));
    let server = SmtpServer::start(Encryption::Absent, &[slow]);
    let mut house = house_with_mail(server.port(), "none").await;
    house.set("GATEHOUSE_LIMITS_ADDRESS_FAILURES", "100000");
    add_people(&house);
    let _node = house.serve().await;
    assert_nobody_can_tell(house.port, "/reset", None, StatusCode::SEE_OTHER).await;
    let wrong = Some("orange badger singing");
    assert_nobody_can_tell(house.port, "/login", wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
}
