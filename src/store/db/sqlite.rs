//! SQLite: one connection that writes ([`batch`](super::batch)) and a few that read.
//!
//! The driver's own pool is not used: it asks a connection whether it is well each time it comes back, which
//! for a file of ours costs as much as the question it was used for.

use std::fs::File;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::batch::{Member, Writer};
use super::file::{self, Damage, is_damage};
use super::place::Place;
use super::{Claim, Conn, asking, run_all};
use crate::base::Fault;

/// Beyond this something is wrong, and whoever waits should hear of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The audit trail is written and read, and nothing else. What is too old may go: the purge first notes how old that is.
pub(super) const GUARDS: &[&str] = &[
    "CREATE TRIGGER IF NOT EXISTS events_stay_as_they_are BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be changed'); END",
    "CREATE TRIGGER IF NOT EXISTS events_stay BEFORE DELETE ON events
        WHEN OLD.at >= COALESCE((SELECT CAST(value AS INTEGER) FROM facts WHERE name = 'events_kept_from'), 0)
        BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be shortened'); END",
    "CREATE TRIGGER IF NOT EXISTS trail_stays_as_it_is BEFORE UPDATE ON trail
        BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be changed'); END",
    "CREATE TRIGGER IF NOT EXISTS trail_stays BEFORE DELETE ON trail
        WHEN EXISTS (SELECT 1 FROM events WHERE id = OLD.event_id)
        BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be shortened'); END",
    "CREATE TRIGGER IF NOT EXISTS heads_stay_as_they_are BEFORE UPDATE ON trail_heads
        BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be changed'); END",
    // Those of what was purged may go, once another head says that the trail begins later.
    "CREATE TRIGGER IF NOT EXISTS heads_stay BEFORE DELETE ON trail_heads
        WHEN EXISTS (SELECT 1 FROM trail WHERE seq = OLD.seq)
            OR NOT EXISTS (SELECT 1 FROM trail_heads WHERE kind = 'beginning' AND seq > OLD.seq)
        BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be shortened'); END",
];

const WRITER: &[&str] = &[
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
    "PRAGMA temp_store = MEMORY",
];

const READER: &[&str] =
    &["PRAGMA busy_timeout = 5000", "PRAGMA trusted_schema = OFF", "PRAGMA query_only = ON"];

/// A database file.
#[derive(Clone)]
pub(super) struct Sqlite {
    place: Arc<Place>,
    /// Which file it is, whatever has its name by now.
    identity: (u64, u64),
    writer: Arc<Writer>,
    readers: Arc<Readers>,
}

