//! People.

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
use super::shapes::{NewPerson, Page, PageParams, Person, PersonAction, PersonDetails};
use crate::admin::people::{self, Detail, Details, LastLogin, Query};
use crate::admin::users::NewUser;
use crate::admin::{Flaw, Refusal, invitations, personal_data, users};
use crate::base::{ClientId, Error, Span, UserId};
use crate::model::{Email, Profile, User};
use crate::oidc::params::Params;
use crate::policy::permission::Action;
use crate::web::pages::email_error;

/// Days since the last login that can be asked for.
const DAYS: std::ops::RangeInclusive<u32> = 1..=10_000;

/// List people, or search them.
#[utoipa::path(
    get, path = "/admin/api/v1/people", tag = "People",
    params(
        ("q" = Option<String>, Query, description = "Words of a name, an email or an organisation"),
        ("not_since" = Option<u32>, Query, minimum = 1, maximum = 10000,
            description = "Only those who have not logged in for so many days, the longest ago first; not those who never have"),
        ("never" = Option<bool>, Query, description = "Only those who have never logged in"),
        PageParams,
    ),
    responses((status = 200, body = Page<Person>)),
    security(("provider" = ["admin:people.read"]))
)]
pub(super) async fn list(at: Program, Head(parts): Head) -> Answer {
    at.needs(Action::SeePeople)?;
    let (params, paging) = listing(&parts, &["q", "not_since", "never"])?;
    let last_login = last_login(&at, &params)?;
    let query =
        Query { words: params.field("q").to_owned(), last_login, after: paging.after, ..Query::default() };
    let page = people::list(&at.web.kit, &at.actor, &query, paging.limit).await?;
    let items = page.rows.iter().map(Person::listed).collect();
    Ok(Json(Page { items, next: page.next }).into_response())
}

/// Whose last login is looked for.
fn last_login(at: &Program, params: &Params) -> Result<LastLogin, Problem> {
    let bad = |why: &str| Problem::new(StatusCode::BAD_REQUEST, why);
    let never = match params.get("never") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(bad("never must be true or false")),
    };
    let days = params.get("not_since").map(|text| text.parse().ok().filter(|days| DAYS.contains(days)));
    match (never, days) {
        (true, Some(_)) => Err(bad("not_since and never exclude each other")),
        (true, None) => Ok(LastLogin::Never),
        (false, None) => Ok(LastLogin::Whenever),
        (false, Some(Some(days))) => Ok(LastLogin::Before(at.web.kit.now() - Span::days(days))),
        (false, Some(None)) => {
            Err(bad(&format!("not_since must be from {} to {} days", DAYS.start(), DAYS.end())))
        }
    }
}

/// Add somebody and send them an invitation.
#[utoipa::path(
    post, path = "/admin/api/v1/people", tag = "People", request_body = NewPerson,
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128)),
    responses((status = 201, body = Person), (status = 422, body = ProblemDocument, content_type = "application/problem+json")),
    security(("provider" = ["admin:people"]))
)]
pub(super) async fn add(at: Program, headers: HeaderMap, body: Body<NewPerson>) -> Answer {
    at.needs(Action::InvitePeople)?;
    once(&at, &headers, ("POST people", &body.text), invite(&at, body.value)).await
}

async fn invite(at: &Program, new: NewPerson) -> Answer {
    let name = new.name.trim().to_owned();
    let (email, mut flaws) = judge(&name, &new.email);
    let services: Option<Vec<ClientId>> = new.services.iter().map(|text| ClientId::parse(text)).collect();
    match &services {
        None => flaws.push(Flaw::of("services", "there is no such service")),
        Some(ids) => {
            let host = invitations::host(&at.web.kit, &at.actor, ids).await;
            flaws.extend(flaws_of(host.map(drop))?);
        }
    }
    let (email, services) = (fit(email, flaws)?, services.unwrap_or_default());
    let new = NewUser {
        email,
        name,
        organisation: organisation(new.organisation),
        profile: Profile::default(),
        password: None,
    };
    let (user, _) = invitations::invite(&at.web.kit, &at.actor, new, &services).await?;
    let detail = people::detail(&at.web.kit, &at.actor, &user.id).await?;
    Ok((StatusCode::CREATED, shown(&detail)).into_response())
}

