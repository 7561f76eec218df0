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
}

/// Where everything is kept.
#[derive(Clone)]
pub(crate) struct Database {
    /// May hold a password.
    pub(crate) url: String,
    pub(crate) connections: u32,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = if has_password(&self.url) { "(secret)" } else { &self.url };
        f.debug_struct("Database").field("url", &url).field("connections", &self.connections).finish()
    }
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Database {
        if !is_database(&self.url) {
            // Without what was written: there may be a password in it.
            problems.say("database.url", "must be sqlite: and a path, or begin with postgres://");
        }
        let connections = problems.within("database.connections", self.connections, 2, 200);
        Database { url: self.url, connections }
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
