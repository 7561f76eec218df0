//! What is personal in the trail: sealed with a key of that person's, so that they can be forgotten without a gap.

use std::sync::Arc;

use crate::base::{Fault, UserId};
use crate::keyring::PersonKey;
use crate::kit::Kit;
use crate::model::Event;
use crate::store::{Conn, Tx, trail};

/// What a field begins with that is sealed for the person that the event is about.
const SEALED: &str = "sealed:";
/// The same for the person who did it.
const SEALED_FOR_ACTOR: &str = "sealed-for-actor:";

/// Whose address an event has, and how that is marked: the address of whoever did it is theirs, not that of the person
/// they did it to.
fn whose(event: &Event) -> Option<(UserId, &'static str)> {
    match event.actor.as_deref().and_then(UserId::parse) {
        Some(actor) if event.user_id.as_ref() != Some(&actor) => Some((actor, SEALED_FOR_ACTOR)),
        _ => event.user_id.clone().map(|user| (user, SEALED)),
    }
}

/// A sealed field, and for whom it was sealed.
fn sealed_field(event: &Event) -> Option<(UserId, &str)> {
    let address = event.address.as_deref()?;
    match (address.strip_prefix(SEALED), address.strip_prefix(SEALED_FOR_ACTOR)) {
        (Some(sealed), _) => Some((event.user_id.clone()?, sealed)),
        (_, Some(sealed)) => Some((UserId::parse(event.actor.as_deref()?)?, sealed)),
        (None, None) => None,
    }
}

fn context(user: &UserId) -> String {
    format!("person key {user}")
}

fn opened(kit: &Kit, user: &UserId, sealed: &str) -> Result<Arc<PersonKey>, Fault> {
    let clear = zeroize::Zeroizing::new(kit.keyring.open(&context(user), sealed)?);
    let key = PersonKey::read(&clear).ok_or_else(|| Fault::new("a person's key is damaged"))?;
    let key = Arc::new(key);
    kit.person_keys.keep(user, &key);
    Ok(key)
}

/// Seals what is personal in an event that is about to be written. A person's key is made with their first event.
pub(super) async fn seal(kit: &Kit, tx: &mut Tx, event: &mut Event) -> Result<(), Fault> {
    let (Some((user, mark)), Some(address)) = (whose(event), &event.address) else { return Ok(()) };
    let key = match kit.person_keys.get(&user) {
        Some(key) => key,
        None => find_or_make(kit, tx, &user).await?,
    };
    let sealed = key.seal(event.id.as_str(), address.as_bytes(), &*kit.random)?;
    event.address = Some(format!("{mark}{sealed}"));
    Ok(())
}

async fn find_or_make(kit: &Kit, tx: &mut Tx, user: &UserId) -> Result<Arc<PersonKey>, Fault> {
    if let Some(sealed) = trail::key(tx, user).await? {
        return opened(kit, user, &sealed);
    }
    let key = PersonKey::generate(&*kit.random);
    let sealed = kit.keyring.seal(&context(user), key.bytes(), &*kit.random)?;
    trail::put_key(tx, user, &sealed).await?;
    // Another node may have been first.
    let kept = trail::key(tx, user).await?.ok_or_else(|| Fault::new("a person's key was not kept"))?;
    // Not kept at hand before it is certain that this transaction is: it may never happen.
    let clear = zeroize::Zeroizing::new(kit.keyring.open(&context(user), &kept)?);
    PersonKey::read(&clear).map(Arc::new).ok_or_else(|| Fault::new("a person's key is damaged"))
}

/// Opens what is personal in an event; what belongs to somebody who was forgotten is left out.
pub(crate) async fn open(kit: &Kit, conn: &mut Conn, mut event: Event) -> Result<Event, Fault> {
    let Some((user, sealed)) = sealed_field(&event) else { return Ok(event) };
    let key = match trail::key(conn, &user).await? {
        Some(sealed) => Some(opened(kit, &user, &sealed)?),
        None => None,
    };
    event.address = match key {
        Some(key) => Some(String::from_utf8_lossy(&key.open(event.id.as_str(), sealed)?).into_owned()),
        None => None,
    };
    Ok(event)
}

/// Forgets a person: what is personal in their events can be read by nobody any more.
pub(crate) async fn forget(kit: &Kit, tx: &mut Tx, user: &UserId) -> Result<(), Fault> {
    kit.person_keys.forget(user);
    trail::forget_key(tx, user).await
}
