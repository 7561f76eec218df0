//! Access tokens (RFC 6749, section 1.4): random text that only we know the meaning of, or claims that a service can
//! read by itself (RFC 9068). Both are known here, so that both can be taken back.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::base::{Digest, Fault, Secret, Span, Timestamp, kinds};
use crate::jose::TokenType;
use crate::kit::Kit;
use crate::model::{AccessTokenFormat, Client, Confirmation, User};
use crate::oidc::claims::ACR;
use crate::oidc::subject;
use crate::store::access_tokens::NewToken;
use crate::store::grants::Grant;
use crate::store::{Tx, access_tokens};

/// What a token is to open, and for whom.
pub(super) struct NewAccess<'a> {
    pub(super) client: &'a Client,
    /// The person and what they granted; `None` for a token of a client's own.
    pub(super) person: Option<(&'a User, &'a Grant)>,
    /// Scope values, separated by spaces.
    pub(super) scope: &'a str,
    /// The addresses of the services that it is for, separated by spaces; `None` where it is for us.
    pub(super) audience: Option<&'a str>,
    pub(super) bound: Option<&'a Confirmation>,
    /// The service that acts for the person with it (RFC 8693, section 4.1).
    pub(super) actor: Option<&'a Value>,
    /// It ends by then, whatever else is set.
    pub(super) until: Option<Timestamp>,
}

/// A token, as it is handed out.
pub(super) struct Issued {
    pub(super) text: String,
    pub(super) token_type: &'static str,
    pub(super) lifetime: Span,
}

/// Makes a token and writes it down.
pub(super) async fn issue(kit: &Kit, tx: &mut Tx, new: &NewAccess<'_>) -> Result<Issued, Fault> {
    let now = kit.now();
    let set = new.client.settings.access_token_minutes.map(Span::minutes);
    let longest = now + set.unwrap_or(kit.config.tokens.access);
    let expires_at = new.until.map_or(longest, |until| until.min(longest));
    let (text, digest) = match new.client.settings.access_token_format {
        AccessTokenFormat::Opaque => {
            let secret = Secret::<kinds::Access>::generate(&*kit.random);
            (secret.reveal().to_owned(), kit.keyring.digest(&secret))
        }
        AccessTokenFormat::Jwt => {
            let id = Secret::generate(&*kit.random);
            (sign(kit, new, &id, expires_at)?, digest_of(kit, &id))
        }
    };
    let actor = new.actor.map(Value::to_string);
    let token = NewToken {
        digest,
        grant_id: new.person.map(|(_, grant)| &grant.id),
        client_id: &new.client.id,
        scope: new.scope,
        audience: new.audience,
        confirmation: new.bound,
        actor: actor.as_deref(),
        created_at: now,
        expires_at,
    };
    access_tokens::insert(tx, &token).await?;
    Ok(Issued { text, token_type: Confirmation::token_type(new.bound), lifetime: expires_at.since(now) })
}

/// What is stored of a token that somebody presented; `None` where it is none of ours.
pub(super) fn presented(kit: &Kit, text: &str) -> Option<Digest<kinds::Access>> {
    if let Some(secret) = Secret::<kinds::Access>::presented(text) {
        return Some(kit.keyring.digest(&secret));
    }
    let claims = kit.signing.current().verify(TokenType::Access, text)?;
    Secret::presented(claims.get("jti")?.as_str()?).map(|id| digest_of(kit, &id))
}

fn digest_of(kit: &Kit, id: &Secret<kinds::AccessId>) -> Digest<kinds::Access> {
    Digest::stored(kit.keyring.digest(id).as_str().to_owned())
}

/// RFC 9068, section 2.2.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: String,
    aud: Value,
    exp: i64,
    iat: i64,
    jti: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Value>,
}

fn sign(
    kit: &Kit,
    new: &NewAccess<'_>,
    id: &Secret<kinds::AccessId>,
    expires_at: Timestamp,
) -> Result<String, Fault> {
    let issuer = kit.config.issuer();
    let person = new.person.map(|(user, _)| subject::of(kit, new.client, user.subject.as_str()));
    let claims = Claims {
        iss: &issuer,
        sub: person.unwrap_or_else(|| new.client.id.to_string()),
        aud: audience(new.audience.unwrap_or(&issuer)),
        exp: expires_at.seconds(),
        iat: kit.now().seconds(),
        jti: id.reveal(),
        client_id: new.client.id.as_str(),
        scope: new.scope,
        auth_time: new.person.map(|(_, grant)| grant.authenticated_at.seconds()),
        acr: new.person.map(|_| ACR),
        cnf: new.bound.map(cnf),
        act: new.actor,
    };
    let algorithm = new.client.settings.id_token_algorithm;
    kit.sign(algorithm, TokenType::Access.name(), &claims)
}

/// One address as a text, several as a list (RFC 7519, section 4.1.3).
pub(super) fn audience(addresses: &str) -> Value {
    let mut several = addresses.split(' ');
    match (several.next(), several.next()) {
        (Some(one), None) => json!(one),
        _ => json!(addresses.split(' ').collect::<Vec<_>>()),
    }
}

/// The member `cnf` (RFC 7800, section 3.1).
pub(super) fn cnf(bound: &Confirmation) -> Map<String, Value> {
    let (name, thumbprint) = bound.member();
    Map::from_iter([(name.to_owned(), json!(thumbprint))])
}
