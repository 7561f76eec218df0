//! A program with an access token of its own (RFC 6750, section 2.1; RFC 9449, section 7.1).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::problem::Problem;
use crate::base::Error;
use crate::model::{Actor, Reason, Visit};
use crate::oidc::bearer;
use crate::oidc::userinfo::PresentedToken;
use crate::policy::permission::{Action, Reach, reaches};
use crate::web::Web;
use crate::web::extract::shown_in;

/// The header in which a program says why it does something: ASCII, and everything else percent-encoded as UTF-8.
pub(super) const REASON: &str = "gatehouse-reason";

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
        let actor = actor.because(reason(&parts.headers)?);
        Ok(Self { web: Arc::clone(web), actor })
    }
}

/// The reason that a request gives.
fn reason(headers: &HeaderMap) -> Result<Option<Reason>, Problem> {
    let bad = |why: &str| Problem::new(StatusCode::BAD_REQUEST, format!("Gatehouse-Reason: {why}"));
    let mut lines = headers.get_all(REASON).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(bad("it is there more than once"));
    }
    let text = line.to_str().ok().and_then(decoded);
    let text = text.ok_or_else(|| bad("it must be ASCII, and anything else percent-encoded as UTF-8"))?;
    Reason::parse(&text).map(Some).map_err(|error| bad(&error.to_string()))
}

/// A text without its percent encoding (RFC 3986, section 2.1); `None` where that is not UTF-8, or a percent sign lacks
/// its digits.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        // A sign before the digits would be read as a part of the number.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn a_header_is_decoded_whole_or_not_at_all() {
        for (sent, meant) in [
            ("Left the school", "Left the school"),
            ("caf%C3%A9 100%25", "café 100%"),
            ("%41%4a%4A", "AJJ"),
            ("", ""),
        ] {
            assert_eq!(decoded(sent).as_deref(), Some(meant));
        }
        for sent in ["%", "100%", "%4", "%+1", "%zz", "%C3", "%ff", "%%41"] {
            assert_eq!(decoded(sent), None, "{sent}");
        }
    }
}
