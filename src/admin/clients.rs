//! Registering relying parties.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Flaw, Refusal, check, console};
use crate::audit::Entry;
use crate::base::{ClientId, Error, Fault, Secret, Span, base64url, kinds, strict_json};
use crate::clients::assertion;
use crate::jose::{PublicKeys, can_encrypt};
use crate::keys;
use crate::kit::Kit;
use crate::model::{Actor, Client, ClientAuthentication, ClientSecret, ClientSettings, EventKind};
use crate::policy::permission::{Action, scopes};
use crate::policy::{registration, sector};
use crate::store::{Conn, Tx, access_tokens, clients, facts, grants, sealed_secrets, services};
use crate::view::Colours;

/// A client with the secret that is shown this once.
pub(crate) struct Registered {
    pub(crate) client: Client,
    /// `None` for a client that has none: a public one, or one with a key of its own.
    pub(crate) secret: Option<Secret<kinds::Client>>,
}

/// Registers a client. Without an identifier it gets one.
pub(crate) async fn add(
    kit: &Kit,
    actor: &Actor,
    id: Option<ClientId>,
    name: String,
    settings: ClientSettings,
) -> Result<Registered, Error<Refusal>> {
    let id = match id {
        Some(id) => id,
        None => generate_id(kit)?,
    };
    let now = kit.now();
    add_whole(kit, actor, Client { id, name, settings, created_at: now, updated_at: now, disabled_at: None })
        .await
}

/// Registers a client as it is, switched off where it is so.
pub(super) async fn add_whole(
    kit: &Kit,
    actor: &Actor,
    client: Client,
) -> Result<Registered, Error<Refusal>> {
    check(actor, Action::AddService, None)?;
    check_scopes(actor, &client.settings, None)?;
    let client = Client { name: client.name.trim_matches(' ').to_owned(), ..client };
    prepare(kit, &client).await?;
    let (id, is_active) = (client.id.clone(), client.is_active());
    let entry = |kind| Entry::by(kind, actor).client(Some(&id));
    let mut tx = kit.store.begin().await?;
    take_name(&mut tx, &client).await?;
    let registered = add_in(kit, &mut tx, client, entry(EventKind::ClientAdded)).await?;
    if !is_active {
        entry(EventKind::ClientDisabled).record(kit, &mut tx).await?;
    }
    tx.commit().await?;
    Ok(registered)
}

/// Judges what is to be registered, and readies the keys that it needs.
pub(super) async fn prepare(kit: &Kit, client: &Client) -> Result<(), Error<Refusal>> {
    judge(client)?;
    check_sector(kit, &client.settings).await?;
    for algorithm in client.settings.signing_algorithms() {
        keys::ensure_for(kit, algorithm).await?;
    }
    Ok(())
}

/// Writes a client down that was prepared, in the caller's transaction.
pub(super) async fn add_in(
    kit: &Kit,
    tx: &mut Tx,
    client: Client,
    entry: Entry<'_>,
) -> Result<Registered, Error<Refusal>> {
    if !clients::insert(tx, &client).await? {
        return Err(Error::Refused(Refusal::Conflict(format!("there is a client {} already", client.id))));
    }
    let secret = match client.settings.authentication.has_secret() {
        true => Some(give_secret(kit, tx, &client).await?),
        false => None,
    };
    entry.record(kit, tx).await?;
    Ok(Registered { client, secret })
}

/// OpenID Connect Dynamic Client Registration 1.0, section 5: whoever publishes the document vouches for the client.
pub(super) async fn check_sector(kit: &Kit, settings: &ClientSettings) -> Result<(), Error<Refusal>> {
    let Some(uri) = &settings.sector_identifier_uri else { return Ok(()) };
    let refuse = |why: String| {
        let say = format!("The sector identifier address {uri} {why}");
        Error::Refused(Refusal::unfit("sector_identifier_uri", say))
    };
    let body = kit.fetcher.get(uri, "application/json").await.map_err(|error| refuse(error.to_string()))?;
    let document = std::str::from_utf8(&body).ok().and_then(strict_json);
    match document {
        Some(document) if sector::lists(&document, settings) => Ok(()),
        _ => Err(refuse("does not list every redirect address of the service".to_owned())),
    }
}

