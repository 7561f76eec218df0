//! Access reviews: somebody who knows an organisation's people says who of them still needs to log in.
//!
//! An administrator asks, a [`super::sponsor`] answers. Whoever is struck is deactivated when the sponsor has finished,
//! and can be activated again like anybody else.

use serde_json::json;

use super::{Flaw, Page, Refusal, bad_cursor, check, cursor};
use crate::accounts::letters;
use crate::audit::Entry;
use crate::base::{Error, Fault, ReviewId, Span};
use crate::kit::Kit;
use crate::model::{
    Actor, Email, EventKind, Review, ReviewAnswer, ReviewSponsor, ReviewState, ReviewTally, User,
};
use crate::outbox;
use crate::policy::permission::Action;
use crate::store::{Tx, reviews, users};

/// Days that a sponsor can be given.
pub(crate) const DAYS: std::ops::RangeInclusive<u32> = 1..=90;
/// Days that a sponsor is given where nobody says how many.
pub(crate) const USUAL_DAYS: u32 = 14;
/// How long before a review is due its sponsor is reminded.
const REMINDER: Span = Span::days(3);
const LIST: &str = "reviews";

/// What is asked of whom.
pub(crate) struct NewReview<'a> {
    /// As it stands on the pages of its people.
    pub(crate) organisation: &'a str,
    /// The email of somebody who can log in.
    pub(crate) sponsor: &'a str,
    pub(crate) days: u32,
}

pub(crate) use crate::store::reviews::Listed;

impl Listed {
    /// What the sponsor is called.
    pub(crate) fn sponsor_name(&self) -> &str {
        self.sponsor.as_ref().map_or("Somebody who was erased", |sponsor| &sponsor.name)
    }

    /// The words that administrators see.
    pub(crate) fn shown(&self, kit: &Kit) -> &'static str {
        match self.review.state {
            ReviewState::Open if self.review.due_at < kit.now() => "Overdue",
            ReviewState::Open => "Open",
            ReviewState::Finished => "Finished",
            ReviewState::Withdrawn => "Withdrawn",
        }
    }
}

/// Asks a sponsor, by email, about everybody of an organisation who can log in.
pub(crate) async fn begin(kit: &Kit, actor: &Actor, new: NewReview<'_>) -> Result<Listed, Error<Refusal>> {
    check(actor, Action::ReviewAccess, None)?;
    let mut flaws = Vec::new();
    if new.organisation.trim().is_empty() {
        flaws.push(Flaw::of("organisation", "Enter the organisation"));
    }
    if !DAYS.contains(&new.days) {
        flaws.push(Flaw::of("days", format!("Days must be from {} to {}", DAYS.start(), DAYS.end())));
    }
    let sponsor = sponsor(kit, new.sponsor, &mut flaws).await?;
    let Some(sponsor) = sponsor.filter(|_| flaws.is_empty()) else {
        return Err(Error::Refused(Refusal::Unfit(flaws)));
    };
    let now = kit.now();
    let review = Review {
        id: ReviewId::generate(now, &*kit.random),
        organisation: new.organisation.trim().to_owned(),
        sponsor_id: Some(sponsor.id.clone()),
        state: ReviewState::Open,
        created_at: now,
        due_at: now + Span::days(new.days),
        ended_at: None,
    };
    let mut tx = kit.store.begin().await?;
    let people = reviews::insert(&mut tx, &review, &sponsor.id).await?;
    let Some(people) = people else {
        let say = format!("A review of that organisation by {} is open already", sponsor.name);
        return Err(Error::Refused(Refusal::Conflict(say)));
    };
    if people == 0 {
        let say =
            "Nobody else of that organisation can log in; write it exactly as it appears on a person's page";
        return Err(Error::Refused(Refusal::unfit("organisation", say)));
    }
    Entry::by(EventKind::ReviewBegun, actor)
        .detail(json!({
            "review": review.id.as_str(), "organisation": review.organisation, "people": people,
            "sponsor": sponsor.id.as_str(),
        }))
        .record(kit, &mut tx)
        .await?;
    write(kit, &mut tx, (&review, &sponsor), false).await?;
    tx.commit().await?;
    kit.mail_bell.notify_one();
    let tally = ReviewTally { people: i64::try_from(people).unwrap_or(i64::MAX), confirmed: 0, struck: 0 };
    let sponsor = ReviewSponsor { name: sponsor.name, email: sponsor.email.shown().to_owned() };
    Ok(Listed { review, sponsor: Some(sponsor), tally })
}

