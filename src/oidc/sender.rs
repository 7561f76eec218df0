//! Tokens that only their owner can use: bound to a key that proofs are signed with (RFC 9449), or to the certificate
//! that the owner shows (RFC 8705, section 3).

use crate::base::{Error, Fault, Span, Timestamp, base64url, constant_time_eq, sha256};
use crate::jose;
use crate::kit::Kit;
use crate::model::{Client, Confirmation};
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::policy::dpop::{self, Expected};
use crate::store::used_assertions;

/// How often the nonce for proofs changes. The one before it is good too.
const NONCE_LIFE: Span = Span::minutes(5);

/// What came along with a request to show who sends it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) proof: Proof,
    /// The thumbprint of a certificate.
    pub(crate) certificate: Option<String>,
    pub(crate) method: String,
    /// The address that the request was sent to.
    pub(crate) address: String,
}

/// The `DPoP` header of a request.
#[derive(Debug)]
pub(crate) enum Proof {
    Absent,
    One(String),
    Several,
}

/// What tokens for a client are to be bound to, by what it shows; `None` where nothing binds them.
pub(super) async fn confirmation(
    kit: &Kit,
    client: &Client,
    shown: &Shown,
) -> Result<Option<Confirmation>, Error<OAuthError>> {
    if let Some(thumbprint) = key(kit, client, shown).await? {
        return Ok(Some(Confirmation::Key(thumbprint)));
    }
    if client.settings.dpop_bound_access_tokens {
        return Err(missing("a DPoP proof is missing: this client's tokens must be bound to a key"));
    }
    match &shown.certificate {
        Some(thumbprint) if client.settings.demands_bound_tokens() => {
            Ok(Some(Confirmation::Certificate(thumbprint.clone())))
        }
        _ if client.settings.demands_bound_tokens() => Err(missing(
            "a DPoP proof or a certificate is missing: this client's tokens must be bound to one",
        )),
        _ => Ok(None),
    }
}

/// The thumbprint of the key that a client proves to have; `None` where it proves none.
pub(crate) async fn key(
    kit: &Kit,
    client: &Client,
    shown: &Shown,
) -> Result<Option<String>, Error<OAuthError>> {
    let proof = match &shown.proof {
        Proof::Absent => return Ok(None),
        Proof::Several => return Err(refuse("a request must have one DPoP proof only")),
        Proof::One(proof) => proof,
    };
    verify(kit, client, shown, (proof, None)).await.map(Some)
}

/// Whether whoever shows an access token may use it. `is_dpop` where it came by that scheme.
pub(super) async fn check_use(
    kit: &Kit,
    client: &Client,
    (token, bound): (&str, Option<&Confirmation>),
    (shown, is_dpop): (&Shown, bool),
) -> Result<(), Error<OAuthError>> {
    let refuse_token = |say| Err(Error::Refused(OAuthError::new(ErrorCode::InvalidToken, say)));
    match (bound, &shown.proof) {
        (Some(Confirmation::Key(key)), Proof::One(proof)) if is_dpop => {
            let proven = verify(kit, client, shown, (proof, Some(token))).await?;
            if proven == *key { Ok(()) } else { refuse_token("the access token is bound to another key") }
        }
        (Some(Confirmation::Key(_)), Proof::Absent) if is_dpop => Err(refuse("a DPoP proof is missing")),
        (Some(Confirmation::Key(_)), Proof::Several) => {
            Err(refuse("a request must have one DPoP proof only"))
        }
        (Some(Confirmation::Key(_)), _) => {
            refuse_token("the access token is bound to a key: use the scheme DPoP, with a proof")
        }
        (_, _) if is_dpop => refuse_token("the access token is not bound to a key: use the scheme Bearer"),
        (Some(Confirmation::Certificate(bound)), _) if shown.certificate.as_ref() != Some(bound) => {
            refuse_token("the access token is bound to a certificate that was not shown")
        }
        (Some(Confirmation::Certificate(_)) | None, _) => Ok(()),
    }
}

/// The nonce that proofs are to hold now. It is made of the time, so that every node knows it and none keeps it.
pub(crate) fn nonce(kit: &Kit) -> String {
    nonce_of(kit, kit.now())
}

fn nonce_of(kit: &Kit, at: Timestamp) -> String {
    let period = at.millis() / NONCE_LIFE.as_millis();
    kit.keyring.form_token(&["dpop nonce", &period.to_string()])
}

/// The thumbprint of the key that made a proof for this request, by now and for the first time.
async fn verify(
    kit: &Kit,
    client: &Client,
    shown: &Shown,
    (proof, token): (&str, Option<&str>),
) -> Result<String, Error<OAuthError>> {
    let proof = jose::Presented::read(proof).ok_or_else(|| refuse("the DPoP proof is not a signed token"))?;
    let hash = token.map(|token| base64url(sha256(token)));
    let expected = Expected { method: &shown.method, address: &shown.address, token_hash: hash.as_deref() };
    let sound = dpop::judge(proof.typ(), proof.claims(), &expected, kit.now()).map_err(refuse)?;
    let thumbprint = proof.own_key(&dpop::ALGORITHMS).ok_or_else(|| {
        refuse("the DPoP proof is not signed by the key in its jwk, with ES256, PS256 or EdDSA")
    })?;
    let is_known = |nonce: &str| {
        [kit.now(), kit.now() - NONCE_LIFE].iter().any(|at| constant_time_eq(nonce, nonce_of(kit, *at)))
    };
    match sound.nonce {
        Some(nonce) if !is_known(nonce) => return Err(want_nonce()),
        None if client.settings.dpop_nonces => return Err(want_nonce()),
        _ => {}
    }
    if !spend(kit, &thumbprint, &sound).await? {
        return Err(refuse("the DPoP proof was used before: make one for each request"));
    }
    Ok(thumbprint)
}

async fn spend(kit: &Kit, thumbprint: &str, sound: &dpop::Sound<'_>) -> Result<bool, Fault> {
    let used = kit.keyring.bucket(&["proof", thumbprint, sound.jti]);
    let mut tx = kit.store.begin().await?;
    let is_first = used_assertions::spend(&mut tx, &used, sound.ends_at).await?;
    tx.commit().await?;
    Ok(is_first)
}

fn refuse(say: &'static str) -> Error<OAuthError> {
    Error::Refused(OAuthError::new(ErrorCode::InvalidDpopProof, say))
}

/// What is not there is no damaged proof: it may be that a certificate was to be shown.
fn missing(say: &'static str) -> Error<OAuthError> {
    Error::Refused(OAuthError::new(ErrorCode::InvalidRequest, say))
}

fn want_nonce() -> Error<OAuthError> {
    let say = "the DPoP proof must hold the nonce of the DPoP-Nonce header";
    Error::Refused(OAuthError::new(ErrorCode::UseDpopNonce, say))
}
