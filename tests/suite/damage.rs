//! Database files that are not as they were written (SECURITY, row 114).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use http::StatusCode;

use super::support::{Ask, Provider};
use crate::base::{Random as _, SeededRandom};
use crate::jobs::check_database;
use crate::store::{Depth, Store, facts};

/// A number from 0 to below a bound, near enough to even.
fn below(random: &SeededRandom, bound: usize) -> usize {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    usize::try_from(u64::from_le_bytes(bytes) % u64::try_from(bound).unwrap()).unwrap()
}

/// A provider on an SQLite file, whatever the suite runs on, in which people have logged in.
async fn used(directory: &Path) -> (Provider, PathBuf) {
    let file = directory.join("gatehouse.db");
    let url = format!("sqlite:{}", file.display());
    let provider = Provider::start_with(|config| config.database.url = url).await;
    let secret = provider.add_client("portal", |_| {}).await.unwrap();
    let ask = Ask::of("portal");
    for number in 0..3 {
        let email = format!("sam{number}@school.example");
        provider.add_person(&email, "Sam Sample").await;
        let code = provider.code_for(&mut provider.browser(), &ask, &email).await;
        provider.redeem(&code, &ask, "portal", &secret).await;
    }
    provider.kit().store.close().await;
    (provider, file)
}

/// Writes a database where there was none.
fn put(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// Opens a database as a start does; what is said where that is refused.
async fn opened(path: &Path) -> Result<Store, String> {
    let url = format!("sqlite:{}", path.display());
    let store = Store::open_used(&url, 1).await.map_err(|fault| fault.to_string())?;
    let store = store.expect("a database that was used is not taken for a new one");
    store.check_before_serving().await.map_err(|fault| fault.to_string())?;
    Ok(store)
}

#[tokio::test]
async fn row_114_a_database_with_a_changed_byte_is_sound_or_refused_in_plain_words() {
    let directory = tempfile::tempdir().unwrap();
    let (_provider, file) = used(directory.path()).await;
    let whole = fs::read(&file).unwrap();
    let random = SeededRandom::new(114);
    let (mut sound, mut refused) = (0, 0);
    for turn in 0..160 {
        let mut bytes = whole.clone();
        // What nothing hangs on, such as a letter of a name, is changed without a trace: SQLite has no checksums. So most
        // of the changes are where a page, or the whole file, says how it is to be read.
        let at = match turn % 4 {
            0 => below(&random, bytes.len()),
            1 => below(&random, 100),
            _ => below(&random, bytes.len() / 4096) * 4096 + below(&random, 16),
        };
        bytes[at] ^= u8::try_from(1 + below(&random, 255)).unwrap();
        let copy = put(directory.path(), &format!("{turn}.db"), &bytes);
        match opened(&copy).await {
            Ok(store) => {
                assert!(store.examine(Depth::Quick).await.unwrap().is_none(), "byte {at}");
                sound += 1;
            }
            Err(said) => {
                assert!(said.contains("damaged") && said.contains("gatehouse restore"), "byte {at}: {said}");
                assert!(said.lines().count() == 1 && said.contains(".db"), "byte {at}: {said}");
                refused += 1;
            }
        }
    }
    assert!(sound > 10 && refused > 10, "{sound} sound and {refused} refused");
}

#[tokio::test]
async fn row_114_a_log_that_was_torn_opens_at_the_end_of_what_was_committed_whole() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gatehouse.db");
    let url = format!("sqlite:{}", file.display());
    let store = Store::open(&url, 1).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
    let row = |number: usize| format!("row {number}");
    const ROWS: usize = 40;
    for number in 0..ROWS {
        let mut tx = store.begin().await.unwrap();
        // Two of them: a commit is there as a whole or not at all.
        facts::set_once(&mut tx, &row(number), &"x".repeat(number * 50)).await.unwrap();
        facts::set_once(&mut tx, &format!("{} again", row(number)), "").await.unwrap();
        tx.commit().await.unwrap();
    }
    let (database, log) =
        (fs::read(&file).unwrap(), fs::read(directory.path().join("gatehouse.db-wal")).unwrap());
    let random = SeededRandom::new(115);
    let mut cuts: Vec<usize> = (0..120).map(|_| below(&random, log.len())).collect();
    cuts.extend([0, 1, 31, 32, 33, log.len()]);
    cuts.sort_unstable();
    let mut last = 0;
    for cut in cuts {
        let copy = put(directory.path(), &format!("cut-{cut}.db"), &database);
        put(directory.path(), &format!("cut-{cut}.db-wal"), &log[..cut]);
        let store = opened(&copy).await.unwrap();
        let mut conn = store.read().await.unwrap();
        let mut there = Vec::new();
        for number in 0..ROWS {
            let first = facts::find(&mut conn, &row(number)).await.unwrap();
            let second = facts::find(&mut conn, &format!("{} again", row(number))).await.unwrap();
            assert_eq!(first.is_some(), second.is_some(), "half a commit after {cut} bytes");
            assert!(first.as_ref().is_none_or(|text| *text == "x".repeat(number * 50)));
            there.push(first.is_some());
        }
        let known = there.iter().take_while(|there| **there).count();
        assert!(there[known..].iter().all(|there| !there), "a gap after {cut} bytes");
        assert!(known >= last, "{known} rows after {cut} bytes, and {last} after fewer");
        last = known;
    }
    assert_eq!(last, ROWS, "all that was acknowledged is in the whole log");
}

#[tokio::test]
async fn row_114_damage_that_is_found_while_serving_ends_readiness() {
    let directory = tempfile::tempdir().unwrap();
    let (provider, file) = used(directory.path()).await;
    let mut probe = provider.browser();
    probe.open("/readyz").await.expect(StatusCode::OK);
    assert!(check_database::round(provider.kit(), Depth::Full).await.unwrap(), "it is sound");
    let mut bytes = fs::read(&file).unwrap();
    let half = bytes.len() / 2 / 4096 * 4096;
    bytes[half..half + 4096].fill(0xA5);
    fs::write(&file, bytes).unwrap();
    assert!(!check_database::round(provider.kit(), Depth::Full).await.unwrap(), "it is damaged");
    probe.open("/readyz").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    let said = provider.kit().damage.borrow().as_ref().unwrap().to_string();
    assert!(said.contains("is damaged (") && said.contains("gatehouse restore"), "{said}");
}
