//! What went wrong, for programs (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::admin::{Flaw, Refusal};
use crate::base::{Error, Fault};
use crate::web::respond;

/// Why a request was not carried out.
#[derive(Serialize, ToSchema)]
pub(super) struct ProblemDocument {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    status: u16,
    /// What is wrong and what to do about it.
    detail: String,
    /// What is wrong with each field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct FieldProblem {
    field: &'static str,
    detail: String,
}

/// A problem on its way out.
pub(super) enum Problem {
    Said {
        status: StatusCode,
        detail: String,
        flaws: Vec<Flaw>,
    },
    /// Nobody believed the token, or there is none: what the challenge says.
    Unauthorized {
        error: Option<&'static str>,
        detail: String,
    },
    /// The token is good for other things.
    Scope {
        needed: &'static str,
    },
    Broken(Fault),
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::Said { status, detail: detail.into(), flaws: Vec::new() }
    }

    pub(super) fn unknown(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }
}

/// What is wrong with what was given, where nothing else is in the way.
pub(super) fn flaws_of(done: Result<(), Error<Refusal>>) -> Result<Vec<Flaw>, Problem> {
    match done {
        Ok(()) => Ok(Vec::new()),
        Err(Error::Refused(Refusal::Unfit(flaws))) => Ok(flaws),
        Err(error) => Err(error.into()),
    }
}

impl From<Error<Refusal>> for Problem {
    fn from(error: Error<Refusal>) -> Self {
        let refusal = match error {
            Error::Refused(refusal) => refusal,
            Error::Fault(fault) => return Self::Broken(fault),
        };
        let detail = refusal.to_string();
        match refusal {
            Refusal::Forbidden => Self::new(StatusCode::FORBIDDEN, "the token's scopes do not allow this"),
            Refusal::Unknown(_) => Self::new(StatusCode::NOT_FOUND, detail),
            Refusal::Conflict(_) => Self::new(StatusCode::CONFLICT, detail),
            Refusal::Unfit(flaws) => Self::Said { status: StatusCode::UNPROCESSABLE_ENTITY, detail, flaws },
            Refusal::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, detail, flaws, challenge) = match self {
            Self::Broken(fault) => return respond::problem::broken(fault),
            Self::Said { status, detail, flaws } => (status, detail, flaws, None),
            Self::Unauthorized { error, detail } => {
                let error = error.map(|error| format!(", error=\"{error}\"")).unwrap_or_default();
                let challenge = format!("Bearer realm=\"gatehouse\"{error}");
                (StatusCode::UNAUTHORIZED, detail, Vec::new(), Some(challenge))
            }
            Self::Scope { needed } => {
                let challenge =
                    format!("Bearer realm=\"gatehouse\", error=\"insufficient_scope\", scope=\"{needed}\"");
                let detail = format!("this takes the scope {needed}");
                (StatusCode::FORBIDDEN, detail, Vec::new(), Some(challenge))
            }
        };
        let document = ProblemDocument {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: status.as_u16(),
            detail,
            errors: flaws
                .into_iter()
                .filter(|flaw| !flaw.field.is_empty())
                .map(|flaw| FieldProblem { field: flaw.field, detail: flaw.say })
                .collect(),
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, respond::problem::PROBLEM)], body).into_response();
        if let Some(challenge) = challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
