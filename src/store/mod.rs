//! What is kept, and the only room with SQL in it: one file a table.
//!
//! **The portable subset.** One set of statements runs on SQLite and PostgreSQL: columns are TEXT and BIGINT,
//! placeholders are `$1`, times are unix milliseconds, counts are `COUNT(*)`.
//!
//! **One-use things** are taken by one guarded `UPDATE … WHERE … RETURNING`, never looked at first and taken
//! after. Functions that write ask for a [`Tx`]; the use case owns it and commits it.
//!
//! **To add a table:** a migration, a file here with its `statements!`, a line in `STATEMENTS` of the tests, and
//! if it grows, an index and a line in [`purge`].

pub(crate) mod access_tokens;
pub(crate) mod administrators;
pub(crate) mod challenges;
pub(crate) mod clients;
pub(crate) mod consents;
mod db;
pub(crate) mod device_codes;
pub(crate) mod devices;
pub(crate) mod events;
pub(crate) mod facts;
pub(crate) mod flows;
pub(crate) mod grants;
pub(crate) mod holdings;
pub(crate) mod idempotency;
pub(crate) mod invitations;
pub(crate) mod logouts;
pub(crate) mod outbox;
pub(crate) mod people;
pub(crate) mod purge;
pub(crate) mod pushed_requests;
pub(crate) mod refresh_tokens;
pub(crate) mod registration_tokens;
pub(crate) mod restored;
pub(crate) mod reviews;
pub(crate) mod sealed_secrets;
pub(crate) mod services;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod signing_keys;
#[cfg(test)]
mod tests;
pub(crate) mod throttles;
pub(crate) mod trail;
pub(crate) mod uploads;
pub(crate) mod used_assertions;
pub(crate) mod users;
pub(crate) mod words;

pub(crate) use db::{Conn, Damage, Depth, Place, Store, Tx};
