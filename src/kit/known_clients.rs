//! The clients that this node has met, so that not every request has to read who is asking.
//!
//! What is known is believed for a second, and what this process itself changes is forgotten at once: a client
//! that another node or the command line changes or disables is seen as it was for no longer than that. What
//! was granted is not kept here, so that a revocation holds from the moment it is made.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::base::{ClientId, Digest, Fault, Span, Timestamp, kinds};
use crate::model::{Client, ClientSecret};
use crate::store::{Store, clients};

const BELIEVED_FOR: Span = Span::seconds(1);
/// A provider has dozens of clients; one with thousands forgets them all now and then.
const MOST: usize = 1_000;

/// A client with its secrets, as they were read.
pub(crate) struct KnownClient {
    pub(crate) client: Client,
    secrets: Vec<ClientSecret>,
    read_at: Timestamp,
}

impl KnownClient {
    /// Whether a secret is one of the client's, and still valid.
    pub(crate) fn has_secret(&self, digest: &Digest<kinds::Client>, now: Timestamp) -> bool {
        let live = |secret: &&ClientSecret| secret.expires_at.is_none_or(|end| now < end);
        self.secrets.iter().filter(live).any(|secret| secret.digest.matches(digest))
    }
}

/// Every client that was read lately.
#[derive(Default)]
pub(crate) struct KnownClients(RwLock<HashMap<ClientId, Arc<KnownClient>>>);

impl KnownClients {
    pub(super) async fn find(
        &self,
        store: &Store,
        id: &ClientId,
        now: Timestamp,
    ) -> Result<Option<Arc<KnownClient>>, Fault> {
        if let Some(known) = self.recall(id, now) {
            return Ok(Some(known));
        }
        let mut conn = store.read().await?;
        let Some(client) = clients::by_id(&mut conn, id).await? else { return Ok(None) };
        let secrets = clients::secrets(&mut conn, id).await?;
        let known = Arc::new(KnownClient { client, secrets, read_at: now });
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(id.clone(), Arc::clone(&known));
        Ok(Some(known))
    }

    fn recall(&self, id: &ClientId, now: Timestamp) -> Option<Arc<KnownClient>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(id)?;
        // A clock that was set back makes nothing young again.
        let fresh = known.read_at <= now && now < known.read_at + BELIEVED_FOR;
        fresh.then(|| Arc::clone(known))
    }

    /// Forgets a client that has just been changed.
    pub(crate) fn forget(&self, id: &ClientId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}
