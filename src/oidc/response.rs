//! How an answer goes back to the relying party: OAuth 2.0 Multiple Response Type Encoding Practices, section 2.1;
//! OAuth 2.0 Form Post Response Mode; JWT Secured Authorization Response Mode (JARM).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::base::{Fault, Span};
use crate::kit::Kit;
use crate::model::Client;
use crate::oidc::error::{AuthorizeError, OAuthError};
use crate::policy::redirect::ValidRedirect;

/// How long a signed answer is good: until it has gone through the browser (JARM, section 2.1).
const SIGNED_LIFE: Span = Span::minutes(5);

/// What carries an answer through the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Carrier {
    Query,
    Fragment,
    FormPost,
}

/// A carrier, and whether what it carries is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResponseMode {
    carrier: Carrier,
    is_signed: bool,
}

impl ResponseMode {
    /// The values of `response_mode`.
    pub(crate) const NAMES: [&str; 7] =
        ["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"];

    /// The mode for a response type, known or not, where a request does not say. Tokens never stand in a query, where
    /// they would be written into logs.
    pub(crate) fn usual(response_type: &str) -> Self {
        let carrier = if has_token(response_type) { Carrier::Fragment } else { Carrier::Query };
        Self { carrier, is_signed: false }
    }

    /// The mode of a request; `None` for one that there is not, or that would put a token into a query.
    pub(crate) fn of(asked: Option<&str>, response_type: &str) -> Option<Self> {
        let usual = Self::usual(response_type).carrier;
        let (carrier, is_signed) = match asked {
            None => (usual, false),
            Some("jwt") => (usual, true),
            Some(name) => {
                let unsigned = name.strip_suffix(".jwt");
                let carrier = match unsigned.unwrap_or(name) {
                    "query" => Carrier::Query,
                    "fragment" => Carrier::Fragment,
                    "form_post" => Carrier::FormPost,
                    _ => return None,
                };
                (carrier, unsigned.is_some())
            }
        };
        let would_leak = has_token(response_type) && carrier == Carrier::Query;
        (!would_leak).then_some(Self { carrier, is_signed })
    }
}

fn has_token(response_type: &str) -> bool {
    response_type.split(' ').any(|value| matches!(value, "id_token" | "token"))
}

/// Where the answer to a request goes, and how.
#[derive(Clone, Debug)]
pub(crate) struct ReplyTo {
    pub(crate) client: Client,
    pub(crate) redirect: ValidRedirect,
    pub(crate) mode: ResponseMode,
    /// Handed back exactly as it came.
    pub(crate) state: Option<String>,
}

impl ReplyTo {
    /// Whether the parameters of the answer are claims of a token.
    pub(crate) const fn is_signed(&self) -> bool {
        self.mode.is_signed
    }

    /// An answer with these parameters, with `state`, and with who answers (RFC 9207, section 2).
    pub(crate) fn answer(
        &self,
        kit: &Kit,
        mut params: Vec<(&'static str, String)>,
    ) -> Result<AuthorizationResponse, Fault> {
        params.extend(self.state.clone().map(|state| ("state", state)));
        if self.mode.is_signed {
            params = vec![("response", self.sign(kit, params)?)];
        } else {
            params.push(("iss", kit.config.issuer()));
        }
        Ok(AuthorizationResponse { redirect: self.redirect.clone(), carrier: self.mode.carrier, params })
    }

    /// The same with an error.
    pub(crate) fn error(&self, kit: &Kit, error: &OAuthError) -> Result<AuthorizationResponse, Fault> {
        let named = ("error", error.code.name().to_owned());
        self.answer(kit, vec![named, ("error_description", error.say.to_string())])
    }

    /// An error as what comes of the request.
    pub(crate) fn refuse(&self, kit: &Kit, error: OAuthError) -> AuthorizeError {
        match self.error(kit, &error) {
            Ok(response) => AuthorizeError::Redirect(Box::new(response), error),
            Err(fault) => AuthorizeError::Fault(fault),
        }
    }

    /// The parameters as claims of a token for this client alone (JARM, section 2.1).
    fn sign(&self, kit: &Kit, params: Vec<(&'static str, String)>) -> Result<String, Fault> {
        let now = kit.now();
        let algorithm = self.client.settings.response_algorithm();
        let mut claims: Map<String, Value> =
            params.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        claims.insert("iss".to_owned(), json!(kit.config.issuer()));
        claims.insert("aud".to_owned(), json!(self.client.id.as_str()));
        claims.insert("iat".to_owned(), json!(now.seconds()));
        claims.insert("exp".to_owned(), json!((now + SIGNED_LIFE).seconds()));
        kit.sign(algorithm, "JWT", &claims)
    }
}

/// An answer on its way back to the relying party, through the browser.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationResponse {
    pub(crate) redirect: ValidRedirect,
    pub(crate) carrier: Carrier,
    pub(crate) params: Vec<(&'static str, String)>,
}

impl AuthorizationResponse {
    /// The address that carries the answer in its query or fragment. The redirect URI's own query stays.
    pub(crate) fn location(&self) -> String {
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.params).finish();
        let uri = self.redirect.as_str();
        match self.carrier {
            Carrier::Fragment => format!("{uri}#{encoded}"),
            Carrier::Query | Carrier::FormPost if uri.contains('?') => format!("{uri}&{encoded}"),
            Carrier::Query | Carrier::FormPost => format!("{uri}?{encoded}"),
        }
    }
}
