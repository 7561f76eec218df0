//! The one file that names the driver and what differs between SQLite and PostgreSQL.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::{AnyConnection, AnyPool, Row as _};

use crate::base::{Fault, Timestamp};

/// A connection: what every function of this room asks for. A [`Tx`] is one too.
pub(crate) type Conn = AnyConnection;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flavour {
    Sqlite,
    Postgres,
}

/// Every migration, in order; the same set for both databases.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The database: many readers, and on SQLite a single writer.
#[derive(Clone)]
pub(crate) struct Store {
    flavour: Flavour,
    readers: AnyPool,
    writers: AnyPool,
    commits: Arc<AtomicU64>,
}

impl Store {
    /// Connects to `sqlite:PATH` or `postgres://…`; on PostgreSQL with at most `connections` at once.
    ///
    /// # Errors
    /// Where the database is not there, or is not open to us. An SQLite file is created, for its owner only.
    pub(crate) async fn open(url: &str, connections: u32) -> Result<Self, Fault> {
        sqlx::any::install_default_drivers();
        if let Some(path) = url.strip_prefix("sqlite:") {
            Self::open_sqlite(path.trim_start_matches("//")).await
        } else {
            Self::open_postgres(url, connections).await
        }
    }

    async fn open_sqlite(path: &str) -> Result<Self, Fault> {
        create_private_file(path)?;
        let options: AnyConnectOptions = format!("sqlite://{path}")
            .parse()
            .map_err(|error| Fault::caused(format!("the database path {path} cannot be used"), error))?;
        let pool = |size: u32, setup: &'static [&'static str]| {
            AnyPoolOptions::new()
                .max_connections(size)
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
                .acquire_timeout(Duration::from_secs(10))
                .after_connect(move |conn, _| Box::pin(run_all(conn, setup)))
        };
        let doing = |error| Fault::caused(format!("the database {path} cannot be opened"), error);
        let writers = pool(1, SQLITE_WRITER).connect_with(options.clone()).await.map_err(doing)?;
        let readers = pool(4, SQLITE_READER).connect_with(options).await.map_err(doing)?;
        Ok(Self { flavour: Flavour::Sqlite, readers, writers, commits: Arc::default() })
    }

    async fn open_postgres(url: &str, connections: u32) -> Result<Self, Fault> {
        let options: AnyConnectOptions =
            url.parse().map_err(|error| Fault::caused("the database address cannot be used", error))?;
        let pool = AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(3))
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
            .after_connect(|conn, _| Box::pin(run_all(conn, POSTGRES)))
            .connect_with(options)
            .await
            .map_err(|error| Fault::caused("the PostgreSQL database cannot be reached", error))?;
        Ok(Self { flavour: Flavour::Postgres, readers: pool.clone(), writers: pool, commits: Arc::default() })
    }

    /// Brings the schema up to date. Several nodes may try at once: one does it, the others wait.
    pub(crate) async fn migrate(&self) -> Result<(), Fault> {
        let mut conn = self.writers.acquire().await.map_err(asking("connect"))?;
        MIGRATIONS
            .run(&mut *conn)
            .await
            .map_err(|error| Fault::caused("the database cannot be migrated", error))
    }

    /// How many migrations this program knows that the database has not had.
    pub(crate) async fn pending_migrations(&self) -> Result<usize, Fault> {
        let mut conn = self.read().await?;
        let applied = sqlx::query("SELECT COUNT(*) AS applied FROM _sqlx_migrations")
            .fetch_one(&mut *conn)
            .await
            .and_then(|row| row.try_get::<i64, _>("applied"));
        // The table is made by the first migration run: without it, none has been.
        let applied = usize::try_from(applied.unwrap_or(0)).unwrap_or(0);
        Ok(MIGRATIONS.iter().count().saturating_sub(applied))
    }

    /// A connection to read with.
    pub(crate) async fn read(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Any>, Fault> {
        self.readers.acquire().await.map_err(asking("connect"))
    }

    /// Opens a transaction that may write.
    pub(crate) async fn begin(&self) -> Result<Tx, Fault> {
        let begun = match self.flavour {
            // A transaction that turns from reader to writer half-way is refused by SQLite at random.
            Flavour::Sqlite => self.writers.begin_with("BEGIN IMMEDIATE").await,
            Flavour::Postgres => self.writers.begin().await,
        };
        Ok(Tx { inner: begun.map_err(asking("begin a transaction"))?, commits: Arc::clone(&self.commits) })
    }

    /// How many transactions this process has committed: for the benchmark.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// The database's own clock, where it has one apart from ours.
    pub(crate) async fn remote_clock(&self) -> Result<Option<Timestamp>, Fault> {
        if self.flavour == Flavour::Sqlite {
            return Ok(None);
        }
        let mut conn = self.read().await?;
        let row =
            sqlx::query("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS millis")
                .fetch_one(&mut *conn)
                .await
                .map_err(asking("read the clock"))?;
        Ok(Some(time(&row, "millis")?))
    }

    /// Closes every connection, writing back what SQLite still holds in its log.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

const SQLITE_WRITER: &[&str] = &[
    "PRAGMA journal_mode = WAL",
    // NORMAL would acknowledge changes that a power cut takes back.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA secure_delete = ON",
    // The same few pages change all the time: the longer the log, the fewer of their versions are copied over.
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA cache_size = -8000",
];

const SQLITE_READER: &[&str] = &[
    "PRAGMA busy_timeout = 5000",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA query_only = ON",
    // Pages that another connection changed are looked at where they lie, rather than read in again.
    "PRAGMA mmap_size = 268435456",
];

const POSTGRES: &[&str] = &[
    "SET statement_timeout = '5s'",
    "SET lock_timeout = '2s'",
    "SET idle_in_transaction_session_timeout = '10s'",
];

async fn run_all(conn: &mut Conn, statements: &'static [&'static str]) -> Result<(), sqlx::Error> {
    for statement in statements {
        sqlx::query(*statement).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Makes the database file for its owner only, and refuses one that others may read.
fn create_private_file(path: &str) -> Result<(), Fault> {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    let opened = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    match opened {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let meta = std::fs::metadata(path)
                .map_err(|error| Fault::caused(format!("the database {path} cannot be looked at"), error))?;
            if meta.mode() & 0o077 != 0 {
                return Err(Fault::new(format!(
                    "the database {path} can be read by other users of this machine: run chmod 600 {path}"
                )));
            }
            Ok(())
        }
        Err(error) => Err(Fault::caused(format!("the database {path} cannot be created"), error)),
    }
}

/// A transaction. Dropped without [`Tx::commit`], it never happened.
pub(crate) struct Tx {
    inner: sqlx::Transaction<'static, sqlx::Any>,
    commits: Arc<AtomicU64>,
}

impl Tx {
    /// Makes everything since the beginning durable, all at once.
    pub(crate) async fn commit(self) -> Result<(), Fault> {
        self.inner.commit().await.map_err(asking("commit"))?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.inner
    }
}

/// Turns the driver's error into a fault that says what was being done.
pub(super) fn asking(what: &'static str) -> impl FnOnce(sqlx::Error) -> Fault {
    move |error| Fault::caused(format!("the database would not {what}"), error)
}

/// Whether an insert failed because a row with that key is there already.
pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

pub(super) fn text(row: &AnyRow, column: &str) -> Result<String, Fault> {
    row.try_get(column).map_err(|error| Fault::caused(format!("column {column} cannot be read"), error))
}

pub(super) fn optional_text(row: &AnyRow, column: &str) -> Result<Option<String>, Fault> {
    row.try_get(column).map_err(|error| Fault::caused(format!("column {column} cannot be read"), error))
}

pub(super) fn number(row: &AnyRow, column: &str) -> Result<i64, Fault> {
    row.try_get(column).map_err(|error| Fault::caused(format!("column {column} cannot be read"), error))
}

pub(super) fn time(row: &AnyRow, column: &str) -> Result<Timestamp, Fault> {
    number(row, column).map(Timestamp::from_millis)
}

pub(super) fn optional_time(row: &AnyRow, column: &str) -> Result<Option<Timestamp>, Fault> {
    let millis: Option<i64> = row
        .try_get(column)
        .map_err(|error| Fault::caused(format!("column {column} cannot be read"), error))?;
    Ok(millis.map(Timestamp::from_millis))
}

/// A stored value that a parser of ours reads back: an identifier, a name of a state, a document.
pub(super) fn parsed<T>(
    row: &AnyRow,
    column: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Fault> {
    parse(&text(row, column)?).ok_or_else(|| Fault::new(format!("column {column} holds an unknown value")))
}

pub(super) fn optional_parsed<T>(
    row: &AnyRow,
    column: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Fault> {
    match optional_text(row, column)? {
        None => Ok(None),
        Some(value) => parse(&value)
            .map(Some)
            .ok_or_else(|| Fault::new(format!("column {column} holds an unknown value"))),
    }
}

/// A stored JSON document.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T, Fault> {
    serde_json::from_str(&text(row, column)?)
        .map_err(|error| Fault::caused(format!("column {column} holds a damaged document"), error))
}

/// A document as it is stored.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::caused("a document cannot be written", error))
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
