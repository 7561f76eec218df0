//! Whether what is on disk is what was written there. PostgreSQL looks after that by itself, with its checksums.

use std::path::Path;

use super::file::{self, Damage, Depth};
use super::{Engine, Store};
use crate::base::Fault;
use crate::store::holdings::Holdings;

/// A file above this takes seconds to look through.
const LARGE: u64 = 256 * 1024 * 1024;

impl Store {
    /// Looks through a database before anything is served from it; a large one is looked through afterwards
    /// ([`Store::is_large`]), unless it was found damaged the last time.
    ///
    /// # Errors
    /// Where it is damaged: what to do.
    pub(crate) async fn check_before_serving(&self) -> Result<(), Fault> {
        let Engine::Sqlite(sqlite) = &self.engine else { return Ok(()) };
        let known_damaged = sqlite.place().is_known_damaged();
        if self.is_large() && !known_damaged {
            return Ok(());
        }
        // What was found by the closer look would be missed by the other one.
        let depth = if known_damaged { Depth::Full } else { Depth::Quick };
        match self.examine(depth).await? {
            Some(damage) => Err(Fault::new(damage.to_string())),
            None if known_damaged => sqlite.place().note(false),
            None => Ok(()),
        }
    }

    /// Whether looking through the database would hold up the start.
    pub(crate) fn is_large(&self) -> bool {
        match &self.engine {
            Engine::Sqlite(sqlite) => {
                std::fs::metadata(sqlite.place().path()).is_ok_and(|meta| meta.len() > LARGE)
            }
            Engine::Postgres(_) => false,
        }
    }

    /// Looks for damage.
    ///
    /// # Errors
    /// Where it could not be looked for.
    pub(crate) async fn examine(&self, depth: Depth) -> Result<Option<Damage>, Fault> {
        match &self.engine {
            Engine::Sqlite(sqlite) => file::examine(sqlite.place().path(), depth).await,
            Engine::Postgres(_) => Ok(None),
        }
    }

    /// Has the next start look closely before it serves.
    pub(crate) fn note_damage(&self) -> Result<(), Fault> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.place().note(true),
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// Makes a backup in a file that is not there yet, while others read and write; what it holds.
    ///
    /// # Errors
    /// Where it cannot be made: then nothing is left behind. PostgreSQL has programs of its own for it.
    pub(crate) async fn back_up(&self, to: &Path) -> Result<Holdings, Fault> {
        match &self.engine {
            Engine::Sqlite(sqlite) => file::back_up(sqlite.place().path(), to).await,
            Engine::Postgres(_) => Err(Fault::new(
                "gatehouse backup is for SQLite: back this PostgreSQL database up with pg_dump, and run gatehouse \
                 restore without a file after pg_restore",
            )),
        }
    }
}
