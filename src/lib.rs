//! Gatehouse: an OpenID Connect identity provider for councils and their partners.
//!
//! # The plan of the house
//!
//! Imports go down only; `tests/house.rs` holds the code to it.
//!
//! | floor | rooms | what they are |
//! |---|---|---|
//! | 6 | `cli` | parse, run, exit code |
//! | 5 | [`app`] | the wiring: the only file that sees every room |
//! | 4 | `web`, `jobs`, `portal` | the front door; what happens unasked; the sample relying party of `demo` |
//! | 3 | `audit` < `outbox` < `keys` < `accounts` < `clients` < `oidc` < `admin` | the use cases; each uses those to its left |
//! | 2 | `kit` | what a use case is handed |
//! | 1 | `store`, `jose`, `mail`, `view`, `certificate`, `fetch`, `hash`, `keyring`, `keyfile`, `policy` | one outside thing each; never one another |
//! | 0 | `base`, `config`, `model` | words |
//!
//! A use case decides and returns a small enum that says what it decided; only `web` knows status codes,
//! headers, cookies and pages. SQL lives in `store`, josekit in `jose`, lettre in `mail`, minijinja in `view`,
//! axum in `web`; requests of our own leave through `fetch`. One-use things are consumed by one guarded
//! `UPDATE … RETURNING`. Secrets are stored as digests, and their types keep them apart. Time and chance arrive as
//! arguments.

mod accounts;
mod admin;
mod app;
mod audit;
mod base;
mod certificate;
mod cli;
mod clients;
mod config;
mod fetch;
mod hash;
mod jobs;
mod jose;
mod keyfile;
mod keyring;
mod keys;
mod kit;
mod mail;
mod model;
mod oidc;
mod outbox;
mod policy;
#[cfg(feature = "demo")]
mod portal;
mod store;
mod view;
mod web;

#[cfg(test)]
#[path = "../tests/suite/mod.rs"]
mod suite;

/// Runs the command line; the exit code is 0 when it did what it was asked, 2 when it could not.
pub fn run() -> std::process::ExitCode {
    cli::run()
}
