//! Moving in from another system, and adding many people at once.

use http::StatusCode;

use super::portal::claims_of;
use super::support::{Ask, PASSWORD, Provider};
use crate::admin::import::{self, Outcome, Preview, Report};
use crate::admin::{Refusal, users};
use crate::base::{ClientId, Error};
use crate::model::{Actor, Visit};

const EVERYBODY: &str = "SELECT COUNT(*) FROM users";
/// All of [`PASSWORD`], as `src/hash/foreign/tests.rs` has them.
const MADE_ELSEWHERE: [(&str, &str); 5] = [
    ("django", "pbkdf2_sha256$1200$Zk3vPq8sTn1xYb6w$NpQnrc9r7Kl/c064NCnMD1TYqko6kWfngkU1e4fBiWI="),
    ("php", "$2y$04$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu"),
    ("aspnet", "AQAAAAIAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg9TZbXV+KpJSXlvLlSfT6N5wtQJZ7FAtjNIKDpKDyfaIQ=="),
    (
        "keycloak",
        r#"{"hashIterations":1000,"algorithm":"pbkdf2-sha256","salt":"AAECAwQFBgcICQoLDA0ODw==","value":"wmtrXGK7f+xDmYrIkvNpwJInPf2wCrH/TDHuTA+hSPbdNjpj+3gOdiH8mz+ULhP8Zo7A4QD7hzZGud9wEvv+Dg=="}"#,
    ),
    (
        "argon",
        "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BaYguZmFgKx6oOKJxZ6+SB5bDzLmYbq29qI/9ElLnV4",
    ),
];

fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

async fn preview(provider: &Provider, file: &str) -> Preview {
    match import::preview(provider.kit(), &Actor::Operator, file.as_bytes()).await {
        Ok(preview) => preview,
        Err(error) => panic!("{error:?}"),
    }
}

async fn import(provider: &Provider, file: &str) -> Report {
    let preview = preview(provider, file).await;
    assert_eq!(preview.problems, []);
    import::carry_out(provider.kit(), &Actor::Operator, (preview, &[]), |_| {}).await.unwrap()
}

#[track_caller]
fn refusal<T>(result: Result<T, Error<Refusal>>) -> String {
    match result {
        Err(Error::Refused(refusal)) => refusal.to_string(),
        Err(Error::Fault(fault)) => panic!("{fault}"),
        Ok(_) => panic!("nothing was refused"),
    }
}

/// A file of so many people, every other one with a password.
fn crowd(people: usize) -> String {
    let mut file = "name,email,organisation,password_hash,subject\n".to_owned();
    for person in 0..people {
        let hash = if person % 2 == 0 { MADE_ELSEWHERE[person / 2 % 5].1 } else { "" };
        let hash = quoted(hash);
        file += &format!("Sam {person},sam{person}@school.example,Example School,{hash},old-{person}\n");
    }
    file
}

#[tokio::test]
async fn people_log_in_with_the_password_they_had_and_are_known_by_the_subject_they_had() {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let mut file = "Email,Name,Organisation,Subject,Password hash,Given name\n".to_owned();
    for (system, hash) in MADE_ELSEWHERE {
        let hash = quoted(hash);
        file += &format!("{system}@school.example,Sam Sample,Example School,{system}|42,{hash},Sam\n");
    }
    assert_eq!(import(&provider, &file).await.with_password, MADE_ELSEWHERE.len());
    for (system, _) in MADE_ELSEWHERE {
        let email = format!("{system}@school.example");
        let before = users::find(provider.kit(), &Actor::Operator, &email).await.unwrap();
        assert!(before.password.is_some_and(|hash| hash.starts_with("imported:")), "{system}");
        let ask = Ask::of("portal");
        let mut browser = provider.browser();
        let login = provider.login_page(&mut browser, &ask).await;
        let wrong = browser.submit(&login, &[("email", &email), ("password", "not the password")]).await;
        wrong.expect(StatusCode::UNPROCESSABLE_ENTITY);
        let code = provider.code_for(&mut browser, &ask, &email).await;
        let tokens = provider.redeem(&code, &ask, "portal", &secret).await.expect(StatusCode::OK).json();
        let claims = claims_of(tokens["id_token"].as_str().unwrap());
        assert_eq!(claims["sub"], format!("{system}|42"));
        let after = users::find(provider.kit(), &Actor::Operator, &email).await.unwrap();
        assert!(after.password.as_ref().is_some_and(|hash| hash.starts_with("$argon2id$")), "{system}");
        provider.log_in(&mut provider.browser(), &ask, &email).await.expect(StatusCode::OK);
        let later = users::find(provider.kit(), &Actor::Operator, &email).await.unwrap();
        assert_eq!(later.password, after.password, "once is enough");
    }
    let imported = "SELECT COUNT(*) FROM users WHERE password LIKE 'imported:%'";
    assert_eq!(provider.number(imported).await, 0);
    assert!(PASSWORD.starts_with("purple"), "the hashes are of this password");
}

