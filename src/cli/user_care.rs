//! `gatehouse user`: what the support desk does for one person.

use std::io::{IsTerminal as _, Write as _};

use clap::{Args, Subcommand};

use super::{Failure, show, user_import};
use crate::admin::people::{self, Detail};
use crate::admin::users::{self, NewUser};
use crate::admin::{invitations, personal_data};
use crate::base::ClientId;
use crate::kit::Kit;
use crate::model::{Actor, Email, Profile};
use crate::view::when;

#[derive(Subcommand)]
pub(super) enum Care {
    /// Add a person and send them an invitation; somebody who has no password yet gets a new one.
    Invite(Invite),
    /// Withdraw an invitation.
    WithdrawInvitation {
        /// Their email.
        email: String,
    },
    /// Let somebody log in again at once whom wrong passwords have paused.
    Unlock {
        /// Their email.
        email: String,
    },
    /// Have somebody choose a new password at their next log-in, and log them out.
    AskNewPassword {
        /// Their email.
        email: String,
    },
    /// Log somebody out everywhere.
    LogOut {
        /// Their email.
        email: String,
    },
    /// Print everything that is held on somebody, as JSON.
    Export {
        /// Their email.
        email: String,
    },
    /// Erase somebody for ever. The audit trail keeps what was done, without them.
    Erase {
        /// Their email.
        email: String,
        /// Do not ask before.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
pub(super) struct Invite {
    /// Their email.
    email: String,
    /// The name they are greeted by; needed for somebody new.
    #[arg(long)]
    name: Option<String>,
    /// The school, practice or council they belong to.
    #[arg(long)]
    organisation: Option<String>,
    /// The identifier of the service in whose name the invitation is sent.
    #[arg(long, value_name = "ID", value_parser = user_import::client_id)]
    service: Option<ClientId>,
}

const WHO: &Actor = &Actor::Operator;

pub(super) async fn run(kit: &Kit, care: Care) -> Result<(), Failure> {
    match care {
        Care::Invite(options) => invite(kit, options).await,
        Care::WithdrawInvitation { email } => {
            let user = users::find(kit, WHO, &email).await?;
            let said = match invitations::withdraw(kit, WHO, &user).await? {
                true => "works no more",
                false => "did not work any more",
            };
            show::line(format_args!("The invitation of {email} {said}."));
            Ok(())
        }
        Care::Unlock { email } => {
            people::unlock(kit, WHO, &users::find(kit, WHO, &email).await?).await?;
            show::line(format_args!("{email} can log in again."));
            Ok(())
        }
        Care::AskNewPassword { email } => {
            people::ask_new_password(kit, WHO, &users::find(kit, WHO, &email).await?).await?;
            show::line(format_args!("{email} will choose a new password at the next log-in."));
            Ok(())
        }
        Care::LogOut { email } => {
            people::log_out(kit, WHO, &users::find(kit, WHO, &email).await?).await?;
            show::line(format_args!("{email} is logged out everywhere."));
            Ok(())
        }
        Care::Export { email } => {
            let document = personal_data::export(kit, WHO, &detail(kit, &email).await?).await?;
            show::json(&document);
            Ok(())
        }
        Care::Erase { email, yes } => erase(kit, &email, yes).await,
    }
}

async fn detail(kit: &Kit, email: &str) -> Result<Detail, Failure> {
    let user = users::find(kit, WHO, email).await?;
    Ok(people::detail(kit, WHO, &user.id).await?)
}

async fn invite(kit: &Kit, options: Invite) -> Result<(), Failure> {
    let email = Email::parse(&options.email)
        .map_err(|_| Failure(format!("{:?} is not an email address", options.email)))?;
    let until = match (detail(kit, email.shown()).await, options.name) {
        (Ok(detail), _) => invitations::invite_again(kit, WHO, &detail).await?,
        (Err(_), Some(name)) => {
            let new = NewUser {
                email: email.clone(),
                name,
                organisation: options.organisation,
                profile: Profile::default(),
                password: None,
            };
            invitations::invite(kit, WHO, new, options.service.as_ref()).await?.1
        }
        (Err(_), None) => {
            return Err(Failure(format!("nobody has the email {email}: say their --name to add them")));
        }
    };
    show::line(format_args!(
        "Invitation to {email} queued. It works until {}.",
        when::clock_time_and_date(until)
    ));
    Ok(())
}

async fn erase(kit: &Kit, email: &str, yes: bool) -> Result<(), Failure> {
    let user = users::find(kit, WHO, email).await?;
    if !yes {
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Err(Failure(
                "nobody can be asked here, and nobody has been erased: say --yes".to_owned(),
            ));
        }
        eprint!("Erase {} ({email}) for ever? [y/N] ", user.name);
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            return Err(Failure("nobody has been erased".to_owned()));
        }
    }
    personal_data::erase(kit, WHO, &user).await?;
    show::line(format_args!("{email} has been erased."));
    Ok(())
}
