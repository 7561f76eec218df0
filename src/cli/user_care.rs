//! `gatehouse user`: what the support desk does for one person.

use std::collections::BTreeSet;

use clap::{Args, Subcommand};

use super::why::Why;
use super::{Failure, ask, show, user_import};
use crate::admin::people::{self, Detail};
use crate::admin::users::{self, NewUser};
use crate::admin::{Refusal, invitations, personal_data};
use crate::base::{ClientId, Error};
use crate::kit::Kit;
use crate::model::{Actor, Email, Profile};
use crate::view::when;

#[derive(Subcommand)]
pub(super) enum Care {
    /// Add a person and send them an invitation; somebody who has no password yet gets a new one.
    Invite(Invite),
    /// Withdraw an invitation.
    WithdrawInvitation(Person),
    /// Let somebody who was paused for wrong passwords log in again now.
    Unlock(Person),
    /// Have somebody choose a new password when they next log in, and log them out.
    AskNewPassword(Person),
    /// Log somebody out everywhere.
    LogOut(Person),
    /// Print everything that is held on somebody, as JSON.
    Export(Person),
    /// Erase somebody permanently. The audit trail keeps a record of what happened, without their details.
    Erase {
        /// Their email.
        email: String,
        /// Do not ask for confirmation.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        why: Why,
    },
}

#[derive(Args)]
pub(super) struct Person {
    /// Their email.
    email: String,
    #[command(flatten)]
    why: Why,
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
    /// The identifier of a service that they are invited to; may be given several times. One leads the invitation with its
    /// name and look; of several it is the council's, and names them all.
    #[arg(long = "service", value_name = "ID", value_parser = user_import::client_id)]
    services: Vec<ClientId>,
    #[command(flatten)]
    why: Why,
}

const WHO: &Actor = &Actor::Operator;

pub(super) async fn run(kit: &Kit, care: Care) -> Result<(), Failure> {
    match care {
        Care::Invite(options) => invite(kit, options).await,
        Care::WithdrawInvitation(Person { email, why }) => {
            let user = users::find(kit, WHO, &email).await?;
            let said = match invitations::withdraw(kit, &why.actor(), &user).await? {
                true => format!("The invitation to {email} has been withdrawn."),
                false => format!("{email} had no open invitation."),
            };
            show::line(said);
            Ok(())
        }
        Care::Unlock(Person { email, why }) => {
            let user = users::find(kit, WHO, &email).await?;
            people::unlock(kit, &why.actor(), &user).await?;
            show::line(match (user.is_active(), user.password.is_some()) {
                (true, true) => format!("{email} can log in again."),
                (false, _) => {
                    format!("{email} is deactivated: gatehouse user enable {email} lets them log in again.")
                }
                (true, false) => {
                    format!("{email} has no password yet: gatehouse user invite {email} sends them a link.")
                }
            });
            Ok(())
        }
        Care::AskNewPassword(Person { email, why }) => {
            people::ask_new_password(kit, &why.actor(), &users::find(kit, WHO, &email).await?).await?;
            show::line(format_args!("{email} will choose a new password when they next log in."));
            Ok(())
        }
        Care::LogOut(Person { email, why }) => {
            people::log_out(kit, &why.actor(), &users::find(kit, WHO, &email).await?).await?;
            show::line(format_args!("{email} is logged out everywhere."));
            Ok(())
        }
        Care::Export(Person { email, why }) => {
            let document = personal_data::export(kit, &why.actor(), &detail(kit, &email).await?).await?;
            show::json(&document);
            Ok(())
        }
        Care::Erase { email, yes, why } => erase(kit, &email, yes, &why.actor()).await,
    }
}

async fn detail(kit: &Kit, email: &str) -> Result<Detail, Failure> {
    let user = users::find(kit, WHO, email).await?;
    Ok(people::detail(kit, WHO, &user.id).await?)
}

async fn invite(kit: &Kit, options: Invite) -> Result<(), Failure> {
    let email = Email::parse(&options.email)
        .map_err(|_| Failure(format!("{:?} is not an email address", options.email)))?;
    let known = match users::find(kit, WHO, email.shown()).await {
        Ok(user) => Some(people::detail(kit, WHO, &user.id).await?),
        Err(Error::Refused(Refusal::Unknown(_))) => None,
        Err(error) => return Err(error.into()),
    };
    let until = match (known, options.name.as_ref()) {
        (Some(detail), _) => {
            refuse_differences(&detail, &options)?;
            invitations::invite_again(kit, &options.why.actor(), &detail).await?
        }
        (None, Some(name)) => {
            let new = NewUser {
                email: email.clone(),
                name: name.clone(),
                organisation: options.organisation,
                profile: Profile::default(),
                password: None,
            };
            invitations::invite(kit, &options.why.actor(), new, &options.services).await?.1
        }
        (None, None) => {
            return Err(Failure(format!("nobody has the email {email}; give --name to add them")));
        }
    };
    show::line(format_args!(
        "Invitation to {email} queued. It works until {}.",
        when::clock_time_and_date(until)
    ));
    Ok(())
}

/// Somebody who is known is invited again as they are: what says otherwise would be lost.
fn refuse_differences(detail: &Detail, options: &Invite) -> Result<(), Failure> {
    let user = &detail.user;
    let set = |ids: &[ClientId]| ids.iter().cloned().collect::<BTreeSet<ClientId>>();
    let before = detail.invitation.as_ref().map(|invitation| set(&invitation.services)).unwrap_or_default();
    let differs = [
        ("--name", options.name.as_ref().is_some_and(|name| *name != user.name)),
        (
            "--organisation",
            options.organisation.as_ref().is_some_and(|its| Some(its) != user.organisation.as_ref()),
        ),
        ("--service", !options.services.is_empty() && set(&options.services) != before),
    ];
    match differs.into_iter().find(|(_, differs)| *differs) {
        Some(("--service", _)) => Err(Failure(format!(
            "{} was invited before, to other services or to none: leave --service out to send it again",
            user.email
        ))),
        Some((option, _)) => Err(Failure(format!(
            "{0} has an account already, with another {1}: change it with gatehouse user update {0}, or leave \
             {option} out",
            user.email,
            option.trim_start_matches('-')
        ))),
        None => Ok(()),
    }
}

async fn erase(kit: &Kit, email: &str, yes: bool, actor: &Actor) -> Result<(), Failure> {
    let user = users::find(kit, WHO, email).await?;
    if !yes && !ask::is_somebody_there() {
        return Err(Failure("nobody can be asked here, and nobody has been erased: say --yes".to_owned()));
    }
    if !yes && !ask::agreed(&format!("Erase {} ({email}) permanently?", user.name))? {
        return Err(Failure("nobody has been erased".to_owned()));
    }
    personal_data::erase(kit, actor, &user).await?;
    show::line(format_args!("{email} has been erased."));
    Ok(())
}
