//! Registering relying parties.

use crate::audit::Entry;
use crate::base::{ClientId, Error, Fault, Secret, Span, base64url, kinds};
use crate::keys;
use crate::kit::Kit;
use crate::model::{Client, ClientSecret, ClientSettings, EventKind};
use crate::policy::registration;
use crate::store::{Tx, clients};

/// Why an action on a client was refused: sentences for the administrator.
pub(crate) type Refusal = String;

/// A client with the secret that is shown this once.
pub(crate) struct Registered {
    pub(crate) client: Client,
    /// `None` for a public client.
    pub(crate) secret: Option<Secret<kinds::Client>>,
}

/// Registers a client. Without an identifier it gets one.
pub(crate) async fn add(
    kit: &Kit,
    id: Option<ClientId>,
    name: String,
    settings: ClientSettings,
) -> Result<Registered, Error<Refusal>> {
    let id = match id {
        Some(id) => id,
        None => generate_id(kit)?,
    };
    let now = kit.now();
    let client = Client { id, name, settings, created_at: now, updated_at: now, disabled_at: None };
    judge(&client)?;
    keys::ensure_for(kit, client.settings.id_token_algorithm).await?;
    let mut tx = kit.store.begin().await?;
    if !clients::insert(&mut tx, &client).await? {
        return Err(Error::Refused(format!("there is a client {} already", client.id)));
    }
    let secret = match client.is_confidential() {
        true => Some(give_secret(kit, &mut tx, &client.id).await?),
        false => None,
    };
    Entry::by_operator(EventKind::ClientAdded).client(Some(&client.id)).record(kit, &mut tx).await?;
    tx.commit().await?;
    Ok(Registered { client, secret })
}

/// The client with an identifier.
pub(crate) async fn find(kit: &Kit, id: &str) -> Result<Client, Error<Refusal>> {
    let unknown = || Error::Refused(format!("there is no client {id}"));
    let parsed = ClientId::parse(id).ok_or_else(unknown)?;
    clients::by_id(&mut *kit.store.read().await?, &parsed).await?.ok_or_else(unknown)
}

/// Up to `limit` clients, by identifier, after the one given.
pub(crate) async fn list(kit: &Kit, after: &str, limit: i64) -> Result<Vec<Client>, Fault> {
    clients::page(&mut *kit.store.read().await?, after, limit).await
}

/// Writes a client's new name and settings.
pub(crate) async fn update(kit: &Kit, mut client: Client) -> Result<Client, Error<Refusal>> {
    judge(&client)?;
    keys::ensure_for(kit, client.settings.id_token_algorithm).await?;
    client.updated_at = kit.now();
    let mut tx = kit.store.begin().await?;
    if !clients::update(&mut tx, &client).await? {
        return Err(Error::Refused(format!("client {} has been removed", client.id)));
    }
    Entry::by_operator(EventKind::ClientUpdated).client(Some(&client.id)).record(kit, &mut tx).await?;
    tx.commit().await?;
    kit.clients.forget(&client.id);
    Ok(client)
}

/// Removes a client with all that was granted to it.
pub(crate) async fn remove(kit: &Kit, client: &Client) -> Result<(), Error<Refusal>> {
    let mut tx = kit.store.begin().await?;
    clients::remove(&mut tx, &client.id).await?;
    Entry::by_operator(EventKind::ClientRemoved).client(Some(&client.id)).record(kit, &mut tx).await?;
    tx.commit().await?;
    kit.clients.forget(&client.id);
    Ok(())
}

/// Gives a client a new secret; those before it work for `overlap` longer.
pub(crate) async fn rotate_secret(
    kit: &Kit,
    client: &Client,
    overlap: Span,
) -> Result<Secret<kinds::Client>, Error<Refusal>> {
    if !client.is_confidential() {
        return Err(Error::Refused(format!("client {} is public and has no secret", client.id)));
    }
    let mut tx = kit.store.begin().await?;
    clients::expire_secrets(&mut tx, &client.id, kit.now() + overlap).await?;
    let secret = give_secret(kit, &mut tx, &client.id).await?;
    Entry::by_operator(EventKind::ClientSecretRotated).client(Some(&client.id)).record(kit, &mut tx).await?;
    tx.commit().await?;
    kit.clients.forget(&client.id);
    Ok(secret)
}

async fn give_secret(kit: &Kit, tx: &mut Tx, id: &ClientId) -> Result<Secret<kinds::Client>, Fault> {
    let secret = Secret::generate(&*kit.random);
    let stored = ClientSecret {
        digest: kit.keyring.digest(&secret),
        client_id: id.clone(),
        created_at: kit.now(),
        expires_at: None,
    };
    clients::add_secret(tx, &stored).await?;
    Ok(secret)
}

fn generate_id(kit: &Kit) -> Result<ClientId, Fault> {
    let mut bytes = [0; 12];
    kit.random.fill(&mut bytes);
    ClientId::parse(&base64url(bytes)).ok_or_else(|| Fault::new("no client identifier could be made"))
}

fn judge(client: &Client) -> Result<(), Error<Refusal>> {
    let problems = registration::judge(client);
    if problems.is_empty() { Ok(()) } else { Err(Error::Refused(problems.join("\n"))) }
}
