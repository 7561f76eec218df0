//! The administration interface for programs, under `/admin/api/v1`: the same actions as the console's.
//!
//! JSON, with a bearer token from the provider itself (client credentials with the scopes of
//! [`crate::policy::permission::scopes`]), errors as `application/problem+json` (RFC 9457), lists by cursor, `ETag` and
//! `If-Match` against lost updates (RFC 9110, section 13.1.1), and an `Idempotency-Key` for whatever is posted.
//!
//! **To add an operation:** a handler with its `#[utoipa::path]`, and its name in [`routes`]: the description that
//! `/admin/api/v1/openapi.json` shows is made of these and cannot differ from them.

mod body;
mod document;
mod door;
mod idempotency;
mod people;
mod problem;
mod registration_tokens;
mod rest;
mod reviews;
mod services;
mod settings;
mod shapes;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Fault;
use crate::web::Web;

/// Where the description stands.
const DESCRIPTION: &str = "/admin/api/v1/openapi.json";

fn described() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::with_openapi(document::frame())
        .routes(routes!(people::list, people::add))
        .routes(routes!(people::one, people::change, people::erase))
        .routes(routes!(people::act))
        .routes(routes!(people::data))
        .routes(routes!(services::list, services::add))
        .routes(routes!(services::one, services::change, services::remove))
        .routes(routes!(services::act))
        .routes(routes!(services::make_secret))
        .routes(routes!(services::check))
        .routes(routes!(registration_tokens::list, registration_tokens::make))
        .routes(routes!(registration_tokens::withdraw))
        .routes(routes!(reviews::list, reviews::begin))
        .routes(routes!(reviews::one, reviews::withdraw))
        .routes(routes!(reviews::people))
        .routes(routes!(rest::sessions))
        .routes(routes!(rest::end_session))
        .routes(routes!(rest::events))
        .routes(routes!(rest::keys))
        .routes(routes!(rest::rotate_keys))
        .routes(routes!(settings::all, settings::change))
        .routes(routes!(rest::mail))
        .routes(routes!(rest::status))
}

/// Every route of the interface, and its description.
pub(super) fn routes() -> Router<Arc<Web>> {
    let (router, described) = described().split_for_parts();
    let text = document::finished(described);
    let router = router.layer(DefaultBodyLimit::max(LONGEST_BODY));
    router.route(DESCRIPTION, get(move || document::answer(text.clone())))
}

/// The description as text, for the file that is checked in.
#[cfg(test)]
pub(crate) fn description() -> String {
    document::finished(described().into_openapi())
}

/// What a list is asked for by.
struct Paging {
    after: Option<String>,
    limit: i64,
}

/// A registration with its logo and its keys.
const LONGEST_BODY: usize = 64 * 1024;

/// The most rows in one answer.
const MOST_ROWS: i64 = 200;

type Answer = Result<axum::response::Response, problem::Problem>;

impl From<Fault> for problem::Problem {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}
