//! Choosing a password: the same judgement wherever somebody chooses one.

use crate::base::Fault;
use crate::hash::Verdict as HashVerdict;
use crate::kit::Kit;
use crate::model::User;
use crate::policy::password::{self, Chooser, Problem};

/// What is wrong with a choice, field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Password(Problem),
    SameAsBefore,
    /// The first field is empty as well where `both`.
    ConfirmationEmpty {
        both: bool,
    },
    Different,
}

/// What came of a choice.
pub(super) enum Choice {
    /// Good; its hash.
    Good(String),
    Refused(Refusal),
    /// Too many people are logging in at this moment.
    Busy,
}

/// What somebody typed: the password and the same again.
pub(crate) type Typed<'a> = (&'a str, &'a str);

/// Judges a choice and hashes it where it is good. It must differ from the password there was.
pub(super) async fn choose(kit: &Kit, user: &User, service: &str, typed: Typed<'_>) -> Result<Choice, Fault> {
    let chooser = Chooser { name: &user.name, email: user.email.shown(), service };
    if let Err(refusal) = judge(kit, &chooser, typed) {
        return Ok(Choice::Refused(refusal));
    }
    if user.password.is_some() {
        match kit.hasher.verify(typed.0, user.password.as_deref()).await? {
            Ok(HashVerdict::Wrong) => {}
            Ok(_) => return Ok(Choice::Refused(Refusal::SameAsBefore)),
            Err(_) => return Ok(Choice::Busy),
        }
    }
    Ok(match kit.hasher.hash(typed.0, &*kit.random).await? {
        Ok(hash) => Choice::Good(hash),
        Err(_) => Choice::Busy,
    })
}

/// Judges what was typed by itself.
pub(crate) fn judge(kit: &Kit, chooser: &Chooser<'_>, (new, confirmation): Typed<'_>) -> Result<(), Refusal> {
    match password::judge(new, chooser, kit.settings().login.password_min_length) {
        Err(Problem::Empty) if confirmation.is_empty() => Err(Refusal::ConfirmationEmpty { both: true }),
        Err(problem) => Err(Refusal::Password(problem)),
        Ok(()) if confirmation.is_empty() => Err(Refusal::ConfirmationEmpty { both: false }),
        Ok(()) if new != confirmation => Err(Refusal::Different),
        Ok(()) => Ok(()),
    }
}
