//! The ground floor: small types that every room may use and that know nothing of any room.
//!
//! Identifiers, secrets and their digests, time and chance, the one kind of internal failure, and every
//! route path.

mod chance;
pub(crate) mod cores;
mod document;
mod encode;
mod fault;
mod id;
mod json;
pub(crate) mod paths;
mod secret;
mod time;
pub(crate) mod words;

#[cfg(test)]
pub(crate) use chance::SeededRandom;
pub(crate) use chance::{OsRandom, Random};
pub(crate) use document::Document;
pub(crate) use encode::{
    base64, base64_decode, base64url, base64url_decode, constant_time_eq, hex_lower, sha256, sha512,
};
pub(crate) use fault::{Error, Fault};
pub(crate) use id::{
    ClientId, EventId, FlowId, GrantId, Kid, LetterId, ReviewId, SessionId, Subject, UserId,
};
pub(crate) use json::strict_json;
pub(crate) use secret::{Digest, DigestKey, Kind, Secret, hmac_sha256, kinds};
#[cfg(test)]
pub(crate) use time::ManualClock;
pub(crate) use time::{Clock, Span, SystemClock, Timestamp};