/// The client with an identifier.
pub(crate) async fn find(kit: &Kit, actor: &Actor, id: &str) -> Result<Client, Error<Refusal>> {
    let unknown = || Error::Refused(Refusal::Unknown(format!("there is no client {id}")));
    let parsed = ClientId::parse(id).ok_or_else(unknown)?;
    check(actor, Action::SeeServices, Some(&parsed))?;
    clients::by_id(&mut *kit.store.read().await?, &parsed).await?.ok_or_else(unknown)
}

/// Up to `limit` clients, by identifier, after the one given.
pub(crate) async fn list(
    kit: &Kit,
    actor: &Actor,
    after: &str,
    limit: i64,
) -> Result<Vec<Client>, Error<Refusal>> {
    check(actor, Action::SeeServices, None)?;
    Ok(clients::page(&mut *kit.store.read().await?, after, limit).await?)
}

/// Writes a client's new name and settings.
pub(crate) async fn update(kit: &Kit, actor: &Actor, client: Client) -> Result<Client, Error<Refusal>> {
    check(actor, Action::ChangeService, Some(&client.id))?;
    let client = Client { name: client.name.trim_matches(' ').to_owned(), ..client };
    console::refuse_console(&client.id)?;
    let before = clients::by_id(&mut *kit.store.read().await?, &client.id).await?;
    check_scopes(actor, &client.settings, before.as_ref().map(|before| &before.settings))?;
    // Whoever has a namesake already can be changed in everything else.
    let naming =
        if before.is_none_or(|before| before.name != client.name) { Naming::Alone } else { Naming::Any };
    let id = client.id.clone();
    update_with(kit, client, naming, Entry::by(EventKind::ClientUpdated, actor).client(Some(&id))).await
}

/// Whether a client's name may be that of another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    Alone,
    Any,
}

pub(super) async fn update_with(
    kit: &Kit,
    mut client: Client,
    naming: Naming,
    entry: Entry<'_>,
) -> Result<Client, Error<Refusal>> {
    prepare(kit, &client).await?;
    let before = clients::by_id(&mut *kit.store.read().await?, &client.id).await?;
    let changed = before.map(|before| changed(&before, &client)).unwrap_or_default();
    let read_at = client.updated_at;
    client.updated_at = kit.now().after(read_at);
    let mut tx = kit.store.begin().await?;
    if naming == Naming::Alone {
        take_name(&mut tx, &client).await?;
    }
    if !clients::update(&mut tx, &client, read_at).await? {
        let say = format!("client {} was changed by somebody else meanwhile, or removed", client.id);
        return Err(Error::Refused(Refusal::Conflict(say)));
    }
    if client.settings.authentication != ClientAuthentication::ClientSecretJwt {
        sealed_secrets::forget(&mut tx, &client.id).await?;
    }
    entry.detail(json!({ "fields": changed })).record(kit, &mut tx).await?;
    tx.commit().await?;
    kit.clients.forget(&client.id);
    Ok(client)
}

/// Refuses a name that another service has, and keeps others from taking it until the transaction ends.
async fn take_name(tx: &mut Tx, client: &Client) -> Result<(), Error<Refusal>> {
    facts::claim(tx, "naming a service").await?;
    refuse_among(tx, &client.name, client.id.as_str()).await
}

/// Refuses a name that another service has: people could not tell them apart.
pub(crate) async fn refuse_namesake(kit: &Kit, name: &str, id: &str) -> Result<(), Error<Refusal>> {
    refuse_among(&mut *kit.store.read().await?, name, id).await
}

async fn refuse_among(conn: &mut Conn, name: &str, id: &str) -> Result<(), Error<Refusal>> {
    if services::has_namesake(conn, name, id).await? {
        return Err(Error::Refused(Refusal::unfit("name", "Another service already uses that name")));
    }
    Ok(())
}

/// The names of what differs.
fn changed(before: &Client, after: &Client) -> Vec<String> {
    let (was, is) = (members(&before.settings), members(&after.settings));
    let mut names: Vec<String> = (before.name != after.name).then(|| "name".to_owned()).into_iter().collect();
    names.extend(is.into_iter().filter(|(name, value)| was.get(name) != Some(value)).map(|(name, _)| name));
    names
}

/// The members of a registration.
pub(super) fn members(settings: &ClientSettings) -> BTreeMap<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(members)) => members.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

