//! Letters as files in a directory: `.eml`, whole or not at all, in the order in which they were written.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

use crate::mail::compose::Letter;
use crate::mail::{Message, SendError, Unusable};

/// A directory that takes letters.
pub(crate) struct Directory {
    path: PathBuf,
}

impl Directory {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Writes a letter under its final name, on disk to the last byte before this returns.
    ///
    /// The name follows from the message, so that a second attempt replaces the first.
    pub(super) async fn send(&self, message: &Message, letter: Letter) -> Result<(), SendError> {
        let name = file_name(message);
        self.in_background(move |directory| write_whole(directory, &name, &letter.bytes))
            .await
            .map_err(|error| SendError::Later(self.complaint(&error)))
    }

    /// Creates a file in the directory, and removes it again.
    pub(super) async fn check(&self) -> Result<(), Unusable> {
        self.in_background(|directory| NamedTempFile::new_in(directory)?.close())
            .await
            .map_err(|error| Unusable(self.complaint(&error)))
    }

    async fn in_background(
        &self,
        work: impl FnOnce(&Path) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let path = self.path.clone();
        spawn_blocking(move || work(&path)).await.map_err(io::Error::other)?
    }

    fn complaint(&self, error: &io::Error) -> String {
        let path = self.path.display();
        format!(
            "Cannot write mail into the directory {path} ({error}). Check that it exists and may be written."
        )
    }
}

fn write_whole(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(name))?;
    // The name is on disk only when the directory is.
    std::fs::File::open(directory)?.sync_all()
}

/// A name that sorts by time and tells letters apart.
fn file_name(message: &Message) -> String {
    let id: String = message
        .message_id
        .chars()
        .filter_map(|c| match c {
            '<' | '>' => None,
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') => Some(c),
            _ => Some('-'),
        })
        .collect();
    format!("{:015}-{id}.eml", message.date_millis.max(0))
}
