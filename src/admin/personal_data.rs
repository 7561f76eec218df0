//! What is held on one person: handed out as a file, or erased.

use serde_json::{Value, json};

use super::people::{self, Detail};
use super::{Refusal, administrators, check};
use crate::accounts::session;
use crate::audit::{Entry, personal};
use crate::base::words::words;
use crate::base::{Error, Fault, Timestamp, UserId};
use crate::kit::Kit;
use crate::model::{Actor, Event, EventKind, Reason, User};
use crate::policy::permission::Action;
use crate::store::{Tx, consents, events, flows, people as rows, reviews, sessions, users};
use crate::view::when;

/// The most events in one file.
const MOST_EVENTS: i64 = 10_000;

/// Everything that is held on one person, but for what protects them: hashes and digests.
pub(crate) async fn export(kit: &Kit, actor: &Actor, detail: &Detail) -> Result<Value, Error<Refusal>> {
    check(actor, Action::ExportPerson, None)?;
    let user = &detail.user;
    let time = |at: Timestamp| when::iso(at);
    let is_own = |event: &Event| event.actor.as_deref().is_none_or(|actor| actor == user.id.as_str());
    let mut conn = kit.store.read().await?;
    let sessions = sessions::of_user(&mut conn, &user.id).await?;
    let consents = consents::of_user(&mut conn, &user.id).await?;
    let mut events = Vec::new();
    for event in events::of_user(&mut conn, &user.id, MOST_EVENTS).await? {
        events.push(personal::open(kit, &mut conn, event).await?);
    }
    let said = reviews::of_person(&mut conn, &user.id).await?;
    let asked = reviews::of_sponsor(&mut conn, &user.id).await?;
    drop(conn);
    let mut tx = kit.store.begin().await?;
    Entry::by(EventKind::UserExported, actor).user(Some(&user.id)).record(kit, &mut tx).await?;
    tx.commit().await?;
    Ok(json!({
        "made_at": time(kit.now()),
        "person": {
            "id": user.id.as_str(), "subject": user.subject.as_str(), "email": user.email.shown(),
            "name": user.name, "organisation": user.organisation, "claims": user.profile,
            "role": detail.role.map(|role| role.name()),
            "created_at": time(user.created_at), "updated_at": time(user.updated_at),
            "last_login_at": user.last_login_at.map(time), "deactivated_at": user.disabled_at.map(time),
            "password_changed_at": user.password_changed_at.map(time),
        },
        "sessions": sessions.iter().map(|session| json!({
            "id": session.id.as_str(), "began_at": time(session.created_at),
            "logged_in_at": time(session.authenticated_at), "last_used_at": time(session.last_used_at),
            "browser": session.browser, "address": session.address,
        })).collect::<Vec<_>>(),
        "shares_with": consents.iter().map(|consent| json!({
            "client_id": consent.client_id.as_str(), "scope": consent.scope, "since": time(consent.given_at),
        })).collect::<Vec<_>>(),
        "access_reviews": said.iter().map(|said| json!({
            "organisation": said.organisation, "answer": said.answer.map(|answer| answer.name()),
            "answered_at": said.answered_at.map(time),
        })).collect::<Vec<_>>(),
        "asked_to_review": asked.iter().map(|review| json!({
            "organisation": review.organisation, "asked_at": time(review.created_at),
            "state": review.state.name(), "ended_at": review.ended_at.map(time),
        })).collect::<Vec<_>>(),
        "events": events.iter().map(|event| json!({
            "at": time(event.at), "kind": event.kind.name(),
            // Where somebody else was is theirs, not this person's.
            "address": event.address.as_ref().filter(|_| is_own(event)),
            "client_id": event.client_id.as_ref().map(|id| id.as_str()), "detail": event.detail,
            "reason": event.reason,
        })).collect::<Vec<_>>(),
    }))
}

/// Removes a person with everything that is held on them. The audit trail keeps that something was done and when, under
/// an identifier that leads to nobody any more.
pub(crate) async fn erase(kit: &Kit, actor: &Actor, user: &User) -> Result<(), Error<Refusal>> {
    let mut tx = kit.store.begin().await?;
    people::check_on(&mut tx, actor, Action::ErasePerson, &user.id).await?;
    if actor.reason().is_some_and(|reason| names(reason, user)) {
        let say = "The reason is kept after they are erased: leave out their name and email";
        return Err(Error::Refused(Refusal::unfit("reason", say)));
    }
    administrators::keep_an_owner(&mut tx, &user.id).await?;
    erase_in(kit, &mut tx, actor, &user.id).await?;
    tx.commit().await?;
    kit.logout_bell.notify_one();
    Ok(())
}

/// The same in the caller's transaction.
pub(super) async fn erase_in(kit: &Kit, tx: &mut Tx, actor: &Actor, user: &UserId) -> Result<(), Fault> {
    session::end_everything(kit, tx, user).await?;
    Entry::by(EventKind::UserErased, actor).user(Some(user)).record(kit, tx).await?;
    if let Some(user) = users::by_id(tx, user).await? {
        flows::remove_of(tx, &user).await?;
    }
    rows::remove(tx, user).await?;
    personal::forget(kit, tx, user).await
}

/// Whether a reason has somebody's email in it, or every word of their name.
fn names(reason: &Reason, user: &User) -> bool {
    let said: Vec<String> = reason.as_str().split_whitespace().flat_map(words).collect();
    let name = words(&user.name);
    reason.as_str().to_lowercase().contains(user.email.canonical())
        || (!name.is_empty() && name.iter().all(|word| said.contains(word)))
}
