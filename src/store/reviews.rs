//! Access reviews and the people on them.

use sqlx::any::AnyRow;

use super::db::{
    Conn, Tx, asking, number, optional_parsed, optional_text, optional_time, parsed, statements, text, time,
};
use super::users;
use crate::base::{Fault, ReviewId, Timestamp, UserId};
use crate::model::{Review, ReviewAnswer, ReviewOutlook, ReviewSponsor, ReviewState, ReviewTally, User};

/// Who on a list is still the sponsor's to answer for: whoever can log in and belongs to the same organisation.
macro_rules! of_review {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM review_entries e JOIN reviews r ON r.id = e.review_id
            JOIN users u ON u.id = e.user_id AND u.organisation = r.organisation AND u.disabled_at IS NULL
            WHERE e.review_id = $1 AND ",
            $rest
        )
    };
}

/// A review with its sponsor and how far it has come.
macro_rules! described {
    ($rest:literal) => {
        concat!(
            "SELECT r.*, u.name AS sponsor_name, u.email AS sponsor_email,
            (SELECT COUNT(*) FROM review_entries e WHERE e.review_id = r.id) AS people,
            (SELECT COUNT(*) FROM review_entries e WHERE e.review_id = r.id AND e.answer = 'confirmed') AS confirmed,
            (SELECT COUNT(*) FROM review_entries e WHERE e.review_id = r.id AND e.answer = 'struck') AS struck
            FROM reviews r LEFT JOIN users u ON u.id = r.sponsor_id WHERE ",
            $rest
        )
    };
}

