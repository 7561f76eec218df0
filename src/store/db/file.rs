//! An SQLite file as a whole: looked through for damage, and copied while it is used.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use sqlx::any::AnyConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::{Conn, run_all};
use crate::base::Fault;
use crate::store::holdings::{self, Holdings};

/// How closely a database is looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Every page.
    Quick,
    /// Every page, and every index against its table.
    Full,
}

/// What is wrong with a database file.
#[derive(Clone, Debug)]
pub(crate) struct Damage {
    path: String,
    /// In SQLite's words, on one line.
    why: String,
}

impl Damage {
    pub(super) fn new(path: &str, why: &str) -> Self {
        const ENOUGH: usize = 160;
        let words: Vec<&str> = why.split_whitespace().collect();
        Self { path: path.to_owned(), why: words.join(" ").chars().take(ENOUGH).collect() }
    }

    pub(super) fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, why } = self;
        write!(
            f,
            "the database {path} is damaged ({why}): stop the provider and run gatehouse restore with a backup"
        )
    }
}

/// A connection that waits for others and believes nothing that the file says.
const CAREFUL: &[&str] = &["PRAGMA busy_timeout = 5000", "PRAGMA trusted_schema = OFF"];

/// How to connect to a file, which is not made where there is none. What stands in a path may mean something in an address.
pub(super) fn options(path: &str) -> Result<AnyConnectOptions, sqlx::Error> {
    // A command may come here before any database was opened.
    sqlx::any::install_default_drivers();
    let path = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    let options: AnyConnectOptions = format!("sqlite://{path}").parse()?;
    Ok(options.disable_statement_logging())
}

pub(super) async fn connect(path: &str) -> Result<Conn, sqlx::Error> {
    let mut conn = options(path)?.connect().await?;
    run_all(&mut conn, CAREFUL).await?;
    Ok(conn)
}

/// Whether SQLite says that the file is damaged, or is no database at all: `SQLITE_CORRUPT` and `SQLITE_NOTADB`, whose
/// extended codes have them in the lowest byte. A code of PostgreSQL is longer.
pub(super) fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let number = code.filter(|code| code.len() < 5).and_then(|code| code.parse::<u32>().ok());
    number.is_some_and(|number| matches!(number & 0xff, 11 | 26))
}

/// Looks through a file on a connection of its own, so that nobody waits for one that reads.
pub(super) async fn examine(path: &str, depth: Depth) -> Result<Option<Damage>, Fault> {
    let statement = match depth {
        Depth::Quick => "PRAGMA quick_check(1)",
        Depth::Full => "PRAGMA integrity_check(1)",
    };
    let look = async || {
        let mut conn = connect(path).await?;
        let said: String = sqlx::query(statement).fetch_one(&mut conn).await?.try_get(0)?;
        conn.close().await?;
        Ok(said)
    };
    match look().await {
        Ok(said) if said == "ok" => Ok(None),
        Ok(said) => Ok(Some(Damage::new(path, &said))),
        Err(error) if is_damage(&error) => Ok(Some(Damage::new(path, &error.to_string()))),
        Err(error) => Err(Fault::caused(format!("the database {path} cannot be looked through"), error)),
    }
}

/// Writes what is in a database into an empty file, as it is at one moment, while others read and write.
pub(super) async fn copy(path: &str, to: &str) -> Result<(), sqlx::Error> {
    let mut conn = connect(path).await?;
    sqlx::query("VACUUM INTO $1").bind(to).execute(&mut conn).await?;
    conn.close().await
}

/// What a database holds that nothing else has open.
pub(super) async fn holdings(path: &str) -> Result<Holdings, Fault> {
    let unreadable = |error| Fault::caused(format!("{path} cannot be read"), error);
    let mut conn = connect(path).await.map_err(unreadable)?;
    let counted = holdings::count(&mut conn).await?;
    conn.close().await.map_err(unreadable)?;
    Ok(counted)
}

/// A backup: a new file, for its owner only, that is whole and checked, or not there at all.
pub(super) async fn back_up(path: &str, to: &Path) -> Result<Holdings, Fault> {
    let shown = to.display();
    let failed =
        |error: std::io::Error| Fault::caused(format!("the backup {shown} cannot be written"), error);
    if to.symlink_metadata().is_ok() {
        return Err(Fault::new(format!("{shown} is there already: name a file that is not")));
    }
    let directory = directory_of(to);
    // Under another name until it is whole: what has the name of a backup is one.
    let draft =
        tempfile::Builder::new().prefix(".gatehouse-backup-").tempdir_in(&directory).map_err(failed)?;
    let file = draft.path().join("gatehouse.db");
    let inside = file.to_str().ok_or_else(|| Fault::new(format!("{shown} is not a name in UTF-8")))?;
    create_private(&file).map_err(failed)?;
    copy(path, inside).await.map_err(|error| {
        if is_damage(&error) {
            Fault::new(Damage::new(path, &error.to_string()).to_string())
        } else {
            Fault::caused(format!("the backup {shown} cannot be written"), error)
        }
    })?;
    if let Some(damage) = examine(inside, Depth::Full).await? {
        return Err(Fault::new(format!("the backup {shown} is not whole ({}): try again", damage.why)));
    }
    let held = holdings(inside).await?;
    File::open(&file).and_then(|file| file.sync_all()).map_err(failed)?;
    let whole = tempfile::TempPath::try_from_path(&file).map_err(failed)?;
    whole.persist_noclobber(to).map_err(|refused| failed(refused.error))?;
    sync_directory(&directory).map_err(failed)?;
    Ok(held)
}

/// Makes an empty file for its owner only.
pub(super) fn create_private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().create_new(true).write(true).mode(0o600).open(path)
}

/// Has a directory remember the names in it.
pub(super) fn sync_directory(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The directory that a file is in.
pub(super) fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
