//! The life of a signing key: made, announced, used, retired, destroyed.
//!
//! A key is published for a while before it signs, so that relying parties that keep our keys for an hour
//! know it by then; and for a while after it last signed, until nothing it signed is alive. Nodes share keys
//! through the database, sealed under the master key (OpenID Connect Core 1.0, section 10.1.1).

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use crate::audit::Entry;
use crate::base::{Fault, Kid, Span, Timestamp};
use crate::config::Config;
use crate::jose::{self, DecryptionKey, KeySet, SigningKey};
use crate::keyfile;
use crate::keyring::Keyring;
use crate::kit::Kit;
use crate::model::{Actor, Algorithm, Client, EventKind, KeyRecord};
use crate::store::{Store, Tx, clients, facts, signing_keys};

/// A retired key stays published this long beyond the life of the last token it signed.
const AFTERGLOW: Span = Span::hours(24);
const ANOTHER_KEY: &str = "the master key is not the one that this database was made with: put back the right key \
     file, or name it with keys.master_key_file";
const FINGERPRINT: &str = "master_key";
const DECRYPTION_KEY: &str = "decryption_key";
/// Claimed by whichever node makes keys, so that two do not make the same one twice.
const MAKING_KEYS: &str = "making_keys";

/// When a new key starts to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// After it has been published for the configured time.
    Announced,
    /// At once: where the old key can no longer be trusted, or there is none.
    Now,
}

/// Checks that the master key is the one this database was sealed with; the first one to come is.
pub(crate) async fn check_master_key(kit: &Kit) -> Result<(), Fault> {
    let mut tx = kit.store.begin().await?;
    facts::set_once(&mut tx, FINGERPRINT, kit.keyring.fingerprint()).await?;
    let known = facts::find(&mut tx, FINGERPRINT).await?;
    tx.commit().await?;
    if known.as_deref() == Some(kit.keyring.fingerprint()) { Ok(()) } else { Err(Fault::new(ANOTHER_KEY)) }
}

/// The fingerprint of the master key that a database was made with.
async fn sealed_with(store: &Store) -> Result<Option<String>, Fault> {
    facts::find(&mut *store.read().await?, FINGERPRINT).await
}

/// The master key as it is configured; `None` where its file is not there yet. Nothing is written.
///
/// # Errors
/// A sentence: what is there is no master key, or not the one that the database was made with.
pub(crate) async fn master_key(config: &Config, store: Option<&Store>) -> Result<Option<Keyring>, String> {
    let file = &config.keys.master_key_file;
    let master = match &config.keys.master_key {
        Some(key) => Some(
            keyfile::parse(key.reveal()).ok_or("keys.master_key is damaged: it must have 43 characters")?,
        ),
        None => keyfile::read_existing(file)?,
    };
    let keyring = master.map(Keyring::new);
    let sealed_with = match store {
        Some(store) => sealed_with(store).await.map_err(|fault| fault.to_string())?,
        None => None,
    };
    match (&keyring, sealed_with) {
        (None, Some(_)) => Err(format!(
            "the master key file {} is not there, and the database was made with one: put it back, or name it with \
             keys.master_key_file",
            file.display()
        )),
        (Some(keyring), Some(known)) if known != keyring.fingerprint() => Err(ANOTHER_KEY.to_owned()),
        _ => Ok(keyring),
    }
}

/// Reads every key and makes this node use them.
pub(crate) async fn reload(kit: &Kit) -> Result<(), Fault> {
    let records = signing_keys::all(&mut *kit.store.read().await?).await?;
    let current = kit.signing.current();
    let mut keys = Vec::with_capacity(records.len());
    for record in &records {
        let known = current
            .keys()
            .iter()
            .find(|key| key.kid == record.kid && key.remove_after == record.remove_after)
            .cloned();
        keys.push(match known {
            Some(key) => key,
            None => Arc::new(open(kit, record)?),
        });
    }
    let decryption = match current.decryption() {
        Some(known) => Arc::clone(known),
        None => Arc::new(decryption(kit).await?),
    };
    kit.signing.replace(KeySet::with_decryption(keys, Some(decryption)));
    Ok(())
}

