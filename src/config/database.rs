//! `[database]`: where everything is kept.

use std::fmt;

use confique::Config;
use url::Url;

use super::problems::Problems;

#[derive(Config)]
pub(super) struct Written {
    /// "sqlite:" and the path of a file, for a single machine; or postgres://user:password@host/database, which
    /// several machines can share. With a password in it, give it in the environment, or run chmod 600 on this
    /// file.
    #[config(env = "GATEHOUSE_DATABASE_URL", default = "sqlite:gatehouse.db")]
    url: String,

    /// Connections to the database at once, 2 to 200.
    #[config(env = "GATEHOUSE_DATABASE_CONNECTIONS", default = 16)]
    connections: u32,

    /// With SQLite: answer requests on one core, where the database works too, and leave the others to the checking of
    /// passwords, which is nearly all there is to do. Handing work from core to core costs more than the work. With
    /// PostgreSQL every core answers.
    #[config(env = "GATEHOUSE_DATABASE_ONE_CORE", default = true)]
    one_core: bool,
}

/// Where everything is kept.
#[derive(Clone)]
pub(crate) struct Database {
    /// May hold a password.
    pub(crate) url: String,
    pub(crate) connections: u32,
    /// Whether requests are answered on one core, with the database beside them.
    pub(crate) one_core: bool,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = if has_password(&self.url) { "(secret)" } else { &self.url };
        f.debug_struct("Database")
            .field("url", &url)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Database {
        if !is_database(&self.url) {
            // Without what was written: there may be a password in it.
            problems.say("database.url", "must be sqlite: and a path, or begin with postgres://");
        }
        let connections = problems.within("database.connections", self.connections, 2, 200);
        let one_core = self.one_core && self.url.starts_with("sqlite:");
        Database { url: self.url, connections, one_core }
    }
}

fn is_database(text: &str) -> bool {
    match text.split_once(':') {
        Some(("sqlite", path)) => !path.trim_matches('/').is_empty(),
        Some(("postgres" | "postgresql", rest)) => rest.starts_with("//") && Url::parse(text).is_ok(),
        _ => false,
    }
}

/// Whether the address of a database has a password in it, in either of the places that may have one.
pub(super) fn has_password(text: &str) -> bool {
    Url::parse(text)
        .is_ok_and(|url| url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password"))
}
