//! PostgreSQL: a pool of connections.

use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyPool, Connection as _};

use super::{Conn, asking, run_all, time};
use crate::base::{Fault, Timestamp};

/// Whoever cannot have a connection by then is told so.
const PATIENCE: Duration = Duration::from_secs(3);

const SETUP: &[&str] = &[
    "SET statement_timeout = '5s'",
    "SET lock_timeout = '2s'",
    "SET idle_in_transaction_session_timeout = '10s'",
];

/// The audit trail is written and read, and nothing else. What is too old may go: the purge first notes how old that is.
const GUARDS: &[&str] = &[
    "CREATE OR REPLACE FUNCTION trail_refuses() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN RAISE EXCEPTION 'the audit trail cannot be changed'; END $body$",
    "CREATE OR REPLACE FUNCTION trail_keeps_events() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF OLD.at >= COALESCE((SELECT CAST(value AS BIGINT) FROM facts WHERE name = 'events_kept_from'), 0) THEN
                RAISE EXCEPTION 'the audit trail cannot be shortened';
            END IF;
            RETURN OLD;
        END $body$",
    "CREATE OR REPLACE FUNCTION trail_keeps_rows() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF EXISTS (SELECT 1 FROM events WHERE id = OLD.event_id) THEN
                RAISE EXCEPTION 'the audit trail cannot be shortened';
            END IF;
            RETURN OLD;
        END $body$",
    // Those of what was purged may go, once another head says that the trail begins later.
    "CREATE OR REPLACE FUNCTION trail_keeps_heads() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF EXISTS (SELECT 1 FROM trail WHERE seq = OLD.seq)
                OR NOT EXISTS (SELECT 1 FROM trail_heads WHERE kind = 'beginning' AND seq > OLD.seq) THEN
                RAISE EXCEPTION 'the audit trail cannot be shortened';
            END IF;
            RETURN OLD;
        END $body$",
    "CREATE OR REPLACE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events
        FOR EACH ROW EXECUTE FUNCTION trail_refuses()",
    "CREATE OR REPLACE TRIGGER events_stay BEFORE DELETE ON events
        FOR EACH ROW EXECUTE FUNCTION trail_keeps_events()",
    "CREATE OR REPLACE TRIGGER trail_stays_as_it_is BEFORE UPDATE ON trail
        FOR EACH ROW EXECUTE FUNCTION trail_refuses()",
    "CREATE OR REPLACE TRIGGER trail_stays BEFORE DELETE ON trail
        FOR EACH ROW EXECUTE FUNCTION trail_keeps_rows()",
    "CREATE OR REPLACE TRIGGER heads_stay_as_they_are BEFORE UPDATE ON trail_heads
        FOR EACH ROW EXECUTE FUNCTION trail_refuses()",
    // The last one to be set: where it is there, all are.
    "CREATE OR REPLACE TRIGGER heads_stay BEFORE DELETE ON trail_heads
        FOR EACH ROW EXECUTE FUNCTION trail_keeps_heads()",
];

/// Sets the guards, one node at a time.
pub(super) async fn guard(conn: &mut Conn) -> Result<(), sqlx::Error> {
    let known = sqlx::query(
        "SELECT 1 FROM pg_trigger WHERE tgname = 'heads_stay'
        AND tgrelid = 'trail_heads'::regclass",
    )
    .fetch_optional(&mut *conn)
    .await?;
    if known.is_some() {
        return Ok(());
    }
    sqlx::query("SELECT pg_advisory_lock(7263541)").execute(&mut *conn).await?;
    let done = run_all(conn, GUARDS).await;
    sqlx::query("SELECT pg_advisory_unlock(7263541)").execute(conn).await?;
    done
}

/// Takes the limits away for the rest of a transaction.
pub(super) async fn without_haste(conn: &mut Conn) -> Result<(), sqlx::Error> {
    run_all(conn, &["SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = 0"]).await
}

pub(crate) type Connection = sqlx::pool::PoolConnection<Any>;

/// The pool of this process.
#[derive(Clone)]
pub(super) struct Postgres(AnyPool);

impl Postgres {
    pub(super) async fn open(url: &str, connections: u32) -> Result<Self, Fault> {
        let options: AnyConnectOptions =
            url.parse().map_err(|error| Fault::caused("the database address cannot be used", error))?;
        // A pool that cannot connect says no more than that it took too long.
        let unreachable = |why: sqlx::Error| {
            let say = "the PostgreSQL database cannot be opened: check that it is running and that database.url is right";
            Fault::caused(say, why)
        };
        let first = tokio::time::timeout(PATIENCE, Conn::connect_with(&options)).await;
        let first = first.map_err(|_| Fault::new("the PostgreSQL database does not answer"))?;
        first.map_err(unreachable)?.close().await.map_err(unreachable)?;
        let pool = AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            // A question before each use would cost as much as the use itself.
            .test_before_acquire(false)
            .before_acquire(|conn, meta| {
                Box::pin(async move {
                    if meta.idle_for > Duration::from_secs(1) {
                        sqlx::Connection::ping(conn).await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(|conn, _| Box::pin(run_all(conn, SETUP)))
            .connect_with(options)
            .await
            .map_err(unreachable)?;
        Ok(Self(pool))
    }

    pub(super) async fn connection(&self) -> Result<Connection, Fault> {
        self.0.acquire().await.map_err(asking("connect"))
    }

    pub(super) async fn begin(&self) -> Result<sqlx::Transaction<'static, Any>, Fault> {
        self.0.begin().await.map_err(asking("begin a transaction"))
    }

    pub(super) async fn clock(&self) -> Result<Timestamp, Fault> {
        let row =
            sqlx::query("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS millis")
                .fetch_one(&mut *self.connection().await?)
                .await
                .map_err(asking("read the clock"))?;
        time(&row, "millis")
    }

    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}
