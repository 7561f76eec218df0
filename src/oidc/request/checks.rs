//! What is checked once it is known who asks and where the answer goes, in order.

use super::{Asked, Wishes};
use crate::base::Span;
use crate::jose::TokenType;
use crate::kit::Kit;
use crate::model::{Algorithm, Client, ResponseType};
use crate::oidc::claims::ClaimsRequest;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::policy::prompt::Prompt;
use crate::policy::{pkce, resource, scope};

const LONGEST_NONCE: usize = 512;
const LONGEST_HINT: usize = 254;

/// The list of checks; the state has passed its own.
pub(super) fn check(kit: &Kit, client: &Client, params: &Params) -> Result<(Asked, Wishes), OAuthError> {
    unsupported(params)?;
    let response_type = response_type(client, params)?;
    let scope = scope_of(client, params)?;
    let nonce = params.get("nonce");
    if nonce.is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
        return Err(OAuthError::new(ErrorCode::InvalidRequest, "nonce must be 512 bytes or fewer"));
    }
    if nonce.is_none() && response_type.has_id_token() {
        let say = "nonce is missing; it is needed with every response_type that has id_token";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, say));
    }
    let code_challenge = if response_type.has_code() { code_challenge(client, params)? } else { None };
    let claims = claims(params)?;
    let wishes = wishes(client, params)?;
    let subject = subject(kit, params, claims.as_ref())?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let asked = Asked {
        response_type,
        scope,
        nonce: owned(nonce),
        code_challenge,
        claims,
        resources: resources(client, params)?,
        dpop_jkt: dpop_jkt(params)?,
        asks_again: wishes.prompt.consent,
        subject,
    };
    Ok((asked, wishes))
}

/// What is not supported is refused rather than ignored (OpenID Connect Core 1.0, section 3.1.2.6).
fn unsupported(params: &Params) -> Result<(), OAuthError> {
    for (name, code, say) in [
        (
            "request_uri",
            ErrorCode::RequestUriNotSupported,
            "request_uri must be the address of a pushed request, or one that is registered",
        ),
        ("registration", ErrorCode::RegistrationNotSupported, "registration is not supported"),
    ] {
        if params.has(name) {
            return Err(OAuthError::new(code, say));
        }
    }
    Ok(())
}

/// One of those that the client registered.
fn response_type(client: &Client, params: &Params) -> Result<ResponseType, OAuthError> {
    let Some(text) = params.get("response_type") else {
        return Err(OAuthError::new(ErrorCode::InvalidRequest, "response_type is missing"));
    };
    ResponseType::parse(text).filter(|asked| client.settings.response_types.contains(asked)).ok_or(
        OAuthError::new(
            ErrorCode::UnsupportedResponseType,
            "response_type is not one that is registered for this client",
        ),
    )
}

fn scope_of(client: &Client, params: &Params) -> Result<Vec<String>, OAuthError> {
    let allowed = client.settings.scopes.as_deref();
    scope::granted(params.field("scope"), allowed).map_err(|problem| {
        let say = match problem {
            scope::Problem::Malformed => "scope has characters that scope values cannot have",
            scope::Problem::TooLong => "scope must have 50 values and 1024 bytes or fewer",
            scope::Problem::NotOpenId => "scope must include openid",
        };
        OAuthError::new(ErrorCode::InvalidScope, say)
    })
}

/// RFC 7636, section 4.4.1; RFC 9700, section 2.1.1. The method `plain` protects nothing and is refused.
fn code_challenge(client: &Client, params: &Params) -> Result<Option<String>, OAuthError> {
    let refuse = |say| Err(OAuthError::new(ErrorCode::InvalidRequest, say));
    match (params.get("code_challenge"), params.get("code_challenge_method")) {
        (None, None) if client.settings.require_pkce || !client.is_confidential() => {
            refuse("code_challenge is missing; this client must use PKCE with S256")
        }
        (None, None) => Ok(None),
        (None, Some(_)) => refuse("code_challenge is missing"),
        (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => Ok(Some(challenge.to_owned())),
        (Some(_), Some("S256")) => refuse("code_challenge must be 43 characters of base64url"),
        (Some(_), _) => refuse("code_challenge_method must be S256"),
    }
}

/// RFC 8707, section 2.1.
fn resources(client: &Client, params: &Params) -> Result<Option<String>, OAuthError> {
    let registered = client.settings.resources.iter().map(String::as_str);
    resource::narrowed(params.get("resource"), registered, None).map_err(|_| {
        let say = "resource must be a service that this client may have tokens for";
        OAuthError::new(ErrorCode::InvalidTarget, say)
    })
}

/// RFC 9449, section 10: a thumbprint, which has the form of a code challenge.
fn dpop_jkt(params: &Params) -> Result<Option<String>, OAuthError> {
    match params.get("dpop_jkt") {
        Some(thumbprint) if !pkce::is_challenge(thumbprint) => {
            let say = "dpop_jkt must be the SHA-256 thumbprint of a key, 43 characters of base64url";
            Err(OAuthError::new(ErrorCode::InvalidRequest, say))
        }
        thumbprint => Ok(thumbprint.map(str::to_owned)),
    }
}

fn claims(params: &Params) -> Result<Option<ClaimsRequest>, OAuthError> {
    let Some(text) = params.get("claims") else { return Ok(None) };
    let claims = ClaimsRequest::parse(text).ok_or_else(|| {
        OAuthError::new(ErrorCode::InvalidRequest, "claims is not the JSON object it must be")
    })?;
    if claims.unmet_acr {
        return Err(OAuthError::new(ErrorCode::AccessDenied, "the demanded acr cannot be given"));
    }
    Ok(Some(claims))
}

fn wishes(client: &Client, params: &Params) -> Result<Wishes, OAuthError> {
    let refuse = |say| OAuthError::new(ErrorCode::InvalidRequest, say);
    let prompt = Prompt::parse(params.field("prompt"))
        .ok_or_else(|| refuse("prompt must be none, or any of login, consent and select_account"))?;
    let max_age = match params.get("max_age") {
        Some(text) => Some(text.parse().map_err(|_| refuse("max_age must be a number of seconds"))?),
        None => client.settings.default_max_age,
    };
    let login_hint = params.get("login_hint").filter(|hint| hint.len() <= LONGEST_HINT).map(str::to_owned);
    Ok(Wishes { prompt, max_age: max_age.map(Span::seconds), login_hint })
}

/// Whom the answer must be about.
fn subject(kit: &Kit, params: &Params, claims: Option<&ClaimsRequest>) -> Result<Option<String>, OAuthError> {
    let Some(hint) = params.get("id_token_hint") else {
        return Ok(claims.and_then(|claims| claims.subject.clone()));
    };
    let refused = OAuthError::new(ErrorCode::InvalidRequest, "id_token_hint is not an ID token of ours");
    hinted_subject(kit, hint).map(Some).ok_or(refused)
}

/// The subject of an ID token of ours, expired or not (OpenID Connect Core 1.0, section 3.1.2.1).
fn hinted_subject(kit: &Kit, hint: &str) -> Option<String> {
    let claims = kit.signing.current().verify(TokenType::Id, hint)?;
    Some(claims.get("sub")?.as_str()?.to_owned())
}

/// The algorithms that ID tokens can be signed with.
pub(crate) fn algorithms() -> Vec<&'static str> {
    Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect()
}
