//! What every use case is handed.

mod floods;
mod known_clients;
mod person_keys;
mod settings;
mod under_way;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::Serialize;
use tokio::sync::{Notify, watch};

pub(crate) use self::floods::Floods;
pub(crate) use self::known_clients::{KnownClient, KnownClients};
pub(crate) use self::person_keys::PersonKeys;
pub(crate) use self::settings::{READ_EVERY, SettingsInForce, Settled, judge};
pub(crate) use self::under_way::{Ticket, UnderWay};
use crate::base::{ClientId, Clock, Fault, Random, Timestamp};
use crate::certificate::Authorities;
use crate::config::Config;
use crate::fetch::Fetcher;
use crate::hash::Hasher;
use crate::jose::{KeySet, PublicKeys};
use crate::keyring::Keyring;
use crate::model::Algorithm;
use crate::store::{Damage, Store};

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
    /// For the pages; the others ask [`Kit::settings`].
    pub(crate) settings_in_force: Arc<SettingsInForce>,
    pub(crate) clients: KnownClients,
    pub(crate) client_keys: ClientKeys,
    /// With what personal fields of the audit trail are sealed.
    pub(crate) person_keys: PersonKeys,
    /// Refusals that were noted lately, by client: one that does everything wrong does not fill the trail.
    pub(crate) refusals: Floods<ClientId>,
    /// Journeys that were begun lately, by network.
    pub(crate) journeys: Floods<String>,
    /// Passwords that are being checked.
    pub(crate) passwords: UnderWay,
    /// Believed about the names in clients' certificates.
    pub(crate) client_authorities: Authorities,
    /// Rung when a letter has been queued, so that it need not wait for the next look.
    pub(crate) mail_bell: Notify,
    /// Rung when services are to be told that a session has ended.
    pub(crate) logout_bell: Notify,
    /// What was found wrong with the database: nothing may be served from it any more.
    pub(crate) damage: watch::Sender<Option<Damage>>,
}

impl Kit {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Signs claims into a token of some type, with the key of an algorithm that signs now.
    pub(crate) fn sign(
        &self,
        algorithm: Algorithm,
        typ: &str,
        claims: &impl Serialize,
    ) -> Result<String, Fault> {
        let keys = self.signing.current();
        let signer = keys
            .signer(algorithm, self.now())
            .ok_or_else(|| Fault::new(format!("there is no signing key for {}", algorithm.name())))?;
        signer.sign(typ, claims)
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

/// The public keys of clients as this node knows them.
#[derive(Default)]
pub(crate) struct ClientKeys(Mutex<HashMap<ClientId, ClientPlace>>);

/// Where the keys of one client are kept, for one at a time to look after.
type ClientPlace = Arc<tokio::sync::Mutex<Option<HeldKeys>>>;

impl ClientKeys {
    pub(crate) fn of(&self, client: &ClientId) -> ClientPlace {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(client.clone()).or_default())
    }
}

/// A client's keys, and where and when they were read.
#[derive(Clone)]
pub(crate) struct HeldKeys {
    /// The set as it was registered, or the address that was asked.
    pub(crate) source: String,
    /// Why there are none, in words for the log.
    pub(crate) keys: Result<Arc<PublicKeys>, String>,
    pub(crate) read_at: Timestamp,
}
