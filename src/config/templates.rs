//! `[templates]`: pages of the council's own.

use std::path::PathBuf;

use confique::Config;

use super::problems::Problems;

#[derive(Config)]
pub(super) struct Written {
    /// A directory whose files take the place of the built-in pages and letters of the same names.
    #[config(env = "GATEHOUSE_TEMPLATES_DIRECTORY")]
    directory: Option<PathBuf>,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Option<PathBuf> {
        if let Some(missing) = self.directory.as_deref().filter(|directory| !directory.is_dir()) {
            problems
                .say("templates.directory", format_args!("is {}, which is no directory", missing.display()));
        }
        self.directory
    }
}
