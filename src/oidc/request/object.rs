//! Requests as signed objects (RFC 9101; OpenID Connect Core 1.0, section 6).

use serde_json::{Map, Value};

use crate::clients::assertion::Disproof;
use crate::clients::request_object::check_signature;
use crate::jose::Presented;
use crate::kit::Kit;
use crate::model::Client;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::policy::request_object::{self, ABOUT, Expected};

/// Of an encrypted token in its compact form (RFC 7516, section 7.1).
const ENCRYPTED_PARTS: usize = 5;

/// The parameters of a signed request that came with others beside it.
///
/// What is signed counts. Of what stands beside it, the rest counts too, as OpenID Connect has it; but nothing does
/// where the client must sign its requests (RFC 9101, section 6.3).
pub(super) async fn open(
    kit: &Kit,
    client: &Client,
    beside: &Params,
    object: &str,
) -> Result<Params, OAuthError> {
    let refuse = |say| OAuthError::new(ErrorCode::InvalidRequestObject, say);
    let decrypted = decrypted(kit, object)?;
    let object = decrypted.as_deref().unwrap_or(object);
    let token = Presented::read(object).ok_or(refuse("the request object is not a signed token"))?;
    let is_strict = client.settings.counts_only_what_is_signed();
    let issuer = kit.config.issuer();
    let expected = Expected { client: client.id.as_str(), issuer: &issuer, is_strict };
    request_object::judge(token.typ(), token.claims(), &expected, kit.now()).map_err(refuse)?;
    check_signature(kit, client, &token).await.map_err(|Disproof(why)| {
        refuse("the request object is not signed by a key and an algorithm of the client").noting(why)
    })?;
    let signed = params(token.claims()).ok_or(refuse("a parameter in the request object is not a value"))?;
    if is_strict {
        return Ok(signed.with("client_id", client.id.as_str()));
    }
    // The scope beside it may be a bare openid, which says what protocol this is (OpenID Connect Core 1.0, section 6.1).
    let (inside, outside) = (signed.get("response_type"), beside.get("response_type"));
    if inside.is_some() && outside.is_some() && inside != outside {
        return Err(refuse("response_type in the request object is another than beside it"));
    }
    Ok(beside.without(&["request", "request_uri"]).overlaid(signed))
}

/// What was signed, where it was encrypted for us as well (RFC 9101, section 6.1); `None` where it was not.
fn decrypted(kit: &Kit, object: &str) -> Result<Option<String>, OAuthError> {
    if object.split('.').count() != ENCRYPTED_PARTS {
        return Ok(None);
    }
    let keys = kit.signing.current();
    let inner = keys.decryption().and_then(|key| key.decrypt(object));
    let say = "the request object is not encrypted with the key in our key set that has the use enc";
    inner.map(Some).ok_or(OAuthError::new(ErrorCode::InvalidRequestObject, say))
}

/// The parameters of which there is one value, as text.
const SINGLE: [&str; 18] = [
    "client_id",
    "response_type",
    "response_mode",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "acr_values",
    "claims",
    "ui_locales",
    "display",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
];

/// Claims as the parameters that they stand for: texts as they are, numbers and objects as JSON writes them; `None`
/// where one is neither, or holds what no parameter can. A null says nothing, and so does a list under a name that
/// nobody here reads (RFC 6749, section 3.1).
fn params(claims: &Map<String, Value>) -> Option<Params> {
    let says_nothing = |name: &str, value: &Value| match value {
        Value::Null => true,
        Value::Array(_) => name != "resource" && !SINGLE.contains(&name),
        _ => false,
    };
    let asked =
        claims.iter().filter(|(name, value)| !ABOUT.contains(&name.as_str()) && !says_nothing(name, value));
    let pairs = asked.map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Object(_) | Value::Bool(_) => value.to_string(),
            // Only of services can there be several.
            Value::Array(several) if name == "resource" => {
                several.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join(" ")
            }
            Value::Null | Value::Array(_) => return None,
        };
        (!text.contains(['\0', '\u{FFFD}'])).then(|| (name.clone(), text))
    });
    pairs.collect()
}
