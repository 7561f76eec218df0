//! The sponsor's side of an access review: who still needs to log in, said by somebody who knows them.
//!
//! Nothing that a sponsor says has an effect before they finish: until then every answer can be changed.

use serde_json::json;

use super::reviews::Listed;
use super::{Page, administrators, cursor, users};
use crate::accounts::session::Current;
use crate::audit::Entry;
use crate::base::{Fault, ReviewId, UserId};
use crate::kit::Kit;
use crate::model::{
    Actor, EventKind, Review, ReviewAnswer, ReviewOutlook, ReviewState, ReviewTally, User, Visit,
};
use crate::policy::lifetime;
use crate::store::{Tx, reviews};

/// People on one page: as many as somebody can look through without losing their place.
const AT_ONCE: i64 = 20;
/// Answers on one page.
const ANSWERS: i64 = 30;

/// A review as its sponsor sees it.
pub(crate) struct Task {
    pub(crate) review: Review,
    pub(crate) tally: ReviewTally,
    pub(crate) outlook: ReviewOutlook,
    /// The next ones to say something of; empty when something was said of everybody.
    pub(crate) people: Vec<User>,
    /// Then what was said, those who were struck first.
    pub(crate) answers: Page<Answer>,
}

/// What was said of somebody.
pub(crate) struct Answer {
    pub(crate) user: User,
    pub(crate) said: ReviewAnswer,
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
    let mut found = reviews::of_sponsor(&mut *kit.store.read().await?, user).await?;
    found.retain(|review| review.state == ReviewState::Open);
    Ok(found)
}

/// The review with an identifier, where it is this person who was asked; with the answers from a cursor on.
pub(crate) async fn task(
    kit: &Kit,
    user: &UserId,
    id: &ReviewId,
    after: Option<&str>,
) -> Result<Option<Task>, Fault> {
    let mut conn = kit.store.read().await?;
    let found = reviews::by_id(&mut conn, id).await?;
    let Some(found) = found.filter(|found| found.review.sponsor_id.as_ref() == Some(user)) else {
        return Ok(None);
    };
    let list = format!("answers {id}");
    // A place that does not exist is the beginning.
    let place = after.and_then(|after| cursor::open(kit, &list, after)).unwrap_or_default();
    let people = reviews::without_answer(&mut conn, id, AT_ONCE).await?;
    let rows = match people.is_empty() {
        true => reviews::answered(&mut conn, id, (&place.0, &place.1), ANSWERS + 1).await?,
        false => Vec::new(),
    };
    let answers = Page::cut(rows, ANSWERS, |answered| {
        cursor::seal(kit, &list, (&answered.place, answered.user.id.as_str()))
    });
    let answers = answers.map(|answered| Answer { user: answered.user, said: answered.answer });
    let outlook = reviews::outlook(&mut conn, id).await?;
    Ok(Some(Task { review: found.review, tally: found.tally, outlook, people, answers }))
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
    if !reviews::hold(&mut tx, &review.id).await? {
        return Ok(());
    }
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
    let outlook = reviews::outlook(&mut *kit.store.read().await?, &review.id).await?;
    if outlook.unanswered > 0 {
        return Ok(Finished::Not);
    }
    let actor = actor(current, visit);
    loop {
        let mut tx = kit.store.begin().await?;
        administrators::hold_roles(&mut tx).await?;
        if !reviews::hold(&mut tx, &review.id).await? {
            return Ok(Finished::Not);
        }
        let Some(user) = reviews::next_struck(&mut tx, &review.id).await? else {
            return close(kit, tx, &actor, review).await;
        };
        users::deactivate_in(kit, &mut tx, &actor, &user.id).await?;
        tx.commit().await?;
        kit.logout_bell.notify_one();
    }
}

async fn close(kit: &Kit, mut tx: Tx, actor: &Actor, review: &Review) -> Result<Finished, Fault> {
    if !reviews::finish(&mut tx, &review.id, kit.now()).await? {
        return Ok(Finished::Not);
    }
    let Some(Listed { tally, .. }) = reviews::by_id(&mut tx, &review.id).await? else {
        return Ok(Finished::Not);
    };
    Entry::by(EventKind::ReviewFinished, actor)
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
