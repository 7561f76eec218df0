//! The audit trail: chained, signed, sealed, and not to be changed quietly.

use http::StatusCode;

use super::console::OLIVIA;
use super::support::{Ask, Provider};
use crate::admin::events::Look;
use crate::admin::{events, personal_data, users};
use crate::audit::chain;
use crate::audit::check::{Broken, Head};
use crate::base::Span;
use crate::jobs::keep_trail;
use crate::model::{Actor, EventKind, Role};

impl Provider {
    /// Some events, chained and signed.
    pub(super) async fn with_a_trail() -> Self {
        let provider = Self::start().await;
        provider.add_client("portal", |_| {}).await;
        let mut alex = provider.browser();
        provider.code_for(&mut alex, &Ask::of("portal"), "alex@school.example").await;
        provider.settle_trail().await;
        provider
    }

    pub(super) async fn settle_trail(&self) {
        keep_trail::round(self.kit()).await.unwrap();
        chain::sign(self.kit()).await.unwrap();
    }

    pub(super) async fn checked(&self) -> Result<u64, Broken> {
        events::inspect(self.kit(), Look::default()).await.unwrap().map(|whole| whole.rows)
    }

    /// What somebody does who can write to the database and takes its guards away first.
    pub(super) async fn tamper(&self, statements: &[&'static str]) {
        let mut tx = self.kit().store.begin().await.unwrap();
        let is_sqlite = self.database.url.starts_with("sqlite:");
        let guards = [
            ("events", "events_stay_as_they_are"),
            ("events", "events_stay"),
            ("trail", "trail_stays_as_it_is"),
            ("trail", "trail_stays"),
            ("trail_heads", "heads_stay_as_they_are"),
            ("trail_heads", "heads_stay"),
        ];
        for (table, guard) in guards {
            let on = if is_sqlite { String::new() } else { format!(" ON {table}") };
            let drop = format!("DROP TRIGGER {guard}{on}");
            sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&mut *tx).await.unwrap();
        }
        for statement in statements {
            sqlx::query(*statement).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_trail_that_nobody_touched_is_whole_and_goes_on() {
    let provider = Provider::with_a_trail().await;
    let rows = provider.checked().await.unwrap();
    assert!(rows >= 5, "{rows}");
    provider.advance(Span::minutes(1));
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &Ask::of("portal"), "alex@school.example").await;
    provider.settle_trail().await;
    assert!(provider.checked().await.unwrap() > rows);
    assert_eq!(provider.number("SELECT COUNT(*) FROM trail_heads").await, 2);
    chain::sign(provider.kit()).await.unwrap();
    assert_eq!(provider.number("SELECT COUNT(*) FROM trail_heads").await, 2, "nothing new, nothing signed");
}

#[tokio::test]
async fn row_100_the_database_lets_nobody_change_or_remove_what_was_recorded() {
    let provider = Provider::with_a_trail().await;
    for statement in [
        "UPDATE events SET kind = 'login.done'",
        "DELETE FROM events",
        "UPDATE trail SET hash = ''",
        "DELETE FROM trail",
        "UPDATE trail_heads SET signed = ''",
        "DELETE FROM trail_heads",
    ] {
        let mut tx = provider.kit().store.begin().await.unwrap();
        let refused = sqlx::query(statement).execute(&mut *tx).await.unwrap_err().to_string();
        assert!(refused.contains("the audit trail cannot be"), "{statement}: {refused}");
    }
    provider.checked().await.unwrap();
}

#[tokio::test]
async fn row_100_the_first_row_that_was_changed_is_named() {
    let provider = Provider::with_a_trail().await;
    provider
        .tamper(&[
            "UPDATE events SET address = '192.0.2.1' WHERE id = (SELECT event_id FROM trail WHERE seq = 3)",
        ])
        .await;
    let broken = provider.checked().await.unwrap_err();
    assert_eq!((broken.seq, broken.why.as_str()), (3, "it was changed, or is not in its place"));
    let (_, said) = events::last_check(provider.kit()).await.unwrap().unwrap();
    assert_eq!(said.unwrap(), "row 3: it was changed, or is not in its place");
}

#[tokio::test]
async fn row_100_the_first_row_that_was_removed_is_named() {
    let provider = Provider::with_a_trail().await;
    provider.tamper(&["DELETE FROM events WHERE id = (SELECT event_id FROM trail WHERE seq = 2)"]).await;
    assert_eq!(provider.checked().await.unwrap_err().seq, 2);
    let provider = Provider::with_a_trail().await;
    provider.tamper(&["DELETE FROM trail WHERE seq = 4"]).await;
    let broken = provider.checked().await.unwrap_err();
    assert_eq!((broken.seq, broken.why.as_str()), (4, "it was removed"));
}

#[tokio::test]
async fn row_100_rows_that_changed_places_are_named() {
    let provider = Provider::with_a_trail().await;
    provider
        .tamper(&[
            "UPDATE trail SET event_id = event_id || '?' WHERE seq = 2",
            "UPDATE trail SET event_id = (SELECT event_id FROM trail WHERE seq = 5) || '!' WHERE seq = 2",
            "UPDATE trail SET event_id = (SELECT id FROM events ORDER BY id LIMIT 1) || '!' WHERE seq = 5",
            "UPDATE trail SET event_id = REPLACE(event_id, '!', '') WHERE seq = 2",
        ])
        .await;
    assert_eq!(provider.checked().await.unwrap_err().seq, 2);
}

#[tokio::test]
async fn row_100_an_end_that_was_cut_off_is_named() {
    let provider = Provider::with_a_trail().await;
    let rows = i64::try_from(provider.checked().await.unwrap()).unwrap();
    provider
        .tamper(&[
            "DELETE FROM events WHERE id IN (SELECT event_id FROM trail WHERE seq > 3)",
            "DELETE FROM trail WHERE seq > 3",
        ])
        .await;
    let broken = provider.checked().await.unwrap_err();
    assert_eq!((broken.seq, broken.why), (4, format!("the rows from here to {rows} were cut off")));
}

#[tokio::test]
async fn row_100_a_past_that_was_written_anew_is_not_the_one_that_was_signed() {
    let provider = Provider::with_a_trail().await;
    provider
        .tamper(&[
            "DELETE FROM events WHERE id = (SELECT event_id FROM trail WHERE seq = 2)",
            "DELETE FROM trail",
        ])
        .await;
    // As if the chain had never been: every hash is made anew, only the signature cannot be.
    let heads = provider.number("SELECT COUNT(*) FROM trail_heads").await;
    assert_eq!(heads, 1);
    provider.tamper_less("DELETE FROM trail_heads WHERE seq = 0").await;
    keep_trail::round(provider.kit()).await.unwrap();
    assert!(provider.checked().await.is_err());
}

/// What a command does that checks the database.
async fn command(provider: &Provider, known: Option<Head>) -> Result<u64, Broken> {
    let look = Look { settle: true, known, at: None };
    events::inspect(provider.kit(), look).await.unwrap().map(|whole| whole.rows)
}

#[tokio::test]
async fn row_100_a_trail_that_was_written_anew_is_neither_continued_nor_signed() {
    let provider = Provider::with_a_trail().await;
    let rows = provider.checked().await.unwrap();
    provider
        .tamper(&["DELETE FROM trail", "DELETE FROM trail_heads", "UPDATE events SET kind = 'login.done'"])
        .await;
    let broken = command(&provider, None).await.unwrap_err();
    let why = format!("the rows from here to {rows} were cut off, and their signed heads with them");
    assert_eq!((broken.seq, broken.why), (1, why));
    keep_trail::round(provider.kit()).await.unwrap();
    assert!(chain::sign(provider.kit()).await.unwrap_err().to_string().contains("tampered with"));
    assert_eq!(provider.number("SELECT COUNT(*) FROM trail").await, 0);
    assert_eq!(provider.number("SELECT COUNT(*) FROM trail_heads").await, 0);
    provider.tamper_less("DELETE FROM facts WHERE name = 'trail_signed'").await;
    assert!(command(&provider, None).await.is_err());
    assert!(chain::sign(provider.kit()).await.is_err());
    provider.tamper_less("INSERT INTO facts (name, value) VALUES ('trail_signed', 'x')").await;
    provider.tamper_less("DELETE FROM facts WHERE name = 'trail_key'").await;
    assert!(chain::sign(provider.kit()).await.is_err(), "nor with another key");
    assert!(command(&provider, None).await.is_err());
}

#[tokio::test]
async fn a_command_signs_what_came_since_and_looks_at_that_too() {
    let provider = Provider::with_a_trail().await;
    let rows = provider.checked().await.unwrap();
    provider.advance(Span::minutes(30));
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &Ask::of("portal"), "alex@school.example").await;
    let all = u64::try_from(provider.number("SELECT COUNT(*) FROM events").await).unwrap();
    assert!(all > rows);
    assert_eq!(command(&provider, None).await.unwrap(), all);
    assert_eq!(provider.number("SELECT COUNT(*) FROM trail_heads").await, 2);
    assert_eq!(command(&provider, None).await.unwrap(), all);
}

#[tokio::test]
async fn row_100_an_end_that_was_cut_off_with_its_heads_is_found_by_what_was_kept_elsewhere() {
    let provider = Provider::with_a_trail().await;
    let first = provider.head().await;
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &Ask::of("portal"), "alex@school.example").await;
    provider.settle_trail().await;
    let kept = Head::unverified(&provider.head().await).unwrap();
    command(&provider, Some(kept.clone())).await.unwrap();
    provider
        .tamper(&[
            "DELETE FROM events WHERE id IN (SELECT event_id FROM trail WHERE seq >
                (SELECT MIN(seq) FROM trail_heads))",
            "DELETE FROM trail WHERE seq > (SELECT MIN(seq) FROM trail_heads)",
            "DELETE FROM trail_heads WHERE seq > (SELECT MIN(seq) FROM trail_heads)",
        ])
        .await;
    assert!(command(&provider, None).await.unwrap_err().why.contains("were cut off"), "it is noted");
    let mut tx = provider.kit().store.begin().await.unwrap();
    let noted = sqlx::query("UPDATE facts SET value = $1 WHERE name = 'trail_signed'").bind(first);
    noted.execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    command(&provider, None).await.unwrap();
    let seq = kept.seq;
    let broken = command(&provider, Some(kept)).await.unwrap_err();
    assert!(broken.why.contains(&format!("to {seq} were cut off")), "{broken:?}");
}

