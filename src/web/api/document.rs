//! The description of the interface (OpenAPI 3.1), made of the operations themselves.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{OpenApi as Document, RefOr, Schema};
use utoipa::{OpenApi as _, ToSchema as _};

use super::problem::{FieldProblem, ProblemDocument};
use super::shapes::{PersonAction, ServiceAction};
use crate::base::paths;
use crate::config::{Setting, Shape};
use crate::model::ClientSettings;
use crate::policy::permission::scopes;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Gatehouse administration",
        version = "1",
        description = "What administrators can do, for programs. Errors are application/problem+json (RFC 9457). \
                       For the next page of a list, send its `next` as `after`. Changes by PUT and PATCH need the ETag that was last seen as If-Match. Every \
                       POST takes an Idempotency-Key, and can then be sent again safely. Every change \
                       takes a Gatehouse-Reason.\n\nLeft to people on \
                       purpose, so that whoever steals a token cannot make themselves an owner: changing \
                       roles, giving programs the scopes of this interface, and importing \
                       accounts with their passwords and identifiers. Left to a command on the server: setting a \
                       password for somebody, and replacing a stolen signing key at once."
    ),
    components(schemas(ProblemDocument, FieldProblem, PersonAction, ServiceAction))
)]
struct Frame;

/// What stands around the operations.
pub(super) fn frame() -> Document {
    Frame::openapi()
}

/// The registration of a service: a member for each setting that there is, of the kind that its default has.
pub(super) fn settings() -> RefOr<Schema> {
    let defaults = serde_json::to_value(ClientSettings::default()).unwrap_or_default();
    let mut object =
        ObjectBuilder::new().additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    for (name, value) in defaults.as_object().into_iter().flatten() {
        let plain = |kind| Schema::from(ObjectBuilder::new().schema_type(SchemaType::new(kind)).build());
        let schema = match value {
            _ if name == "logo" => logo(),
            Value::Bool(_) => plain(Type::Boolean),
            Value::Array(_) => Schema::from(ArrayBuilder::new().items(RefOr::T(plain(Type::String))).build()),
            Value::String(_) => plain(Type::String),
            _ => Schema::from(ObjectBuilder::new().schema_type(SchemaType::AnyValue).build()),
        };
        object = object.property(name, schema);
    }
    RefOr::T(object.build().into())
}

/// Settings of the provider by their names, each of its kind or `null`.
pub(super) fn changes() -> RefOr<Schema> {
    let mut object =
        ObjectBuilder::new().additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    for setting in Setting::every() {
        let kind = match setting.shape() {
            Shape::Text => Type::String,
            Shape::Number => Type::Integer,
            Shape::Switch => Type::Boolean,
            Shape::List => Type::Array,
        };
        let schema = ObjectBuilder::new()
            .schema_type(SchemaType::Array(vec![kind, Type::Null]))
            .description(Some(setting.about()));
        object = object.property(setting.name(), schema.build());
    }
    RefOr::T(object.build().into())
}

/// The logo that is kept for a service.
fn logo() -> Schema {
    let kinds = [Type::String, Type::Null];
    let description = "A data: address in base64 of an SVG, PNG or WebP image of at most 8 kB; what it is, its \
                       bytes say. It takes the place of logo_uri";
    let object =
        ObjectBuilder::new().schema_type(SchemaType::from_iter(kinds)).description(Some(description));
    Schema::from(object.build())
}

/// A value of any kind.
pub(super) fn anything() -> RefOr<Schema> {
    RefOr::T(ObjectBuilder::new().schema_type(SchemaType::AnyValue).build().into())
}

/// The description as text: with what every operation has in common.
pub(super) fn finished(document: Document) -> String {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let scopes: Map<String, Value> =
        scopes::EVERY.iter().map(|scope| ((*scope).to_owned(), json!(about(scope)))).collect();
    let schemes = json!({ "provider": {
        "type": "oauth2",
        "description": "Register a client with the grant client_credentials and the scopes that it needs.",
        "flows": { "clientCredentials": { "tokenUrl": paths::TOKEN, "scopes": scopes } },
    } });
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("securitySchemes".to_owned(), schemes);
        components.insert("parameters".to_owned(), json!({ "Reason": reason() }));
    }
    let schema = format!("#/components/schemas/{}", ProblemDocument::name());
    let problem = json!({
        "description": "A problem",
        "content": { "application/problem+json": { "schema": { "$ref": schema } } },
    });
    let described = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, operations) in described.into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            let Some(operation) = operation.as_object_mut() else { continue };
            if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
                responses.insert("default".to_owned(), problem.clone());
            }
            // Reading is not recorded, but for what is held on a person.
            if method != "get" || path.ends_with("/data") {
                let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
                if let Some(parameters) = parameters.as_array_mut() {
                    parameters.push(json!({ "$ref": "#/components/parameters/Reason" }));
                }
            }
        }
    }
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// The header in which a program says why.
fn reason() -> Value {
    json!({
        "name": "Gatehouse-Reason", "in": "header", "required": false,
        "description": "Why, for the audit trail: one line of at most 200 characters. Whatever is not ASCII, and \
                        each %, is percent-encoded as UTF-8.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 2400, "pattern": "^([ -$&-~]|%[0-9A-Fa-f]{2})+$" },
    })
}

fn about(scope: &str) -> String {
    let (what, reads) = match scope.trim_start_matches(scopes::PREFIX).split_once('.') {
        Some((what, _)) => (what, true),
        None => (scope.trim_start_matches(scopes::PREFIX), false),
    };
    format!("{} {what}", if reads { "Read" } else { "Read and change" })
}

/// The description, for whoever asks: there is nothing secret in it.
pub(super) async fn answer(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
