//! The one place that names the driver and what differs between SQLite and PostgreSQL.

mod batch;
mod columns;
mod file;
mod place;
mod postgres;
mod soundness;
mod sqlite;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AnyConnection, Row as _};

pub(super) use self::columns::{
    json, number, optional_parsed, optional_text, optional_time, parsed, text, time, to_json,
};
pub(crate) use self::file::{Damage, Depth};
pub(crate) use self::place::Place;
use crate::base::{Fault, Timestamp};

/// A connection: what every function of this room asks for. A [`Tx`] is one too.
pub(crate) type Conn = AnyConnection;

/// Every migration, in order; the same set for both databases.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The database.
#[derive(Clone)]
pub(crate) struct Store {
    engine: Engine,
    commits: Arc<AtomicU64>,
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Connects to `sqlite:PATH` or `postgres://…`; on PostgreSQL with at most `connections` at once.
    ///
    /// # Errors
    /// Where the database is not there, or is not open to us. An SQLite file is created, for its owner only.
    pub(crate) async fn open(url: &str, connections: u32) -> Result<Self, Fault> {
        sqlx::any::install_default_drivers();
        let commits = Arc::default();
        let engine = if let Some(path) = url.strip_prefix("sqlite:") {
            Engine::Sqlite(sqlite::Sqlite::open(path.trim_start_matches("//"), Arc::clone(&commits)).await?)
        } else {
            Engine::Postgres(postgres::Postgres::open(url, connections).await?)
        };
        Ok(Self { engine, commits })
    }

    /// Connects to a database that somebody has used already; `None` where there is none, and then none is made.
    ///
    /// # Errors
    /// Where it is not open to us.
    pub(crate) async fn open_used(url: &str, connections: u32) -> Result<Option<Self>, Fault> {
        let file = url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//"));
        if file.is_some_and(sqlite::is_blank) {
            return Ok(None);
        }
        let store = Self::open(url, connections).await?;
        if store.migrations_done().await? > 0 {
            return Ok(Some(store));
        }
        if let Engine::Sqlite(sqlite) = &store.engine {
            sqlite.must_be_new().await?;
        }
        Ok(None)
    }

    /// Makes this process the only one that serves from the database where only one may: while the claim is
    /// held, no other is given. Commands need none.
    ///
    /// # Errors
    /// Where another process has it.
    pub(crate) fn claim(&self) -> Result<Claim, Fault> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.claim(),
            Engine::Postgres(_) => Ok(Claim { _lock: None }),
        }
    }

    /// Brings the schema up to date. Several nodes may try at once: one does it, the others wait.
    pub(crate) async fn migrate(&self) -> Result<(), Fault> {
        let run = async |conn: &mut Conn| {
            MIGRATIONS
                .run(conn)
                .await
                .map_err(|error| Fault::caused("the database cannot be migrated", error))
        };
        let guard = |error| Fault::caused("the audit trail cannot be guarded", error);
        match &self.engine {
            Engine::Sqlite(sqlite) => {
                let mut conn = sqlite.exclusive().await?;
                run(&mut conn).await?;
                run_all(&mut conn, sqlite::GUARDS).await.map_err(guard)
            }
            Engine::Postgres(postgres) => {
                let mut conn = postgres.connection().await?;
                run(&mut conn).await?;
                postgres::guard(&mut conn).await.map_err(guard)
            }
        }
    }

    /// How many migrations this program knows that the database has not had.
    pub(crate) async fn pending_migrations(&self) -> Result<usize, Fault> {
        Ok(MIGRATIONS.iter().count().saturating_sub(self.migrations_done().await?))
    }

    async fn migrations_done(&self) -> Result<usize, Fault> {
        let mut conn = self.read().await?;
        let applied = sqlx::query("SELECT COUNT(*) AS applied FROM _sqlx_migrations")
            .fetch_one(&mut *conn)
            .await
            .and_then(|row| row.try_get::<i64, _>("applied"));
        match applied {
            Ok(applied) => Ok(usize::try_from(applied).unwrap_or(0)),
            // The table is made by the first migration: a database that knows of none answers that there is none.
            Err(error @ sqlx::Error::Database(_)) if !file::is_damage(&error) => Ok(0),
            Err(error) => Err(asking("say how far it is migrated")(error)),
        }
    }

    /// A connection to read with.
    pub(crate) async fn read(&self) -> Result<Reader, Fault> {
        Ok(match &self.engine {
            Engine::Sqlite(sqlite) => Reader::Sqlite(sqlite.read().await?),
            Engine::Postgres(postgres) => Reader::Postgres(postgres.connection().await?),
        })
    }

    /// Opens a transaction that may write.
    pub(crate) async fn begin(&self) -> Result<Tx, Fault> {
        Ok(match &self.engine {
            Engine::Sqlite(sqlite) => Tx::Sqlite(sqlite.begin().await?),
            Engine::Postgres(postgres) => Tx::Postgres(postgres.begin().await?, Arc::clone(&self.commits)),
        })
    }

    /// How often this process has made changes durable: for the benchmark. Changes that were made durable
    /// together count once.
    #[cfg(any(test, feature = "demo"))]
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// The database's own clock, where it has one apart from ours.
    pub(crate) async fn remote_clock(&self) -> Result<Option<Timestamp>, Fault> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(postgres) => postgres.clock().await.map(Some),
        }
    }

    /// Closes every connection, writing back what SQLite still holds in its log.
    pub(crate) async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }
}

