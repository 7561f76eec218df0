//! The room against a scripted server, a directory and memory.

use super::{Mailbox, Mailer, Message, SendError};

mod compose;
mod smtp;

#[path = "../../../tests/support/smtp.rs"]
mod server;

const CODE: &str = "4820 1957";
const PASSWORD: &str = "a relay's password";

fn message() -> Message {
    Message {
        from_name: "Children's Services Portal".to_owned(),
        from_address: "no-reply@login.example.gov.uk".to_owned(),
        reply_to: None,
        to: "alex@example.org".to_owned(),
        subject: "Your code – 3:04pm".to_owned(),
        text: format!("Your code is {CODE}.\n\n.\n..\nIt works for £0 – naïvely.\n"),
        html: format!("<p>Your code is {CODE}.</p>\n"),
        message_id: "<let_0123@login.example.gov.uk>".to_owned(),
        date_millis: 1_795_359_840_000,
    }
}

fn assert_later(outcome: Result<(), SendError>, part: &str) {
    match outcome {
        Err(SendError::Later(why)) => assert_says(&why, part),
        other => panic!("expected to be told to try later, got {other:?}"),
    }
}

fn assert_never(outcome: Result<(), SendError>, part: &str) {
    match outcome {
        Err(SendError::Never(why)) => assert_says(&why, part),
        other => panic!("expected to be told never to try again, got {other:?}"),
    }
}

fn assert_says(why: &str, part: &str) {
    assert!(why.contains(part), "{why:?} does not say {part:?}");
    assert!(!why.contains(CODE) && !why.contains(PASSWORD), "{why:?} tells a secret");
}

#[test]
fn what_a_letter_says_is_not_in_its_debug_text() {
    assert!(!format!("{:?}", message()).contains(CODE));
}

#[tokio::test]
async fn a_directory_takes_letters_whole_and_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let mailer = Mailer::directory(directory.path().to_owned());
    assert_eq!(mailer.check().await, Ok(()));
    for (date_millis, id) in [(2000, "<b@example.org>"), (1000, "<c@example.org>"), (2000, "<b@example.org>")]
    {
        let letter = Message { date_millis, message_id: id.to_owned(), ..message() };
        assert_eq!(mailer.send(&letter).await, Ok(()));
    }
    let mut names: Vec<String> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["000000000001000-c-example.org.eml", "000000000002000-b-example.org.eml"]);
    let raw = std::fs::read_to_string(directory.path().join(&names[0])).unwrap();
    let mail = server::Mail { from: String::new(), to: Vec::new(), raw };
    assert_eq!(mail.part("text/plain"), message().text);
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_named() {
    let mailer = Mailer::directory("/nowhere/at/all".into());
    assert_later(mailer.send(&message()).await, "the directory /nowhere/at/all (");
    assert_says(&mailer.check().await.unwrap_err().to_string(), "Check that it exists and may be written.");
}

#[tokio::test]
async fn memory_keeps_the_newest_letters_first() {
    let mailbox = Mailbox::default();
    let mailer = Mailer::memory(mailbox.clone());
    assert_eq!(mailer.check().await, Ok(()));
    for date_millis in 0..1003 {
        assert_eq!(mailer.send(&Message { date_millis, ..message() }).await, Ok(()));
    }
    let refused = Message { subject: "Sam\r\nSample".to_owned(), ..message() };
    assert_never(mailer.send(&refused).await, "subject");
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 1000);
    let newest = &letters[0];
    assert_eq!(newest.at.millis(), 1002);
    assert_eq!((&*newest.to, &*newest.from), ("alex@example.org", "no-reply@login.example.gov.uk"));
    assert_eq!((&newest.subject, &newest.text), (&message().subject, &message().text));
    assert_eq!(newest.html, message().html);
}