impl Provider {
    /// The last head.
    async fn head(&self) -> String {
        let mut conn = self.kit().store.read().await.unwrap();
        let last = "SELECT signed FROM trail_heads ORDER BY seq DESC LIMIT 1";
        sqlx::query_scalar(last).fetch_one(&mut *conn).await.unwrap()
    }

    async fn tamper_less(&self, statement: &'static str) {
        let mut tx = self.kit().store.begin().await.unwrap();
        sqlx::query(statement).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn an_event_that_was_put_in_later_has_no_place() {
    let provider = Provider::with_a_trail().await;
    provider
        .tamper_less("INSERT INTO events (id, at, kind) VALUES ('evt_00000000000000000000000000000000', 5, 'login.done')")
        .await;
    keep_trail::round(provider.kit()).await.unwrap();
    assert!(provider.checked().await.unwrap_err().why.contains("1 event has no place"));
}

#[tokio::test]
async fn an_event_that_is_kept_late_gets_its_place_with_the_next_signature() {
    let provider = Provider::with_a_trail().await;
    let rows = provider.checked().await.unwrap();
    provider
        .tamper_less(
            "INSERT INTO events (id, at, kind)
                SELECT 'evt_00000000000000000000000000000000', MAX(at) - 60000, 'login.done' FROM events",
        )
        .await;
    keep_trail::keep_up(provider.kit()).await.unwrap();
    assert_eq!(provider.checked().await.unwrap(), rows);
    keep_trail::round(provider.kit()).await.unwrap();
    assert_eq!(provider.checked().await.unwrap(), rows + 1);
}

#[tokio::test]
async fn whoever_is_erased_leaves_a_trail_that_is_whole_and_says_nothing_of_them() {
    let provider = Provider::with_a_trail().await;
    let kit = provider.kit();
    let alex = users::find(kit, &Actor::Operator, "alex@school.example").await.unwrap();
    let filter = events::Filter { user: Some(alex.id.clone()), ..events::Filter::default() };
    let before = events::list(kit, &Actor::Operator, &filter, None, 50).await.unwrap();
    assert!(before.rows.iter().any(|listed| listed.event.address.as_deref() == Some("0.0.0.0")));
    let kept = provider
        .number("SELECT COUNT(*) FROM events WHERE user_id IS NOT NULL AND address = '0.0.0.0'")
        .await;
    assert_eq!(kept, 0, "no address of a person is kept in clear");
    personal_data::erase(kit, &Actor::Operator, &alex).await.unwrap();
    provider.settle_trail().await;
    provider.checked().await.unwrap();
    let after = events::list(kit, &Actor::Operator, &filter, None, 50).await.unwrap();
    assert_eq!(after.rows.len(), before.rows.len() + 1);
    assert!(after.rows.iter().all(|listed| listed.event.address.is_none() && listed.person.is_none()));
}

#[tokio::test]
async fn the_address_of_an_administrator_is_forgotten_with_them_and_not_with_whom_they_looked_after() {
    let provider = Provider::with_a_trail().await;
    let kit = provider.kit();
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    provider.administrator("second@council.example", Role::Owner, &[]).await;
    let alex = provider.person("alex@school.example").await;
    let page = format!("/admin/people/{}", alex.id);
    olivia.fill(&format!("{page}/deactivate"), &[]).await.expect(StatusCode::SEE_OTHER);
    olivia.open("/admin/audit/events.csv").await.expect(StatusCode::OK);
    let clear = "SELECT COUNT(*) FROM events WHERE address = '0.0.0.0' AND actor IS NOT NULL";
    assert_eq!(provider.number(clear).await, 0, "not even where nothing was done to anybody");
    personal_data::erase(kit, &Actor::Operator, &alex).await.unwrap();
    let olivias = provider.person(OLIVIA).await;
    let addresses = async || {
        let filter = events::Filter::default();
        let rows = events::list(kit, &Actor::Operator, &filter, None, 100).await.unwrap().rows;
        let own = rows.into_iter().filter(|row| row.event.actor.as_deref() == Some(olivias.id.as_str()));
        own.map(|row| row.event.address).collect::<Vec<_>>()
    };
    let known = addresses().await;
    assert!(
        known.len() >= 2 && known.iter().all(|address| address.as_deref() == Some("0.0.0.0")),
        "{known:?}"
    );
    personal_data::erase(kit, &Actor::Operator, &olivias).await.unwrap();
    let known = addresses().await;
    assert!(known.len() >= 2 && known.iter().all(Option::is_none), "{known:?}");
    provider.settle_trail().await;
    provider.checked().await.unwrap();
}

#[tokio::test]
async fn an_address_that_was_sealed_for_the_subject_by_an_earlier_version_can_be_read() {
    let provider = Provider::with_a_trail().await;
    provider
        .tamper(&[
            "UPDATE events SET actor = 'usr_00000000000000000000000000000000' WHERE kind = 'login.done'",
        ])
        .await;
    let filter = events::Filter { kind: Some(EventKind::LoggedIn), ..events::Filter::default() };
    let page = events::list(provider.kit(), &Actor::Operator, &filter, None, 9).await.unwrap();
    assert_eq!(page.rows[0].event.address.as_deref(), Some("0.0.0.0"));
}

#[tokio::test]
async fn whoever_is_erased_leaves_no_email_in_a_journey() {
    let provider = Provider::with_a_trail().await;
    let mut other = provider.browser();
    let begun = other.open(&Ask::of("portal").url()).await;
    let login = other.follow(begun).await;
    other.submit(&login, &[("email", "ALEX@School.example"), ("password", "not this one")]).await;
    let left = "SELECT COUNT(*) FROM flows WHERE LOWER(email) = 'alex@school.example'";
    assert!(provider.number(left).await >= 2);
    let alex = provider.person("alex@school.example").await;
    personal_data::erase(provider.kit(), &Actor::Operator, &alex).await.unwrap();
    assert_eq!(provider.number(left).await, 0);
    assert_eq!(provider.number("SELECT COUNT(*) FROM challenges").await, 0);
}

#[tokio::test]
async fn several_nodes_make_one_chain() {
    let provider = Provider::with_a_trail().await;
    for _ in 0..5 {
        provider.browser().open("/reset").await;
    }
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &Ask::of("portal"), "alex@school.example").await;
    let rounds = (0..8).map(|_| {
        let kit = std::sync::Arc::clone(&provider.app.kit);
        tokio::spawn(async move { keep_trail::round(&kit).await })
    });
    for round in rounds.collect::<Vec<_>>() {
        round.await.unwrap().unwrap();
    }
    provider.settle_trail().await;
    let events = provider.number("SELECT COUNT(*) FROM events").await;
    assert_eq!(i64::try_from(provider.checked().await.unwrap()).unwrap(), events);
}

#[tokio::test]
async fn the_console_shows_the_log_and_what_a_service_did_wrong() {
    let provider = Provider::with_a_trail().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Auditor, &[]).await;
    let log = olivia.open("/admin/audit").await.expect(StatusCode::OK);
    assert!(log.body.contains("The log has not been checked yet") || log.body.contains("Log checked"));
    assert!(log.body.contains("Tokens given to a service") && log.body.contains("0.0.0.0"));
    events::inspect(provider.kit(), Look::default()).await.unwrap().unwrap();
    let log = olivia
        .open("/admin/audit?person=alex%40school.example&event=login.done&from=2026-11-22&to=2026-11-22")
        .await;
    assert!(log.body.contains("Log checked: no gaps, 22 November 2026 at midday."), "{}", log.body);
    assert_eq!(log.body.matches("<th scope=\"row\">").count(), 1);
    let asked = "from=2026-11-23&to=2026-11-22&person=nobody%40x.example";
    let wrong = olivia.open(&format!("/admin/audit?{asked}")).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    // Nor is everything downloaded, where nothing like it was asked for.
    let file = olivia.open(&format!("/admin/audit/events.csv?{asked}")).await.expect(StatusCode::SEE_OTHER);
    assert!(file.location().starts_with("/admin/audit?"), "{}", file.location());
    assert!(
        wrong.body.contains("Date from must be the same as or before date to")
            && wrong.body.contains("Nobody has that email")
    );
    let file = olivia.open("/admin/audit/events.csv?event=login.done").await.expect(StatusCode::OK);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(file.body.lines().count(), 3);

    let elsewhere = Ask::of("portal").with("redirect_uri", "https://evil.example/cb");
    provider.browser().open(&elsewhere.url()).await.expect(StatusCode::BAD_REQUEST);
    for _ in 0..30 {
        provider
            .redeem("gh_ac_x", &Ask::of("portal"), "portal", "gh_cs_wrong")
            .await
            .expect(StatusCode::UNAUTHORIZED);
    }
    assert_eq!(
        provider.number("SELECT COUNT(*) FROM events WHERE kind = 'client.request_refused'").await,
        10
    );
    let page = olivia.open("/admin/services/portal").await.expect(StatusCode::OK);
    assert!(page.body.contains("the secret is not one of the client"), "{}", page.body);
    let log = olivia.open("/admin/audit?service=portal&event=client.request_refused").await;
    assert_eq!(log.body.matches("<th scope=\"row\">").count(), 10);
}
