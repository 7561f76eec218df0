//! The place of an SQLite database: claimed by whoever serves from it, and given to a copy.
//!
//! A copy is made ready beside the place before anything there is touched, and a crash at any moment leaves either the
//! former database or the copy, whole.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use sqlx::{Connection as _, Row as _};
use tempfile::TempDir;

use super::file::{self, Depth};
use super::{Claim, MIGRATIONS, asking};
use crate::base::Fault;
use crate::store::holdings::Holdings;

/// What SQLite puts beside a database that belongs to it: changes that are not in the file yet, or not all.
const LOGS: [&str; 2] = ["-wal", "-journal"];
/// Written in the file by which a place is claimed, until the database there has been found sound again.
const DAMAGED: &str = "damaged\n";

/// Where an SQLite database is, or is to be.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The file itself, whatever links lead to it: a file that two paths lead to is one database.
    path: String,
}

impl Place {
    /// The place that a database's address names; `None` where it is not one of SQLite.
    ///
    /// # Errors
    /// Where its directory is not there.
    pub(crate) fn of(url: &str) -> Result<Option<Self>, Fault> {
        let path = url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//"));
        path.map(Self::at).transpose()
    }

    pub(super) fn at(path: &str) -> Result<Self, Fault> {
        let real = match std::fs::canonicalize(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let name = Path::new(path).file_name().unwrap_or_default();
                std::fs::canonicalize(file::directory_of(Path::new(path)))
                    .map(|directory| directory.join(name))
            }
            known => known,
        };
        let real =
            real.map_err(|error| Fault::caused(format!("the database {path} cannot be looked at"), error))?;
        Ok(Self { path: real.display().to_string() })
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn claimed_by(&self) -> String {
        format!("{}.serving", self.path)
    }

