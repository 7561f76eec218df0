//! What every use case is handed.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;

use crate::base::{Clock, Random, Timestamp};
use crate::config::Config;
use crate::hash::Hasher;
use crate::jose::KeySet;
use crate::keyring::Keyring;
use crate::store::Store;

/// The tools of the house.
pub(crate) struct Kit {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) store: Store,
    pub(crate) hasher: Hasher,
    pub(crate) keyring: Keyring,
    pub(crate) signing: Signing,
    /// Rung when a letter has been queued, so that it need not wait for the next look.
    pub(crate) mail_bell: Notify,
}

impl Kit {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The signing keys as this node knows them. Read without waiting; replaced whole.
#[derive(Default)]
pub(crate) struct Signing(RwLock<Arc<KeySet>>);

impl Signing {
    pub(crate) fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace(&self, keys: KeySet) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}