#[tokio::test]
async fn everything_that_is_wrong_is_listed_by_row_before_anything_is_done() {
    let provider = Provider::start().await;
    let taken = users::find(provider.kit(), &Actor::Operator, "alex@school.example").await.unwrap().subject;
    let file = format!(
        "email,name,subject,password_hash,given_name,phone_number_verified\n\
         kim@school.example,Kim Example,,,,\n\
         not an address,Sam Sample,,,,\n\
         ,Sam Sample,,,,\n\
         KIM@School.example,Kim Again,,,,\n\
         sam@school.example,,,,,\n\
         ana@school.example,<b>Ana</b>,,,,\n\
         bo@school.example,Bo,{taken},,,\n\
         cy@school.example,Cy,a subject,,,\n\
         di@school.example,Di,di-1,,,\n\
         ed@school.example,Ed,di-1,,,\n\
         flo@school.example,Flo,,5f4dcc3b5aa765d61d8327deb882cf99,,\n\
         gus@school.example,Gus,,$2b$15$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu,,\n\
         alex@school.example,Alex Example,another,,,\n\
         hal@school.example,Hal\n\
         ivy@school.example,Ivy,,,a\u{7}b,perhaps\n\
         also not,,,x,,\n"
    );
    let listed = preview(&provider, &file).await;
    let name = "Name must be 64 characters or fewer, without < or >, control characters or web addresses";
    let form = "The password hash is in no form that can be imported";
    let expected = [
        (3, "Enter an email address in the correct format"),
        (4, "Enter an email address"),
        (5, "This email is already in row 2"),
        (6, "Enter a name"),
        (7, name),
        (8, "This subject belongs to somebody who has another email"),
        (9, "Subject must be up to 255 letters, digits and signs of ASCII, without spaces"),
        (11, "This subject is already in row 10"),
        (12, form),
        (13, "The password hash would take too long to check: its cost may be 14 at most"),
        (15, "This row has 2 fields, and there are 6 headings"),
        (16, "The column phone_number_verified must be true or false"),
        (16, "The column given_name must hold 200 characters or fewer, without control characters"),
        (17, "Enter a name"),
        (17, "Enter an email address in the correct format"),
        (17, form),
    ];
    let problems: Vec<_> =
        listed.problems.iter().map(|problem| (problem.row, problem.say.as_str())).collect();
    assert_eq!(problems, expected);
    assert_eq!(listed.problems[0].to_string(), "Row 3: Enter an email address in the correct format");
    let outcomes: Vec<_> = listed.rows.iter().map(|row| (row.number, row.outcome)).collect();
    let good = [(2, Outcome::Invite), (10, Outcome::Invite), (14, Outcome::AlreadyThere)];
    for (row, outcome) in outcomes {
        let expected =
            good.iter().find(|(number, _)| *number == row).map_or(Outcome::Problem, |(_, good)| *good);
        assert_eq!(outcome, expected, "row {row}");
    }
    let refused = import::carry_out(provider.kit(), &Actor::Operator, (listed, &[]), |_| {}).await;
    assert!(refusal(refused).contains("Row 5: This email is already in row 2"));
    assert_eq!(provider.number(EVERYBODY).await, 1, "Alex, who was there before");
}

