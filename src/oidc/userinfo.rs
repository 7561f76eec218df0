//! The UserInfo endpoint (OpenID Connect Core 1.0, section 5.3).

use serde_json::{Map, Value, json};

use super::access_token;
use crate::base::{Error, Fault};
use crate::jose::Content;
use crate::kit::Kit;
use crate::model::{Algorithm, Client};
use crate::oidc::claims::{ClaimsRequest, about};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::sender::{self, Shown};
use crate::oidc::{encryption, subject};
use crate::policy;
use crate::store::access_tokens::{self, Opened};

/// What is said of a person, in the form that the client registered.
pub(crate) enum UserInfo {
    Plain(Map<String, Value>),
    /// A JWT (section 5.3.2).
    Token(String),
}

/// An access token, as it was presented.
pub(crate) struct PresentedToken<'a> {
    pub(crate) text: &'a str,
    /// Whether it came by the scheme `DPoP` (RFC 9449, section 7.1).
    pub(crate) is_dpop: bool,
    pub(crate) shown: &'a Shown,
}

/// The claims that an access token opens.
pub(crate) async fn claims(kit: &Kit, token: &PresentedToken<'_>) -> Result<UserInfo, Error<OAuthError>> {
    let refuse = |note| {
        let say = "the access token is unknown, expired or revoked";
        Error::Refused(OAuthError::new(ErrorCode::InvalidToken, say).noting(note))
    };
    let digest =
        access_token::presented(kit, token.text).ok_or_else(|| refuse("not an access token of ours"))?;
    let opened = access_tokens::open(&mut *kit.store.read().await?, &digest, kit.now()).await?;
    let opened = opened.ok_or_else(|| refuse("no such token is alive"))?;
    if opened.audience.is_some() {
        // Whoever it is for could otherwise use it here (RFC 9068, section 4).
        let say = "the access token is for another service";
        return Err(Error::Refused(OAuthError::new(ErrorCode::InvalidToken, say)));
    }
    let known = kit.client(&opened.client_id).await?.ok_or_else(|| refuse("its client is gone"))?;
    let bound = opened.confirmation.as_ref();
    sender::check_use(kit, &known.client, (token.text, bound), (token.shown, token.is_dpop)).await?;
    let told = told(kit, &known.client, &opened)?;
    protected(kit, &known.client, told)
}

/// Signed, encrypted, both or neither.
fn protected(kit: &Kit, client: &Client, told: Map<String, Value>) -> Result<UserInfo, Error<OAuthError>> {
    let wanted = client.settings.userinfo_encryption();
    Ok(match client.settings.userinfo_algorithm {
        Some(algorithm) => {
            let token = sign(kit, client, algorithm, told)?;
            let encrypted = encryption::for_client(client, wanted, Content::Token(&token))?;
            UserInfo::Token(encrypted.unwrap_or(token))
        }
        None => {
            let claims = Value::Object(told.clone()).to_string();
            let encrypted = encryption::for_client(client, wanted, Content::Claims(&claims))?;
            encrypted.map_or(UserInfo::Plain(told), UserInfo::Token)
        }
    })
}

fn told(kit: &Kit, client: &Client, opened: &Opened) -> Result<Map<String, Value>, Fault> {
    let named: Vec<String> = match &opened.claims {
        Some(text) => {
            serde_json::from_str::<ClaimsRequest>(text)
                .map_err(|error| Fault::caused("a claims request cannot be read", error))?
                .userinfo
        }
        None => Vec::new(),
    };
    let by_scope = policy::scope::claims_of(opened.scope.split(' '));
    let asked = by_scope.into_iter().chain(named.iter().map(String::as_str));
    let mut told = about(&opened.user, asked);
    told.insert("sub".to_owned(), json!(subject::of(kit, client, opened.user.subject.as_str())));
    Ok(told)
}

/// With the issuer and the client in it, so that it is of use to nobody else.
fn sign(
    kit: &Kit,
    client: &Client,
    algorithm: Algorithm,
    mut told: Map<String, Value>,
) -> Result<String, Fault> {
    told.insert("iss".to_owned(), json!(kit.config.issuer()));
    told.insert("aud".to_owned(), json!(client.id.as_str()));
    kit.sign(algorithm, "userinfo+jwt", &told)
}
