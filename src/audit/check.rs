//! Whether a trail is whole. This needs no database: an export and the public key are enough.

use serde_json::{Value, json};

use crate::base::{Timestamp, base64url, sha256};
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
    pub(crate) begins: bool,
    /// When it was signed.
    pub(crate) at: Timestamp,
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
            at: Timestamp::from_millis(claims.get("at")?.as_i64()?),
        };
        is_head.then_some(head)
    }

    /// What a head says that was signed with one of these keys.
    pub(crate) fn verified(signed: &str, keys: &PublicKeys) -> Option<Self> {
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

impl Broken {
    pub(crate) fn new(seq: i64, why: impl Into<String>) -> Self {
        Self { seq, why: why.into() }
    }
}

/// Why a trail is not whole where a row is not there.
pub(crate) const REMOVED: &str = "it was removed";

/// Goes along a trail, row by row, with the heads between them.
pub(crate) struct Checker<'a> {
    keys: &'a PublicKeys,
    /// The last row that was good, or the head that the trail begins at.
    last: Option<(i64, String)>,
    /// The highest place that a signed head vouches for, whether it was found or not.
    vouched: i64,
    /// The last head that was found to be right.
    pub(crate) signed: Option<(i64, Timestamp)>,
    /// What was signed at another time, and must still be so.
    known: Vec<Head>,
    pub(crate) rows: u64,
    pub(crate) heads: u64,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(keys: &'a PublicKeys) -> Self {
        Self { keys, last: None, vouched: 0, signed: None, known: Vec::new(), rows: 0, heads: 0 }
    }

    /// Has the trail agree with a head that is known from elsewhere, too.
    pub(crate) fn must_agree(&mut self, head: Head) {
        self.known.push(head);
    }

    fn broken<T>(seq: i64, why: impl Into<String>) -> Result<T, Broken> {
        Err(Broken::new(seq, why))
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
            Some((last, _)) if seq > last + 1 => return Self::broken(last + 1, REMOVED),
            Some(_) => return Self::broken(seq, "it is not in its place"),
        };
        if hash_of(&previous, body) != hash {
            return Self::broken(seq, "it was changed, or is not in its place");
        }
        self.go_to(seq, hash)?;
        self.rows += 1;
        Ok(())
    }

    fn go_to(&mut self, seq: i64, hash: &str) -> Result<(), Broken> {
        if self.known.iter().any(|head| head.seq == seq && head.hash != hash) {
            return Self::broken(seq, "it is not the row that was signed");
        }
        self.last = Some((seq, hash.to_owned()));
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
            None if head.begins => self.go_to(head.seq, &head.hash)?,
            Some((seq, hash)) if *seq == head.seq => {
                if *hash != head.hash {
                    return Self::broken(*seq, "it is not the row that was signed");
                }
            }
            None | Some(_) => return Ok(()),
        }
        self.signed = Some((head.seq, head.at));
        Ok(())
    }

    /// The end as far as it has come: nothing that was signed may be missing.
    pub(crate) fn end(&self) -> Result<(), Broken> {
        let last = self.last.as_ref().map_or(0, |(seq, _)| *seq);
        let known = self.known.iter().map(|head| head.seq).max().unwrap_or(0);
        if known > self.vouched && known > last {
            let why = format!("the rows from here to {known} were cut off, and their signed heads with them");
            return Self::broken(last + 1, why);
        }
        if self.vouched > last {
            return Self::broken(last + 1, format!("the rows from here to {} were cut off", self.vouched));
        }
        Ok(())
    }

    /// The end of what was signed as a whole, as an export is: nothing may stand after the last head.
    pub(crate) fn end_signed(&self) -> Result<(), Broken> {
        self.end()?;
        let last = self.last.as_ref().map_or(0, |(seq, _)| *seq);
        let signed = self.signed.map_or(0, |(seq, _)| seq);
        if signed < last {
            return Self::broken(signed + 1, "no signed head vouches for this row, nor for any after it");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{SigningKey, generate};
    use crate::model::KeyRecord;

    /// A key that signs heads, and what they are checked with.
    fn key() -> (SigningKey, PublicKeys) {
        let made = generate(Algorithm::EdDSA, 0).unwrap();
        let public: Value = serde_json::from_str(&made.public_jwk).unwrap();
        let record = KeyRecord {
            kid: made.kid,
            algorithm: Algorithm::EdDSA,
            public_jwk: made.public_jwk,
            sealed_private: String::new(),
            created_at: Timestamp::from_millis(0),
            active_from: Timestamp::from_millis(0),
            remove_after: None,
        };
        let key = SigningKey::load(&record, &made.private_jwk).unwrap();
        (key, PublicKeys::import(&json!({ "keys": [public] })).unwrap())
    }

    /// Rows with their hashes, of which one may say something else.
    fn rows(changed: Option<i64>) -> Vec<(i64, String, Value)> {
        let mut previous = String::new();
        let row = |seq: i64| {
            let body = json!([seq, if changed == Some(seq) { "forged" } else { "true" }]);
            previous = hash_of(&previous, &body);
            (seq, previous.clone(), body)
        };
        (1..=6).map(row).collect()
    }

    fn head(key: &SigningKey, (seq, hash, _): &(i64, String, Value)) -> String {
        let claims =
            json!({ "seq": seq, "hash": hash, "begins": false, "at": 0, "iss": "https://x.example" });
        key.sign(Head::TYPE, &claims).unwrap()
    }

    fn checked<'a>(
        keys: &'a PublicKeys,
        rows: &[(i64, String, Value)],
        heads: &[(i64, &str)],
    ) -> Result<Checker<'a>, Broken> {
        let mut checker = Checker::new(keys);
        for (seq, hash, body) in rows {
            checker.row(*seq, hash, Some(body))?;
            for (_, head) in heads.iter().filter(|(after, _)| after == seq) {
                checker.head(head)?;
            }
        }
        Ok(checker)
    }

    #[test]
    fn what_no_signed_head_vouches_for_is_not_whole() {
        let (key, keys) = key();
        let genuine = rows(None);
        let (third, last) = (head(&key, &genuine[2]), head(&key, &genuine[5]));
        let end =
            |rows: &[_], heads: &[_]| checked(&keys, rows, heads).and_then(|checker| checker.end_signed());
        end(&genuine, &[(3, &third), (6, &last)]).unwrap();
        assert_eq!(end(&genuine, &[(3, &third)]).unwrap_err().seq, 4);
        assert_eq!(end(&genuine[..5], &[(3, &third)]).unwrap_err().seq, 4, "cut off with its head");
        let forged = rows(Some(2));
        assert_eq!(end(&forged, &[]).unwrap_err().seq, 1, "every hash anew, and no head");
        assert_eq!(end(&forged, &[(4, &third)]).unwrap_err().seq, 1, "a head beside its place");
        assert_eq!(end(&forged, &[(6, &last)]).unwrap_err().seq, 6);
        assert_eq!(
            end(&genuine[..3], &[(3, &third)]).map_err(|broken| broken.seq),
            Ok(()),
            "as at that time"
        );
    }

    #[test]
    fn what_was_signed_at_another_time_must_still_be_so() {
        let (key, keys) = key();
        let genuine = rows(None);
        let (third, last) = (head(&key, &genuine[2]), head(&key, &genuine[5]));
        let known = Head::verified(&last, &keys).unwrap();
        let mut cut = Checker::new(&keys);
        cut.must_agree(known.clone());
        for (seq, hash, body) in &genuine[..3] {
            cut.row(*seq, hash, Some(body)).unwrap();
        }
        cut.head(&third).unwrap();
        let broken = cut.end().unwrap_err();
        assert_eq!(broken.seq, 4);
        assert!(broken.why.contains("from here to 6 were cut off, and their signed heads with them"));
        let mut anew = Checker::new(&keys);
        anew.must_agree(known);
        let first = rows(Some(5)).iter().find_map(|(seq, hash, body)| anew.row(*seq, hash, Some(body)).err());
        assert_eq!(first.unwrap().seq, 6);
    }
}