/// Reads the keys again where one that a client needs is not here: another node, or the command line, has made it.
pub(crate) async fn have_ready(kit: &Kit, client: &Client) -> Result<(), Fault> {
    let (keys, now) = (kit.signing.current(), kit.now());
    let has_all =
        client.settings.signing_algorithms().into_iter().all(|algorithm| keys.signs(algorithm, now));
    if has_all { Ok(()) } else { reload(kit).await }
}

/// The key for what clients encrypt for us: made once, by whichever node is first, and shared through the database.
async fn decryption(kit: &Kit) -> Result<DecryptionKey, Fault> {
    let mut tx = kit.store.begin().await?;
    let known = match facts::find(&mut tx, DECRYPTION_KEY).await? {
        Some(known) => Some(known),
        None => {
            let made = kit.keyring.seal(DECRYPTION_KEY, &DecryptionKey::generate()?, &*kit.random)?;
            facts::set_once(&mut tx, DECRYPTION_KEY, &made).await?;
            facts::find(&mut tx, DECRYPTION_KEY).await?
        }
    };
    tx.commit().await?;
    let sealed = known.ok_or_else(|| Fault::new("the key for requests was not kept"))?;
    let clear = zeroize::Zeroizing::new(kit.keyring.open(DECRYPTION_KEY, &sealed)?);
    DecryptionKey::load(&clear)
}

/// Makes sure that every algorithm in use has a key: RS256, which every client may assume (OpenID Connect
/// Core 1.0, section 15.1), ES256, and whatever some client asked for.
pub(crate) async fn ensure(kit: &Kit) -> Result<(), Fault> {
    reload(kit).await?;
    let mut wanted = BTreeSet::from([Algorithm::RS256, Algorithm::ES256]);
    let mut conn = kit.store.read().await?;
    let mut after = String::new();
    loop {
        let page = clients::page(&mut conn, &after, 500).await?;
        let Some(last) = page.last() else { break };
        after = last.id.to_string();
        wanted.extend(page.iter().flat_map(|client| client.settings.signing_algorithms()));
    }
    drop(conn);
    for algorithm in wanted {
        ensure_for(kit, algorithm).await?;
    }
    Ok(())
}

/// Makes sure that there is a key that signs with `algorithm` now.
pub(crate) async fn ensure_for(kit: &Kit, algorithm: Algorithm) -> Result<(), Fault> {
    if kit.signing.current().signer(algorithm, kit.now()).is_some() {
        return Ok(());
    }
    let (record, _) = make(kit, algorithm, kit.now()).await?;
    let mut tx = kit.store.begin().await?;
    facts::claim(&mut tx, MAKING_KEYS).await?;
    // Another node may have been first; then its key is the one.
    let signs_now = |key: &KeyRecord| key.algorithm == algorithm && key.active_from <= record.active_from;
    let made_meanwhile = signing_keys::all(&mut tx).await?.iter().any(signs_now);
    if !made_meanwhile {
        signing_keys::insert(&mut tx, &record).await?;
    }
    tx.commit().await?;
    reload(kit).await
}

/// Makes a new key of an algorithm and sets the day on which those before it go.
pub(crate) async fn rotate(
    kit: &Kit,
    actor: &Actor,
    algorithm: Algorithm,
    start: Start,
) -> Result<Kid, Fault> {
    let is_first = kit.signing.current().signer(algorithm, kit.now()).is_none();
    let announce = match start {
        Start::Announced if !is_first => kit.config.keys.announce,
        // Nobody can have kept a list that lacks it: there was nothing to check.
        Start::Announced | Start::Now => Span::seconds(0),
    };
    let active_from = kit.now() + announce;
    let (record, kid) = make(kit, algorithm, active_from).await?;
    let mut tx = kit.store.begin().await?;
    facts::claim(&mut tx, MAKING_KEYS).await?;
    put_in_force(kit, &mut tx, &record, Entry::by(EventKind::KeyRotated, actor)).await?;
    tx.commit().await?;
    reload(kit).await?;
    Ok(kid)
}

