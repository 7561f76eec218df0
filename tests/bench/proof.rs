//! Proofs that a client has its key (RFC 9449), one for each request.

use std::cell::Cell;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jws::{ES256, JwsSigner};
use serde_json::{Map, Value, json};

/// A key, and how many proofs it has signed.
pub struct ProvenKey {
    header: String,
    signer: Box<dyn JwsSigner>,
    signed: Cell<u64>,
}

impl ProvenKey {
    pub fn new() -> Self {
        let key = Jwk::generate_ec_key(EcCurve::P256).expect("a key");
        let public: Map<String, Value> = key.to_public_key().expect("its public half").into();
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": public });
        let signer = Box::new(ES256.signer_from_jwk(&key).expect("a signer"));
        Self { header: URL_SAFE_NO_PAD.encode(header.to_string()), signer, signed: Cell::new(0) }
    }

    /// A proof for a POST, never the same.
    pub fn proof(&self, address: &str) -> String {
        self.signed.set(self.signed.get() + 1);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs();
        let claims =
            json!({ "jti": self.signed.get().to_string(), "htm": "POST", "htu": address, "iat": now });
        let message = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.signer.sign(message.as_bytes()).expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
