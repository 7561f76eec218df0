//! Relying parties: who they are at the token endpoint.

pub(crate) mod assertion;
pub(crate) mod certificate;
pub(crate) mod keys;
pub(crate) mod request_object;

use std::sync::Arc;

use crate::base::{ClientId, Fault, Secret, kinds};
use crate::keys::have_ready;
use crate::kit::{Kit, KnownClient};
use crate::model::{Client, ClientAuthentication};
use crate::store::clients;

/// What a client presented to prove who it is (RFC 6749, section 2.3.1).
#[derive(Debug)]
pub(crate) struct Presented {
    pub(crate) client_id: String,
    pub(crate) method: ClientAuthentication,
    pub(crate) secret: Option<String>,
}

/// A client that has proved who it is, or need not.
pub(crate) struct AuthenticatedClient(Client);

impl AuthenticatedClient {
    pub(crate) fn client(&self) -> &Client {
        &self.0
    }
}

/// Why a client was not believed: for the log, never for the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disbelief {
    Unknown,
    Disabled,
    /// It came by another way than the registered one.
    Method,
    Secret,
}

/// The active client with this identifier.
pub(crate) async fn find(kit: &Kit, id: &ClientId) -> Result<Option<Client>, Fault> {
    let known = known(kit, id).await?;
    Ok(known.map(|known| known.client.clone()).filter(Client::is_active))
}

/// A client, with the keys at hand that sign for it.
async fn known(kit: &Kit, id: &ClientId) -> Result<Option<Arc<KnownClient>>, Fault> {
    let known = kit.client(id).await?;
    if let Some(known) = &known {
        have_ready(kit, &known.client).await?;
    }
    Ok(known)
}

/// Every active client of the council's own that people can be sent to, by name, at most a hundred. What a stranger
/// registered must not stand on our front page.
pub(crate) async fn with_home_page(kit: &Kit) -> Result<Vec<Client>, Fault> {
    let page = clients::page(&mut *kit.store.read().await?, "", 100).await?;
    let mut listed: Vec<Client> = page.into_iter().filter(is_listed).collect();
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listed)
}

fn is_listed(client: &Client) -> bool {
    client.is_active() && !client.settings.asks_consent && client.settings.home_page.is_some()
}

/// Believes a client or not. Only the registered method counts: a secret that is sent in another way than was
/// agreed may have leaked there (RFC 6749, section 2.3).
pub(crate) async fn authenticate(
    kit: &Kit,
    presented: &Presented,
) -> Result<Result<AuthenticatedClient, Disbelief>, Fault> {
    let Some(id) = ClientId::parse(&presented.client_id) else { return Ok(Err(Disbelief::Unknown)) };
    let Some(known) = known(kit, &id).await? else { return Ok(Err(Disbelief::Unknown)) };
    let client = &known.client;
    if !client.is_active() {
        return Ok(Err(Disbelief::Disabled));
    }
    if client.settings.authentication != presented.method {
        return Ok(Err(Disbelief::Method));
    }
    if presented.method == ClientAuthentication::None {
        return Ok(Ok(AuthenticatedClient(client.clone())));
    }
    let Some(secret) = presented.secret.as_deref().and_then(Secret::<kinds::Client>::presented) else {
        return Ok(Err(Disbelief::Secret));
    };
    if !known.has_secret(&kit.keyring.digest(&secret), kit.now()) {
        return Ok(Err(Disbelief::Secret));
    }
    Ok(Ok(AuthenticatedClient(client.clone())))
}