impl Sqlite {
    pub(super) async fn open(path: &str, commits: Arc<AtomicU64>) -> Result<Self, Fault> {
        create_private_file(path)?;
        let identity = identity(path)?;
        let options = file::options(path)
            .map_err(|error| Fault::caused(format!("the database path {path} cannot be used"), error))?;
        let connect = async |setup| {
            let mut conn = options.connect().await?;
            run_all(&mut conn, setup).await?;
            Ok(conn)
        };
        let doing = |error: sqlx::Error| match is_damage(&error) {
            true => Fault::new(Damage::new(path, &error.to_string()).to_string()),
            false => Fault::caused(format!("the database {path} cannot be opened"), error),
        };
        let writer = connect(WRITER).await.map_err(doing)?;
        // Each has a thread, and reads from memory: more of them than cores bring nothing.
        let cores = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8);
        let mut readers = Vec::with_capacity(cores);
        for _ in 0..cores {
            readers.push(Arc::new(Mutex::new(connect(READER).await.map_err(doing)?)));
        }
        Ok(Self {
            place: Arc::new(Place::at(path)?),
            identity,
            writer: Arc::new(Writer::new(writer, commits)),
            readers: Arc::new(Readers { all: readers, turns: Arc::new(Semaphore::new(cores)) }),
        })
    }

    /// A connection to read with.
    pub(super) async fn read(&self) -> Result<Reader, Fault> {
        let turns = Arc::clone(&self.readers.turns);
        let turn = tokio::time::timeout(PATIENCE, turns.acquire_owned()).await.ok().and_then(Result::ok);
        let mut free = self.readers.all.iter().filter_map(|reader| Arc::clone(reader).try_lock_owned().ok());
        match (turn, free.next()) {
            (Some(turn), Some(conn)) => Ok(Reader { conn, _turn: turn }),
            _ => Err(Fault::new("the database has too much to do").that_may_pass()),
        }
    }

    /// Begins a transaction, as a member of the batch that is open or the first of a new one.
    pub(super) async fn begin(&self) -> Result<Member, Fault> {
        Member::enter(Arc::clone(&self.writer)).await
    }

    /// The writer's connection, outside of any batch.
    pub(super) async fn exclusive(&self) -> Result<impl DerefMut<Target = Conn> + use<>, Fault> {
        self.writer.exclusive().await
    }

    /// A database of ours knows from its first moment how far it is migrated.
    ///
    /// # Errors
    /// Where there are tables, and no such knowledge.
    pub(super) async fn must_be_new(&self) -> Result<(), Fault> {
        let mut conn = self.read().await?;
        let (tables, known): (i64, i64) = sqlx::query_as(
            "SELECT COUNT(*), COUNT(CASE WHEN name = '_sqlx_migrations' THEN 1 END) FROM sqlite_schema",
        )
        .fetch_one(&mut *conn)
        .await
        .map_err(asking("say what is in it"))?;
        if tables == 0 || known > 0 {
            return Ok(());
        }
        Err(Fault::new(format!(
            "{} is not a database of Gatehouse, or is damaged: correct database.url, or run gatehouse restore with a \
             backup",
            self.place.path()
        )))
    }

    /// Makes this process the one that serves from the file, until it ends.
    ///
    /// # Errors
    /// Where another does, or the file has got another in its place since it was opened.
    pub(super) fn claim(&self) -> Result<Claim, Fault> {
        let claim = self.place.claim()?;
        if identity(self.place.path())? == self.identity {
            return Ok(claim);
        }
        Err(Fault::new(format!("the database {} was replaced meanwhile: start again", self.place.path())))
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Writes back what is still in the log. The connections end with their last owner.
    pub(super) async fn close(&self) {
        let Ok(mut conn) = self.exclusive().await else { return };
        // What cannot be written back now stays safe in the log.
        let _ = run_all(&mut conn, &["PRAGMA wal_checkpoint(TRUNCATE)"]).await;
    }
}

/// The connections that read.
struct Readers {
    all: Vec<Arc<Mutex<Conn>>>,
    /// As many as there are connections: whoever has one finds a connection free.
    turns: Arc<Semaphore>,
}

/// A connection to read with, given back when it is dropped.
pub(crate) struct Reader {
    // Let go before the turn is: fields are dropped in this order.
    conn: OwnedMutexGuard<Conn>,
    _turn: OwnedSemaphorePermit,
}

impl Deref for Reader {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// The device and the number of a file.
fn identity(path: &str) -> Result<(u64, u64), Fault> {
    let meta = std::fs::metadata(path)
        .map_err(|error| Fault::caused(format!("the database {path} cannot be looked at"), error))?;
    Ok((meta.dev(), meta.ino()))
}

/// Whether there is no database at a path, or only the empty file that one begins as.
pub(super) fn is_blank(path: &str) -> bool {
    match std::fs::metadata(path) {
        Ok(meta) => meta.len() == 0,
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Makes the database file for its owner only, and refuses one that others may read.
fn create_private_file(path: &str) -> Result<(), Fault> {
    let opened = File::options().create_new(true).write(true).mode(0o600).open(path);
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
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Fault::new(format!(
            "the database {path} cannot be created, because its directory is not there: make the directory, or \
             correct database.url"
        ))),
        Err(error) => Err(Fault::caused(
            format!("the database {path} cannot be created; may this user write to its directory?"),
            error,
        )),
    }
}