#[tokio::test]
async fn a_file_that_cannot_be_understood_is_refused_as_a_whole() {
    let provider = Provider::start().await;
    let utf16: Vec<u8> =
        "\u{feff}name,email\nAlex,a@b.example".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let many = format!("name,email\n{}", "Alex,a@b.example\n".repeat(5_001));
    let large = format!("name,email\nAlex,{}", "a".repeat(8 * 1024 * 1024));
    let cases: [(&[u8], &str); 14] = [
        (b"", "no people in it"),
        (b"\xef\xbb\xbf", "no people in it"),
        (b"name,email\n", "no people in it"),
        (b"name,email\n,\n\n", "no people in it"),
        (&utf16, "UTF-16"),
        (b"\xfe\xff\0n\0a", "UTF-16"),
        (
            b"name,email\nZo\xeb,zoe@school.example\n",
            "Line 2 of the file has characters that are not in UTF-8",
        ),
        (b"PK\x03\x04\x14\0\0\0", "must be a CSV"),
        (b"Alex,alex@school.example\n", "The first row must have a heading name"),
        (b"name,organisation\nAlex,School\n", "The first row must have a heading email"),
        (
            b"name,email,colour\nAlex,a@b.example,red\n",
            "The column \"colour\" is not recognised. You can use: name, email",
        ),
        (b"name,email,EMAIL\nAlex,a@b.example,\n", "two columns email"),
        (many.as_bytes(), "more than 5000 people"),
        (large.as_bytes(), "8 MiB or smaller"),
    ];
    for (file, says) in cases {
        let refused = refusal(import::preview(provider.kit(), &Actor::Operator, file).await.map(|_| ()));
        assert!(refused.contains(says), "{says}: {refused}");
    }
    // With and without the mark at the beginning that Excel writes.
    for mark in ["", "\u{feff}"] {
        let file = format!("{mark}name,email\r\nZo\u{eb},zoe@school.example\r\n");
        assert_eq!(preview(&provider, &file).await.rows[0].name, "Zo\u{eb}");
    }
}

#[tokio::test]
async fn five_thousand_people_are_added_in_five_and_twenty_transactions_and_looked_up_a_hundred_at_once() {
    let provider = Provider::start().await;
    let file = crowd(5_000);
    let listed = preview(&provider, &file).await;
    assert_eq!((listed.count(Outcome::Add), listed.count(Outcome::Invite)), (2_500, 2_500));
    let before = provider.kit().store.commits();
    let mut seen = Vec::new();
    let report =
        import::carry_out(provider.kit(), &Actor::Operator, (listed, &[]), |done| seen.push(done)).await;
    assert_eq!(provider.kit().store.commits() - before, 25);
    assert!(seen.iter().copied().eq((200..=5_000).step_by(200)), "{seen:?}");
    let expected = Report { with_password: 2_500, without_password: 2_500, already_there: 0 };
    assert_eq!(report.unwrap(), expected);
    assert_eq!(provider.number(EVERYBODY).await, 5_001);
    let recorded = "SELECT COUNT(*) FROM events WHERE kind = 'user.added' AND actor = 'operator'";
    assert_eq!(provider.number(recorded).await, 5_001);
    let again = import(&provider, &file).await;
    assert_eq!(again, Report { already_there: 5_000, ..Report::default() });
    assert_eq!(provider.number(recorded).await, 5_001);
}