/// The person with an email, unless they cannot be asked: that is added to the flaws.
async fn sponsor(kit: &Kit, email: &str, flaws: &mut Vec<Flaw>) -> Result<Option<User>, Fault> {
    let found = match Email::parse(email) {
        Ok(email) => users::by_email(&mut *kit.store.read().await?, &email).await?,
        Err(_) => None,
    };
    let found = found.filter(|user| user.is_active() && user.password.is_some());
    if found.is_none() {
        let say = match email.trim().is_empty() {
            true => "Enter the sponsor's email",
            false => "Nobody who can log in has that email; invite them first",
        };
        flaws.push(Flaw::of("sponsor", say));
    }
    Ok(found)
}

async fn write(
    kit: &Kit,
    tx: &mut Tx,
    (review, sponsor): (&Review, &User),
    is_reminder: bool,
) -> Result<(), Fault> {
    let content = letters::review_asked(kit, &review.organisation, review.due_at, is_reminder);
    let service = &kit.service_name();
    let expires_at = kit.now() + outbox::NOTICE_LIFE;
    outbox::queue(kit, tx, outbox::Draft { to: &sponsor.email, service, content, expires_at }).await
}

/// A page of reviews, the newest first.
pub(crate) async fn list(
    kit: &Kit,
    actor: &Actor,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<Listed>, Error<Refusal>> {
    check(actor, Action::SeePeople, None)?;
    let (before, id) = match after {
        Some(after) => cursor::open(kit, LIST, after).ok_or_else(bad_cursor)?,
        None => (i64::MAX.to_string(), String::new()),
    };
    let place = (before.parse().unwrap_or(i64::MAX), id.as_str());
    let rows = reviews::newest(&mut *kit.store.read().await?, place, limit + 1).await?;
    Ok(Page::cut(rows, limit, |Listed { review, .. }| {
        cursor::seal(kit, LIST, (&review.created_at.millis().to_string(), review.id.as_str()))
    }))
}

/// The review with an identifier.
pub(crate) async fn find(kit: &Kit, actor: &Actor, id: &str) -> Result<Listed, Error<Refusal>> {
    check(actor, Action::SeePeople, None)?;
    let unknown = || Error::Refused(Refusal::Unknown("there is no such review".to_owned()));
    let id = ReviewId::parse(id).ok_or_else(unknown)?;
    reviews::by_id(&mut *kit.store.read().await?, &id).await?.ok_or_else(unknown)
}

/// A page of a review's people by name, each with what the sponsor has said.
pub(crate) async fn entries(
    kit: &Kit,
    actor: &Actor,
    review: &Review,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<(User, Option<ReviewAnswer>)>, Error<Refusal>> {
    check(actor, Action::SeePeople, None)?;
    let list = format!("review {}", review.id);
    let place = match after {
        Some(after) => cursor::open(kit, &list, after).ok_or_else(bad_cursor)?,
        None => Default::default(),
    };
    let place = (place.0.as_str(), place.1.as_str());
    let rows = reviews::entries(&mut *kit.store.read().await?, &review.id, place, limit + 1).await?;
    Ok(Page::cut(rows, limit, |(user, _)| cursor::seal(kit, &list, (&user.name, user.id.as_str()))))
}

/// Calls a review off: from then on nobody is deactivated for what was said in it. `false` where it was over.
pub(crate) async fn withdraw(kit: &Kit, actor: &Actor, review: &Review) -> Result<bool, Error<Refusal>> {
    check(actor, Action::ReviewAccess, None)?;
    let mut tx = kit.store.begin().await?;
    let withdrawn = reviews::withdraw(&mut tx, &review.id, kit.now()).await?;
    if withdrawn {
        Entry::by(EventKind::ReviewWithdrawn, actor)
            .detail(json!({ "review": review.id.as_str(), "organisation": review.organisation }))
            .record(kit, &mut tx)
            .await?;
    }
    tx.commit().await?;
    Ok(withdrawn)
}

/// Reminds every sponsor whose review is due in three days or less, once; not of one that they have just heard of.
pub(crate) async fn remind(kit: &Kit) -> Result<(), Fault> {
    loop {
        let mut tx = kit.store.begin().await?;
        let bounds = (kit.now() + REMINDER, kit.now() - Span::days(1));
        let Some(review) = reviews::remind(&mut tx, bounds, kit.now()).await? else { return Ok(()) };
        let sponsor = match &review.sponsor_id {
            Some(id) => users::by_id(&mut tx, id).await?.filter(User::is_active),
            None => None,
        };
        if let Some(sponsor) = sponsor {
            write(kit, &mut tx, (&review, &sponsor), true).await?;
        }
        tx.commit().await?;
        kit.mail_bell.notify_one();
    }
}
