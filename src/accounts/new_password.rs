//! Choosing a password: the same judgement wherever somebody chooses one.

use crate::base::Fault;
use crate::hash::{Busy, Verdict as HashVerdict};
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

/// What came of judging a choice by itself.
pub(crate) enum Judged {
    Fit,
    Unfit(Refusal),
    /// Too many people are logging in at this moment.
    Busy,
}

/// Judges a choice and hashes it where it is good.
pub(super) async fn choose(kit: &Kit, user: &User, service: &str, typed: Typed<'_>) -> Result<Choice, Fault> {
    let chooser = Chooser { name: &user.name, email: user.email.shown(), service };
    match judge(kit, &chooser, typed).await? {
        Judged::Fit => {}
        Judged::Unfit(refusal) => return Ok(Choice::Refused(refusal)),
        Judged::Busy => return Ok(Choice::Busy),
    }
    hash(kit, user, typed.0).await
}

/// Hashes a choice that was judged. It must differ from the password there was.
pub(super) async fn hash(kit: &Kit, user: &User, new: &str) -> Result<Choice, Fault> {
    if user.password.is_some() {
        match kit.hasher.verify(new, user.password.as_deref()).await? {
            Ok(HashVerdict::Wrong) => {}
            Ok(_) => return Ok(Choice::Refused(Refusal::SameAsBefore)),
            Err(_) => return Ok(Choice::Busy),
        }
    }
    Ok(match kit.hasher.hash(new, &*kit.random).await? {
        Ok(hash) => Choice::Good(hash),
        Err(_) => Choice::Busy,
    })
}

/// Judges what was typed by itself.
pub(crate) async fn judge(
    kit: &Kit,
    chooser: &Chooser<'_>,
    (new, confirmation): Typed<'_>,
) -> Result<Judged, Fault> {
    let Ok(problem) = problem(kit, chooser, new).await? else { return Ok(Judged::Busy) };
    let refusal = match problem {
        Some(Problem::Empty) if confirmation.is_empty() => Refusal::ConfirmationEmpty { both: true },
        Some(problem) => Refusal::Password(problem),
        None if confirmation.is_empty() => Refusal::ConfirmationEmpty { both: false },
        None if new != confirmation => Refusal::Different,
        None => return Ok(Judged::Fit),
    };
    Ok(Judged::Unfit(refusal))
}

/// What is wrong with a password.
pub(crate) async fn problem(
    kit: &Kit,
    chooser: &Chooser<'_>,
    password: &str,
) -> Result<Result<Option<Problem>, Busy>, Fault> {
    let shortest = kit.settings().login.password_min_length;
    let [name, email, service] = [chooser.name, chooser.email, chooser.service].map(str::to_owned);
    let judgement = move |password: &str| {
        let chooser = Chooser { name: &name, email: &email, service: &service };
        password::judge(password, &chooser, shortest).err()
    };
    kit.hasher.judge(password, judgement).await
}
