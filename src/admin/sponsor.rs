//! The sponsor's side of an access review: who still needs to log in, said by somebody who knows them.
//!
//! Nothing that a sponsor says has an effect before they finish: until then every answer can be changed.

use serde_json::json;

use super::{administrators, users};
use crate::accounts::session::Current;
use crate::audit::Entry;
use crate::base::{Fault, ReviewId, UserId};
use crate::kit::Kit;
use crate::model::{Actor, EventKind, Review, ReviewAnswer, ReviewState, ReviewTally, User, Visit};
use crate::policy::lifetime;
use crate::store::reviews;

/// People on one page: as many as somebody can look through without losing their place.
const AT_ONCE: i64 = 20;
/// The most people who are shown as struck.
const MOST_STRUCK: i64 = 200;
/// People who are deactivated between two looks at who is left.
const BATCH: i64 = 50;

/// A review as its sponsor sees it.
pub(crate) struct Task {
    pub(crate) review: Review,
    pub(crate) tally: ReviewTally,
    /// The next ones to say something of; empty when something was said of everybody.
    pub(crate) people: Vec<User>,
    /// Who was struck, the first of them by name.
    pub(crate) struck: Vec<User>,
}

/// What came of finishing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    Done,
    /// Somebody has no answer yet, or the review was over.
    Not,
    /// The log-in is too long ago for a change: they have to prove again who they are.
    Stale,
}

/// The open reviews that somebody is asked to do, the most urgent first.
pub(crate) async fn open_reviews(kit: &Kit, user: &UserId) -> Result<Vec<Review>, Fault> {
    reviews::of_sponsor(&mut *kit.store.read().await?, user).await
}

/// The review with an identifier, where it is this person who was asked.
pub(crate) async fn task(kit: &Kit, user: &UserId, id: &ReviewId) -> Result<Option<Task>, Fault> {
    let mut conn = kit.store.read().await?;
    let review = reviews::by_id(&mut conn, id).await?.filter(|review| review.sponsor_id == *user);
    let Some(review) = review else { return Ok(None) };
    let is_open = review.state == ReviewState::Open;
    Ok(Some(Task {
        tally: reviews::tally(&mut conn, id).await?,
        people: match is_open {
            true => reviews::without_answer(&mut conn, id, AT_ONCE).await?,
            false => Vec::new(),
        },
        struck: match is_open {
            true => reviews::struck(&mut conn, id, MOST_STRUCK).await?,
            false => Vec::new(),
        },
        review,
    }))
}

/// Keeps what a sponsor says of people, in the place of what they said before. Whoever is not on the list is passed over.
pub(crate) async fn answer(
    kit: &Kit,
    (current, visit): (&Current, &Visit),
    review: &Review,
    answers: &[(UserId, ReviewAnswer)],
) -> Result<(), Fault> {
    let actor = actor(current, visit);
    let mut tx = kit.store.begin().await?;
    for (user, answer) in answers {
        if !reviews::answer(&mut tx, (&review.id, user), *answer, kit.now()).await? {
            continue;
        }
        let kind = match answer {
            ReviewAnswer::Confirmed => EventKind::AccessConfirmed,
            ReviewAnswer::Struck => EventKind::AccessStruck,
        };
        Entry::by(kind, &actor)
            .user(Some(user))
            .detail(json!({ "review": review.id.as_str() }))
            .record(kit, &mut tx)
            .await?;
    }
    tx.commit().await
}

/// Deactivates everybody who was struck, and closes the review. What is cut off in between goes on where it stopped when
/// it is done again: each person is deactivated whole, and the review is closed last.
pub(crate) async fn finish(
    kit: &Kit,
    (current, visit): (&Current, &Visit),
    review: &Review,
) -> Result<Finished, Fault> {
    if !lifetime::session_is_fresh(&current.session, kit.now()) {
        return Ok(Finished::Stale);
    }
    let tally = reviews::tally(&mut *kit.store.read().await?, &review.id).await?;
    if review.state != ReviewState::Open || tally.left > 0 {
        return Ok(Finished::Not);
    }
    let actor = actor(current, visit);
    loop {
        let struck = reviews::struck(&mut *kit.store.read().await?, &review.id, BATCH).await?;
        if struck.is_empty() {
            break;
        }
        for user in struck {
            let mut tx = kit.store.begin().await?;
            // Again in this transaction: the review may just have been called off, or the answer changed.
            if administrators::holds_a_role(&mut tx, &user.id).await?
                || !reviews::still_struck(&mut tx, &review.id, &user.id).await?
            {
                return Ok(Finished::Not);
            }
            users::deactivate_in(kit, &mut tx, &actor, &user.id).await?;
            tx.commit().await?;
        }
        kit.logout_bell.notify_one();
    }
    let mut tx = kit.store.begin().await?;
    if !reviews::finish(&mut tx, &review.id, kit.now()).await? {
        return Ok(Finished::Not);
    }
    Entry::by(EventKind::ReviewFinished, &actor)
        .detail(json!({
            "review": review.id.as_str(), "organisation": review.organisation,
            "confirmed": tally.confirmed, "struck": tally.struck,
        }))
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    Ok(Finished::Done)
}

fn actor(current: &Current, visit: &Visit) -> Actor {
    Actor::Sponsor { user_id: current.user.id.clone(), visit: visit.clone() }
}
