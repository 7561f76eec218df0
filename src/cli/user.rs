//! `gatehouse user`.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::why::Why;
use super::{Failure, ask, open, show, user_care, user_import, user_list, user_show, user_update};
use crate::admin::users::{self, NewUser};
use crate::config::Config;
use crate::kit::Kit;
use crate::model::{Actor, Email, Profile};

#[derive(Subcommand)]
pub(super) enum Action {
    /// Add a person. Without a password they cannot log in until `gatehouse user invite EMAIL` has sent them a link to
    /// choose one; for somebody new, `user invite` does both.
    Add(Add),
    /// Add many people from a CSV file, or everybody from another system with their passwords.
    Import(user_import::Options),
    /// List people.
    List(user_list::Options),
    /// Show a person.
    Show {
        /// Their email.
        email: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change somebody's name, email or organisation.
    Update(user_update::Options),
    /// Take away the right to log in, and end every session.
    Disable {
        /// Their email.
        email: String,
        /// Do not ask for confirmation.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Give back the right to log in.
    Enable {
        /// Their email.
        email: String,
        #[command(flatten)]
        why: Why,
    },
    #[command(flatten)]
    Care(user_care::Care),
    /// Set a password, and end every session.
    SetPassword {
        /// Their email.
        email: String,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        why: Why,
    },
}

#[derive(Args)]
pub(super) struct Add {
    /// The email they log in with and are written to.
    #[arg(long)]
    email: String,
    /// The name they are greeted by.
    #[arg(long)]
    name: String,
    /// The school, practice or council they belong to.
    #[arg(long)]
    organisation: Option<String>,
    /// A JSON file with further standard claims, such as given_name and phone_number.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordSource,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    why: Why,
}

/// Where a password comes from. Never from the arguments: other users of the machine can read those.
#[derive(Args)]
#[group(multiple = false)]
pub(super) struct PasswordSource {
    /// Read the password from a file.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Read the password from the first line of standard input.
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordSource {
    /// The password, asked for at a terminal where no source is named and somebody sits there.
    fn read(&self, prompt: bool) -> Result<Option<String>, Failure> {
        let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
        if let Some(file) = &self.password_file {
            let text = std::fs::read_to_string(file)
                .map_err(|error| Failure(format!("{} cannot be read: {error}", file.display())))?;
            return Ok(Some(first_line(text)));
        }
        if self.password_stdin {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line)?;
            return Ok(Some(first_line(line)));
        }
        if !prompt {
            return Ok(None);
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure(
                "say where the password comes from: --password-file or --password-stdin".to_owned(),
            ));
        }
        let first = rpassword::prompt_password("New password: ")?;
        let second = rpassword::prompt_password("The same again: ")?;
        if first != second {
            return Err(Failure("the two passwords differ; nothing has been changed".to_owned()));
        }
        Ok(Some(first))
    }
}

pub(super) async fn run(config: Config, action: Action) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    match action {
        Action::Add(arguments) => add(&kit, arguments).await,
        Action::Import(options) => user_import::run(&kit, options).await,
        Action::List(options) => user_list::run(&kit, options).await,
        Action::Show { email, json } => user_show::run(&kit, &email, json).await,
        Action::Update(options) => user_update::run(&kit, options).await,
        Action::Disable { email, yes, why } => {
            let user = users::find(&kit, &Actor::Operator, &email).await?;
            ask::confirm(
                &format!("Deactivate {} ({}), and log them out everywhere?", user.name, user.email),
                yes,
            )?;
            set_active(&kit, &why.actor(), &email, false).await
        }
        Action::Care(care) => user_care::run(&kit, care).await,
        Action::Enable { email, why } => set_active(&kit, &why.actor(), &email, true).await,
        Action::SetPassword { email, password, why } => {
            let user = users::find(&kit, &Actor::Operator, &email).await?;
            let password = password.read(true)?.unwrap_or_default();
            users::set_password(&kit, &why.actor(), &user, &password).await?;
            show::line(format_args!("{} has a new password, and every session has ended.", user.email));
            Ok(())
        }
    }
}

async fn add(kit: &Kit, arguments: Add) -> Result<(), Failure> {
    let email = Email::parse(&arguments.email)
        .map_err(|_| Failure(format!("{:?} is not an email address", arguments.email)))?;
    let profile = match &arguments.profile {
        Some(file) => read_profile(file)?,
        None => Profile::default(),
    };
    let new = NewUser {
        email,
        name: arguments.name,
        organisation: arguments.organisation,
        profile,
        password: arguments.password.read(false)?,
    };
    let added = users::add(kit, &arguments.why.actor(), new).await?;
    user_show::one(kit, &added, arguments.json).await?;
    if added.password.is_none() && !arguments.json {
        let email = &added.email;
        show::line(format_args!(
            "\nThey have no password yet, and cannot log in. Send them a link to choose one: gatehouse user invite \
             {email}\nor set one yourself: gatehouse user set-password {email}"
        ));
    }
    Ok(())
}

fn read_profile(file: &std::path::Path) -> Result<Profile, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure(format!("{} cannot be read: {error}", file.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure(format!("{} does not hold standard claims: {error}", file.display())))
}

async fn set_active(kit: &Kit, actor: &Actor, email: &str, active: bool) -> Result<(), Failure> {
    let user = users::find(kit, actor, email).await?;
    let said = match (active, users::set_active(kit, actor, &user, active).await?) {
        (true, true) => "can log in again",
        (false, true) => "is deactivated and logged out everywhere",
        (true, false) => "was not deactivated",
        (false, false) => "was already deactivated",
    };
    show::line(format_args!("{} {said}.", user.email));
    Ok(())
}