/// Adds a key and sets the day on which those of its algorithm before it go.
async fn put_in_force(kit: &Kit, tx: &mut Tx, record: &KeyRecord, entry: Entry<'_>) -> Result<(), Fault> {
    signing_keys::insert(tx, record).await?;
    let longest_token = kit.config.tokens.id.max(kit.config.tokens.access);
    let remove_after = record.active_from + longest_token + AFTERGLOW;
    signing_keys::retire_others(tx, record.algorithm, &record.kid, remove_after).await?;
    let detail = json!({ "kid": record.kid.as_str(), "algorithm": record.algorithm.name() });
    entry.detail(detail).record(kit, tx).await
}

/// The regular round: new keys for old, and the removal of those whose day has come.
pub(crate) async fn tend(kit: &Kit) -> Result<(), Fault> {
    reload(kit).await?;
    for algorithm in Algorithm::ALL {
        let records: Vec<Timestamp> = {
            let current = kit.signing.current();
            let own = current.keys().iter().filter(|key| key.algorithm == algorithm);
            own.map(|key| key.active_from).collect()
        };
        if is_due(kit, records.into_iter()) {
            renew(kit, algorithm).await?;
        }
    }
    let mut tx = kit.store.begin().await?;
    signing_keys::remove_expired(&mut tx, kit.now()).await?;
    tx.commit().await?;
    reload(kit).await
}

/// Whether the newest of some keys has signed for long enough.
fn is_due(kit: &Kit, active_from: impl Iterator<Item = Timestamp>) -> bool {
    active_from.max().is_some_and(|newest| kit.now() >= newest + kit.config.keys.rotate_after)
}

/// Announces the successor of a key that is due, unless another node has done so meanwhile.
async fn renew(kit: &Kit, algorithm: Algorithm) -> Result<(), Fault> {
    let (record, _) = make(kit, algorithm, kit.now() + kit.config.keys.announce).await?;
    let mut tx = kit.store.begin().await?;
    facts::claim(&mut tx, MAKING_KEYS).await?;
    let known = signing_keys::all(&mut tx).await?;
    let own = known.iter().filter(|key| key.algorithm == algorithm).map(|key| key.active_from);
    if is_due(kit, own) {
        put_in_force(kit, &mut tx, &record, Entry::unasked(EventKind::KeyRotated)).await?;
    }
    tx.commit().await
}

async fn make(kit: &Kit, algorithm: Algorithm, active_from: Timestamp) -> Result<(KeyRecord, Kid), Fault> {
    let bits = kit.config.keys.rsa_bits;
    // Looking for primes takes a while: not on a thread that answers requests.
    let new = tokio::task::spawn_blocking(move || jose::generate(algorithm, bits))
        .await
        .map_err(|error| Fault::caused("a signing key could not be made", error))??;
    let sealed_private = kit.keyring.seal(&context(&new.kid, algorithm), &new.private_jwk, &*kit.random)?;
    let record = KeyRecord {
        kid: new.kid.clone(),
        algorithm,
        public_jwk: new.public_jwk,
        sealed_private,
        created_at: kit.now(),
        active_from,
        remove_after: None,
    };
    Ok((record, new.kid))
}

fn open(kit: &Kit, record: &KeyRecord) -> Result<SigningKey, Fault> {
    let private = kit.keyring.open(&context(&record.kid, record.algorithm), &record.sealed_private)?;
    SigningKey::load(record, &private)
}

fn context(kid: &Kid, algorithm: Algorithm) -> String {
    format!("signing key {kid} {}", algorithm.name())
}
