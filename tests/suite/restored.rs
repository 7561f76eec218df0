//! What is void once the database has been restored, and what is not (SECURITY, row 112).

use http::StatusCode;

use super::device;
use super::par::push;
use super::support::{Ask, NOON, Provider};
use crate::admin::users::NewUser;
use crate::admin::{administrators, invitations, registration, restored};
use crate::base::{ClientId, Span};
use crate::model::{Actor, Email, Profile};

const ALEX: &str = "alex@school.example";
const KIM: &str = "kim@school.example";
const REVOKED: &str = "SELECT COUNT(*) FROM grants WHERE revoked_at IS NOT NULL";
const QUEUED: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'queued'";

/// What is void, as the number of rows that could still be used.
const VOID: [&str; 11] = [
    "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL",
    "SELECT COUNT(*) FROM grants WHERE revoked_at IS NULL",
    "SELECT COUNT(*) FROM access_tokens",
    "SELECT COUNT(*) FROM flows",
    "SELECT COUNT(*) FROM challenges",
    "SELECT COUNT(*) FROM device_codes",
    "SELECT COUNT(*) FROM pushed_requests",
    "SELECT COUNT(*) FROM idempotency_keys",
    "SELECT COUNT(*) FROM registration_tokens WHERE client_id IS NULL",
    "SELECT COUNT(*) FROM setup_links",
    "SELECT COUNT(*) FROM uploads",
];

/// What stays.
const STAYS: [&str; 5] = [
    "SELECT COUNT(*) FROM devices",
    "SELECT COUNT(*) FROM invitations WHERE used_at IS NULL AND withdrawn_at IS NULL",
    "SELECT COUNT(*) FROM client_secrets",
    "SELECT COUNT(*) FROM signing_keys",
    "SELECT COUNT(*) FROM users",
];

/// A provider in which there is something of everything.
async fn busy() -> Provider {
    let provider = Provider::start().await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let display = provider.add_client("display", device::display).await.unwrap();
    let ask = Ask::of("portal");
    let code = provider.code_for(&mut provider.browser(), &ask, ALEX).await;
    provider.redeem(&code, &ask, "portal", &secret).await.expect(StatusCode::OK);
    // Half-way: a code has been queued that nobody has had yet.
    let mut half = provider.browser();
    let login = provider.login_page(&mut half, &ask).await;
    half.submit(&login, &[("email", ALEX), ("password", super::support::PASSWORD)]).await;
    device::begin(&provider, &display, &[("scope", "openid profile")]).await.expect(StatusCode::OK);
    push(&provider, &ask, "portal", &secret).await.expect(StatusCode::CREATED);
    let kit = provider.kit();
    registration::invite(kit, &Actor::Operator, Span::hours(1)).await.unwrap();
    administrators::set_up_link(kit).await.unwrap().unwrap();
    let kim = NewUser {
        email: Email::parse(KIM).unwrap(),
        name: "Kim Sample".to_owned(),
        organisation: None,
        profile: Profile::default(),
        password: None,
    };
    let portal = ClientId::parse("portal").unwrap();
    invitations::invite(kit, &Actor::Operator, kim, &[portal]).await.unwrap();
    let mut tx = kit.store.begin().await.unwrap();
    for statement in [
        "INSERT INTO idempotency_keys (digest, fingerprint, created_at) VALUES ('d', 'f', 1795348800000)",
        "INSERT INTO uploads (id, user_id, sealed, created_at)
            SELECT 'u', id, '', 1795348800000 FROM users ORDER BY id LIMIT 1",
    ] {
        sqlx::query(statement).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    provider
}

async fn numbers(provider: &Provider, statements: &[&'static str]) -> Vec<i64> {
    let mut found = Vec::new();
    for statement in statements {
        found.push(provider.number(statement).await);
    }
    found
}

#[tokio::test]
async fn row_112_what_may_have_been_used_since_the_copy_is_void_and_the_rest_stays() {
    let provider = busy().await;
    assert!(numbers(&provider, &VOID).await.iter().all(|number| *number > 0), "something of everything");
    let (revoked, stays) = (provider.number(REVOKED).await, numbers(&provider, &STAYS).await);
    assert!(stays.iter().all(|number| *number > 0), "{stays:?}");
    let queued = provider.number(QUEUED).await;
    provider.clock.advance(Span::minutes(1));
    let voided = restored::void(provider.kit(), &Actor::Operator).await.unwrap();
    assert_eq!((voided.sessions, voided.grants, voided.access_tokens, voided.letters), (1, 1, 1, 1));
    assert_eq!(numbers(&provider, &VOID).await, [0; VOID.len()]);
    assert_eq!(numbers(&provider, &STAYS).await, stays);
    assert_eq!(provider.number(REVOKED).await, revoked + 1);
    // The code does not go out, and the invitation does.
    assert_eq!(provider.number(QUEUED).await, queued - 1);
    let before = provider.mail_to(ALEX).await.len();
    provider.deliver().await;
    assert_eq!((provider.mail_to(ALEX).await.len(), provider.mail_to(KIM).await.len()), (before, 1));
    assert_eq!(provider.number("SELECT COUNT(*) FROM logouts").await, 0, "nobody is told");
    let noted = "SELECT COUNT(*) FROM events WHERE kind = 'database.restored' AND actor = 'operator'";
    assert_eq!(provider.number(noted).await, 1);
    assert!(provider.kit().now() > NOON);
    let code = provider.code_for(&mut provider.browser(), &Ask::of("portal"), ALEX).await;
    assert!(!code.is_empty(), "logging in works afresh");
}
