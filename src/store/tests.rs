//! The statements themselves, on whichever database the suite runs on.

use sqlx::{Executor as _, SqlSafeStr as _};

use super::*;
use crate::suite::support::Database;

const STATEMENTS: &[(&str, &[&str])] = &[
    ("access_tokens", access_tokens::STATEMENTS),
    ("administrators", administrators::STATEMENTS),
    ("challenges", challenges::STATEMENTS),
    ("clients", clients::STATEMENTS),
    ("consents", consents::STATEMENTS),
    ("device_codes", device_codes::STATEMENTS),
    ("devices", devices::STATEMENTS),
    ("events", events::STATEMENTS),
    ("facts", facts::STATEMENTS),
    ("flows", flows::STATEMENTS),
    ("grants", grants::STATEMENTS),
    ("holdings", holdings::STATEMENTS),
    ("idempotency", idempotency::STATEMENTS),
    ("invitations", invitations::STATEMENTS),
    ("logouts", logouts::STATEMENTS),
    ("outbox", outbox::STATEMENTS),
    ("people", people::STATEMENTS),
    ("purge", purge::STATEMENTS),
    ("pushed_requests", pushed_requests::STATEMENTS),
    ("sealed_secrets", sealed_secrets::STATEMENTS),
    ("refresh_tokens", refresh_tokens::STATEMENTS),
    ("registration_tokens", registration_tokens::STATEMENTS),
    ("restored", restored::STATEMENTS),
    ("reviews", reviews::STATEMENTS),
    ("services", services::STATEMENTS),
    ("sessions", sessions::STATEMENTS),
    ("settings", settings::STATEMENTS),
    ("signing_keys", signing_keys::STATEMENTS),
    ("throttles", throttles::STATEMENTS),
    ("trail", trail::STATEMENTS),
    ("uploads", uploads::STATEMENTS),
    ("used_assertions", used_assertions::STATEMENTS),
    ("users", users::STATEMENTS),
    ("words", words::STATEMENTS),
];

