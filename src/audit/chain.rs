//! The chain: each event that was committed gets a place, and a hash that covers the one before it. Signed heads say now
//! and then how far it had come, so that nobody who can write to the database can write the past anew.
//!
//! Recording waits for none of this: events are chained within a second or two after they were committed, in the order
//! of their identifiers, by whichever node claims the task.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::check::{Broken, Checker, Head, body, hash_of};
use crate::base::{Fault, Kid, Span, Timestamp};
use crate::jose::{PublicKeys, SigningKey, generate};
use crate::kit::Kit;
use crate::model::{Algorithm, KeyRecord};
use crate::store::trail::Row;
use crate::store::{Conn, Tx, facts, trail};

const CHAINING: &str = "chaining the trail";
const KEY: &str = "trail_key";
/// The last head once more, so that it is missed where the heads are taken away; empty until there is one.
const LAST_SIGNED: &str = "trail_signed";
/// What the trail has been shortened to: the database lets nobody remove what came later.
const KEPT_FROM: &str = "events_kept_from";
/// Events in one transaction: small enough that nobody waits for it.
const BATCH: i64 = 200;
/// No transaction is open for longer, so that nothing older than this can still appear.
pub(crate) const LATEST: Span = Span::minutes(2);
/// Hardly any is open for longer.
pub(crate) const LATELY: Span = Span::seconds(5);

/// Chains everything that has been committed, from so long before the last event that has its place.
pub(crate) async fn catch_up(kit: &Kit, mut back: Span) -> Result<(), Fault> {
    while chain(kit, back).await? {
        // The oldest come first: nothing from before the last of them is left.
        back = Span::seconds(0);
    }
    Ok(())
}

/// Chains some of it; whether there may be more.
async fn chain(kit: &Kit, back: Span) -> Result<bool, Fault> {
    let mut conn = kit.store.read().await?;
    let known = trail::last(&mut conn).await?;
    if trail::unchained(&mut conn, since(known.as_ref(), kit.now(), back), 1).await?.is_empty() {
        return Ok(false);
    }
    drop(conn);
    let mut tx = kit.store.begin().await?;
    facts::claim(&mut tx, CHAINING).await?;
    let signed = match foundation(&mut tx).await? {
        Ok(signed) => signed,
        // Whatever stood on it would be vouched for with the next signature, which says why there is none.
        Err(_) => return Ok(false),
    };
    let known = trail::last(&mut tx).await?;
    let waiting = trail::unchained(&mut tx, since(known.as_ref(), kit.now(), back), BATCH).await?;
    let (mut seq, mut hash) = match known {
        Some((seq, hash, _)) => (seq, hash),
        // Everything may have been purged: then the last head says where it stood.
        None => signed.map_or((0, String::new()), |head| (head.seq, head.hash)),
    };
    let more = i64::try_from(waiting.len()).unwrap_or(0) == BATCH;
    for event in &waiting {
        seq += 1;
        hash = hash_of(&hash, &body(event));
        trail::append(&mut tx, seq, event, &hash).await?;
    }
    tx.commit().await?;
    Ok(more)
}

/// A clock that was set back must not leave out what is recorded from then on.
fn since(last: Option<&(i64, String, Timestamp)>, now: Timestamp, back: Span) -> Timestamp {
    last.map_or(Timestamp::from_millis(0), |(_, _, at)| (*at).min(now) - back)
}

/// The last head, as far as it is noted beside the heads, or what is wrong with the note.
pub(crate) async fn last_signed(
    conn: &mut Conn,
    keys: &PublicKeys,
) -> Result<Result<Option<Head>, Broken>, Fault> {
    let Some(noted) = facts::find(conn, LAST_SIGNED).await? else {
        return Ok(Err(Broken::new(1, "what was signed last is not noted any more")));
    };
    if noted.is_empty() {
        return Ok(Ok(None));
    }
    let head = Head::verified(&noted, keys);
    Ok(head.map(Some).ok_or_else(|| Broken::new(1, "what was signed last is not signed with this key")))
}