statements! {
    INSERT = "INSERT INTO reviews (id, organisation, sponsor_id, state, created_at, due_at)
        VALUES ($1, $2, $3, 'open', $4, $5) ON CONFLICT DO NOTHING RETURNING id";
    /// Neither the sponsor nor administrators: for those their owners answer.
    FILL = "INSERT INTO review_entries (review_id, user_id) SELECT $1, u.id FROM users u
        WHERE u.organisation = $2 AND u.id <> $3 AND u.disabled_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM administrators a WHERE a.user_id = u.id)";
    BY_ID = described!("r.id = $1");
    NEWEST = described!("(r.created_at, r.id) < ($1, $2) ORDER BY r.created_at DESC, r.id DESC LIMIT $3");
    OF_SPONSOR = "SELECT * FROM reviews WHERE sponsor_id = $1 ORDER BY due_at LIMIT 1000";
    OVERDUE = "SELECT COUNT(*) AS reviews FROM reviews WHERE state = 'open' AND due_at < $1";
    /// Whoever became an administrator meanwhile is not for a sponsor to deactivate.
    OUTLOOK = of_review!("COUNT(CASE WHEN e.answer IS NULL THEN 1 END) AS unanswered,
        COUNT(CASE WHEN e.answer = 'struck'
            AND NOT EXISTS (SELECT 1 FROM administrators a WHERE a.user_id = u.id) THEN 1 END) AS ending", "1 = 1");
    STRUCK = of_review!("u.*", "e.answer = 'struck'
        AND NOT EXISTS (SELECT 1 FROM administrators a WHERE a.user_id = u.id) ORDER BY u.name, u.id LIMIT 1");
    WITHOUT_ANSWER = of_review!("u.*", "e.answer IS NULL ORDER BY u.name, u.id LIMIT $2");
    /// Who was struck first: they are the ones to think of twice.
    ANSWERED = of_review!("u.*, e.answer, (CASE WHEN e.answer = 'struck' THEN '0' ELSE '1' END || u.name) AS place",
        "e.answer IS NOT NULL AND (CASE WHEN e.answer = 'struck' THEN '0' ELSE '1' END || u.name, u.id) > ($2, $3)
        ORDER BY (CASE WHEN e.answer = 'struck' THEN '0' ELSE '1' END || u.name), u.id LIMIT $4");
    ENTRIES = "SELECT u.*, e.answer FROM review_entries e JOIN users u ON u.id = e.user_id
        WHERE e.review_id = $1 AND (u.name, u.id) > ($2, $3) ORDER BY u.name, u.id LIMIT $4";
    OF_PERSON = "SELECT r.organisation, e.answer, e.answered_at FROM review_entries e
        JOIN reviews r ON r.id = e.review_id WHERE e.user_id = $1 ORDER BY r.created_at LIMIT 1000";
    /// An update rather than a look: whoever changes the review or an answer on it waits.
    HOLD = "UPDATE reviews SET state = state WHERE id = $1 AND state = 'open' RETURNING id";
    /// The same answer once more leaves the moment of the first.
    ANSWER = "UPDATE review_entries SET answer = $3,
        answered_at = CASE WHEN answer = $3 THEN answered_at ELSE $4 END
        WHERE review_id = $1 AND user_id = $2 RETURNING user_id";
    FINISH = concat!("UPDATE reviews SET state = 'finished', ended_at = $2 WHERE id = $1 AND state = 'open'
        AND NOT EXISTS (", of_review!("1", "e.answer IS NULL"), ") RETURNING id");
    WITHDRAW = "UPDATE reviews SET state = 'withdrawn', ended_at = $2 WHERE id = $1 AND state = 'open' RETURNING id";
    REMIND = "UPDATE reviews SET reminded_at = $2 WHERE reminded_at IS NULL AND id =
        (SELECT id FROM reviews WHERE state = 'open' AND reminded_at IS NULL AND due_at < $1 AND created_at < $3
            ORDER BY due_at LIMIT 1) RETURNING *";
}

fn review(row: &AnyRow) -> Result<Review, Fault> {
    Ok(Review {
        id: parsed(row, "id", ReviewId::parse)?,
        organisation: text(row, "organisation")?,
        sponsor_id: optional_parsed(row, "sponsor_id", UserId::parse)?,
        state: parsed(row, "state", ReviewState::parse)?,
        created_at: time(row, "created_at")?,
        due_at: time(row, "due_at")?,
        ended_at: optional_time(row, "ended_at")?,
    })
}

/// Keeps a new review with everybody of its organisation who can log in; how many they are. `None` where its sponsor is
/// being asked about the same organisation already.
pub(crate) async fn insert(tx: &mut Tx, review: &Review, sponsor: &UserId) -> Result<Option<u64>, Fault> {
    let doing = || asking("begin a review");
    let begun = sqlx::query(INSERT)
        .bind(review.id.as_str())
        .bind(review.organisation.as_str())
        .bind(sponsor.as_str())
        .bind(review.created_at.millis())
        .bind(review.due_at.millis())
        .fetch_optional(&mut **tx)
        .await;
    if begun.map_err(doing())?.is_none() {
        return Ok(None);
    }
    let filled = sqlx::query(FILL)
        .bind(review.id.as_str())
        .bind(review.organisation.as_str())
        .bind(sponsor.as_str())
        .execute(&mut **tx)
        .await;
    Ok(Some(filled.map_err(doing())?.rows_affected()))
}

/// A review with what is known of it beside.
pub(crate) struct Listed {
    pub(crate) review: Review,
    /// `None` where they have been erased.
    pub(crate) sponsor: Option<ReviewSponsor>,
    pub(crate) tally: ReviewTally,
}

fn listed(row: &AnyRow) -> Result<Listed, Fault> {
    let name = optional_text(row, "sponsor_name")?;
    Ok(Listed {
        review: review(row)?,
        sponsor: name
            .zip(optional_text(row, "sponsor_email")?)
            .map(|(name, email)| ReviewSponsor { name, email }),
        tally: ReviewTally {
            people: number(row, "people")?,
            confirmed: number(row, "confirmed")?,
            struck: number(row, "struck")?,
        },
    })
}

pub(crate) async fn by_id(conn: &mut Conn, id: &ReviewId) -> Result<Option<Listed>, Fault> {
    let row = sqlx::query(BY_ID).bind(id.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a review"))?.as_ref().map(listed).transpose()
}

/// Up to `limit` reviews, the newest first, that began before the place that a moment and an identifier name.
pub(crate) async fn newest(
    conn: &mut Conn,
    (before, id): (i64, &str),
    limit: i64,
) -> Result<Vec<Listed>, Fault> {
    let rows = sqlx::query(NEWEST).bind(before).bind(id).bind(limit).fetch_all(conn).await;
    rows.map_err(asking("list reviews"))?.iter().map(listed).collect()
}

/// The reviews that somebody is or was asked to do, the earliest due first.
pub(crate) async fn of_sponsor(conn: &mut Conn, sponsor: &UserId) -> Result<Vec<Review>, Fault> {
    let rows = sqlx::query(OF_SPONSOR).bind(sponsor.as_str()).fetch_all(conn).await;
    rows.map_err(asking("list reviews"))?.iter().map(review).collect()
}

/// How many open reviews should have been finished by now.
pub(crate) async fn overdue(conn: &mut Conn, now: Timestamp) -> Result<i64, Fault> {
    let row = sqlx::query(OVERDUE).bind(now.millis()).fetch_one(conn).await;
    number(&row.map_err(asking("count reviews"))?, "reviews")
}

pub(crate) async fn outlook(conn: &mut Conn, id: &ReviewId) -> Result<ReviewOutlook, Fault> {
    let row = sqlx::query(OUTLOOK).bind(id.as_str()).fetch_one(conn).await;
    let row = row.map_err(asking("count a review's people"))?;
    Ok(ReviewOutlook { unanswered: number(&row, "unanswered")?, ending: number(&row, "ending")? })
}

/// Up to `limit` people of a review by name, each with the answer, after the place that a name and an identifier name.
pub(crate) async fn entries(
    conn: &mut Conn,
    id: &ReviewId,
    (name, user): (&str, &str),
    limit: i64,
) -> Result<Vec<(User, Option<ReviewAnswer>)>, Fault> {
    let rows = sqlx::query(ENTRIES).bind(id.as_str()).bind(name).bind(user).bind(limit).fetch_all(conn).await;
    rows.map_err(asking("list a review's people"))?
        .iter()
        .map(|row| Ok((users::user(row)?, optional_parsed(row, "answer", ReviewAnswer::parse)?)))
        .collect()
}

/// Up to `limit` people of whom nothing was said yet and who can still log in, by name.
pub(crate) async fn without_answer(conn: &mut Conn, id: &ReviewId, limit: i64) -> Result<Vec<User>, Fault> {
    let rows = sqlx::query(WITHOUT_ANSWER).bind(id.as_str()).bind(limit).fetch_all(conn).await;
    rows.map_err(asking("list a review's people"))?.iter().map(users::user).collect()
}

/// Somebody who is to be deactivated, the first of them by name.
pub(crate) async fn next_struck(tx: &mut Tx, id: &ReviewId) -> Result<Option<User>, Fault> {
    let row = sqlx::query(STRUCK).bind(id.as_str()).fetch_optional(&mut **tx).await;
    row.map_err(asking("find who was struck"))?.as_ref().map(users::user).transpose()
}

/// Somebody of whom something was said, with the text that places them.
pub(crate) struct Answered {
    pub(crate) user: User,
    pub(crate) answer: ReviewAnswer,
    pub(crate) place: String,
}

/// Up to `limit` people of whom something was said, those who were struck first, after the place that two texts name.
pub(crate) async fn answered(
    conn: &mut Conn,
    id: &ReviewId,
    (place, user): (&str, &str),
    limit: i64,
) -> Result<Vec<Answered>, Fault> {
    let rows =
        sqlx::query(ANSWERED).bind(id.as_str()).bind(place).bind(user).bind(limit).fetch_all(conn).await;
    let answered = |row: &AnyRow| {
        Ok(Answered {
            user: users::user(row)?,
            answer: parsed(row, "answer", ReviewAnswer::parse)?,
            place: text(row, "place")?,
        })
    };
    rows.map_err(asking("list a review's answers"))?.iter().map(answered).collect()
}

/// What was said of somebody in a review, and when.
pub(crate) struct Said {
    pub(crate) organisation: String,
    pub(crate) answer: Option<ReviewAnswer>,
    pub(crate) answered_at: Option<Timestamp>,
}

/// What was said of somebody in every review, the oldest first.
pub(crate) async fn of_person(conn: &mut Conn, user: &UserId) -> Result<Vec<Said>, Fault> {
    let rows = sqlx::query(OF_PERSON).bind(user.as_str()).fetch_all(conn).await;
    let said = |row: &AnyRow| {
        Ok(Said {
            organisation: text(row, "organisation")?,
            answer: optional_parsed(row, "answer", ReviewAnswer::parse)?,
            answered_at: optional_time(row, "answered_at")?,
        })
    };
    rows.map_err(asking("list what was said of somebody"))?.iter().map(said).collect()
}

/// Keeps a review as it is until the transaction ends, but for what that does itself; `false` where it is over.
pub(crate) async fn hold(tx: &mut Tx, id: &ReviewId) -> Result<bool, Fault> {
    let row = sqlx::query(HOLD).bind(id.as_str()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("hold a review"))?.is_some())
}

/// Keeps what was said of somebody, in a review that is held; `false` where they are not on the list.
pub(crate) async fn answer(
    tx: &mut Tx,
    (id, user): (&ReviewId, &UserId),
    answer: ReviewAnswer,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row = sqlx::query(ANSWER)
        .bind(id.as_str())
        .bind(user.as_str())
        .bind(answer.name())
        .bind(now.millis())
        .fetch_optional(&mut **tx)
        .await;
    Ok(row.map_err(asking("keep an answer"))?.is_some())
}

/// Closes a review in which everybody has an answer; `false` for any other.
pub(crate) async fn finish(tx: &mut Tx, id: &ReviewId, now: Timestamp) -> Result<bool, Fault> {
    let row = sqlx::query(FINISH).bind(id.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("finish a review"))?.is_some())
}

/// Calls a review off; `false` where it was over.
pub(crate) async fn withdraw(tx: &mut Tx, id: &ReviewId, now: Timestamp) -> Result<bool, Fault> {
    let row = sqlx::query(WITHDRAW).bind(id.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("withdraw a review"))?.is_some())
}

/// Takes the open review that is due soonest, before `due_before`, that began before `begun_before` and of which nobody
/// was reminded; for one caller only.
pub(crate) async fn remind(
    tx: &mut Tx,
    (due_before, begun_before): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<Option<Review>, Fault> {
    let row = sqlx::query(REMIND)
        .bind(due_before.millis())
        .bind(now.millis())
        .bind(begun_before.millis())
        .fetch_optional(&mut **tx)
        .await;
    row.map_err(asking("find a review to remind of"))?.as_ref().map(review).transpose()
}
