//! The command line: parse, run, exit code.
//!
//! **To add a command:** a file here with its arguments and its `run`, a variant of [`Command`], a line in
//! [`dispatch`].

mod administrator;
mod apply;
mod ask;
mod audit;
mod audit_verify;
mod backup;
mod client;
mod client_brand;
mod client_check;
mod client_given;
mod client_invitation;
mod client_requests;
mod client_show;
mod client_tokens;
mod completions;
#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod findings;
mod key;
mod mail;
mod migrate;
mod open;
mod restore;
mod review;
mod serve;
mod session;
mod settings;
mod show;
mod status;
mod user;
mod user_care;
mod user_import;
mod user_list;
mod user_show;
mod user_update;
mod why;

use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use crate::admin::Refusal;
use crate::base::{Error, Fault};
use crate::config::{Config, ConfigError};
use crate::store::Damage;

/// An OpenID Connect identity provider for councils and their partners.
#[derive(Parser)]
#[command(name = "gatehouse", version, max_term_width = 100)]
struct Arguments {
    /// The configuration file. Without it, defaults and environment variables are used.
    #[arg(long, short, global = true, env = "GATEHOUSE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the provider.
    Serve,
    /// Start a provider to try out, with a sample portal and a page that shows every email. It takes its settings from
    /// its own options only, never from a configuration file or the environment.
    #[cfg(feature = "demo")]
    Demo(demo::Options),
    /// Bring the database up to date. The provider also does so when it starts.
    Migrate,
    /// Write a copy of an SQLite database into a new file, while the provider runs. Keep it apart from the master key.
    Backup(backup::Options),
    /// Put a backup in the place of the SQLite database, and log everybody out. Without a file, only the second: after a
    /// PostgreSQL database has been filled from a dump.
    Restore(restore::Options),
    /// Look after the signing keys.
    #[command(subcommand)]
    Key(key::Action),
    /// Look after people.
    #[command(subcommand)]
    User(user::Action),
    /// See who is logged in, and log them out.
    #[command(subcommand)]
    Session(session::Action),
    /// See the emails that are not sent.
    #[command(subcommand)]
    Mail(mail::Action),
    /// Show how things stand: people, logins, services and email.
    Status(status::Options),
    /// Register the services that people log in to.
    #[command(subcommand)]
    Client(client::Action),
    /// See and change settings while the provider runs: names, colours, how long things last.
    #[command(subcommand)]
    Settings(settings::Action),
    /// Show what applying a file would change.
    Plan(apply::Options),
    /// Make settings, services and administrators match a file.
    Apply(apply::Apply),
    /// Print the changed settings, services and administrators as a file for `apply`, without secrets.
    Export,
    /// Look after administrators and their roles.
    #[command(subcommand)]
    Administrator(administrator::Action),
    /// Ask a sponsor which people in an organisation still need access.
    #[command(subcommand)]
    Review(review::Action),
    /// Read the audit trail, export it, and check that nothing was changed or removed.
    #[command(subcommand)]
    Audit(audit::Action),
    /// Check the installation and say what needs fixing.
    Doctor(doctor::Options),
    /// Print the reference configuration: every setting, explained.
    Config,
    /// Print a completion script for a shell.
    Completions(completions::Options),
}

/// Why a command could not do what it was asked: sentences for the operator.
#[derive(Debug)]
struct Failure(String);

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self(fault.to_string())
    }
}

impl From<Damage> for Failure {
    fn from(damage: Damage) -> Self {
        Self(damage.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self(error.0)
    }
}

impl From<Error<Refusal>> for Failure {
    fn from(error: Error<Refusal>) -> Self {
        match error {
            Error::Refused(why) => Self(why.to_string()),
            Error::Fault(fault) => fault.into(),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Runs what the arguments ask for.
pub(crate) fn run() -> ExitCode {
    match dispatch(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(why)) => {
            for line in why.lines() {
                eprintln!("gatehouse: {line}");
            }
            ExitCode::from(2)
        }
    }
}

/// The environment, less what is not text: that cannot be a setting of ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn dispatch(arguments: Arguments) -> Result<(), Failure> {
    let load = || Config::load(arguments.config.as_deref(), environment());
    match arguments.command {
        Command::Serve => {
            let config = load()?;
            run_on(config.database.one_core, Box::pin(serve::run(config)))
        }
        #[cfg(feature = "demo")]
        Command::Demo(options) => run_on(options.one_core(), Box::pin(demo::run(options))),
        Command::Migrate => alone(migrate::run(load()?)),
        Command::Backup(options) => alone(backup::run(load()?, options)),
        Command::Restore(options) => alone(restore::run(load()?, options)),
        Command::Key(action) => alone(key::run(load()?, action)),
        Command::User(action) => alone(user::run(load()?, action)),
        Command::Session(action) => alone(session::run(load()?, action)),
        Command::Mail(action) => alone(mail::run(load()?, action)),
        Command::Status(options) => alone(status::run(load()?, options)),
        Command::Settings(action) => alone(settings::run(load()?, action)),
        Command::Plan(options) => alone(apply::plan(load()?, options)),
        Command::Apply(options) => alone(apply::apply(load()?, options)),
        Command::Export => alone(apply::export(load()?)),
        Command::Administrator(action) => alone(administrator::run(load()?, action)),
        Command::Review(action) => alone(review::run(load()?, action)),
        Command::Audit(action) => match audit::offline(&action) {
            Some(done) => done,
            None => alone(audit::run(load()?, action)),
        },
        Command::Client(action) => alone(client::run(load()?, action)),
        Command::Doctor(options) => alone(doctor::run(load()?, options)),
        Command::Config => {
            show::line(Config::reference().trim_end());
            Ok(())
        }
        Command::Completions(options) => completions::run(&options),
    }
}

/// Runs a command that needs no second thread.
fn alone(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    run_on(true, Box::pin(work))
}

/// Runs a command on the thread that calls, or with a thread for each core. On one core, a second thread would only take
/// turns with the first, and each turn costs more than it brings.
fn run_on(
    one_core: bool,
    work: Pin<Box<dyn Future<Output = Result<(), Failure>> + '_>>,
) -> Result<(), Failure> {
    let mut builder = if one_core { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    let runtime = builder.enable_all().build();
    runtime.map_err(|error| Failure(format!("no threads could be started: {error}")))?.block_on(work)
}
