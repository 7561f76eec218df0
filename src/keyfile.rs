//! The file that holds the master key: made for its owner only, and refused when others can read it.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use tempfile::NamedTempFile;
use zeroize::Zeroize as _;

use crate::base::{Random, base64url, base64url_decode};

const PREFIX: &str = "gatehouse-master-key-1:";

/// Reads the master key, and makes one where there is none.
///
/// # Errors
/// A sentence that names the file and says what to mend.
pub(crate) fn read_or_make(path: &Path, random: &dyn Random) -> Result<[u8; 32], String> {
    match read_existing(path)? {
        Some(key) => Ok(key),
        None => make(path, random),
    }
}

/// Reads the master key; `None` where there is none.
///
/// # Errors
/// A sentence that names the file and says what to mend.
pub(crate) fn read_existing(path: &Path) -> Result<Option<[u8; 32]>, String> {
    match fs::symlink_metadata(path) {
        Ok(meta) => read(path, &meta).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("the master key file {} cannot be looked at: {error}", path.display())),
    }
}

fn read(path: &Path, meta: &fs::Metadata) -> Result<[u8; 32], String> {
    let shown = path.display();
    if !meta.is_file() {
        return Err(format!("the master key file {shown} must be a plain file, not a link or a directory"));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(format!(
            "the master key file {shown} can be read by other users of this machine: run chmod 600 {shown}"
        ));
    }
    let mut text = fs::read_to_string(path)
        .map_err(|error| format!("the master key file {shown} cannot be read: {error}"))?;
    let key = text.trim().strip_prefix(PREFIX).and_then(parse);
    text.zeroize();
    key.ok_or_else(|| format!("the master key file {shown} is damaged: put back a copy of it"))
}

/// A master key from its base64url text.
pub(crate) fn parse(text: &str) -> Option<[u8; 32]> {
    base64url_decode(text)?.try_into().ok()
}

/// Whether a file could be made at a path, without leaving anything there.
///
/// # Errors
/// A sentence that names the file.
pub(crate) fn check_makeable(path: &Path) -> Result<(), String> {
    let mut above = path.ancestors().skip(1);
    let there = above.find(|directory| directory.is_dir()).filter(|found| !found.as_os_str().is_empty());
    // Removed again as soon as it is dropped.
    let probe = NamedTempFile::new_in(there.unwrap_or(Path::new(".")));
    probe.map(drop).map_err(|error| unmakeable(path, &error))
}

fn unmakeable(path: &Path, error: &std::io::Error) -> String {
    let shown = path.display();
    format!("the master key file {shown} cannot be made; may this user write to its directory? {error}")
}

fn make(path: &Path, random: &dyn Random) -> Result<[u8; 32], String> {
    let failed = |error: std::io::Error| unmakeable(path, &error);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    let mut key = [0; 32];
    random.fill(&mut key);
    // Written beside its place, under a name that nobody knows, and moved there: a crash half-way leaves no half a key,
    // and a key that another start has just put there stays.
    let mut draft = NamedTempFile::new_in(directory).map_err(failed)?;
    writeln!(draft, "{PREFIX}{}", base64url(key)).map_err(failed)?;
    draft.as_file().sync_all().map_err(failed)?;
    match draft.persist_noclobber(path) {
        Ok(_) => {
            fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
            Ok(key)
        }
        Err(refused) if refused.error.kind() == ErrorKind::AlreadyExists => {
            read(path, &fs::symlink_metadata(path).map_err(failed)?)
        }
        Err(refused) => Err(failed(refused.error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededRandom;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn row_98_a_key_is_made_once_and_only_for_its_owner() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys").join("master.key");
        let made = read_or_make(&path, &SeededRandom::new(1)).unwrap();
        assert_eq!(read_or_make(&path, &SeededRandom::new(2)).unwrap(), made);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        for mode in [0o644, 0o640, 0o660, 0o604] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = read_or_make(&path, &SeededRandom::new(1)).unwrap_err();
            assert!(refused.contains("chmod 600") && refused.contains("master.key"), "{refused}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let link = directory.path().join("link.key");
        symlink(&path, &link).unwrap();
        assert!(read_or_make(&link, &SeededRandom::new(1)).unwrap_err().contains("plain file"));
        fs::write(&path, "rubbish").unwrap();
        assert!(read_or_make(&path, &SeededRandom::new(1)).unwrap_err().contains("damaged"));
    }

    #[test]
    fn row_98_of_many_starts_at_once_all_have_the_key_that_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let made: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let starts = (0..16).map(|seed| {
                let path = &path;
                scope.spawn(move || read_or_make(path, &SeededRandom::new(seed)).unwrap())
            });
            let starts: Vec<_> = starts.collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let kept = read_or_make(&path, &SeededRandom::new(99)).unwrap();
        assert!(made.iter().all(|key| *key == kept));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left");
    }
}