fn organisation(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// An email, and all that is wrong with it and a name.
fn judge(name: &str, email: &str) -> (Option<Email>, Vec<Flaw>) {
    let mut flaws: Vec<Flaw> = users::check_name(name).err().into_iter().collect();
    let email = Email::parse(email).map_err(|error| flaws.push(Flaw::of("email", email_error(error)))).ok();
    (email, flaws)
}

/// An email beside which nothing is wrong.
fn fit(email: Option<Email>, flaws: Vec<Flaw>) -> Result<Email, Problem> {
    let good = email.filter(|_| flaws.is_empty());
    good.ok_or_else(|| Error::Refused(Refusal::Unfit(flaws)).into())
}

fn shown(detail: &Detail) -> Response {
    let tag = [(header::ETAG, etag(detail.user.updated_at))];
    (tag, Json(Person::detailed(detail))).into_response()
}

async fn find(at: &Program, id: &str) -> Result<Detail, Problem> {
    let id = UserId::parse(id).ok_or_else(|| Problem::unknown("person"))?;
    Ok(people::detail(&at.web.kit, &at.actor, &id).await?)
}

/// One person.
#[utoipa::path(
    get, path = "/admin/api/v1/people/{id}", tag = "People",
    params(("id" = String, Path)),
    responses((status = 200, body = Person, headers(("ETag" = String)))),
    security(("provider" = ["admin:people.read"]))
)]
pub(super) async fn one(at: Program, Path(id): Path<String>) -> Answer {
    at.needs(Action::SeePeople)?;
    Ok(shown(&find(&at, &id).await?))
}

/// Change somebody's details. Both addresses are told of another email.
#[utoipa::path(
    put, path = "/admin/api/v1/people/{id}", tag = "People", request_body = PersonDetails,
    params(("id" = String, Path), ("If-Match" = String, Header, pattern = r#"^"[0-9]{1,15}"$"#)),
    responses((status = 200, body = Person, headers(("ETag" = String)))),
    security(("provider" = ["admin:people"]))
)]
pub(super) async fn change(
    at: Program,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body<PersonDetails>,
) -> Answer {
    at.needs(Action::ChangePeople)?;
    let seen = if_match(&headers)?;
    let detail = find(&at, &id).await?;
    let name = body.value.name.trim().to_owned();
    let (email, flaws) = judge(&name, &body.value.email);
    let wanted =
        Details { email: fit(email, flaws)?, name, organisation: organisation(body.value.organisation) };
    // What would be refused in any case is not refused for its age (RFC 9110, section 13.2.1).
    if detail.user.updated_at != seen {
        return Err(stale());
    }
    match people::change(&at.web.kit, &at.actor, &detail.user, wanted).await {
        Err(Error::Refused(Refusal::Conflict(_))) => return Err(stale()),
        done => drop(done?),
    }
    Ok(shown(&find(&at, &id).await?))
}

/// Erase somebody permanently. The audit trail keeps a record of what happened, without their details.
#[utoipa::path(
    delete, path = "/admin/api/v1/people/{id}", tag = "People",
    params(("id" = String, Path)),
    responses((status = 204)),
    security(("provider" = ["admin:people"]))
)]
pub(super) async fn erase(at: Program, Path(id): Path<String>) -> Answer {
    at.needs(Action::ErasePerson)?;
    let detail = find(&at, &id).await?;
    personal_data::erase(&at.web.kit, &at.actor, &detail.user).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Do something to somebody in one go.
#[utoipa::path(
    post, path = "/admin/api/v1/people/{id}/{action}", tag = "People",
    params(
        ("id" = String, Path),
        ("action" = PersonAction, Path),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128)
    ),
    responses((status = 200, body = Person, headers(("ETag" = String)))),
    security(("provider" = ["admin:people"]))
)]
pub(super) async fn act(
    at: Program,
    Path((id, action)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    at.needs(Action::ChangePeople)?;
    let asked = format!("POST people/{id}/{action}");
    once(&at, &headers, (&asked, b""), async {
        let action: PersonAction =
            serde_json::from_value(Value::String(action)).map_err(|_| Problem::unknown("action"))?;
        perform(&at, action, &find(&at, &id).await?).await?;
        Ok(shown(&find(&at, &id).await?))
    })
    .await
}

async fn perform(at: &Program, action: PersonAction, detail: &Detail) -> Result<(), Error<Refusal>> {
    let (kit, actor) = (&at.web.kit, &at.actor);
    let user: &User = &detail.user;
    match action {
        PersonAction::Unlock => people::unlock(kit, actor, user).await,
        PersonAction::AskNewPassword => people::ask_new_password(kit, actor, user).await,
        PersonAction::LogOut => people::log_out(kit, actor, user).await,
        PersonAction::Deactivate => users::set_active(kit, actor, user, false).await.map(drop),
        PersonAction::Activate => users::set_active(kit, actor, user, true).await.map(drop),
        PersonAction::Invite => invitations::invite_again(kit, actor, detail).await.map(drop),
        PersonAction::WithdrawInvitation => invitations::withdraw(kit, actor, user).await.map(drop),
    }
}

/// Everything that is held on somebody.
#[utoipa::path(
    get, path = "/admin/api/v1/people/{id}/data", tag = "People",
    params(("id" = String, Path)),
    responses((status = 200, body = Value)),
    security(("provider" = ["admin:people"]))
)]
pub(super) async fn data(at: Program, Path(id): Path<String>) -> Answer {
    at.needs(Action::ExportPerson)?;
    let detail = find(&at, &id).await?;
    Ok(Json(personal_data::export(&at.web.kit, &at.actor, &detail).await?).into_response())
}
