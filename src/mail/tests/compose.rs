//! What the bytes of a letter may and may not hold.

use super::server::Mail;
use super::{assert_never, message};
use crate::mail::compose::compose;
use crate::mail::{Message, SendError};

fn composed(message: &Message) -> Result<Mail, SendError> {
    let letter = compose(message)?;
    let raw = String::from_utf8(letter.bytes).unwrap();
    Ok(Mail { from: letter.from.to_string(), to: vec![letter.to.to_string()], raw })
}

fn header_names(mail: &Mail) -> Vec<String> {
    mail.headers().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn the_headers_are_these_and_no_others() {
    let mut message = message();
    message.reply_to = Some("support@example.gov.uk".to_owned());
    let mail = composed(&message).unwrap();
    let headers: Vec<String> =
        mail.headers().into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        headers,
        [
            "From: \"Children's Services Portal\" <no-reply@login.example.gov.uk>",
            "To: alex@example.org",
            "Subject: Your code – 3:04pm",
            "Date: Sun, 22 Nov 2026 15:04:00 +0000",
            "Message-ID: <let_0123@login.example.gov.uk>",
            "Reply-To: support@example.gov.uk",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            "Content-Language: en-GB",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative; boundary=\"=_gatehouse_alternative\"",
        ]
    );
    assert!(mail.raw.is_ascii());
    assert_eq!(mail.raw.matches("Content-Transfer-Encoding: quoted-printable").count(), 2);
    assert!(mail.raw.find("text/plain; charset=utf-8") < mail.raw.find("text/html; charset=utf-8"));
    assert_eq!(mail.raw, composed(&message).unwrap().raw, "a second attempt is the same to the byte");
}

#[test]
fn no_name_or_subject_adds_a_header_or_a_recipient() {
    let usual = header_names(&composed(&message()).unwrap());
    let refused = [
        "Sam\rSample",
        "Sam\nBcc: sam@example.org",
        "Sam\r\nBcc: sam@example.org",
        "Sam\r\n\r\n<p>Hello",
        "Sam\0Sample",
        "Sam\u{85}Sample",
        "Sam\u{2028}Bcc: sam@example.org",
        "Sam\u{2029}Sample",
        "=?utf-8?q?Sam=0D=0ABcc:_sam@example.org?=",
        "Sam =?utf-8?b?U2Ft?=",
    ];
    let carried = [
        "",
        " ",
        "Sam, \"the\" Sample <sam@example.org>",
        "sam@example.org, alex@example.org",
        "Sam \\\" <sam@example.org>;:",
        "(Sam)",
        "Zoë Sam\u{a0}ple \u{1f600}",
        &"A very long name ".repeat(80),
    ];
    for text in refused {
        assert_never(
            composed(&Message { from_name: text.to_owned(), ..message() }).map(drop),
            "sender's name",
        );
        assert_never(composed(&Message { subject: text.to_owned(), ..message() }).map(drop), "subject");
    }
    for text in carried {
        for message in [
            Message { from_name: text.to_owned(), ..message() },
            Message { subject: text.to_owned(), ..message() },
        ] {
            let mail = composed(&message).unwrap();
            assert_eq!(header_names(&mail), usual, "{text:?}");
            assert_eq!(mail.to, ["alex@example.org"], "{text:?}");
            assert!(mail.raw.contains("\r\nTo: alex@example.org\r\n"), "{text:?}");
            assert!(mail.raw.lines().all(|line| line.len() <= 998), "{text:?}");
        }
    }
}

#[test]
fn what_is_no_bare_address_is_never_sent_to() {
    for text in [
        "",
        "alex",
        "@example.org",
        "alex@",
        "alex@example.org\r\nRCPT TO:<sam@example.org>",
        "alex@example.org, sam@example.org",
        "Alex <alex@example.org>",
        "<alex@example.org>",
        "\"alex example\"@example.org",
        "alex(comment)@example.org",
        "alex@[127.0.0.1]",
        "álex@example.org",
        "alex@exämple.org",
        "alex@example.org\u{2028}",
    ] {
        assert_never(
            composed(&Message { to: text.to_owned(), ..message() }).map(drop),
            "recipient's address",
        );
        let from_address = text.to_owned();
        assert_never(composed(&Message { from_address, ..message() }).map(drop), "sender's address");
        let reply_to = Some(text.to_owned());
        assert_never(composed(&Message { reply_to, ..message() }).map(drop), "reply address");
    }
}

#[test]
fn a_development_address_will_do() {
    let from_address = "no-reply@localhost".to_owned();
    assert!(composed(&Message { from_address, ..message() }).is_ok());
}

#[test]
fn a_malformed_message_id_or_an_impossible_date_does_no_harm() {
    for text in
        ["", "let_1@example.org", "<let_1>", "<@example.org>", "<a@b@c>", "<a b@c>", "<a@b>\r\nBcc: c>"]
    {
        assert_never(composed(&Message { message_id: text.to_owned(), ..message() }).map(drop), "Message-ID");
    }
    for text in ["<let_1@localhost>", "<let_1@127.0.0.1>", "<let_1@[::1]>"] {
        assert!(composed(&Message { message_id: text.to_owned(), ..message() }).is_ok());
    }
    for date_millis in [i64::MIN, -1, 0, i64::MAX] {
        assert!(composed(&Message { date_millis, ..message() }).is_ok());
    }
}
