//! Settings.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::Answer;
use super::body::{Body, etag, if_match, stale};
use super::document::changes;
use super::door::Program;
use super::problem::ProblemDocument;
use crate::admin::Refusal;
use crate::admin::settings::{self, Seen};
use crate::base::Error;
use crate::policy::permission::Action;

/// A setting, and where its value comes from.
#[derive(Serialize, ToSchema)]
struct SettingDocument {
    /// As in the configuration file, such as `brand.phone`.
    name: String,
    /// What counts.
    #[schema(schema_with = super::document::anything)]
    value: Value,
    /// What the configuration says; `null` where it says nothing.
    #[schema(schema_with = super::document::anything)]
    configured: Value,
    /// Whether an administrator has set it in the place of what is configured.
    is_changed: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct SettingsDocument {
    settings: Vec<SettingDocument>,
}

/// What settings are to be, by their names.
#[derive(Deserialize)]
pub(super) struct SettingsChange(BTreeMap<String, Option<Value>>);

impl PartialSchema for SettingsChange {
    fn schema() -> RefOr<Schema> {
        changes()
    }
}

impl ToSchema for SettingsChange {}

fn shown(seen: Seen) -> Response {
    let tag = [(header::ETAG, etag(seen.version))];
    let settings = seen.settings.into_iter().map(|listed| SettingDocument {
        name: listed.setting.name().to_owned(),
        value: listed.value,
        configured: listed.configured,
        is_changed: listed.is_changed,
    });
    (tag, Json(SettingsDocument { settings: settings.collect() })).into_response()
}

/// The settings that can be changed while the provider runs.
#[utoipa::path(
    get, path = "/admin/api/v1/settings", tag = "Settings",
    responses((status = 200, body = SettingsDocument, headers(("ETag" = String)))),
    security(("provider" = ["admin:settings.read"]))
)]
pub(super) async fn all(at: Program) -> Answer {
    at.needs(Action::SeeSettings)?;
    Ok(shown(settings::list(&at.web.kit, &at.actor).await?))
}

/// Change settings: those that are named, all of them or none. With `null`, one goes back to what is configured.
#[utoipa::path(
    patch, path = "/admin/api/v1/settings", tag = "Settings", request_body = SettingsChange,
    params(("If-Match" = String, Header, pattern = r#"^"[0-9]{1,15}"$"#)),
    responses(
        (status = 200, body = SettingsDocument, headers(("ETag" = String))),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json")
    ),
    security(("provider" = ["admin:settings"]))
)]
pub(super) async fn change(at: Program, headers: HeaderMap, body: Body<SettingsChange>) -> Answer {
    at.needs(Action::ChangeSettings)?;
    let seen = if_match(&headers)?;
    let kit = &at.web.kit;
    match settings::change(kit, &at.actor, &body.value.0, Some(seen)).await {
        Ok(_) => Ok(shown(settings::list(kit, &at.actor).await?)),
        Err(Error::Refused(Refusal::Conflict(_))) => Err(stale()),
        Err(error) => Err(error.into()),
    }
}
