//! Access reviews.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;

use super::Answer;
use super::body::{Body, Head, listing};
use super::door::Program;
use super::idempotency::once;
use super::problem::ProblemDocument;
use super::shapes::{NewReview, Page, PageParams, ReviewDocument, ReviewEntry};
use crate::admin::reviews::{self, NewReview as Wanted, USUAL_DAYS};
use crate::policy::permission::Action;

/// List access reviews, the newest first.
#[utoipa::path(
    get, path = "/admin/api/v1/reviews", tag = "Access reviews", params(PageParams),
    responses((status = 200, body = Page<ReviewDocument>)),
    security(("provider" = ["admin:people.read"]))
)]
pub(super) async fn list(at: Program, Head(parts): Head) -> Answer {
    at.needs(Action::SeePeople)?;
    let (_, paging) = listing(&parts, &[])?;
    let page = reviews::list(&at.web.kit, &at.actor, paging.after.as_deref(), paging.limit).await?;
    let items = page.rows.iter().map(ReviewDocument::of).collect();
    Ok(Json(Page { items, next: page.next }).into_response())
}

/// Ask a sponsor who of an organisation still needs to log in.
#[utoipa::path(
    post, path = "/admin/api/v1/reviews", tag = "Access reviews", request_body = NewReview,
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128)),
    responses(
        (status = 201, body = ReviewDocument),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json")
    ),
    security(("provider" = ["admin:people"]))
)]
pub(super) async fn begin(at: Program, headers: HeaderMap, body: Body<NewReview>) -> Answer {
    at.needs(Action::ReviewAccess)?;
    once(&at, &headers, ("POST reviews", &body.text), ask(&at, body.value)).await
}

async fn ask(at: &Program, new: NewReview) -> Answer {
    let wanted = Wanted {
        organisation: &new.organisation,
        sponsor: new.sponsor.trim(),
        days: new.days.unwrap_or(USUAL_DAYS),
    };
    let begun = reviews::begin(&at.web.kit, &at.actor, wanted).await?;
    Ok((StatusCode::CREATED, Json(ReviewDocument::of(&begun))).into_response())
}

/// One access review.
#[utoipa::path(
    get, path = "/admin/api/v1/reviews/{id}", tag = "Access reviews", params(("id" = String, Path)),
    responses((status = 200, body = ReviewDocument)),
    security(("provider" = ["admin:people.read"]))
)]
pub(super) async fn one(at: Program, Path(id): Path<String>) -> Answer {
    at.needs(Action::SeePeople)?;
    Ok(Json(ReviewDocument::of(&reviews::find(&at.web.kit, &at.actor, &id).await?)).into_response())
}

/// The people of an access review by name, each with what the sponsor has said.
#[utoipa::path(
    get, path = "/admin/api/v1/reviews/{id}/people", tag = "Access reviews",
    params(("id" = String, Path), PageParams),
    responses((status = 200, body = Page<ReviewEntry>)),
    security(("provider" = ["admin:people.read"]))
)]
pub(super) async fn people(at: Program, Path(id): Path<String>, Head(parts): Head) -> Answer {
    at.needs(Action::SeePeople)?;
    let (_, paging) = listing(&parts, &[])?;
    let found = reviews::find(&at.web.kit, &at.actor, &id).await?;
    let after = paging.after.as_deref();
    let page = reviews::entries(&at.web.kit, &at.actor, &found.review, after, paging.limit).await?;
    let items = page.rows.iter().map(|(user, answer)| ReviewEntry::of(user, *answer)).collect();
    Ok(Json(Page { items, next: page.next }).into_response())
}

/// Call an access review off: from then on nobody is deactivated for what was said in it.
#[utoipa::path(
    delete, path = "/admin/api/v1/reviews/{id}", tag = "Access reviews", params(("id" = String, Path)),
    responses((status = 204)),
    security(("provider" = ["admin:people"]))
)]
pub(super) async fn withdraw(at: Program, Path(id): Path<String>) -> Answer {
    at.needs(Action::ReviewAccess)?;
    let found = reviews::find(&at.web.kit, &at.actor, &id).await?;
    reviews::withdraw(&at.web.kit, &at.actor, &found.review).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