/// Switches a client off, with all that was granted to it, or on again; `false` where it was so already.
pub(crate) async fn set_active(
    kit: &Kit,
    actor: &Actor,
    client: &Client,
    active: bool,
) -> Result<bool, Error<Refusal>> {
    check(actor, Action::ChangeService, Some(&client.id))?;
    console::refuse_console(&client.id)?;
    if active {
        check_power(actor, &client.settings)?;
    }
    let mut tx = kit.store.begin().await?;
    let changed = clients::set_active(&mut tx, &client.id, active, kit.now()).await?;
    if changed {
        if !active {
            grants::revoke_client(&mut tx, &client.id, kit.now()).await?;
            access_tokens::remove_own(&mut tx, &client.id).await?;
        }
        let kind = if active { EventKind::ClientEnabled } else { EventKind::ClientDisabled };
        Entry::by(kind, actor).client(Some(&client.id)).record(kit, &mut tx).await?;
    }
    tx.commit().await?;
    kit.clients.forget(&client.id);
    Ok(changed)
}

/// Removes a client with all that was granted to it.
pub(crate) async fn remove(kit: &Kit, actor: &Actor, client: &Client) -> Result<(), Error<Refusal>> {
    check(actor, Action::RemoveService, Some(&client.id))?;
    console::refuse_console(&client.id)?;
    let entry = Entry::by(EventKind::ClientRemoved, actor).client(Some(&client.id));
    Ok(remove_with(kit, client, entry).await?)
}

pub(super) async fn remove_with(kit: &Kit, client: &Client, entry: Entry<'_>) -> Result<(), Fault> {
    let mut tx = kit.store.begin().await?;
    clients::remove(&mut tx, &client.id).await?;
    entry.record(kit, &mut tx).await?;
    tx.commit().await?;
    kit.clients.forget(&client.id);
    Ok(())
}

/// What stands for the secrets of a client that end at no set time: another text when there is a new one.
pub(crate) async fn secrets_in_use(kit: &Kit, actor: &Actor, id: &str) -> Result<String, Error<Refusal>> {
    let client = find(kit, actor, id).await?;
    Ok(in_use(kit, &clients::secrets(&mut *kit.store.read().await?, &client.id).await?))
}

fn in_use(kit: &Kit, secrets: &[ClientSecret]) -> String {
    let lasting = secrets.iter().filter(|secret| secret.expires_at.is_none());
    let mut digests: Vec<&str> = lasting.map(|secret| secret.digest.as_str()).collect();
    digests.sort_unstable();
    kit.keyring.form_token(&["secrets", &digests.join(" ")])
}

/// How a new secret takes the place of those before it.
#[derive(Clone, Copy)]
pub(crate) struct Rotation<'a> {
    /// How much longer those before it work.
    pub(crate) overlap: Span,
    /// What [`secrets_in_use`] said when it was asked for; `None` to make one whatever happened since.
    pub(crate) seen: Option<&'a str>,
}

impl Rotation<'_> {
    pub(crate) const fn after(overlap: Span) -> Self {
        Self { overlap, seen: None }
    }
}

/// Gives a client a new secret; refused as a conflict where it got one since it was looked at.
pub(crate) async fn rotate_secret(
    kit: &Kit,
    actor: &Actor,
    client: &Client,
    Rotation { overlap, seen }: Rotation<'_>,
) -> Result<Secret<kinds::Client>, Error<Refusal>> {
    check(actor, Action::ChangeService, Some(&client.id))?;
    console::refuse_console(&client.id)?;
    let method = client.settings.authentication;
    if !method.has_secret() {
        let why = if client.is_confidential() { "proves who it is by a key of its own" } else { "is public" };
        return Err(Error::Refused(Refusal::Conflict(format!(
            "client {} {why} and has no secret",
            client.id
        ))));
    }
    check_power(actor, &client.settings)?;
    let mut tx = kit.store.begin().await?;
    // Whoever makes another at the same time waits.
    if !clients::hold(&mut tx, &client.id).await? {
        return Err(Error::Refused(Refusal::Unknown(format!("there is no client {}", client.id))));
    }
    if let Some(seen) = seen
        && seen != in_use(kit, &clients::secrets(&mut tx, &client.id).await?)
    {
        let say = format!("client {} was given a new secret meanwhile", client.id);
        return Err(Error::Refused(Refusal::Conflict(say)));
    }
    clients::expire_secrets(&mut tx, &client.id, kit.now() + overlap).await?;
    let secret = give_secret(kit, &mut tx, client).await?;
    Entry::by(EventKind::ClientSecretRotated, actor).client(Some(&client.id)).record(kit, &mut tx).await?;
    tx.commit().await?;
    kit.clients.forget(&client.id);
    Ok(secret)
}

