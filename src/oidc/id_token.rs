//! The ID token (OpenID Connect Core 1.0, section 2).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::{Fault, Secret, SessionId, Timestamp, base64url, kinds, sha256, sha512};
use crate::jose::{Content, TokenType};
use crate::kit::Kit;
use crate::model::{Algorithm, Client, User};
use crate::oidc::claims::{self, ACR, AMR, ClaimsRequest};
use crate::oidc::{encryption, subject};

/// What an ID token says, in the order in which it says it. Nothing about the person unless it was asked for
/// by name: with an access token at hand, the scope's claims come from UserInfo (section 5.4).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: String,
    /// One audience, so no `azp` is needed.
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    acr: &'static str,
    amr: [&'static str; 2],
    sid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
    #[serde(flatten)]
    personal: Map<String, Value>,
}

/// What an ID token is about.
pub(super) struct Facts<'a> {
    pub(super) client: &'a Client,
    pub(super) user: &'a User,
    pub(super) session_id: &'a SessionId,
    pub(super) authenticated_at: Timestamp,
    pub(super) nonce: Option<&'a str>,
    pub(super) claims: Option<&'a ClaimsRequest>,
    /// What goes along with it, if anything.
    pub(super) access_token: Option<&'a str>,
    pub(super) code: Option<&'a Secret<kinds::Code>>,
}

/// Signs an ID token with the algorithm that the client registered, and encrypts it where that was registered too.
pub(super) fn mint(kit: &Kit, facts: &Facts<'_>) -> Result<String, Fault> {
    let now = kit.now();
    let algorithm = facts.client.settings.id_token_algorithm;
    let asked = facts.claims.iter().flat_map(|claims| claims.id_token.iter().map(String::as_str));
    let issuer = kit.config.issuer();
    let claims = Claims {
        iss: &issuer,
        sub: subject::of(kit, facts.client, facts.user.subject.as_str()),
        aud: facts.client.id.as_str(),
        exp: (now + kit.config.tokens.id).seconds(),
        iat: now.seconds(),
        auth_time: facts.authenticated_at.seconds(),
        nonce: facts.nonce,
        acr: ACR,
        amr: AMR,
        sid: facts.session_id.as_str(),
        at_hash: facts.access_token.map(|token| left_half_hash(algorithm, token)),
        c_hash: facts.code.map(|code| left_half_hash(algorithm, code.reveal())),
        personal: claims::about(facts.user, asked),
    };
    let token = kit.sign(algorithm, TokenType::Id.name(), &claims)?;
    let wanted = facts.client.settings.id_token_encryption();
    Ok(encryption::for_client(facts.client, wanted, Content::Token(&token))?.unwrap_or(token))
}

/// The left half of the hash of an access token or a code, by the hash of the signature's algorithm (sections 3.1.3.6
/// and 3.3.2.11);
/// Ed25519 hashes with SHA-512 (RFC 8032, section 5.1).
fn left_half_hash(algorithm: Algorithm, token: &str) -> String {
    let hash = match algorithm {
        Algorithm::EdDSA => sha512(token).to_vec(),
        Algorithm::RS256 | Algorithm::ES256 | Algorithm::PS256 => sha256(token).to_vec(),
    };
    base64url(hash.get(..hash.len() / 2).unwrap_or_default())
}
