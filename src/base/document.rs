//! A document that is made once and served from memory.

use bytes::Bytes;

use crate::base::{hex_lower, sha256};

/// A document and the tag that changes with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    pub(crate) body: Bytes,
    /// A strong entity tag (RFC 9110, section 8.8.3), with its quotes.
    pub(crate) etag: String,
}

impl Document {
    pub(crate) fn new(body: String) -> Self {
        let etag = format!("\"{}\"", hex_lower(sha256(&body).get(..12).unwrap_or_default()));
        Self { body: Bytes::from(body), etag }
    }
}