#[tokio::test]
async fn every_statement_is_understood_by_the_database() {
    let database = Database::fresh().await;
    let mut conn = database.store.read().await.unwrap();
    for (table, statements) in STATEMENTS {
        for statement in *statements {
            if let Err(error) = (&mut *conn).prepare((*statement).into_sql_str()).await {
                panic!("{table}: {statement}\n{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_transaction_that_is_dropped_never_happened() {
    let database = Database::fresh().await;
    let mut tx = database.store.begin().await.unwrap();
    facts::set_once(&mut tx, "colour", "green").await.unwrap();
    drop(tx);
    let mut conn = database.store.read().await.unwrap();
    assert_eq!(facts::find(&mut conn, "colour").await.unwrap(), None);
}

#[tokio::test]
async fn row_103_thirty_two_writers_at_once_are_never_told_that_the_database_is_busy() {
    let database = Database::fresh().await;
    let writers = (0..32).map(|writer| {
        let store = database.store.clone();
        tokio::spawn(async move {
            for turn in 0..5 {
                let mut tx = store.begin().await.unwrap();
                facts::set_once(&mut tx, &format!("{writer}-{turn}"), "here").await.unwrap();
                tx.commit().await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert!(database.store.commits() <= 160, "some were kept together");
    let mut conn = database.store.read().await.unwrap();
    for writer in 0..32 {
        for turn in 0..5 {
            let kept = facts::find(&mut conn, &format!("{writer}-{turn}")).await.unwrap();
            assert_eq!(kept.as_deref(), Some("here"), "{writer}-{turn}");
        }
    }
}

#[tokio::test]
async fn what_is_taken_back_takes_nothing_with_it_of_those_who_commit_at_the_same_moment() {
    let database = Database::fresh().await;
    let writers = (0..24).map(|writer| {
        let store = database.store.clone();
        tokio::spawn(async move {
            let mut tx = store.begin().await.unwrap();
            facts::set_once(&mut tx, &format!("{writer}"), "here").await.unwrap();
            if writer % 3 == 0 {
                drop(tx);
            } else {
                tx.commit().await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    // The next one waits until everything before it has been settled.
    database.store.begin().await.unwrap().commit().await.unwrap();
    let mut conn = database.store.read().await.unwrap();
    for writer in 0..24 {
        let kept = facts::find(&mut conn, &format!("{writer}")).await.unwrap();
        assert_eq!(kept.is_some(), writer % 3 != 0, "{writer}");
    }
}

#[tokio::test]
async fn whoever_stops_waiting_half_way_leaves_the_database_usable_and_his_change_whole_or_absent() {
    let database = Database::fresh().await;
    for microseconds in (0..2_000).step_by(50) {
        let store = database.store.clone();
        let impatient = async move {
            let mut tx = store.begin().await.unwrap();
            for half in ["left", "right"] {
                facts::set_once(&mut tx, &format!("{half} {microseconds}"), "here").await.unwrap();
            }
            tx.commit().await.unwrap();
        };
        let _ = tokio::time::timeout(std::time::Duration::from_micros(microseconds), impatient).await;
    }
    database.store.begin().await.unwrap().commit().await.unwrap();
    let mut conn = database.store.read().await.unwrap();
    for microseconds in (0..2_000).step_by(50) {
        let left = facts::find(&mut conn, &format!("left {microseconds}")).await.unwrap();
        let right = facts::find(&mut conn, &format!("right {microseconds}")).await.unwrap();
        assert_eq!(left, right, "{microseconds}");
    }
}

/// Statements that look at everything, because that is what they are for: counts of a job, and what runs at start.
const MAY_SCAN: &[&str] = &["COUNT(*)"];
/// Tables that are never gone through, not even in the order of an index, by the names that statements give them.
const LARGE: &[&str] = &["SCAN u ", "SCAN e ", "SCAN w ", "SCAN c ", "SCAN s "];
/// There are few.
const ADMINISTRATORS: &str = "SCAN a";

#[tokio::test]
async fn no_list_or_search_of_the_console_goes_through_a_whole_table() {
    let database = Database::fresh().await;
    let is_sqlite = database.url.starts_with("sqlite:");
    let mut conn = database.store.read().await.unwrap();
    if !is_sqlite {
        // So that a table which is small today is read as one that is large tomorrow.
        for setting in ["SET enable_seqscan = off", "SET plan_cache_mode = force_generic_plan"] {
            sqlx::query(setting).execute(&mut *conn).await.unwrap();
        }
    }
    let looked_at = [
        people::STATEMENTS,
        services::STATEMENTS,
        sessions::STATEMENTS,
        events::STATEMENTS,
        administrators::STATEMENTS,
        invitations::STATEMENTS,
        reviews::STATEMENTS,
        trail::STATEMENTS,
    ];
    for statement in looked_at.into_iter().flatten().filter(|text| text.starts_with("SELECT")) {
        let searches = statement.contains("FROM words w");
        if !searches && MAY_SCAN.iter().any(|part| statement.contains(part)) {
            continue;
        }
        let question = match is_sqlite {
            true => format!("EXPLAIN QUERY PLAN {statement}"),
            false => {
                let prepare = format!("PREPARE looked_at AS {statement}");
                sqlx::raw_sql(sqlx::AssertSqlSafe(prepare)).execute(&mut *conn).await.unwrap();
                let most = (1..=100).filter(|n| statement.contains(&format!("${n}"))).max().unwrap_or(0);
                let nothing = vec!["NULL"; most].join(", ");
                let given = if most == 0 { String::new() } else { format!("({nothing})") };
                format!("EXPLAIN EXECUTE looked_at{given}")
            }
        };
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(question)).fetch_all(&mut *conn).await.unwrap();
        if !is_sqlite {
            sqlx::raw_sql("DEALLOCATE looked_at").execute(&mut *conn).await.unwrap();
        }
        for row in rows {
            let step: String = sqlx::Row::try_get(&row, if is_sqlite { 3 } else { 0 }).unwrap();
            let whole = if is_sqlite {
                // Who goes along an index and leaves most of it out goes through a whole table too.
                let large = LARGE.iter().any(|table| step.starts_with(table));
                step.starts_with("SCAN") && step != ADMINISTRATORS && (large || !step.contains("INDEX"))
            } else {
                step.contains("Seq Scan")
            };
            assert!(!whole, "{statement}\n{step}");
        }
    }
}