#[tokio::test]
async fn what_was_done_before_a_break_stays_done_and_a_second_run_goes_on() {
    let provider = Provider::start().await;
    let file = crowd(1_000);
    let listed = preview(&provider, &file).await;
    let kit = provider.kit();
    let broken = import::carry_out(kit, &Actor::Operator, (listed, &[]), |done| {
        assert!(done < 400, "the power fails")
    });
    let broken = std::panic::AssertUnwindSafe(broken);
    assert!(ends_in_a_panic(broken).await, "it broke");
    assert_eq!(provider.number(EVERYBODY).await, 401);
    let listed = preview(&provider, &file).await;
    assert_eq!((listed.to_add(), listed.count(Outcome::AlreadyThere)), (600, 400));
    let report = import::carry_out(kit, &Actor::Operator, (listed, &[]), |_| {}).await.unwrap();
    assert_eq!(report.with_password + report.without_password, 600);
    assert_eq!(provider.number(EVERYBODY).await, 1_001);
}

/// Whether a future ends in a panic.
async fn ends_in_a_panic(future: impl Future + std::panic::UnwindSafe) -> bool {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(std::task::Poll::Pending) => std::task::Poll::Pending,
            Ok(std::task::Poll::Ready(_)) => std::task::Poll::Ready(false),
            Err(_) => std::task::Poll::Ready(true),
        }
    })
    .await
}

#[tokio::test]
async fn two_imports_of_the_same_people_at_once_add_each_of_them_once() {
    let provider = Provider::start().await;
    let backwards: Vec<String> = crowd(600).lines().rev().take(600).map(str::to_owned).collect();
    let heading = "name,email,organisation,password_hash,subject";
    let backwards = format!("{heading}\n{}\n", backwards.join("\n"));
    let (one, other) = (preview(&provider, &crowd(600)).await, preview(&provider, &backwards).await);
    let kit = provider.kit();
    let (one, other) = tokio::join!(
        import::carry_out(kit, &Actor::Operator, (one, &[]), |_| {}),
        import::carry_out(kit, &Actor::Operator, (other, &[]), |_| {}),
    );
    let added = |report: Report| report.with_password + report.without_password;
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(added(one) + added(other), 600);
    assert_eq!(one.already_there + other.already_there, 600);
    assert_eq!(provider.number(EVERYBODY).await, 601);
}

#[tokio::test]
async fn row_41_only_who_may_invite_people_may_import_them() {
    let provider = Provider::start().await;
    let program = |scope: &str| Actor::Program {
        client_id: ClientId::parse("tool").unwrap(),
        scopes: vec![scope.to_owned()],
        visit: Visit::default(),
    };
    let file = b"name,email\nSam Sample,sam@school.example\n";
    let (reader, keeper) = (program("admin:people.read"), program("admin:people"));
    let refused = import::preview(provider.kit(), &reader, file).await.map(|_| ());
    assert!(refusal(refused).contains("not allowed"));
    let listed = import::preview(provider.kit(), &keeper, file).await.unwrap();
    let refused = import::carry_out(provider.kit(), &reader, (listed, &[]), |_| {}).await;
    assert!(refusal(refused).contains("not allowed"));
    assert_eq!(provider.number(EVERYBODY).await, 1);
}

#[tokio::test]
async fn row_88_what_a_file_holds_can_be_shown_and_never_moves_a_terminal_or_a_letter() {
    let provider = Provider::start().await;
    let file = "name,email,organisation\n\
         \u{1b}[2JSam,sam@school.example,\"Bcc: a@b.example\r\nX: y\"\n\
         \"Kim\r\nX: y\",\"kim@school.example\r\nBcc: eve@evil.example\",A\u{2028}B\n";
    let listed = preview(&provider, file).await;
    assert_eq!(listed.rows.iter().filter(|row| row.outcome == Outcome::Problem).count(), 2);
    for row in &listed.rows {
        let organisation = row.organisation.clone().unwrap_or_default();
        let shown = [&row.name, &row.email, &organisation];
        assert!(shown.iter().all(|text| !text.chars().any(|c| c.is_control() || c == '\u{2028}')));
    }
    assert_eq!(listed.problems.len(), 5, "{:?}", listed.problems);
}
