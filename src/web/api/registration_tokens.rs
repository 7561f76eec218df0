//! Tokens with which services register themselves.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Answer;
use super::body::{Body, Head, listing};
use super::door::Program;
use super::idempotency::once;
use super::problem::{Problem, ProblemDocument};
use super::shapes::{Page, PageParams};
use crate::admin::{Refusal, registration};
use crate::base::{Error, Span};
use crate::policy::permission::Action;
use crate::store::registration_tokens::InitialToken;
use crate::view::when;

/// How many hours a token may work, and does where nobody says how many.
const HOURS: std::ops::RangeInclusive<u32> = 1..=8_760;
const USUAL_HOURS: u32 = 24;

/// A token with which services can register themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRegistrationToken {
    /// How many hours it works; 24 where it is not given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 8760)]
    hours: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RegistrationToken {
    token: String,
    expires_at: String,
}

/// A token that was made and still works.
#[derive(Serialize, ToSchema)]
pub(super) struct GivenToken {
    /// What it is withdrawn by. Nobody can register with it.
    id: String,
    created_at: String,
    expires_at: String,
}

impl GivenToken {
    fn of(token: &InitialToken) -> Self {
        Self {
            id: token.digest.as_str().to_owned(),
            created_at: when::iso(token.created_at),
            expires_at: when::iso(token.expires_at),
        }
    }
}

/// List the tokens that still work, the one that ends first before the others.
#[utoipa::path(
    get, path = "/admin/api/v1/registration-tokens", tag = "Services", params(PageParams),
    responses((status = 200, body = Page<GivenToken>)),
    security(("provider" = ["admin:services"]))
)]
pub(super) async fn list(at: Program, Head(parts): Head) -> Answer {
    at.needs(Action::InviteRegistration)?;
    let (_, paging) = listing(&parts, &[])?;
    let page = registration::given(&at.web.kit, &at.actor, paging.after.as_deref(), paging.limit).await?;
    let items = page.rows.iter().map(GivenToken::of).collect();
    Ok(Json(Page { items, next: page.next }).into_response())
}

/// Make a token with which services can register themselves, where the provider lets those who are invited. It is in this
/// answer and nowhere else.
#[utoipa::path(
    post, path = "/admin/api/v1/registration-tokens", tag = "Services", request_body = NewRegistrationToken,
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128)),
    responses(
        (status = 201, body = RegistrationToken),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json")
    ),
    security(("provider" = ["admin:services"]))
)]
pub(super) async fn make(at: Program, headers: HeaderMap, body: Body<NewRegistrationToken>) -> Answer {
    at.needs(Action::InviteRegistration)?;
    once(&at, &headers, ("POST registration-tokens", &body.text), async {
        let hours = body.value.hours.unwrap_or(USUAL_HOURS);
        if !HOURS.contains(&hours) {
            let say = format!("hours must be from {} to {}", HOURS.start(), HOURS.end());
            return Err(Error::Refused(Refusal::unfit("hours", say)).into());
        }
        let life = Span::hours(hours);
        let token = registration::invite(&at.web.kit, &at.actor, life).await?;
        let document = RegistrationToken {
            token: token.reveal().to_owned(),
            expires_at: when::iso(at.web.kit.now() + life),
        };
        Ok((StatusCode::CREATED, Json(document)).into_response())
    })
    .await
}

/// Take a token back before its end. What was registered with it stays.
#[utoipa::path(
    delete, path = "/admin/api/v1/registration-tokens/{id}", tag = "Services", params(("id" = String, Path)),
    responses((status = 204)),
    security(("provider" = ["admin:services"]))
)]
pub(super) async fn withdraw(at: Program, Path(id): Path<String>) -> Answer {
    at.needs(Action::InviteRegistration)?;
    match registration::withdraw(&at.web.kit, &at.actor, &id).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Problem::unknown("registration token")),
    }
}