/// The head that the trail can go on from, where there is one; what is wrong, where the row that it stands for is not
/// there as it was signed. Whoever can write to the database must not have us sign what they wrote.
async fn foundation(conn: &mut Conn) -> Result<Result<Option<Head>, Broken>, Fault> {
    let Some(kept) = facts::find(conn, KEY).await? else {
        let has_signed = facts::find(conn, LAST_SIGNED).await?.is_some_and(|noted| !noted.is_empty());
        let gone = || Broken::new(1, "the key that it was signed with was removed");
        return Ok(if has_signed { Err(gone()) } else { Ok(None) });
    };
    let keys = KeptKey::read(&kept)?.public_keys()?;
    let head = match last_signed(conn, &keys).await? {
        Ok(Some(head)) => head,
        other => return Ok(other),
    };
    let why = match trail::hash_of(conn, head.seq).await? {
        Some(hash) if hash == head.hash => return Ok(Ok(Some(head))),
        None if head.begins => return Ok(Ok(Some(head))),
        Some(_) => "it is not the row that was signed",
        None => "it was signed, and was removed",
    };
    Ok(Err(Broken::new(head.seq, why)))
}

/// Signs how far the chain has come, where it has gone on since the last time.
///
/// # Errors
/// Where what was signed the last time is not there any more.
pub(crate) async fn sign(kit: &Kit) -> Result<(), Fault> {
    let mut conn = kit.store.read().await?;
    if let Err(Broken { seq, why }) = foundation(&mut conn).await? {
        return Err(Fault::new(format!(
            "the audit trail was tampered with, and is neither continued nor signed any more: row {seq}: {why}"
        )));
    }
    let Some((seq, hash, _)) = trail::last(&mut conn).await? else { return Ok(()) };
    let signed = trail::last_head(&mut conn).await?.map_or(0, |(seq, _)| seq);
    drop(conn);
    if signed < seq { sign_at(kit, (seq, &hash)).await } else { Ok(()) }
}

/// Signs a row as the last one so far.
async fn sign_at(kit: &Kit, (seq, hash): (i64, &str)) -> Result<(), Fault> {
    let key = key(kit).await?;
    let mut tx = kit.store.begin().await?;
    let signed = put_head(kit, &mut tx, &key, (seq, hash, false)).await?;
    tx.commit().await?;
    witness((seq, hash), &signed);
    Ok(())
}

/// Signs a row as the last one so far, or as the one after which the chain begins, and notes it where it is the last head.
async fn put_head(
    kit: &Kit,
    tx: &mut Tx,
    key: &SigningKey,
    (seq, hash, begins): (i64, &str, bool),
) -> Result<String, Fault> {
    let at = kit.now().millis();
    let head = json!({ "seq": seq, "hash": hash, "begins": begins, "at": at, "iss": kit.config.issuer() });
    let signed = key.sign(Head::TYPE, &head)?;
    trail::add_head(tx, seq, if begins { "beginning" } else { "height" }, &signed).await?;
    let noted = facts::find(tx, LAST_SIGNED).await?;
    let noted = noted.and_then(|noted| Head::unverified(&noted)).map_or(0, |head| head.seq);
    // Where the row itself is gone, only the head that the chain begins at can stand for it.
    if seq > noted || (begins && seq == noted) {
        facts::set(tx, LAST_SIGNED, &signed).await?;
    }
    Ok(signed)
}

/// Where logs are kept elsewhere, they witness to an end that was cut off together with its heads.
fn witness((seq, hash): (i64, &str), signed: &str) {
    tracing::info!(seq, hash, head = signed, "the audit trail was signed");
}

/// The key that heads are signed with: one for all nodes, made once. Its public half is what an export is checked with.
pub(crate) async fn key(kit: &Kit) -> Result<SigningKey, Fault> {
    let found = facts::find(&mut *kit.store.read().await?, KEY).await?;
    let kept = match found {
        Some(kept) => kept,
        None => make_key(kit).await?,
    };
    let KeptKey { kid, public, sealed } = KeptKey::read(&kept)?;
    let kid = Kid::parse(&kid).ok_or_else(KeptKey::damaged)?;
    let clear = zeroize::Zeroizing::new(kit.keyring.open(KEY, &sealed)?);
    let record = KeyRecord {
        kid,
        algorithm: Algorithm::EdDSA,
        public_jwk: public,
        sealed_private: String::new(),
        created_at: Timestamp::from_millis(0),
        active_from: Timestamp::from_millis(0),
        remove_after: None,
    };
    SigningKey::load(&record, &clear)
}

