//! Services.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::Answer;
use super::body::{Body, Head, etag, if_match, listing, stale};
use super::door::Program;
use super::idempotency::{key, once};
use super::problem::{Problem, ProblemDocument};
use super::shapes::{NewSecret, NewService, Page, PageParams, Service, ServiceAction, ServiceDetails};
use crate::admin::{Flaw, Refusal, clients, services};
use crate::base::{ClientId, Error, Span};
use crate::model::{Client, ClientSettings};
use crate::policy::permission::Action;
use crate::view::when;

/// How long the secrets before a new one work.
const OVERLAP: Span = Span::days(1);

/// List services, or search them.
#[utoipa::path(
    get, path = "/admin/api/v1/services", tag = "Services",
    params(("q" = Option<String>, Query, description = "Words of a name or client identifier"), PageParams),
    responses((status = 200, body = Page<Service>)),
    security(("provider" = ["admin:services.read"]))
)]
pub(super) async fn list(at: Program, Head(parts): Head) -> Answer {
    at.needs(Action::SeeServices)?;
    let (params, paging) = listing(&parts, &["q"])?;
    let after = paging.after.as_deref();
    let page = services::list(&at.web.kit, &at.actor, params.field("q"), after, paging.limit).await?;
    let items = page.rows.iter().map(Service::listed).collect();
    Ok(Json(Page { items, next: page.next }).into_response())
}

/// Register a service. Its secret is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/admin/api/v1/services", tag = "Services", request_body = NewService,
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128)),
    responses((status = 201, body = Service), (status = 422, body = ProblemDocument, content_type = "application/problem+json")),
    security(("provider" = ["admin:services"]))
)]
pub(super) async fn add(at: Program, headers: HeaderMap, body: Body<NewService>) -> Answer {
    at.needs(Action::AddService)?;
    let key = key(&at, &headers, ("POST services", &body.text))?;
    once(&at, key, register(&at, body.value)).await
}

async fn register(at: &Program, new: NewService) -> Answer {
    let id = match &new.client_id {
        Some(text) => Some(ClientId::parse(text).ok_or_else(|| {
            unfit("client_id", "client_id must be 1 to 128 of A to Z, a to z, 0 to 9, - . _ and ~".to_owned())
        })?),
        None => None,
    };
    let settings = settings(new.settings)?;
    let added = clients::add(&at.web.kit, &at.actor, id, new.name, settings).await?;
    let mut document = Service::of(&added.client, None);
    document.client_secret = added.secret.map(|secret| secret.reveal().to_owned());
    let tag = [(header::ETAG, etag(added.client.updated_at))];
    Ok((StatusCode::CREATED, tag, Json(document)).into_response())
}

fn settings(document: Value) -> Result<ClientSettings, Problem> {
    serde_json::from_value(document).map_err(|error| unfit("settings", error.to_string()))
}

fn unfit(field: &'static str, say: String) -> Problem {
    let flaws = vec![Flaw::of(field, say.clone())];
    Problem::Said { status: StatusCode::UNPROCESSABLE_ENTITY, detail: say, flaws }
}

async fn find(at: &Program, id: &str) -> Result<services::Listed, Problem> {
    Ok(services::find(&at.web.kit, &at.actor, id).await?)
}

fn shown(client: &Client, listed: &services::Listed) -> Response {
    let tag = [(header::ETAG, etag(client.updated_at))];
    (tag, Json(Service::of(client, listed.last_used_at))).into_response()
}

/// One service.
#[utoipa::path(
    get, path = "/admin/api/v1/services/{id}", tag = "Services",
    params(("id" = String, Path)),
    responses((status = 200, body = Service, headers(("ETag" = String)))),
    security(("provider" = ["admin:services.read"]))
)]
pub(super) async fn one(at: Program, Path(id): Path<String>) -> Answer {
    at.needs(Action::SeeServices)?;
    let listed = find(&at, &id).await?;
    Ok(shown(&listed.client, &listed))
}

/// Change a service's registration.
#[utoipa::path(
    put, path = "/admin/api/v1/services/{id}", tag = "Services", request_body = ServiceDetails,
    params(("id" = String, Path), ("If-Match" = String, Header, pattern = r#"^"[0-9]{1,15}"$"#)),
    responses((status = 200, body = Service, headers(("ETag" = String)))),
    security(("provider" = ["admin:services"]))
)]
pub(super) async fn change(
    at: Program,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body<ServiceDetails>,
) -> Answer {
    at.needs(Action::ChangeService)?;
    let seen = if_match(&headers)?;
    let listed = find(&at, &id).await?;
    if listed.client.updated_at != seen {
        return Err(stale());
    }
    let name = body.value.name.trim().to_owned();
    let changed = Client { name, settings: settings(body.value.settings)?, ..listed.client.clone() };
    match clients::update(&at.web.kit, &at.actor, changed).await {
        Ok(saved) => Ok(shown(&saved, &listed)),
        Err(Error::Refused(Refusal::Conflict(say))) => Err(Problem::new(StatusCode::CONFLICT, say)),
        Err(error) => Err(error.into()),
    }
}

/// Remove a service with everything that it was granted.
#[utoipa::path(
    delete, path = "/admin/api/v1/services/{id}", tag = "Services",
    params(("id" = String, Path)),
    responses((status = 204)),
    security(("provider" = ["admin:services"]))
)]
pub(super) async fn remove(at: Program, Path(id): Path<String>) -> Answer {
    at.needs(Action::RemoveService)?;
    let listed = find(&at, &id).await?;
    clients::remove(&at.web.kit, &at.actor, &listed.client).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Switch a service off, with everything that it was granted, or on again.
#[utoipa::path(
    post, path = "/admin/api/v1/services/{id}/{action}", tag = "Services",
    params(("id" = String, Path), ("action" = ServiceAction, Path)),
    responses((status = 200, body = Service, headers(("ETag" = String)))),
    security(("provider" = ["admin:services"]))
)]
pub(super) async fn act(at: Program, Path((id, action)): Path<(String, String)>) -> Answer {
    at.needs(Action::ChangeService)?;
    let action: ServiceAction =
        serde_json::from_value(Value::String(action)).map_err(|_| Problem::unknown("action"))?;
    let listed = find(&at, &id).await?;
    let on = matches!(action, ServiceAction::SwitchOn);
    clients::set_active(&at.web.kit, &at.actor, &listed.client, on).await?;
    let listed = find(&at, &id).await?;
    Ok(shown(&listed.client, &listed))
}

/// Make a new secret. Those before it work for one more day.
#[utoipa::path(
    post, path = "/admin/api/v1/services/{id}/secret", tag = "Services",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128)),
    responses((status = 201, body = NewSecret)),
    security(("provider" = ["admin:services"]))
)]
pub(super) async fn make_secret(at: Program, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    at.needs(Action::ChangeService)?;
    let key = key(&at, &headers, (&format!("POST services/{id}/secret"), b""))?;
    once(&at, key, async {
        let listed = find(&at, &id).await?;
        let secret =
            clients::rotate_secret(&at.web.kit, &at.actor, &listed.client, clients::Rotation::after(OVERLAP))
                .await?;
        let document = NewSecret {
            client_secret: secret.reveal().to_owned(),
            earlier_until: when::iso(at.web.kit.now() + OVERLAP),
        };
        Ok((StatusCode::CREATED, Json(document)).into_response())
    })
    .await
}
