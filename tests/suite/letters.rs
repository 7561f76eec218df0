//! Letters on their way: sealed while they wait, erased when they are sent, tried again, given up in time.

use http::StatusCode;
use sqlx::Row as _;

use super::support::{Ask, PASSWORD, Provider};
use crate::app;
use crate::base::Span;
use crate::config::{Smtp, SmtpSecurity, Transport};
use crate::model::Actor;
use crate::outbox::{self, Round};

const ALEX: &str = "alex@school.example";
const TABLES: [&str; 13] = [
    "facts",
    "users",
    "clients",
    "client_secrets",
    "flows",
    "challenges",
    "sessions",
    "devices",
    "throttles",
    "grants",
    "access_tokens",
    "outbox",
    "events",
];

/// Every text of every table.
async fn dump(provider: &Provider) -> String {
    let mut conn = provider.kit().store.read().await.unwrap();
    let mut dump = String::new();
    for table in TABLES {
        let select = format!("SELECT * FROM {table}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(select)).fetch_all(&mut *conn).await.unwrap();
        for row in rows {
            for column in 0..row.len() {
                if let Ok(Some(text)) = row.try_get::<Option<String>, _>(column) {
                    dump.push_str(&text);
                    dump.push('\n');
                }
            }
        }
    }
    dump
}

/// The database's files as they lie on the disk, its log with them; nothing where the database is elsewhere.
fn files(provider: &Provider) -> String {
    let entries = std::fs::read_dir(provider.database.path()).unwrap().map(|entry| entry.unwrap().path());
    let bytes = entries.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap());
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

#[tokio::test]
async fn row_97_a_dump_of_the_database_holds_no_code_no_letter_no_password_and_no_cookie() {
    let provider = Provider::start().await;
    let client_secret = provider.add_client("portal", |_| {}).await.unwrap();
    let ask = Ask::of("portal");
    let mut alex = provider.browser();
    provider.code_page(&mut alex, &ask, ALEX).await;
    let waiting = dump(&provider).await;
    assert!(waiting.contains(ALEX), "the dump is a dump");
    let letters = provider.mail_to(ALEX).await;
    let code = provider.last_code_to(ALEX).await;
    let spaced = format!("{} {}", &code[..4], &code[4..]);
    provider.advance(Span::minutes(1));
    let authorization_code = provider.code_for(&mut alex, &ask, ALEX).await;
    let tokens = provider.redeem(&authorization_code, &ask, "portal", &client_secret).await;
    let access = tokens.expect(StatusCode::OK).json()["access_token"].as_str().unwrap().to_owned();
    let after = dump(&provider).await;
    let first_line = letters[0].1.lines().find(|line| line.len() > 20).unwrap();
    let mut secrets =
        vec![&*code, &*spaced, first_line, PASSWORD, &*client_secret, &*authorization_code, &*access];
    secrets.extend(alex.cookies.values().map(String::as_str));
    let files = files(&provider);
    for secret in secrets {
        assert!(!waiting.contains(secret) && !after.contains(secret), "{secret}");
        assert!(!files.contains(secret), "{secret} is in a file");
    }
}

#[tokio::test]
async fn a_letter_is_sealed_while_it_waits_and_erased_when_it_is_sent() {
    let provider = Provider::start().await;
    provider.reset_code_page(&mut provider.browser(), ALEX).await;
    let sealed = "SELECT COUNT(*) FROM outbox WHERE state = 'queued' AND sealed <> ''";
    assert_eq!(provider.number(sealed).await, 1);
    provider.deliver().await;
    assert_eq!(provider.number("SELECT COUNT(*) FROM outbox WHERE state = 'sent' AND sealed = ''").await, 1);
    assert_eq!(provider.app.mailbox.letters().len(), 1);
    provider.deliver().await;
    assert_eq!(provider.app.mailbox.letters().len(), 1, "it is sent once");
}

#[tokio::test]
async fn a_mail_server_that_is_down_delays_a_letter_until_its_code_is_worth_nothing() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let provider = Provider::start_with(|config| {
        config.mail.transport = Transport::Smtp(Smtp {
            host: "127.0.0.1".to_owned(),
            port,
            security: SmtpSecurity::None,
            username: None,
            password: None,
            ca_file: None,
            timeout: Span::seconds(2),
        });
    })
    .await;
    provider.reset_code_page(&mut provider.browser(), ALEX).await;
    let round = async || {
        outbox::deliver_due(provider.kit(), &provider.app.mailer, &provider.app.engine).await.unwrap()
    };
    assert_eq!(round().await, Round::Worked);
    assert!(matches!(round().await, Round::Idle { next: Some(_) }), "it waits before the next try");
    provider.advance(Span::seconds(5));
    assert_eq!(round().await, Round::Worked);
    assert_eq!(provider.number("SELECT attempts FROM outbox").await, 2);
    // People are told that mail is slow.
    provider.advance(Span::minutes(3));
    assert!(outbox::is_slow(provider.kit()).await.unwrap());
    provider.advance(Span::minutes(13));
    assert_eq!(round().await, Round::Worked);
    let expired = "SELECT COUNT(*) FROM outbox WHERE state = 'expired' AND sealed = ''";
    assert_eq!(provider.number(expired).await, 1);
    // A server that comes back gets the next letter.
    provider.reset_code_page(&mut provider.browser(), ALEX).await;
    let mut config = provider.kit().config.clone();
    config.mail.transport = Transport::Memory;
    let back = app::mailer(&config, &provider.app.mailbox).unwrap();
    assert_eq!(
        outbox::deliver_due(provider.kit(), &back, &provider.app.engine).await.unwrap(),
        Round::Worked
    );
    assert_eq!(provider.number("SELECT COUNT(*) FROM outbox WHERE state = 'sent'").await, 1);
}

#[tokio::test]
async fn row_88_and_89_a_service_with_a_strange_name_changes_neither_headers_nor_pages() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let add = async |name: &str| {
        let settings = crate::model::ClientSettings {
            redirect_uris: vec![super::support::REDIRECT.to_owned()],
            ..Default::default()
        };
        let id = crate::base::ClientId::parse("strange");
        crate::admin::clients::add(provider.kit(), &Actor::Operator, id, name.to_owned(), settings).await
    };
    for name in ["Portal\r\nBcc: evil@evil.example", "Portal\u{0}", "Portal\n"] {
        assert!(add(name).await.is_err(), "{name:?}");
    }
    if add("Tom & \"Jerry's\" <b>Portal</b>").await.is_ok() {
        let mut alex = provider.browser();
        let page = provider.code_page(&mut alex, &Ask::of("strange"), ALEX).await;
        assert!(!page.body.contains("<b>"), "{}", page.body);
        provider.deliver().await;
        let letters = provider.app.mailbox.letters();
        assert_eq!(letters.len(), 1);
        assert!(!letters[0].html.contains("<b>Portal"), "{}", letters[0].html);
    }
}
