//! One signing key.

use std::sync::atomic::{AtomicU64, Ordering};

use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ed::EdCurve;
use josekit::jws::{ES256, EdDSA, JwsSigner, JwsVerifier, PS256, RS256};
use serde::Serialize;
use serde_json::{Value, json};

use super::thumbprint;
use crate::base::{Fault, Kid, Timestamp, base64url};
use crate::model::{Algorithm, KeyRecord};

/// A key that was just made: the public half as it is published, the private half to be sealed.
pub(crate) struct NewKey {
    pub(crate) kid: Kid,
    pub(crate) public_jwk: String,
    /// A private JWK; the caller seals it and lets it go.
    pub(crate) private_jwk: Vec<u8>,
}

/// A key that is ready to sign and to check.
pub(crate) struct SigningKey {
    pub(crate) kid: Kid,
    pub(crate) algorithm: Algorithm,
    pub(crate) created_at: Timestamp,
    pub(crate) active_from: Timestamp,
    pub(crate) remove_after: Option<Timestamp>,
    pub(crate) public_jwk: Value,
    signer: Box<dyn JwsSigner>,
    verifier: Box<dyn JwsVerifier>,
    signatures: AtomicU64,
}

/// Makes a key for an algorithm; `rsa_bits` counts for RSA only.
pub(crate) fn generate(algorithm: Algorithm, rsa_bits: u32) -> Result<NewKey, Fault> {
    let made = match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => Jwk::generate_rsa_key(rsa_bits),
        Algorithm::ES256 => Jwk::generate_ec_key(EcCurve::P256),
        Algorithm::EdDSA => Jwk::generate_ed_key(EdCurve::Ed25519),
    };
    let failed = |error| Fault::caused(format!("no {} key could be made", algorithm.name()), error);
    let private = made.map_err(failed)?;
    let mut public: serde_json::Map<String, Value> = private.to_public_key().map_err(failed)?.into();
    // The thumbprint, so that two nodes that read one key agree on its name.
    let kid = thumbprint(&public)
        .and_then(|name| Kid::parse(&name))
        .ok_or_else(|| Fault::new("a new key lacks its public members"))?;
    public.insert("kid".to_owned(), json!(kid.as_str()));
    public.insert("use".to_owned(), json!("sig"));
    public.insert("alg".to_owned(), json!(algorithm.name()));
    let public_jwk = Value::Object(public).to_string();
    Ok(NewKey { kid, public_jwk, private_jwk: private.to_string().into_bytes() })
}

impl SigningKey {
    /// Until when it is published: without an end, while nothing has replaced it.
    pub(super) fn stays_until(&self) -> Timestamp {
        self.remove_after.unwrap_or(Timestamp::from_millis(i64::MAX))
    }

    /// Readies a stored key whose private half has been opened.
    ///
    /// # Errors
    /// Where the halves are damaged or do not fit the algorithm.
    pub(crate) fn load(record: &KeyRecord, private_jwk: &[u8]) -> Result<Self, Fault> {
        let failed = |error| Fault::caused(format!("signing key {} cannot be used", record.kid), error);
        let private = Jwk::from_bytes(private_jwk).map_err(failed)?;
        let public = Jwk::from_bytes(&record.public_jwk).map_err(failed)?;
        let signer: Box<dyn JwsSigner> = match record.algorithm {
            Algorithm::RS256 => Box::new(RS256.signer_from_jwk(&private).map_err(failed)?),
            Algorithm::PS256 => Box::new(PS256.signer_from_jwk(&private).map_err(failed)?),
            Algorithm::ES256 => Box::new(ES256.signer_from_jwk(&private).map_err(failed)?),
            Algorithm::EdDSA => Box::new(EdDSA.signer_from_jwk(&private).map_err(failed)?),
        };
        let verifier: Box<dyn JwsVerifier> = match record.algorithm {
            Algorithm::RS256 => Box::new(RS256.verifier_from_jwk(&public).map_err(failed)?),
            Algorithm::PS256 => Box::new(PS256.verifier_from_jwk(&public).map_err(failed)?),
            Algorithm::ES256 => Box::new(ES256.verifier_from_jwk(&public).map_err(failed)?),
            Algorithm::EdDSA => Box::new(EdDSA.verifier_from_jwk(&public).map_err(failed)?),
        };
        Ok(Self {
            kid: record.kid.clone(),
            algorithm: record.algorithm,
            created_at: record.created_at,
            active_from: record.active_from,
            remove_after: record.remove_after,
            public_jwk: Value::Object(public.into()),
            signer,
            verifier,
            signatures: AtomicU64::new(0),
        })
    }

    /// Signs claims into a compact JWS (RFC 7515, section 7.1) of the given `typ`.
    pub(crate) fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, Fault> {
        let header = json!({ "alg": self.algorithm.name(), "kid": self.kid.as_str(), "typ": typ });
        self.sign_under(&header, claims)
    }

    /// The same under a header as it stands.
    pub(crate) fn sign_under(&self, header: &Value, claims: &impl Serialize) -> Result<String, Fault> {
        let claims =
            serde_json::to_vec(claims).map_err(|error| Fault::caused("claims cannot be written", error))?;
        let mut compact = format!("{}.{}", base64url(header.to_string()), base64url(claims));
        let signature = self
            .signer
            .sign(compact.as_bytes())
            .map_err(|error| Fault::caused(format!("signing key {} would not sign", self.kid), error))?;
        self.signatures.fetch_add(1, Ordering::Relaxed);
        compact.push('.');
        compact.push_str(&base64url(signature));
        Ok(compact)
    }

    /// How many signatures this process has made with it.
    #[cfg(feature = "demo")]
    pub(super) fn signatures(&self) -> u64 {
        self.signatures.load(Ordering::Relaxed)
    }

    /// Whether a signature over `message` is this key's.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify(message, signature).is_ok()
    }
}
