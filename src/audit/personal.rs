//! What is personal in the trail: sealed with a key of that person's, so that they can be forgotten without a gap.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Fault, UserId};
use crate::keyring::PersonKey;
use crate::kit::Kit;
use crate::model::{Event, EventKind};
use crate::store::{Conn, Tx, trail};

/// What an address begins with that is sealed for the person that the event is about.
const SEALED: &str = "sealed:";
/// The same for the person who did it.
const SEALED_FOR_ACTOR: &str = "sealed-for-actor:";
/// Where in its detail an event keeps its reason. Had it a field of its own, a node that does not know that field yet
/// would chain the row without it.
const REASON: &str = "reason";

/// For which of an event's people something in it is sealed.
#[derive(Clone, Copy)]
enum Owner {
    Subject,
    Actor,
}

impl Owner {
    fn id(self, event: &Event) -> Option<UserId> {
        match self {
            Self::Subject => event.user_id.clone(),
            Self::Actor => event.actor.as_deref().and_then(UserId::parse),
        }
    }

    /// The address of whoever did it is theirs, not that of the person they did it to.
    fn of_address(event: &Event) -> Self {
        match Self::Actor.id(event) {
            Some(actor) if event.user_id.as_ref() != Some(&actor) => Self::Actor,
            _ => Self::Subject,
        }
    }

    /// A reason is about the person whom it was done to. Why somebody was erased has to outlive their key.
    fn of_reason(event: &Event) -> Self {
        match event.user_id {
            Some(_) if event.kind != EventKind::UserErased => Self::Subject,
            _ => Self::Actor,
        }
    }
}

/// A reason as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptReason {
    /// For the person that the event is about.
    Sealed(String),
    SealedForActor(String),
    /// Where there is nobody whom it could be sealed for.
    Clear(String),
}

/// A sealed address, and for whom it was sealed.
fn sealed_address(event: &Event) -> Option<(Owner, &str)> {
    let address = event.address.as_deref()?;
    match (address.strip_prefix(SEALED), address.strip_prefix(SEALED_FOR_ACTOR)) {
        (Some(sealed), _) => Some((Owner::Subject, sealed)),
        (_, Some(sealed)) => Some((Owner::Actor, sealed)),
        (None, None) => None,
    }
}

/// What a reason is sealed as, so that it cannot take an address's place.
fn reason_of(event: &Event) -> String {
    format!("{} reason", event.id.as_str())
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
    let owner = Owner::of_address(event);
    if let (Some(user), Some(address)) = (owner.id(event), &event.address) {
        let key = find_or_make(kit, tx, &user).await?;
        let mark = match owner {
            Owner::Subject => SEALED,
            Owner::Actor => SEALED_FOR_ACTOR,
        };
        let sealed = key.seal(event.id.as_str(), address.as_bytes(), &*kit.random)?;
        event.address = Some(format!("{mark}{sealed}"));
    }
    match event.reason.take() {
        Some(reason) => seal_reason(kit, tx, event, reason).await,
        None => Ok(()),
    }
}

async fn seal_reason(kit: &Kit, tx: &mut Tx, event: &mut Event, reason: String) -> Result<(), Fault> {
    let owner = Owner::of_reason(event);
    let kept = match owner.id(event) {
        Some(user) => {
            let key = find_or_make(kit, tx, &user).await?;
            let sealed = key.seal(&reason_of(event), reason.as_bytes(), &*kit.random)?;
            match owner {
                Owner::Subject => KeptReason::Sealed(sealed),
                Owner::Actor => KeptReason::SealedForActor(sealed),
            }
        }
        None => KeptReason::Clear(reason),
    };
    let kept = serde_json::to_value(kept)
        .map_err(|error| Fault::caused("a reason cannot be written down", error))?;
    let detail = event.detail.get_or_insert_with(|| Value::Object(Map::new()));
    match detail.as_object_mut() {
        Some(detail) => {
            detail.insert(REASON.to_owned(), kept);
            Ok(())
        }
        None => Err(Fault::new("the detail of an event has no room for a reason")),
    }
}

async fn find_or_make(kit: &Kit, tx: &mut Tx, user: &UserId) -> Result<Arc<PersonKey>, Fault> {
    if let Some(key) = kit.person_keys.get(user) {
        return Ok(key);
    }
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
    if let Some((owner, sealed)) = sealed_address(&event) {
        event.address = clear(kit, conn, (owner.id(&event), event.id.as_str()), sealed).await?;
    }
    if let Some(kept) = take_reason(&mut event) {
        let (owner, sealed) = match kept {
            KeptReason::Sealed(sealed) => (Owner::Subject, sealed),
            KeptReason::SealedForActor(sealed) => (Owner::Actor, sealed),
            KeptReason::Clear(reason) => return Ok(Event { reason: Some(reason), ..event }),
        };
        event.reason = clear(kit, conn, (owner.id(&event), &reason_of(&event)), &sealed).await?;
    }
    Ok(event)
}

/// Takes the reason out of the detail.
fn take_reason(event: &mut Event) -> Option<KeptReason> {
    let detail = event.detail.as_mut()?.as_object_mut()?;
    let kept = serde_json::from_value(detail.get(REASON)?.clone()).ok()?;
    detail.remove(REASON);
    if detail.is_empty() {
        event.detail = None;
    }
    Some(kept)
}

/// What was sealed for somebody in a place; `None` where they were forgotten.
async fn clear(
    kit: &Kit,
    conn: &mut Conn,
    (user, place): (Option<UserId>, &str),
    sealed: &str,
) -> Result<Option<String>, Fault> {
    let Some(user) = user else { return Ok(None) };
    let Some(kept) = trail::key(conn, &user).await? else { return Ok(None) };
    let key = opened(kit, &user, &kept)?;
    Ok(Some(String::from_utf8_lossy(&key.open(place, sealed)?).into_owned()))
}

/// Forgets a person: what is personal in their events can be read by nobody any more.
pub(crate) async fn forget(kit: &Kit, tx: &mut Tx, user: &UserId) -> Result<(), Fault> {
    kit.person_keys.forget(user);
    trail::forget_key(tx, user).await
}
