//! How many refusals this node has noted lately for each client: a flood of them costs no write.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::base::{ClientId, Timestamp};

/// A client that does everything wrong does not fill the trail.
const MOST_IN_A_MINUTE: u32 = 10;
const MINUTE: i64 = 60_000;

#[derive(Default)]
pub(crate) struct RefusalNotes(Mutex<(i64, HashMap<ClientId, u32>)>);

impl RefusalNotes {
    /// Whether one more may be noted.
    pub(crate) fn has_room(&self, client: &ClientId, now: Timestamp) -> bool {
        let minute = now.millis() / MINUTE;
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.0 != minute {
            *notes = (minute, HashMap::new());
        }
        let count = notes.1.entry(client.clone()).or_default();
        *count += 1;
        *count <= MOST_IN_A_MINUTE
    }
}
