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
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(arguments)),
        Err(error) => Err(Failure(format!("no threads could be started: {error}"))),
    };
    match done {
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

async fn dispatch(arguments: Arguments) -> Result<(), Failure> {
    let load = || Config::load(arguments.config.as_deref(), environment());
    match arguments.command {
        Command::Serve => serve::run(load()?).await,
        #[cfg(feature = "demo")]
        Command::Demo(options) => demo::run(options).await,
        Command::Migrate => migrate::run(load()?).await,
        Command::Backup(options) => backup::run(load()?, options).await,
        Command::Restore(options) => restore::run(load()?, options).await,
        Command::Key(action) => key::run(load()?, action).await,
        Command::User(action) => user::run(load()?, action).await,
        Command::Session(action) => session::run(load()?, action).await,
        Command::Mail(action) => mail::run(load()?, action).await,
        Command::Status(options) => status::run(load()?, options).await,
        Command::Settings(action) => settings::run(load()?, action).await,
        Command::Plan(options) => apply::plan(load()?, options).await,
        Command::Apply(options) => apply::apply(load()?, options).await,
        Command::Export => apply::export(load()?).await,
        Command::Administrator(action) => administrator::run(load()?, action).await,
        Command::Review(action) => review::run(load()?, action).await,
        Command::Audit(action) => match audit::offline(&action) {
            Some(done) => done,
            None => audit::run(load()?, action).await,
        },
        Command::Client(action) => client::run(load()?, action).await,
        Command::Doctor(options) => doctor::run(load()?, options).await,
        Command::Config => {
            show::line(Config::reference().trim_end());
            Ok(())
        }
        Command::Completions(options) => completions::run(&options),
    }
}
