//! A program with an access token of its own (RFC 6750, section 2.1; RFC 9449, section 7.1).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use super::problem::Problem;
use crate::base::Error;
use crate::model::{Actor, Visit};
use crate::oidc::bearer;
use crate::oidc::userinfo::PresentedToken;
use crate::policy::permission::{Action, Reach, reaches};
use crate::web::Web;
use crate::web::extract::shown_in;

/// A program that was believed.
pub(super) struct Program {
    pub(super) web: Arc<Web>,
    pub(super) actor: Actor,
}

impl Program {
    /// Refuses what the token's scopes do not cover, in the words of RFC 6750, section 3.1.
    pub(super) fn needs(&self, action: Action) -> Result<(), Problem> {
        match reaches(&self.actor, action) {
            Reach::No => Err(Problem::Scope { needed: action.scope() }),
            Reach::Own | Reach::All => Ok(()),
        }
    }

    /// The program's own name.
    pub(super) fn name(&self) -> &str {
        self.actor.name()
    }
}

impl FromRequestParts<Arc<Web>> for Program {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Problem> {
        let mut lines = parts.headers.get_all(header::AUTHORIZATION).iter();
        let (line, more) = (lines.next(), lines.next());
        if more.is_some() {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "there is more than one Authorization header"));
        }
        let split = line.and_then(|line| line.to_str().ok()).and_then(|line| line.split_once(' '));
        let known = split.and_then(|(scheme, token)| match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Some((false, token.to_owned())),
            "dpop" => Some((true, token.to_owned())),
            _ => None,
        });
        let Some((is_dpop, text)) = known else {
            let detail = "send an access token: Authorization: Bearer …".to_owned();
            return Err(Problem::Unauthorized { error: None, detail });
        };
        let shown = shown_in(web, parts);
        let token = PresentedToken { text: text.trim(), is_dpop, shown: &shown };
        let state = bearer::of_program(&web.kit, &token).await.map_err(|error| match error {
            Error::Refused(error) => {
                Problem::Unauthorized { error: Some("invalid_token"), detail: error.say.into_owned() }
            }
            Error::Fault(fault) => Problem::Broken(fault),
        })?;
        let visit = parts.extensions.get::<Visit>().cloned().unwrap_or_default();
        let scopes = state.scope.split(' ').map(str::to_owned).collect();
        let actor = Actor::Program { client_id: state.client_id, scopes, visit };
        Ok(Self { web: Arc::clone(web), actor })
    }
}
