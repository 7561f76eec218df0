//! Attempts that this node has not decided yet, by where they come from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many attempts are being decided, by network.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<HashMap<String, usize>>>);

/// An attempt that is under way until this is dropped.
pub(crate) struct Ticket {
    all: UnderWay,
    network: String,
}

impl UnderWay {
    pub(crate) fn enter(&self, network: &str) -> Ticket {
        *self.counts().entry(network.to_owned()).or_default() += 1;
        Ticket { all: self.clone(), network: network.to_owned() }
    }

    /// Whether there are any from a network.
    pub(crate) fn any(&self, network: &str) -> bool {
        self.counts().contains_key(network)
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counts = self.all.counts();
        if let Some(count) = counts.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_under_way_until_its_ticket_is_dropped() {
        let all = UnderWay::default();
        let (one, other) = (all.enter("a"), all.enter("a"));
        drop(one);
        assert!(all.any("a") && !all.any("b"));
        drop(other);
        assert!(!all.any("a"));
    }
}
