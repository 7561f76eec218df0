//! The keys of people that this node has opened.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::UserId;
use crate::keyring::PersonKey;

/// So many are kept at hand.
const MOST: usize = 10_000;

#[derive(Default)]
pub(crate) struct PersonKeys(Mutex<HashMap<UserId, Arc<PersonKey>>>);

impl PersonKeys {
    pub(crate) fn get(&self, user: &UserId) -> Option<Arc<PersonKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(user).map(Arc::clone)
    }

    pub(crate) fn keep(&self, user: &UserId, key: &Arc<PersonKey>) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MOST {
            keys.clear();
        }
        keys.insert(user.clone(), Arc::clone(key));
    }

    pub(crate) fn forget(&self, user: &UserId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(user);
    }
}