async fn give_secret(kit: &Kit, tx: &mut Tx, client: &Client) -> Result<Secret<kinds::Client>, Fault> {
    let secret = Secret::generate(&*kit.random);
    let stored = ClientSecret {
        digest: kit.keyring.digest(&secret),
        client_id: client.id.clone(),
        created_at: kit.now(),
        expires_at: None,
    };
    clients::add_secret(tx, &stored).await?;
    if client.settings.authentication == ClientAuthentication::ClientSecretJwt {
        let context = assertion::secret_context(&client.id);
        let sealed = kit.keyring.seal(&context, secret.reveal().as_bytes(), &*kit.random)?;
        sealed_secrets::add(tx, &stored.digest, &client.id, &sealed).await?;
    }
    Ok(secret)
}

/// An identifier that no client has.
pub(crate) fn generate_id(kit: &Kit) -> Result<ClientId, Fault> {
    let mut bytes = [0; 12];
    kit.random.fill(&mut bytes);
    ClientId::parse(&base64url(bytes)).ok_or_else(|| Fault::new("no client identifier could be made"))
}

fn judge(client: &Client) -> Result<(), Error<Refusal>> {
    let flaws = flaws(&client.name, &client.settings);
    if flaws.is_empty() { Ok(()) } else { Err(Error::Refused(Refusal::Unfit(flaws))) }
}

/// The same, with what somebody may give a service that had other settings before.
pub(super) fn judge_as(
    actor: &Actor,
    client: &Client,
    before: Option<&ClientSettings>,
) -> Result<(), Error<Refusal>> {
    judge(client)?;
    check_scopes(actor, &client.settings, before)
}

/// Everything that is wrong with what is to be registered, as far as it can be told without asking anybody.
pub(crate) fn flaws(name: &str, settings: &ClientSettings) -> Vec<Flaw> {
    let problems = registration::judge(name, settings);
    let mut flaws: Vec<Flaw> = problems.into_iter().map(|(field, say)| Flaw::of(field, say)).collect();
    flaws.extend(encryption_without_key(settings).map(|say| Flaw::of("jwks", say)));
    flaws.extend(unreadable_colours(settings).map(|say| Flaw::of("brand_colours", say)));
    let keys = settings.jwks.as_ref().and_then(|set| PublicKeys::import(set).err());
    flaws.extend(keys.map(|say| Flaw::of("jwks", say)));
    flaws
}

/// A program that looks after this provider is as good as an administrator. Whoever gives it a secret or a key can act as
/// it, so what touches one is for those who may make one.
fn check_power(actor: &Actor, settings: &ClientSettings) -> Result<(), Error<Refusal>> {
    match settings.scopes.iter().flatten().any(|scope| scope.starts_with(scopes::PREFIX)) {
        true => check(actor, Action::GiveScopes, None),
        false => Ok(()),
    }
}

/// Only an owner makes a program that looks after this provider, or changes one.
fn check_scopes(
    actor: &Actor,
    settings: &ClientSettings,
    before: Option<&ClientSettings>,
) -> Result<(), Error<Refusal>> {
    let mut powers = settings.scopes.iter().flatten().filter(|scope| scope.starts_with(scopes::PREFIX));
    if powers.any(|scope| !scopes::EVERY.contains(&scope.as_str())) {
        let say = format!("The scopes of the administration interface are {}", scopes::EVERY.join(", "));
        return Err(Error::Refused(Refusal::unfit("scopes", say)));
    }
    check_power(actor, settings)?;
    before.map_or(Ok(()), |before| check_power(actor, before))
}

/// Colours that people could not read.
fn unreadable_colours(settings: &ClientSettings) -> Option<String> {
    let (band, button) = settings.brand_colours.as_ref()?;
    Colours::of_service((band, button)).err()
}

/// What is encrypted while a transaction is open cannot wait for keys from elsewhere.
fn encryption_without_key(settings: &ClientSettings) -> Option<String> {
    let wanted = [settings.id_token_encryption(), settings.userinfo_encryption()];
    let can = |key| settings.jwks.as_ref().is_some_and(|set| can_encrypt(set, key));
    let (key, _) = wanted.into_iter().flatten().find(|(key, _)| !can(*key))?;
    let name = key.name();
    Some(format!(
        "To encrypt with {name}, register a public key for it with the client itself, not by an address"
    ))
}
