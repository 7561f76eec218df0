//! Services.

use std::time::Duration;

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::Answer;
use super::body::{Body, Head, etag, if_match, listing, stale};
use super::door::Program;
use super::idempotency::once;
use super::problem::{Problem, ProblemDocument, flaws_of};
use super::shapes::{
    FindingDocument, NewSecret, NewService, Page, PageParams, Service, ServiceAction, ServiceDetails,
};
use crate::admin::{Flaw, Refusal, client_check, clients, services};
use crate::base::{ClientId, Error, Span};
use crate::model::{Client, ClientSettings};
use crate::policy::permission::Action;
use crate::view::when;

/// How long the secrets before a new one work.
const OVERLAP: Span = Span::days(1);
/// How long a service may take to be looked at: less than any answer may.
const CHECK_TIME: Duration = Duration::from_secs(15);

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
    let words = params.field("q").to_owned();
    let query = services::Query { words, after: paging.after, ..services::Query::default() };
    let page = services::list(&at.web.kit, &at.actor, &query, paging.limit).await?;
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
    once(&at, &headers, ("POST services", &body.text), register(&at, body.value)).await
}

async fn register(at: &Program, new: NewService) -> Answer {
    let id = new.client_id.as_deref().map(|text| (text, ClientId::parse(text)));
    let mut flaws = Vec::new();
    if matches!(id, Some((_, None))) {
        let say = "client_id must be 1 to 128 of A to Z, a to z, 0 to 9, - . _ and ~";
        flaws.push(Flaw::of("client_id", say));
    }
    let settings = judge(at, &new.name, new.settings, ("", flaws)).await?;
    let id = id.and_then(|(_, id)| id);
    let added = clients::add(&at.web.kit, &at.actor, id, new.name, settings).await?;
    let mut document = Service::of(&added.client, None);
    document.client_secret = added.secret.map(|secret| secret.reveal().to_owned());
    let tag = [(header::ETAG, etag(added.client.updated_at))];
    Ok((StatusCode::CREATED, tag, Json(document)).into_response())
}

/// The settings of a service, unless anything is wrong with them, with its name or beside them: then all of it is said.
async fn judge(
    at: &Program,
    name: &str,
    document: Value,
    (id, mut flaws): (&str, Vec<Flaw>),
) -> Result<ClientSettings, Problem> {
    let settings = serde_json::from_value(document);
    match &settings {
        Ok(settings) => flaws.extend(clients::flaws(name, settings)),
        Err(error) => {
            flaws.push(Flaw::of("settings", error.to_string()));
            let of_name = clients::flaws(name, &ClientSettings::default());
            flaws.extend(of_name.into_iter().filter(|flaw| flaw.field == "name"));
        }
    }
    flaws.extend(flaws_of(clients::refuse_namesake(&at.web.kit, name, id).await)?);
    match settings {
        Ok(settings) if flaws.is_empty() => Ok(settings),
        _ => Err(Error::Refused(Refusal::Unfit(flaws)).into()),
    }
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
    let name = body.value.name.trim().to_owned();
    let settings = judge(&at, &name, body.value.settings, (&id, Vec::new())).await?;
    // What would be refused in any case is not refused for its age (RFC 9110, section 13.2.1).
    if listed.client.updated_at != seen {
        return Err(stale());
    }
    let changed = Client { name, settings, ..listed.client.clone() };
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
    params(
        ("id" = String, Path),
        ("action" = ServiceAction, Path),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128)
    ),
    responses((status = 200, body = Service, headers(("ETag" = String)))),
    security(("provider" = ["admin:services"]))
)]
pub(super) async fn act(
    at: Program,
    Path((id, action)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    at.needs(Action::ChangeService)?;
    let asked = format!("POST services/{id}/{action}");
    once(&at, &headers, (&asked, b""), async {
        let action: ServiceAction =
            serde_json::from_value(Value::String(action)).map_err(|_| Problem::unknown("action"))?;
        let listed = find(&at, &id).await?;
        let on = matches!(action, ServiceAction::SwitchOn);
        clients::set_active(&at.web.kit, &at.actor, &listed.client, on).await?;
        let listed = find(&at, &id).await?;
        Ok(shown(&listed.client, &listed))
    })
    .await
}

/// Look at everything that a service declares, as the provider would find it: its keys, its addresses, and whether it
/// takes what is sent to it.
#[utoipa::path(
    post, path = "/admin/api/v1/services/{id}/check", tag = "Services",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128)),
    responses((status = 200, body = Vec<FindingDocument>)),
    security(("provider" = ["admin:services"]))
)]
pub(super) async fn check(at: Program, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    at.needs(Action::ChangeService)?;
    let asked = format!("POST services/{id}/check");
    once(&at, &headers, (&asked, b""), async {
        let looked = client_check::look_at(&at.web.kit, &at.actor, &id);
        let findings = tokio::time::timeout(CHECK_TIME, looked).await.map_err(|_| {
            let detail = "the service is too slow to be looked at from here; use gatehouse client check";
            Problem::new(StatusCode::GATEWAY_TIMEOUT, detail)
        })??;
        let documents: Vec<FindingDocument> = findings.into_iter().map(FindingDocument::of).collect();
        Ok(Json(documents).into_response())
    })
    .await
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
    let asked = format!("POST services/{id}/secret");
    once(&at, &headers, (&asked, b""), async {
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
