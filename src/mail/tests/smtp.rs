//! Conversations with a relay, good and bad.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use super::server::{Act, Certificate, Encryption, SmtpServer, Stage};
use super::{PASSWORD, assert_later, assert_never, assert_says, message};
use crate::mail::{Mailer, Security, SendError, SmtpSettings};

fn settings(port: u16, security: Security) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".to_owned(),
        port,
        security,
        username: None,
        password: None,
        ca_file: None,
        hello_name: Some("login.example.gov.uk".to_owned()),
        timeout: Duration::from_secs(5),
    }
}

fn mailer(settings: SmtpSettings) -> Mailer {
    Mailer::smtp(settings).unwrap()
}

/// A mailer for a server that does not encrypt.
fn plain_mailer(server: &SmtpServer) -> Mailer {
    mailer(settings(server.port(), Security::None))
}

/// A server that does not encrypt, and what became of one letter to it.
async fn send_through(script: &[Act]) -> (SmtpServer, Result<(), SendError>) {
    let server = SmtpServer::start(Encryption::Absent, script);
    let outcome = plain_mailer(&server).send(&message()).await;
    (server, outcome)
}

/// A CA file that trusts the given certificate; it lives as long as what is returned.
fn ca_file(certificate: &Certificate) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "An authority of our own").unwrap();
    file.write_all(&certificate.pem()).unwrap();
    file
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let (server, outcome) = send_through(&[Act::Accept]).await;
    assert_eq!(outcome, Ok(()));
    let [mail] = &server.mails()[..] else { panic!("expected one letter") };
    assert_eq!(mail.from, "no-reply@login.example.gov.uk");
    assert_eq!(mail.to, ["alex@example.org"]);
    assert_eq!(mail.subject(), message().subject);
    // The dots alone on their lines survive the transparency of RFC 5321, section 4.5.2.
    assert_eq!(mail.part("text/plain"), message().text);
    assert_eq!(mail.part("text/html"), message().html);
    assert!(server.heard().starts_with("EHLO login.example.gov.uk\r\n"));
}

