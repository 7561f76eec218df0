//! Sessions, keys, and how things stand.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;

use super::Answer;
use super::body::{Head, listing};
use super::door::Program;
use super::idempotency::once;
use super::problem::Problem;
use super::shapes::{
    EventDocument, KeyDocument, LetterDocument, Page, PageParams, SessionDocument, StatusDocument,
};
use crate::admin::events::{self, Filter};
use crate::admin::mail::{self, Standing};
use crate::admin::{keys, people, sessions, status};
use crate::base::{ClientId, SessionId, Timestamp, UserId};
use crate::keys::Start;
use crate::model::EventKind;
use crate::policy::permission::Action;
use crate::view::when;

/// List who is logged in, the session used last first.
#[utoipa::path(
    get, path = "/admin/api/v1/sessions", tag = "Sessions",
    params(
        ("person" = Option<String>, Query, description = "The identifier of one person"),
        ("service" = Option<String>, Query, description = "The identifier of a service that was reached"),
        PageParams
    ),
    responses((status = 200, body = Page<SessionDocument>)),
    security(("provider" = ["admin:sessions"]))
)]
pub(super) async fn sessions(at: Program, Head(parts): Head) -> Answer {
    at.needs(Action::SeeSessions)?;
    let (params, paging) = listing(&parts, &["person", "service"])?;
    let of = match params.get("person") {
        Some(text) => {
            let id = UserId::parse(text).ok_or_else(|| Problem::unknown("person"))?;
            Some(people::find_for_sessions(&at.web.kit, &at.actor, &id).await?)
        }
        None => None,
    };
    let service = match params.get("service") {
        Some(text) => Some(ClientId::parse(text).ok_or_else(|| Problem::unknown("service"))?),
        None => None,
    };
    let filter = sessions::Filter { of: of.as_ref(), at: service.as_ref(), ..sessions::Filter::default() };
    let after = paging.after.as_deref();
    let page = sessions::list(&at.web.kit, &at.actor, filter, after, paging.limit).await?;
    let items = page.rows.iter().map(|listed| SessionDocument {
        id: listed.session.id.as_str().to_owned(),
        person: listed.user.id.as_str().to_owned(),
        services: listed.services.iter().map(|(id, _)| id.to_string()).collect(),
        browser: listed.session.browser.clone(),
        logged_in_at: when::iso(listed.session.authenticated_at),
        last_used_at: when::iso(listed.session.last_used_at),
    });
    Ok(Json(Page { items: items.collect(), next: page.next }).into_response())
}

/// Log somebody out of one browser, and have the services of that session told.
#[utoipa::path(
    delete, path = "/admin/api/v1/sessions/{id}", tag = "Sessions",
    params(("id" = String, Path)),
    responses((status = 204)),
    security(("provider" = ["admin:sessions"]))
)]
pub(super) async fn end_session(at: Program, Path(id): Path<String>) -> Answer {
    at.needs(Action::EndSessions)?;
    let id = SessionId::parse(&id).ok_or_else(|| Problem::unknown("session"))?;
    match sessions::end(&at.web.kit, &at.actor, &id).await? {
        Some(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        None => Err(Problem::unknown("session")),
    }
}

/// Read the audit trail, the newest event first.
#[utoipa::path(
    get, path = "/admin/api/v1/events", tag = "Audit trail",
    params(
        ("since" = Option<String>, Query, description = "From this moment on, in RFC 3339", format = DateTime),
        ("until" = Option<String>, Query, description = "Before this moment, in RFC 3339", format = DateTime),
        ("kind" = Option<String>, Query, description = "Such as login.done"),
        ("person" = Option<String>, Query, description = "The identifier of a person"),
        ("service" = Option<String>, Query, description = "A client identifier"),
        PageParams,
    ),
    responses((status = 200, body = Page<EventDocument>)),
    security(("provider" = ["admin:events.read"]))
)]
pub(super) async fn events(at: Program, Head(parts): Head) -> Answer {
    at.needs(Action::SeeEvents)?;
    let (params, paging) = listing(&parts, &["since", "until", "kind", "person", "service"])?;
    let bad = |name: &str| Problem::new(StatusCode::BAD_REQUEST, format!("{name} cannot be read"));
    let moment = |name| match params.get(name) {
        Some(text) => when::parse(text).map(Some).ok_or_else(|| bad(name)),
        None => Ok(None),
    };
    let filter = Filter {
        since: moment("since")?,
        until: moment("until")?,
        kind: params.get("kind").map(|text| EventKind::parse(text).ok_or_else(|| bad("kind"))).transpose()?,
        user: params
            .get("person")
            .map(|text| UserId::parse(text).ok_or_else(|| bad("person")))
            .transpose()?,
        client: params
            .get("service")
            .map(|text| ClientId::parse(text).ok_or_else(|| bad("service")))
            .transpose()?,
        ..Filter::default()
    };
    let after = paging.after.as_deref();
    let page = events::list(&at.web.kit, &at.actor, &filter, after, paging.limit).await?;
    let items = page.rows.into_iter().map(|listed| EventDocument {
        id: listed.event.id.as_str().to_owned(),
        at: when::iso(listed.event.at),
        kind: listed.event.kind.name().to_owned(),
        person: listed.event.user_id.map(|id| id.as_str().to_owned()),
        service: listed.event.client_id.map(|id| id.to_string()),
        actor: listed.event.actor,
        reason: listed.event.reason,
        address: listed.event.address,
        reference: listed.event.reference,
        detail: listed.event.detail,
    });
    Ok(Json(Page { items: items.collect(), next: page.next }).into_response())
}

