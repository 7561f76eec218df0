//! Signatures: our keys, what we sign with them, and what we check of our own making and of others'.
//!
//! JSON Web Signature (RFC 7515), JSON Web Key (RFC 7517), JSON Web Algorithms (RFC 7518). Signers and
//! verifiers are kept: reading a key anew for each signature would cost several times the signature.

mod assertion;
mod decrypt;
mod encrypt;
mod key;
mod key_set;
mod thumbprint;

use serde_json::{Map, Value};

use crate::base::{base64url_decode, strict_json};

pub(crate) use assertion::{Presented, PublicKeys, Unverified};
pub(crate) use decrypt::DecryptionKey;
pub(crate) use encrypt::{Content, can_encrypt, encrypt};
pub(crate) use key::{SigningKey, generate};
pub(crate) use key_set::{KeySet, TokenType};
pub(crate) use thumbprint::thumbprint;

/// The object in a segment of a compact token.
fn decode_object(segment: &str) -> Option<Map<String, Value>> {
    let text = String::from_utf8(base64url_decode(segment)?).ok()?;
    match strict_json(&text)? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
