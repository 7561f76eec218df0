//! Reads the configuration file.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use toml::{Table, Value};

use super::database;

/// The settings of a file, as they stand in it.
///
/// # Errors
/// One sentence, without the file's name: it cannot be read, is not TOML, or lets others read a secret.
pub(super) fn read(path: &Path) -> Result<Table, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut file = File::open(path).map_err(unreadable)?;
    // Asked of the open file, not of its name, which may lead elsewhere a moment later.
    let mode = file.metadata().map_err(unreadable)?.mode();
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    let table = text.parse::<Table>().map_err(|error| not_toml(&text, &error))?;
    if mode & 0o077 != 0 && has_secret(&table) {
        return Err(format!(
            "has a secret in it and is open to other users of this machine: run chmod 600 {}",
            path.display()
        ));
    }
    Ok(table)
}

/// Names the line, but does not show it, as the parser would: it may hold a password.
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    format!("line {line} is not TOML: {}", error.message().replace('\n', ", "))
}

fn has_secret(table: &Table) -> bool {
    let keys = table.get("keys");
    let mail = table.get("mail");
    keys.and_then(|keys| keys.get("master_key")).is_some()
        || mail.and_then(|mail| mail.get("smtp")?.get("password")).is_some()
        || table
            .get("database")
            .and_then(|database| database.get("url"))
            .and_then(Value::as_str)
            .is_some_and(database::has_password)
}
