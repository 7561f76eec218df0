//! Signatures: our keys, what we sign with them, and what we check of our own making.
//!
//! JSON Web Signature (RFC 7515), JSON Web Key (RFC 7517), JSON Web Algorithms (RFC 7518). Signers and
//! verifiers are kept: reading a key anew for each signature would cost several times the signature.

mod key;
mod key_set;

pub(crate) use key::{SigningKey, generate};
pub(crate) use key_set::KeySet;
