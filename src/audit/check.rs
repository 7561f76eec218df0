//! Whether a trail is whole. This needs no database: an export and the public key are enough.

use serde_json::{Value, json};

use crate::base::{base64url, sha256};
use crate::jose::{Presented, PublicKeys};
use crate::model::{Algorithm, Event};

/// What is hashed of an event: every field as it is kept, what is sealed in its sealed form.
pub(crate) fn body(event: &Event) -> Value {
    let id = |id: Option<&str>| id.map(str::to_owned);
    json!([
        event.id.as_str(),
        event.at.millis(),
        event.kind.name(),
        id(event.user_id.as_ref().map(|id| id.as_str())),
        id(event.client_id.as_ref().map(|id| id.as_str())),
        id(event.session_id.as_ref().map(|id| id.as_str())),
        event.address,
        event.reference,
        event.actor,
        event.detail,
    ])
}

/// The hash of a row: over the hash of the row before it and its own body, as JSON without white space.
pub(crate) fn hash_of(previous: &str, body: &Value) -> String {
    base64url(sha256(format!("{previous}\n{body}")))
}

/// How far the chain had come when it was signed.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hash: String,
    /// Whether everything up to it was purged, so that the chain begins after it.
    begins: bool,
}

impl Head {
    pub(crate) const TYPE: &str = "trail-head+jwt";

    /// What a head says, whoever signed it.
    pub(crate) fn unverified(signed: &str) -> Option<Self> {
        Self::read(&Presented::read(signed)?)
    }

    fn read(presented: &Presented<'_>) -> Option<Self> {
        let claims = presented.claims();
        let is_head = presented.typ() == Some(Self::TYPE);
        let head = Self {
            seq: claims.get("seq")?.as_i64()?,
            hash: claims.get("hash")?.as_str()?.to_owned(),
            begins: claims.get("begins")?.as_bool()?,
        };
        is_head.then_some(head)
    }

    /// What a head says that was signed with one of these keys.
    fn verified(signed: &str, keys: &PublicKeys) -> Option<Self> {
        let presented = Presented::read(signed)?;
        keys.verify(&presented, &[Algorithm::EdDSA]).ok()?;
        Self::read(&presented)
    }
}

/// The first thing that is wrong with a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The row that it shows at.
    pub(crate) seq: i64,
    /// A sentence without its full stop.
    pub(crate) why: String,
}

/// Goes along a trail, row by row, with the heads between them.
pub(crate) struct Checker<'a> {
    keys: &'a PublicKeys,
    /// The last row that was good, or the head that the trail begins at.
    last: Option<(i64, String)>,
    /// The highest place that a signed head vouches for.
    vouched: i64,
    pub(crate) rows: u64,
    pub(crate) heads: u64,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(keys: &'a PublicKeys) -> Self {
        Self { keys, last: None, vouched: 0, rows: 0, heads: 0 }
    }

    fn broken<T>(seq: i64, why: impl Into<String>) -> Result<T, Broken> {
        Err(Broken { seq, why: why.into() })
    }

    /// The next row; `None` in the place of a body that is gone.
    pub(crate) fn row(&mut self, seq: i64, hash: &str, body: Option<&Value>) -> Result<(), Broken> {
        let Some(body) = body else { return Self::broken(seq, "its event was removed") };
        let previous = match &self.last {
            None if seq == 1 => String::new(),
            None => {
                return Self::broken(
                    seq,
                    "the rows before it were removed, and no signed head stands for them",
                );
            }
            Some((last, hash)) if seq == last + 1 => hash.clone(),
            Some((last, _)) if seq > last + 1 => {
                return Self::broken(last + 1, "it was removed");
            }
            Some(_) => return Self::broken(seq, "it is not in its place"),
        };
        if hash_of(&previous, body) != hash {
            return Self::broken(seq, "it was changed, or is not in its place");
        }
        self.last = Some((seq, hash.to_owned()));
        self.rows += 1;
        Ok(())
    }

    /// A head, which stands after the row that it is about, or before all rows.
    pub(crate) fn head(&mut self, signed: &str) -> Result<(), Broken> {
        let at = self.last.as_ref().map_or(0, |(seq, _)| *seq);
        let Some(head) = Head::verified(signed, self.keys) else {
            return Self::broken(at, "the head after it is not signed with this key");
        };
        self.vouched = self.vouched.max(head.seq);
        self.heads += 1;
        match &self.last {
            None if head.begins => self.last = Some((head.seq, head.hash)),
            Some((seq, hash)) if *seq == head.seq && *hash != head.hash => {
                return Self::broken(*seq, "it is not the row that was signed");
            }
            None | Some(_) => {}
        }
        Ok(())
    }

    /// The end: nothing that was signed may be missing.
    pub(crate) fn end(&self) -> Result<(), Broken> {
        let last = self.last.as_ref().map_or(0, |(seq, _)| *seq);
        if self.vouched > last {
            return Self::broken(last + 1, format!("the rows from here to {} were cut off", self.vouched));
        }
        Ok(())
    }
}
