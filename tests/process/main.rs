//! The program as operators meet it: a process of its own, with signals, exit codes and a mail server.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]
#![expect(clippy::indexing_slicing, reason = "JSON is looked into by name")]
#![expect(clippy::disallowed_methods, reason = "processes are waited for by the real clock")]

mod administration;
mod backups;
#[path = "../support/certificate.rs"]
mod certificate;
mod commands;
mod crashes;
mod damage;
#[cfg(target_os = "linux")]
mod disk_full;
#[path = "../support/house.rs"]
mod house;
#[path = "../support/http.rs"]
mod http;
mod mail;
mod mistakes;
mod nodes;
mod partner;
#[cfg(target_os = "linux")]
mod power_loss;
mod reasons;
#[path = "../support/smtp.rs"]
#[expect(dead_code, reason = "the tests of the mail room use the rest of it")]
mod smtp;
mod timing;
mod tls;
