//! Places for connections: so many in all, and no more than a part of them for one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Proxies;

const MOST: usize = 4_096;
/// Whole offices sit behind one address, and yet none may take every place.
const MOST_OF_ONE: usize = 512;

/// Who has how many.
type Taken = Arc<Mutex<HashMap<IpAddr, usize>>>;

pub(super) struct Places {
    free: Arc<Semaphore>,
    taken: Taken,
    /// The proxies in front of us may have them all.
    proxies: Proxies,
}

/// A place, given back when it is dropped.
pub(super) struct Place {
    _one: OwnedSemaphorePermit,
    /// Whose it is, where that is counted.
    counted: Option<(Taken, IpAddr)>,
}

impl Places {
    pub(super) fn new(proxies: Proxies) -> Self {
        Self { free: Arc::new(Semaphore::new(MOST)), taken: Taken::default(), proxies }
    }

    /// Whether nobody has a place.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.taken.lock().unwrap().is_empty()
    }

    /// `None` where there is none left, or none for this address.
    pub(super) fn take(&self, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let one = Arc::clone(&self.free).try_acquire_owned().ok()?;
        if self.proxies.has(peer) {
            return Some(Place { _one: one, counted: None });
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(peer).or_default();
        if *count >= MOST_OF_ONE {
            return None;
        }
        *count += 1;
        drop(taken);
        Some(Place { _one: one, counted: Some((Arc::clone(&self.taken), peer)) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((taken, peer)) = &self.counted else { return };
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(peer) {
            *count -= 1;
            if *count == 0 {
                taken.remove(peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_81_one_address_takes_a_part_of_the_places_and_a_proxy_may_have_them_all() {
        let places = Places::new(Proxies(vec!["10.0.0.0/8".parse().unwrap()]));
        let (office, home) = (IpAddr::from([203, 0, 113, 1]), IpAddr::from([203, 0, 113, 2]));
        let mut taken: Vec<_> = (0..MOST_OF_ONE).map(|_| places.take(office).unwrap()).collect();
        assert!(places.take(office).is_none());
        assert!(places.take(home).is_some());
        taken.pop();
        assert!(places.take(office).is_some());
        let proxy = IpAddr::from([10, 1, 2, 3]);
        let all: Vec<_> = (taken.len()..MOST).map(|_| places.take(proxy).unwrap()).collect();
        assert!(places.take(proxy).is_none() && places.take(home).is_none());
        drop((all, taken));
        assert!(places.is_empty());
    }
}
