//! How often this node has met something within the minute. It is counted in memory, so that a flood costs no write.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::Timestamp;

const MINUTE: i64 = 60_000;
/// Different things that are remembered at once; more of them go uncounted.
const MOST_KEYS: usize = 100_000;

/// The counts of one minute.
pub(crate) struct Floods<K>(Mutex<Minute<K>>);

struct Minute<K> {
    number: i64,
    counts: HashMap<K, u32>,
}

impl<K> Default for Floods<K> {
    fn default() -> Self {
        Self(Mutex::new(Minute { number: 0, counts: HashMap::new() }))
    }
}

impl<K: Eq + Hash> Floods<K> {
    /// Counts one more; how many there have been in this minute.
    pub(crate) fn count(&self, key: K, now: Timestamp) -> u32 {
        let mut minute = self.minute(now);
        if minute.counts.len() >= MOST_KEYS && !minute.counts.contains_key(&key) {
            return 1;
        }
        let count = minute.counts.entry(key).or_default();
        *count += 1;
        *count
    }

    fn minute(&self, now: Timestamp) -> MutexGuard<'_, Minute<K>> {
        let number = now.millis() / MINUTE;
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number {
            *minute = Minute { number, counts: HashMap::new() };
        }
        minute
    }
}