/// The key as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptKey {
    kid: String,
    public: String,
    sealed: String,
}

impl KeptKey {
    fn damaged() -> Fault {
        Fault::new("the key of the audit trail is damaged")
    }

    fn read(kept: &str) -> Result<Self, Fault> {
        serde_json::from_str(kept).map_err(|_| Self::damaged())
    }

    fn public_keys(&self) -> Result<PublicKeys, Fault> {
        let public: serde_json::Value = serde_json::from_str(&self.public).map_err(|_| Self::damaged())?;
        PublicKeys::import(&json!({ "keys": [public] })).map_err(Fault::new)
    }
}

async fn make_key(kit: &Kit) -> Result<String, Fault> {
    let made = generate(Algorithm::EdDSA, 0)?;
    let clear = zeroize::Zeroizing::new(made.private_jwk);
    let sealed = kit.keyring.seal(KEY, &clear, &*kit.random)?;
    let kept = KeptKey { kid: made.kid.to_string(), public: made.public_jwk, sealed };
    let kept = serde_json::to_string(&kept)
        .map_err(|error| Fault::caused("the key of the audit trail cannot be written down", error))?;
    let mut tx = kit.store.begin().await?;
    facts::set_once(&mut tx, KEY, &kept).await?;
    facts::set_once(&mut tx, LAST_SIGNED, "").await?;
    let kept = facts::find(&mut tx, KEY).await?;
    tx.commit().await?;
    kept.ok_or_else(|| Fault::new("the key of the audit trail was not kept"))
}

/// Removes events from before a moment, from the beginning of the chain; how many. What is left begins at a signed head,
/// and what is not as it was chained is left as it is: it must not be taken away as if it were old.
pub(crate) async fn shorten(kit: &Kit, before: Timestamp) -> Result<u64, Fault> {
    let key = key(kit).await?;
    let mut tx = kit.store.begin().await?;
    facts::claim(&mut tx, CHAINING).await?;
    if foundation(&mut tx).await?.is_err() {
        return Ok(0);
    }
    let Some(kept) = facts::find(&mut tx, KEY).await? else { return Ok(0) };
    let keys = KeptKey::read(&kept)?.public_keys()?;
    let rows = trail::rows(&mut tx, 0, BATCH).await?;
    let Some(first) = rows.first() else { return Ok(0) };
    let heads = trail::heads(&mut tx, (0, first.seq - 1)).await?;
    let (last, removed) = match old(&keys, (&heads, &rows), before) {
        Ok(Some(old)) => old,
        Ok(None) => return Ok(0),
        Err(Broken { seq, why }) => {
            tracing::error!(row = seq, why, "the audit trail is not whole, and is not shortened any more");
            return Ok(0);
        }
    };
    let signed = put_head(kit, &mut tx, &key, (last.seq, &last.hash, true)).await?;
    facts::set(&mut tx, KEPT_FROM, &before.millis().to_string()).await?;
    trail::forget(&mut tx, last.seq).await?;
    tx.commit().await?;
    witness((last.seq, &last.hash), &signed);
    Ok(removed)
}

/// The last of the rows from before a moment, and how many there are, where all of them are as they were chained.
fn old<'a>(
    keys: &PublicKeys,
    (heads, rows): (&[(i64, String)], &'a [Row]),
    before: Timestamp,
) -> Result<Option<(&'a Row, u64)>, Broken> {
    let mut checker = Checker::new(keys);
    for (_, signed) in heads {
        checker.head(signed)?;
    }
    let mut last = None;
    for row in rows {
        if row.event.as_ref().is_some_and(|event| event.at >= before) {
            break;
        }
        checker.row(row.seq, &row.hash, row.event.as_ref().map(body).as_ref())?;
        last = Some((row, checker.rows));
    }
    Ok(last)
}