async fn run_all(conn: &mut Conn, statements: &'static [&'static str]) -> Result<(), sqlx::Error> {
    for statement in statements {
        sqlx::query(*statement).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The right to serve from a database ([`Store::claim`]).
pub(crate) struct Claim {
    _lock: Option<std::fs::File>,
}

/// A connection to read with, given back when it is dropped.
pub(crate) enum Reader {
    Sqlite(sqlite::Reader),
    Postgres(postgres::Connection),
}

impl Deref for Reader {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        match self {
            Self::Sqlite(reader) => reader,
            Self::Postgres(connection) => connection,
        }
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Conn {
        match self {
            Self::Sqlite(reader) => reader,
            Self::Postgres(connection) => connection,
        }
    }
}

/// A transaction. Dropped without [`Tx::commit`], it never happened.
pub(crate) enum Tx {
    Sqlite(batch::Member),
    Postgres(sqlx::Transaction<'static, sqlx::Any>, Arc<AtomicU64>),
}

impl Tx {
    /// Lets the statements of this transaction take as long as they must.
    pub(crate) async fn without_haste(&mut self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(inner, _) => {
                postgres::without_haste(inner).await.map_err(asking("wait for a statement"))
            }
        }
    }

    /// Makes everything since the beginning durable, all at once.
    pub(crate) async fn commit(self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(member) => member.commit().await,
            Self::Postgres(inner, commits) => {
                inner.commit().await.map_err(asking("commit"))?;
                commits.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        match self {
            Self::Sqlite(member) => member,
            Self::Postgres(inner, _) => inner,
        }
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        match self {
            Self::Sqlite(member) => member,
            Self::Postgres(inner, _) => inner,
        }
    }
}

/// Turns the driver's error into a fault that says what was being done.
pub(super) fn asking(what: &'static str) -> impl FnOnce(sqlx::Error) -> Fault {
    move |error| {
        if file::is_damage(&error) {
            let remedy = "put a backup in its place with gatehouse restore";
            return Fault::caused(format!("the database is damaged and would not {what}: {remedy}"), error);
        }
        let may_pass = may_pass(&error);
        let fault = Fault::caused(format!("the database would not {what}"), error);
        if may_pass { fault.that_may_pass() } else { fault }
    }
}

/// Whether the same statement may succeed in a moment: not where it broke a rule of the schema, or brought what cannot be
/// read.
fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            !(error.is_unique_violation() || error.is_foreign_key_violation() || error.is_check_violation())
        }
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::Decode(_)
        | sqlx::Error::RowNotFound => false,
        _ => true,
    }
}

/// Whether an insert failed because a row with that key is there already.
pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Declares a file's statements, so that a test can prepare every one of them on both databases.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+
        #[cfg(test)]
        pub(super) const STATEMENTS: &[&str] = &[$($name),+];
    };
}
pub(super) use statements;

/// A statement that looks a hundred values up at once.
macro_rules! among_a_hundred {
    ($beginning:literal) => {
        concat!(
            $beginning,
            " IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
            $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42,
            $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63,
            $64, $65, $66, $67, $68, $69, $70, $71, $72, $73, $74, $75, $76, $77, $78, $79, $80, $81, $82, $83, $84,
            $85, $86, $87, $88, $89, $90, $91, $92, $93, $94, $95, $96, $97, $98, $99, $100)"
        )
    };
}
pub(super) use among_a_hundred;

/// The rows that a statement [`among_a_hundred`] has for some values, none of which is empty.
pub(super) async fn hundreds(
    conn: &mut Conn,
    statement: &'static str,
    values: &[&str],
) -> Result<Vec<sqlx::any::AnyRow>, sqlx::Error> {
    const HUNDRED: usize = 100;
    let mut found = Vec::new();
    for hundred in values.chunks(HUNDRED) {
        // Nothing has an empty one.
        let places = hundred.iter().copied().chain(std::iter::repeat("")).take(HUNDRED);
        let query = places.fold(sqlx::query(statement), sqlx::query::Query::bind);
        found.extend(query.fetch_all(&mut *conn).await?);
    }
    Ok(found)
}