/// List the signing keys.
#[utoipa::path(
    get, path = "/admin/api/v1/keys", tag = "Keys",
    responses((status = 200, body = Vec<KeyDocument>)),
    security(("provider" = ["admin:status.read"]))
)]
pub(super) async fn keys(at: Program) -> Answer {
    at.needs(Action::SeeKeys)?;
    Ok(Json(listed(&at)?).into_response())
}

fn listed(at: &Program) -> Result<Vec<KeyDocument>, Problem> {
    // Whoever may change the keys may see what came of it.
    let listed = keys::published(&at.web.kit);
    let document = |key: keys::Listed| KeyDocument {
        kid: key.kid.to_string(),
        algorithm: key.algorithm.name().to_owned(),
        state: key.state.shown().to_owned(),
        active_from: when::iso(key.active_from),
        removed_after: key.remove_after.map(when::iso),
    };
    Ok(listed.into_iter().map(document).collect())
}

/// Make a new signing key for each algorithm that has one. It signs after a day.
#[utoipa::path(
    post, path = "/admin/api/v1/keys/rotate", tag = "Keys",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128)),
    responses((status = 200, body = Vec<KeyDocument>)),
    security(("provider" = ["admin:keys"]))
)]
pub(super) async fn rotate_keys(at: Program, headers: HeaderMap) -> Answer {
    at.needs(Action::RotateKeys)?;
    once(&at, &headers, ("POST keys/rotate", b""), async {
        keys::rotate(&at.web.kit, &at.actor, None, Start::Announced).await?;
        Ok(Json(listed(&at)?).into_response())
    })
    .await
}

/// List the newest emails that are waiting, failed or expired: at most a hundred.
#[utoipa::path(
    get, path = "/admin/api/v1/mail", tag = "Status",
    responses((status = 200, body = Vec<LetterDocument>)),
    security(("provider" = ["admin:status.read"]))
)]
pub(super) async fn mail(at: Program) -> Answer {
    at.needs(Action::SeeMail)?;
    let letters = mail::list(&at.web.kit, &at.actor).await?;
    let document = |letter: Standing| LetterDocument {
        kind: letter.kind,
        state: letter.state,
        attempts: letter.attempts,
        last_error: letter.last_error,
        created_at: when::iso(letter.created_at),
    };
    Ok(Json(letters.into_iter().map(document).collect::<Vec<_>>()).into_response())
}

/// How things stand, as counted in the last minute.
#[utoipa::path(
    get, path = "/admin/api/v1/status", tag = "Status",
    responses((status = 200, body = StatusDocument)),
    security(("provider" = ["admin:status.read"]))
)]
pub(super) async fn status(at: Program) -> Answer {
    at.needs(Action::SeeStatus)?;
    let read = status::read(&at.web.kit, &at.actor).await?;
    let counted = Some(read.counted_at).filter(|at| *at > 0).map(Timestamp::from_millis);
    let document = StatusDocument {
        counted_at: counted.map(when::iso),
        people: read.people.people,
        people_invited: read.people.invited,
        people_deactivated: read.people.disabled,
        people_locked: read.locked,
        sessions: read.sessions,
        services: read.services,
        mail_waiting: read.mail_waiting,
        mail_failed_today: read.mail_failed_today,
        reviews_overdue: read.reviews_overdue,
        attention: status::attention(&read, at.web.kit.now()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(Json(document).into_response())
}
