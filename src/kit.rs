//! What every use case is handed.

mod known_clients;

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;

pub(crate) use self::known_clients::{KnownClient, KnownClients};
use crate::base::{ClientId, Clock, Fault, Random, Timestamp};
use crate::config::Config;
use crate::fetch::Fetcher;
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
    pub(crate) fetcher: Fetcher,
    pub(crate) signing: Signing,
    pub(crate) clients: KnownClients,
    /// Rung when a letter has been queued, so that it need not wait for the next look.
    pub(crate) mail_bell: Notify,
}

impl Kit {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A registered client, as it is or was a moment ago ([`known_clients`]).
    pub(crate) async fn client(&self, id: &ClientId) -> Result<Option<Arc<KnownClient>>, Fault> {
        self.clients.find(&self.store, id, self.now()).await
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
