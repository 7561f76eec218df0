//! Services that register themselves and look after their registration (OpenID Connect Dynamic Client Registration 1.0;
//! RFC 7591; RFC 7592).
//!
//! What they send is read by one fixed list of names. Members that nobody knows are passed over, as the documents have
//! it; those that are for administrators only are refused.

use serde_json::{Map, Value, json};

use super::clients::{self, Naming, Registered};
use super::{Page, bad_cursor, check, cursor, services};
use crate::accounts::guard;
use crate::audit::Entry;
use crate::base::{ClientId, Error, Fault, Secret, Span, Timestamp, kinds, paths};
use crate::config::OpenTo;
use crate::kit::Kit;
use crate::model::{Actor, Client, ClientSecret, ClientSettings, EventKind, Visit};
use crate::policy::metadata::{self, Unfit};
use crate::policy::permission::Action;
use crate::policy::registration;
use crate::policy::throttle::{Limit, Verdict};
use crate::store::idempotency::{self, Known};
use crate::store::registration_tokens::{self, InitialToken};
use crate::store::{Tx, clients as client_rows};

/// Why a service was not registered.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It has no token that allows it, or one for another registration.
    Token,
    /// In words for a developer.
    Redirect(String),
    Metadata(String),
    /// Too many have registered from the same network.
    TooMany {
        until: Option<Timestamp>,
    },
}

/// A registration, with what is shown this once.
pub(crate) struct Registration {
    pub(crate) client: Client,
    pub(crate) secret: Option<Secret<kinds::Client>>,
    pub(crate) token: Option<Secret<kinds::Registration>>,
}

/// Makes a token with which services can register for some time.
pub(crate) async fn invite(
    kit: &Kit,
    actor: &Actor,
    life: Span,
) -> Result<Secret<kinds::InitialAccess>, Error<super::Refusal>> {
    check(actor, Action::InviteRegistration, None)?;
    let mut tx = kit.store.begin().await?;
    let secret = invite_in(kit, &mut tx, actor, life).await?;
    tx.commit().await?;
    Ok(secret)
}

async fn invite_in(
    kit: &Kit,
    tx: &mut Tx,
    actor: &Actor,
    life: Span,
) -> Result<Secret<kinds::InitialAccess>, Fault> {
    let secret = Secret::generate(&*kit.random);
    let digest = kit.keyring.digest(&secret);
    registration_tokens::insert_initial(tx, &digest, kit.now(), kit.now() + life).await?;
    Entry::by(EventKind::RegistrationInvited, actor).record(kit, tx).await?;
    Ok(secret)
}

/// A token that was made, and until when it works.
pub(crate) struct Given {
    pub(crate) secret: Secret<kinds::InitialAccess>,
    pub(crate) expires_at: Timestamp,
}

/// The same for a form, which makes one however often it is sent; `form` tells it from every other.
pub(crate) async fn invite_once(
    kit: &Kit,
    actor: &Actor,
    life: Span,
    form: &str,
) -> Result<Given, Error<super::Refusal>> {
    check(actor, Action::InviteRegistration, None)?;
    let key = kit.keyring.bucket(&["registration form", form]);
    let mut tx = kit.store.begin().await?;
    if !matches!(idempotency::claim(&mut tx, (&key, ""), kit.now()).await?, Known::New) {
        let say = "this form has made a registration token already".to_owned();
        return Err(Error::Refused(super::Refusal::Conflict(say)));
    }
    // Nobody is told twice what it made.
    idempotency::answer(&mut tx, &key, "").await?;
    let secret = invite_in(kit, &mut tx, actor, life).await?;
    tx.commit().await?;
    Ok(Given { secret, expires_at: kit.now() + life })
}