#[tokio::test]
async fn a_temporary_refusal_is_worth_another_attempt() {
    for (stage, said) in [
        (Stage::Banner, "cannot be used: it answered 450 4.7.1."),
        (Stage::Mail, "did not accept the sender: it answered 450 4.7.1."),
        (Stage::Rcpt, "did not accept the recipient: it answered 450 4.7.1."),
        (Stage::Data, "did not want the letter: it answered 450 4.7.1."),
        (Stage::End, "did not confirm the letter: it answered 450 4.7.1."),
    ] {
        let (server, outcome) = send_through(&[Act::Answer(stage, "450 4.7.1 Greylisted: 4820 1957")]).await;
        assert_later(outcome, said);
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn a_greylisted_letter_goes_through_later() {
    let greylisted = Act::Answer(Stage::Rcpt, "450 4.7.1 Greylisted");
    let server = SmtpServer::start(Encryption::Absent, &[greylisted, greylisted, Act::Accept]);
    let mailer = plain_mailer(&server);
    assert_later(mailer.send(&message()).await, "450");
    assert_later(mailer.send(&message()).await, "450");
    assert_eq!(mailer.send(&message()).await, Ok(()));
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_permanent_refusal_of_a_recipient_or_a_letter_is_final() {
    for (stage, said) in [
        (Stage::Rcpt, "did not accept the recipient: it answered 550 5.1.1."),
        (Stage::Data, "did not want the letter: it answered 550 5.1.1."),
        (Stage::End, "did not confirm the letter: it answered 550 5.1.1."),
    ] {
        let (server, outcome) = send_through(&[Act::Answer(stage, "550 5.1.1 No: 4820 1957")]).await;
        assert_never(outcome, said);
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn a_permanent_refusal_of_ourselves_can_be_mended() {
    for (stage, said) in [(Stage::Banner, "cannot be used"), (Stage::Mail, "the sender: it answered 550.")] {
        let (_, outcome) = send_through(&[Act::Answer(stage, "550 Go away")]).await;
        assert_later(outcome, said);
    }
}

#[tokio::test]
async fn a_slow_server_is_waited_for_and_a_stalled_one_is_not() {
    for stage in [Stage::Banner, Stage::Rcpt, Stage::End] {
        let (server, outcome) = send_through(&[Act::Wait(stage, Duration::from_millis(100))]).await;
        assert_eq!(outcome, Ok(()));
        assert_eq!(server.mails().len(), 1);
        let server = SmtpServer::start(Encryption::Absent, &[Act::Wait(stage, Duration::from_secs(60))]);
        let mut settings = settings(server.port(), Security::None);
        settings.timeout = Duration::from_millis(500);
        assert_later(mailer(settings).send(&message()).await, "did not finish within 0.5 seconds");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_worth_another_attempt() {
    for stage in [Stage::Banner, Stage::Rcpt, Stage::Data, Stage::End] {
        let (_, outcome) = send_through(&[Act::HangUp(stage)]).await;
        assert_later(outcome, "The mail server localhost:");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let mailer = mailer(settings(port, Security::None));
    let expected = format!("localhost:{port} cannot be used: connection refused. Check the host");
    assert_later(mailer.send(&message()).await, &expected);
    assert_says(&mailer.check().await.unwrap_err().to_string(), &expected);
}

#[tokio::test]
async fn letters_share_a_connection() {
    let server = SmtpServer::start(Encryption::Absent, &[Act::Accept]);
    let mailer = plain_mailer(&server);
    assert_eq!(mailer.check().await, Ok(()));
    for _ in 0..3 {
        assert_eq!(mailer.send(&message()).await, Ok(()));
    }
    assert_eq!((server.mails().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn a_connection_that_was_given_up_is_not_used_again() {
    let stalled = Act::Wait(Stage::End, Duration::from_millis(1500));
    let server = SmtpServer::start(Encryption::Absent, &[stalled, Act::Accept]);
    let mut settings = settings(server.port(), Security::None);
    settings.timeout = Duration::from_secs(1);
    let mailer = mailer(settings);
    assert_later(mailer.send(&message()).await, "did not finish");
    assert_eq!(mailer.send(&message()).await, Ok(()));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    let server = SmtpServer::start(Encryption::Absent, &[Act::Accept]);
    let mut settings = settings(server.port(), Security::StartTls);
    settings.username = Some("gatehouse".to_owned());
    settings.password = Some(PASSWORD.to_owned());
    assert_later(mailer(settings).send(&message()).await, "does not offer STARTTLS, so nothing was sent");
    assert!(server.mails().is_empty());
    assert!(
        ["EHLO login.example.gov.uk\r\n", "EHLO login.example.gov.uk\r\nQUIT\r\n"]
            .contains(&&*server.heard())
    );
}

#[tokio::test]
async fn row_93_a_certificate_that_proves_nothing_is_refused() {
    for (certificate, trusted, reason) in [
        (Certificate::for_host("localhost", 60), false, "self-signed certificate"),
        (Certificate::for_host("mail.example.gov.uk", 60), true, "hostname mismatch"),
        (Certificate::for_host("localhost", 10), true, "certificate has expired"),
    ] {
        for (encryption, security) in [
            (Encryption::Upgraded(certificate.clone()), Security::StartTls),
            (Encryption::Immediate(certificate.clone()), Security::Tls),
        ] {
            let server = SmtpServer::start(encryption, &[Act::Accept]);
            let file = ca_file(&certificate);
            let mut settings = settings(server.port(), security);
            settings.ca_file = trusted.then(|| file.path().to_owned());
            let outcome = mailer(settings).send(&message()).await;
            assert_later(outcome, &format!("could not prove who it is, so nothing was sent ({reason})"));
            assert!(server.mails().is_empty());
            assert!(!server.heard().contains("MAIL"));
        }
    }
}

#[tokio::test]
async fn a_trusted_authority_opens_the_way() {
    let certificate = Certificate::for_host("localhost", 60);
    let file = ca_file(&certificate);
    for (encryption, security) in [
        (Encryption::Upgraded(certificate.clone()), Security::StartTls),
        (Encryption::Immediate(certificate.clone()), Security::Tls),
    ] {
        let server = SmtpServer::start(encryption, &[Act::Accept]);
        let mut settings = settings(server.port(), security);
        settings.ca_file = Some(file.path().to_owned());
        settings.username = Some("gatehouse".to_owned());
        settings.password = Some(PASSWORD.to_owned());
        assert_eq!(mailer(settings).send(&message()).await, Ok(()));
        assert_eq!(server.mails().len(), 1);
        assert!(server.heard().contains("\r\nAUTH PLAIN "));
    }
}

/// An operator's commonest mistake: the port of one kind of security with the other.
#[tokio::test]
async fn a_port_that_does_not_fit_the_security_is_named() {
    let certificate = Certificate::for_host("localhost", 60);
    for (encryption, security) in
        [(Encryption::Absent, Security::Tls), (Encryption::Immediate(certificate), Security::StartTls)]
    {
        let server = SmtpServer::start(encryption, &[Act::Accept]);
        let mut settings = settings(server.port(), security);
        settings.timeout = Duration::from_millis(600);
        let why = mailer(settings).check().await.unwrap_err().to_string();
        assert_says(&why, "Check the host, the port and the security");
    }
}

/// An answer that was slipped in before the encryption must not pass for one that came after.
#[tokio::test]
async fn answers_that_are_out_of_step_confirm_nothing() {
    let certificate = Certificate::for_host("localhost", 60);
    let slipped_in = Act::Answer(Stage::StartTls, "220 Go ahead\r\n250 AUTH PLAIN");
    let server = SmtpServer::start(Encryption::Upgraded(certificate.clone()), &[slipped_in]);
    let file = ca_file(&certificate);
    let mut settings = settings(server.port(), Security::StartTls);
    settings.ca_file = Some(file.path().to_owned());
    assert_later(mailer(settings).send(&message()).await, "out of step");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_refused_log_in_can_be_mended() {
    let refusal = Act::Answer(Stage::Auth, "535 5.7.8 Not a relay's password");
    let server = SmtpServer::start(Encryption::Absent, &[refusal]);
    let mut settings = settings(server.port(), Security::None);
    settings.username = Some("gatehouse".to_owned());
    settings.password = Some(PASSWORD.to_owned());
    assert_later(mailer(settings).send(&message()).await, "did not let us log in: it answered 535 5.7.8.");
    assert!(!server.heard().contains("MAIL"));
}

#[test]
fn settings_that_cannot_work_are_refused_with_what_to_mend() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let usual = || settings(587, Security::StartTls);
    let remote = |host: &str| SmtpSettings { host: host.to_owned(), ..settings(25, Security::None) };
    for (settings, said) in [
        (remote("mail.example.gov.uk"), "Set the security to starttls or tls."),
        (remote("localhost.example.gov.uk"), "Set the security to starttls or tls."),
        (remote("192.0.2.1"), "Set the security to starttls or tls."),
        (SmtpSettings { username: Some("gatehouse".to_owned()), ..usual() }, "without a password"),
        (SmtpSettings { password: Some(PASSWORD.to_owned()), ..usual() }, "without a user name"),
        (SmtpSettings { hello_name: Some("a\r\nMAIL".to_owned()), ..usual() }, "is not a host name"),
        (SmtpSettings { ca_file: Some("/nowhere/ca.pem".into()), ..usual() }, "cannot be read"),
        (SmtpSettings { ca_file: Some(empty.path().to_owned()), ..usual() }, "It must be PEM."),
    ] {
        let Err(refused) = Mailer::smtp(settings) else { panic!("expected to hear {said:?}") };
        assert_says(&refused.to_string(), said);
    }
    for host in ["localhost", "127.0.0.1", "::1"] {
        assert!(Mailer::smtp(remote(host)).is_ok(), "{host}");
    }
}