    /// Makes this process the one that serves from the place, or changes what is there, until it ends.
    ///
    /// # Errors
    /// Where another does. Locks of SQLite's own would keep commands out too.
    pub(crate) fn claim(&self) -> Result<Claim, Fault> {
        let path = self.claimed_by();
        let unusable = |error| Fault::caused(format!("{path} cannot be locked"), error);
        let file = File::options().create(true).append(true).mode(0o600).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Claim { _lock: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(Fault::new(format!(
                "another gatehouse is serving from the database {} already: stop it first, or move to PostgreSQL, \
                 which several may share",
                self.path
            ))),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Notes that the database here is damaged, for whoever starts next; or that it is sound.
    pub(super) fn note(&self, damaged: bool) -> Result<(), Fault> {
        let path = self.claimed_by();
        let text = if damaged { DAMAGED } else { "" };
        std::fs::write(&path, text).map_err(|error| Fault::caused(format!("{path} cannot be written"), error))
    }

    /// Whether the database here was found damaged, and has not been found sound since.
    pub(super) fn is_known_damaged(&self) -> bool {
        std::fs::read_to_string(self.claimed_by()).is_ok_and(|text| text == DAMAGED)
    }

    /// Copies a backup to beside the place, to be made ready there by whoever has claimed the place.
    ///
    /// # Errors
    /// Where it cannot be read, or there is no room.
    pub(crate) fn draft(&self, from: &Path) -> Result<Draft, Fault> {
        let shown = from.display();
        let failed = |error: std::io::Error| Fault::caused(format!("{shown} cannot be copied"), error);
        let beside = file::directory_of(Path::new(&self.path));
        let name = Path::new(&self.path).file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.restore-");
        tidy(&beside, &prefix).map_err(failed)?;
        let directory = tempfile::Builder::new()
            .prefix(&prefix)
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(beside)
            .map_err(failed)?;
        let draft = Draft { directory, from: from.to_owned() };
        for suffix in [""].into_iter().chain(LOGS) {
            let mut source = match File::open(with_suffix(from, suffix)) {
                Ok(source) => source,
                Err(error) if error.kind() == ErrorKind::NotFound && !suffix.is_empty() => continue,
                Err(error) => return Err(failed(error)),
            };
            let mut copy = file::create_private(&with_suffix(&draft.path(), suffix)).map_err(failed)?;
            std::io::copy(&mut source, &mut copy).map_err(failed)?;
        }
        Ok(draft)
    }

    /// Gives the place to a draft that is finished. The former database is kept with `mark` at the end of its name; where.
    ///
    /// # Errors
    /// Where another command is using the former one, or the directory cannot be written to.
    pub(crate) async fn put(&self, draft: &Draft, mark: &str) -> Result<Option<String>, Fault> {
        let path = Path::new(&self.path);
        let failed = |error| Fault::caused(format!("the database {} cannot be replaced", self.path), error);
        let directory = file::directory_of(path);
        let was_there = path.exists();
        if was_there {
            self.fold_logs().await?;
        }
        let kept = self.keep(mark).map_err(failed)?;
        file::sync_directory(&directory).map_err(failed)?;
        // SQLite would write the logs of the former database into the new one.
        for suffix in LOGS.into_iter().chain(["-shm"]) {
            match std::fs::remove_file(with_suffix(path, suffix)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        let owner = if was_there { path } else { &directory };
        let (owner, own) = (owner.metadata().map_err(failed)?, draft.whole().metadata().map_err(failed)?);
        if owner.uid() != own.uid() {
            // An administrator of the machine ran the command, and the provider's own user has to read what is here.
            for file in [draft.whole(), PathBuf::from(self.claimed_by())] {
                chown(file, Some(owner.uid()), Some(owner.gid())).map_err(failed)?;
            }
        }
        std::fs::rename(draft.whole(), path).map_err(failed)?;
        file::sync_directory(&directory).map_err(failed)?;
        self.note(false)?;
        Ok(was_there.then_some(kept))
    }

    /// Has what is in the logs of the former database written into its file, where it is sound enough for that.
    async fn fold_logs(&self) -> Result<(), Fault> {
        let fold = async || {
            let mut conn = file::connect(&self.path).await?;
            sqlx::query("PRAGMA journal_mode = DELETE").fetch_one(&mut conn).await?;
            conn.close().await
        };
        match fold().await {
            Err(error) if is_busy(&error) => Err(Fault::new(format!(
                "another command is using the database {}: wait until it has ended",
                self.path
            ))),
            // What is damaged is kept as it is.
            _ => Ok(()),
        }
    }

    /// Gives the former database and its logs, as far as they are there, a second name.
    fn keep(&self, mark: &str) -> std::io::Result<String> {
        let path = Path::new(&self.path);
        let free = |name: &String| {
            let taken = |suffix| with_suffix(Path::new(name), suffix).exists();
            !taken("") && !LOGS.into_iter().any(taken)
        };
        let names = (1_u32..).map(|turn| match turn {
            1 => format!("{}.{mark}", self.path),
            turn => format!("{}.{mark}-{turn}", self.path),
        });
        let name = names.into_iter().find(free).unwrap_or_default();
        for suffix in LOGS.into_iter().chain([""]) {
            match std::fs::hard_link(with_suffix(path, suffix), with_suffix(Path::new(&name), suffix)) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                done => done?,
            }
        }
        Ok(name)
    }
}

/// Removes the drafts of those that were cut off, which hold whole databases.
fn tidy(directory: &Path, prefix: &str) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| matches!(&*code, "5" | "6" | "261" | "517"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A copy beside a place, in a directory that nobody else can enter and that goes with it.
pub(crate) struct Draft {
    directory: TempDir,
    from: PathBuf,
}

impl Draft {
    /// The file as it was handed over.
    fn path(&self) -> PathBuf {
        self.directory.path().join("draft.db")
    }

    /// The file as it goes to the place.
    fn whole(&self) -> PathBuf {
        self.directory.path().join("whole.db")
    }

    /// The address of the database that is being made ready.
    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    /// What it holds.
    ///
    /// # Errors
    /// A sentence where it is not a database of ours, is damaged, or is newer than this program.
    pub(crate) async fn check(&self) -> Result<Holdings, Fault> {
        let shown = self.from.display();
        let path = self.path().display().to_string();
        let mut magic = [0; 16];
        let is_database = File::open(&path)
            .and_then(|mut file| file.read_exact(&mut magic))
            .is_ok_and(|()| magic == *MAGIC);
        let foreign = || Fault::new(format!("{shown} is not a database of Gatehouse: name a backup of one"));
        if !is_database {
            return Err(foreign());
        }
        if let Some(damage) = file::examine(&path, Depth::Full).await? {
            let why = damage.why();
            return Err(Fault::new(format!("{shown} is damaged ({why}): take another backup")));
        }
        match self.lineage(&path).await? {
            Lineage::Foreign => Err(foreign()),
            Lineage::Newer => Err(Fault::new(format!(
                "{shown} was made by a newer gatehouse than this one: restore it with that program"
            ))),
            Lineage::Known => file::holdings(&path).await,
        }
    }

    async fn lineage(&self, path: &str) -> Result<Lineage, Fault> {
        let unreadable = || asking("say which program made it");
        let mut conn = file::connect(path).await.map_err(unreadable())?;
        let rows = sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(&mut conn)
            .await;
        conn.close().await.map_err(unreadable())?;
        let rows = match rows {
            Ok(rows) => rows,
            Err(sqlx::Error::Database(_)) => return Ok(Lineage::Foreign),
            Err(error) => return Err(unreadable()(error)),
        };
        let mut newest = 0;
        for row in &rows {
            let version: i64 = row.try_get("version").map_err(unreadable())?;
            let checksum: Vec<u8> = row.try_get("checksum").map_err(unreadable())?;
            let ours = MIGRATIONS.iter().find(|known| known.version == version);
            if ours.is_some_and(|known| *known.checksum != *checksum) {
                return Ok(Lineage::Foreign);
            }
            newest = version;
        }
        let known = MIGRATIONS.iter().map(|known| known.version).max().unwrap_or(0);
        Ok(match newest {
            0 => Lineage::Foreign,
            newest if newest > known => Lineage::Newer,
            _ => Lineage::Known,
        })
    }

    /// Writes what has been made ready into one file that needs no log, and has it on disk.
    ///
    /// # Errors
    /// Where there is no room, most likely.
    pub(crate) async fn finish(&self) -> Result<(), Fault> {
        let failed = |error: std::io::Error| Fault::caused("the copy cannot be written", error);
        let whole = self.whole().display().to_string();
        file::create_private(&self.whole()).map_err(failed)?;
        file::copy(&self.path().display().to_string(), &whole)
            .await
            .map_err(|error| Fault::caused("the copy cannot be written", error))?;
        if let Some(damage) = file::examine(&whole, Depth::Quick).await? {
            return Err(Fault::new(format!("the copy is not whole ({}): try again", damage.why())));
        }
        File::open(&whole).and_then(|file| file.sync_all()).map_err(failed)
    }
}

/// What every SQLite database begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Where a database comes from.
enum Lineage {
    Foreign,
    Newer,
    Known,
}