/// A page of the tokens that still work, the one that ends first before the others.
pub(crate) async fn given(
    kit: &Kit,
    actor: &Actor,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<InitialToken>, Error<super::Refusal>> {
    const LIST: &str = "registration tokens";
    check(actor, Action::InviteRegistration, None)?;
    let place = match after {
        Some(after) => cursor::open(kit, LIST, after).ok_or_else(bad_cursor)?,
        None => (String::new(), String::new()),
    };
    let place = (place.0.parse().unwrap_or_default(), place.1.as_str());
    let rows =
        registration_tokens::initial(&mut *kit.store.read().await?, kit.now(), place, limit + 1).await?;
    Ok(Page::cut(rows, limit, |token| {
        cursor::seal(kit, LIST, (&token.expires_at.millis().to_string(), token.digest.as_str()))
    }))
}

/// Takes a token back before its end; `false` where it did not work any more. What was registered with it stays.
pub(crate) async fn withdraw(kit: &Kit, actor: &Actor, digest: &str) -> Result<bool, Error<super::Refusal>> {
    check(actor, Action::InviteRegistration, None)?;
    let mut tx = kit.store.begin().await?;
    let withdrawn = registration_tokens::withdraw(&mut tx, digest, kit.now()).await?;
    if withdrawn {
        Entry::by(EventKind::RegistrationInvitationWithdrawn, actor).record(kit, &mut tx).await?;
    }
    tx.commit().await?;
    Ok(withdrawn)
}

/// Registers a service with what it says of itself.
pub(crate) async fn register(
    kit: &Kit,
    token: Option<&str>,
    document: &Map<String, Value>,
    visit: &Visit,
) -> Result<Registration, Error<Refusal>> {
    if !may_register(kit, token).await? {
        return Err(Error::Refused(Refusal::Token));
    }
    if kit.config.registration.open_to == OpenTo::Anybody {
        count(kit, visit).await?;
    }
    let id = clients::generate_id(kit)?;
    let client = described(kit, id, document)?;
    refuse_impostor(kit, &client.name).await?;
    clients::prepare(kit, &client).await.map_err(unfit)?;
    let token = Secret::generate(&*kit.random);
    let mut tx = kit.store.begin().await?;
    let entry = Entry::by_visitor(EventKind::ClientAdded, visit).client(Some(&client.id));
    let Registered { client: written, secret } =
        clients::add_in(kit, &mut tx, client.clone(), entry).await.map_err(unfit)?;
    registration_tokens::insert(&mut tx, &kit.keyring.digest(&token), &written.id, kit.now()).await?;
    tx.commit().await?;
    Ok(Registration { client: written, secret, token: Some(token) })
}

async fn may_register(kit: &Kit, token: Option<&str>) -> Result<bool, Fault> {
    match (kit.config.registration.open_to, token.and_then(Secret::presented)) {
        (OpenTo::Anybody, _) => Ok(true),
        (OpenTo::Invited, Some(token)) => {
            let digest = kit.keyring.digest(&token);
            registration_tokens::is_good(&mut *kit.store.read().await?, &digest, kit.now()).await
        }
        (OpenTo::Invited, None) | (OpenTo::Nobody, _) => Ok(false),
    }
}

/// Counts a registration that anybody may make, whatever comes of it.
async fn count(kit: &Kit, visit: &Visit) -> Result<(), Error<Refusal>> {
    let limit = Limit::window(i64::from(kit.config.registration.per_hour), Span::hours(1));
    let bucket = guard::network_bucket(kit, "registration", visit);
    let mut tx = kit.store.begin().await?;
    let verdict = guard::count(&mut tx, &bucket, &limit, kit.now()).await?;
    tx.commit().await?;
    match verdict {
        Verdict::Go => Ok(()),
        Verdict::Wait { .. } | Verdict::Shut => {
            Err(Error::Refused(Refusal::TooMany { until: verdict.until() }))
        }
    }
}

/// A service that names itself stands on the log-in pages under that name: not under one of the council's own.
async fn refuse_impostor(kit: &Kit, name: &str) -> Result<(), Error<Refusal>> {
    if !registration::looks_plain(name) {
        let say =
            "client_name must be in Latin letters, digits and common punctuation: others can look like them";
        return Err(Error::Refused(Refusal::Metadata(say.to_owned())));
    }
    if services::sounds_like_ours(kit, name).await? {
        let say = "client_name is the name of the council or of one of its services; choose another";
        return Err(Error::Refused(Refusal::Metadata(say.to_owned())));
    }
    Ok(())
}

/// The registration that a token opens, if it is the one that is named.
pub(crate) async fn open(kit: &Kit, id: &str, token: &str) -> Result<Client, Error<Refusal>> {
    let refused = || Error::Refused(Refusal::Token);
    let secret = Secret::presented(token).ok_or_else(refused)?;
    let digest = kit.keyring.digest(&secret);
    let known = registration_tokens::client(&mut *kit.store.read().await?, &digest).await?;
    let known = known.filter(|known| known.as_str() == id).ok_or_else(refused)?;
    let client = clients::find(kit, &Actor::Operator, known.as_str()).await;
    client.ok().filter(Client::is_active).ok_or_else(refused)
}

/// Puts what a service says of itself in the place of what it said before (RFC 7592, section 2.2).
pub(crate) async fn replace(
    kit: &Kit,
    client: &Client,
    document: &Map<String, Value>,
    visit: &Visit,
) -> Result<Client, Error<Refusal>> {
    let refuse = |say: &str| Err(Error::Refused(Refusal::Metadata(say.to_owned())));
    if document.get("client_id").is_none_or(|named| named != client.id.as_str()) {
        return refuse("client_id must be there, and be that of this registration");
    }
    if let Some(secret) = document.get("client_secret")
        && !has_secret(kit, client, secret.as_str()).await?
    {
        return refuse("client_secret is not the one that was given out");
    }
    let described = described(kit, client.id.clone(), document)?;
    if described.settings.authentication != client.settings.authentication {
        return refuse("token_endpoint_auth_method cannot be changed; register again");
    }
    if described.name != client.name {
        refuse_impostor(kit, &described.name).await?;
    }
    // What an administrator has set for it is not the service's to undo.
    let settings = metadata::over(&client.settings, &described.settings)
        .map_err(|why| Error::Refused(Refusal::Metadata(why)))?;
    let replaced =
        Client { created_at: client.created_at, updated_at: client.updated_at, settings, ..described };
    let entry = Entry::by_visitor(EventKind::ClientUpdated, visit).client(Some(&client.id));
    clients::update_with(kit, replaced, Naming::Any, entry).await.map_err(unfit)
}

/// Whether a secret is the client's, and works.
async fn has_secret(kit: &Kit, client: &Client, secret: Option<&str>) -> Result<bool, Fault> {
    let Some(secret) = secret.and_then(Secret::<kinds::Client>::presented) else { return Ok(false) };
    let digest = kit.keyring.digest(&secret);
    let known = client_rows::secrets(&mut *kit.store.read().await?, &client.id).await?;
    let works = |known: &ClientSecret| known.expires_at.is_none_or(|end| kit.now() < end);
    Ok(known.iter().any(|known| works(known) && known.digest.matches(&digest)))
}

/// Removes a registration (RFC 7592, section 2.3).
pub(crate) async fn remove(kit: &Kit, client: &Client, visit: &Visit) -> Result<(), Fault> {
    let entry = Entry::by_visitor(EventKind::ClientRemoved, visit).client(Some(&client.id));
    clients::remove_with(kit, client, entry).await
}

fn described(kit: &Kit, id: ClientId, document: &Map<String, Value>) -> Result<Client, Error<Refusal>> {
    let (name, settings) = metadata::read(document).map_err(|unfit| {
        Error::Refused(match unfit {
            Unfit::Redirect(why) => Refusal::Redirect(why),
            Unfit::Metadata(why) => Refusal::Metadata(why),
        })
    })?;
    let settings = ClientSettings { asks_consent: kit.config.registration.asks_consent, ..settings };
    let now = kit.now();
    let name = name.unwrap_or_else(|| id.to_string());
    Ok(Client { id, name, settings, created_at: now, updated_at: now, disabled_at: None })
}

fn unfit(error: Error<super::Refusal>) -> Error<Refusal> {
    match error {
        Error::Refused(why) => Error::Refused(Refusal::Metadata(why.to_string())),
        Error::Fault(fault) => Error::Fault(fault),
    }
}

/// What is said of a registration (RFC 7591, section 3.2.1).
pub(crate) fn document(kit: &Kit, registration: &Registration) -> Value {
    let client = &registration.client;
    let mut document = metadata::write(client);
    let address = format!("{}{}/{}", kit.config.issuer(), paths::REGISTER, client.id);
    document.insert("registration_client_uri".to_owned(), json!(address));
    if let Some(token) = &registration.token {
        document.insert("registration_access_token".to_owned(), json!(token.reveal()));
    }
    if let Some(secret) = &registration.secret {
        document.insert("client_secret".to_owned(), json!(secret.reveal()));
        // It has no end (RFC 7591, section 3.2.1).
        document.insert("client_secret_expires_at".to_owned(), json!(0));
    }
    Value::Object(document)
}
