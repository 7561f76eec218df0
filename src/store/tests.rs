//! The statements themselves, on whichever database the suite runs on.

use sqlx::{Executor as _, SqlSafeStr as _};

use super::*;
use crate::suite::support::Database;

const STATEMENTS: &[(&str, &[&str])] = &[
    ("access_tokens", access_tokens::STATEMENTS),
    ("challenges", challenges::STATEMENTS),
    ("clients", clients::STATEMENTS),
    ("devices", devices::STATEMENTS),
    ("events", events::STATEMENTS),
    ("facts", facts::STATEMENTS),
    ("flows", flows::STATEMENTS),
    ("grants", grants::STATEMENTS),
    ("outbox", outbox::STATEMENTS),
    ("purge", purge::STATEMENTS),
    ("sessions", sessions::STATEMENTS),
    ("signing_keys", signing_keys::STATEMENTS),
    ("throttles", throttles::STATEMENTS),
    ("users", users::STATEMENTS),
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
    assert_eq!(database.store.commits(), 160);
}
