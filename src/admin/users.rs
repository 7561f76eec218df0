//! Looking after people.

use super::{Flaw, Refusal, administrators, check, people};
use crate::accounts::{new_password, session};
use crate::audit::Entry;
use crate::base::{Error, Fault, Subject, UserId, base64url};
use crate::kit::Kit;
use crate::model::{Actor, Email, EventKind, Profile, User};
use crate::policy::password::{Chooser, Problem};
use crate::policy::permission::Action;
use crate::store::{Tx, challenges, users};

/// Somebody to be added.
pub(crate) struct NewUser {
    pub(crate) email: Email,
    pub(crate) name: String,
    pub(crate) organisation: Option<String>,
    pub(crate) profile: Profile,
    pub(crate) password: Option<String>,
}

const LONGEST_NAME: usize = 64;

/// Somebody who may be added as they are.
pub(super) struct Person {
    pub(super) email: Email,
    pub(super) name: String,
    pub(super) organisation: Option<String>,
    pub(super) profile: Profile,
    /// What relying parties know them by already.
    pub(super) subject: Option<Subject>,
    /// Of their password.
    pub(super) hash: Option<String>,
}

impl Person {
    /// Whether they bring something along that only another system can have given them.
    pub(super) fn comes_from_elsewhere(&self) -> bool {
        self.subject.is_some() || self.hash.is_some()
    }
}

/// Adds a person.
pub(crate) async fn add(kit: &Kit, actor: &Actor, new: NewUser) -> Result<User, Error<Refusal>> {
    check(actor, Action::InvitePeople, None)?;
    let taken = Refusal::Conflict(format!("{} already has an account", new.email));
    let person = prepare(kit, new).await?;
    let mut tx = kit.store.begin().await?;
    let user = add_in(kit, &mut tx, actor, person).await?.ok_or(Error::Refused(taken))?;
    tx.commit().await?;
    Ok(user)
}

/// Judges what is to be added, and hashes the password where there is one: not while a transaction is open.
pub(super) async fn prepare(kit: &Kit, new: NewUser) -> Result<Person, Error<Refusal>> {
    check_name(&new.name).map_err(|flaw| Error::Refused(Refusal::Unfit(vec![flaw])))?;
    let hash = match &new.password {
        Some(password) => Some(hash(kit, password, (&new.name, &new.email)).await?),
        None => None,
    };
    let NewUser { email, name, organisation, profile, password: _ } = new;
    // Reviews find people by it.
    let organisation = organisation.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(Person { email, name, organisation, profile, subject: None, hash })
}

/// Adds a person in the caller's transaction; `None` where somebody has the address or the subject already.
pub(super) async fn add_in(
    kit: &Kit,
    tx: &mut Tx,
    actor: &Actor,
    person: Person,
) -> Result<Option<User>, Fault> {
    let now = kit.now();
    let subject = match person.subject {
        Some(subject) => subject,
        None => new_subject(kit)?,
    };
    let user = User {
        id: UserId::generate(now, &*kit.random),
        subject,
        email: person.email,
        name: person.name,
        organisation: person.organisation,
        profile: person.profile,
        password_changed_at: person.hash.as_ref().map(|_| now),
        password: person.hash,
        last_login_at: None,
        created_at: now,
        updated_at: now,
        disabled_at: None,
        new_password_asked_at: None,
    };
    if !users::insert(tx, &user).await? {
        return Ok(None);
    }
    Entry::by(EventKind::UserAdded, actor).user(Some(&user.id)).record(kit, tx).await?;
    Ok(Some(user))
}

fn new_subject(kit: &Kit) -> Result<Subject, Fault> {
    let mut random = [0; 16];
    kit.random.fill(&mut random);
    Subject::parse(&base64url(random)).ok_or_else(|| Fault::new("no subject could be made"))
}

/// The person with an address.
pub(crate) async fn find(kit: &Kit, actor: &Actor, email: &str) -> Result<User, Error<Refusal>> {
    check(actor, Action::SeePeople, None)?;
    let unknown = || Error::Refused(Refusal::Unknown(format!("nobody has the email {email}")));
    let parsed = Email::parse(email).map_err(|_| unknown())?;
    users::by_email(&mut *kit.store.read().await?, &parsed).await?.ok_or_else(unknown)
}

/// Takes away the right to log in, with every session and grant; or gives it back.
pub(crate) async fn set_active(
    kit: &Kit,
    actor: &Actor,
    user: &User,
    active: bool,
) -> Result<bool, Error<Refusal>> {
    let mut tx = kit.store.begin().await?;
    people::check_on(&mut tx, actor, Action::ChangePeople, &user.id).await?;
    let changed = if active {
        let changed = users::set_active(&mut tx, &user.id, true, kit.now()).await?;
        if changed {
            Entry::by(EventKind::UserEnabled, actor).user(Some(&user.id)).record(kit, &mut tx).await?;
        }
        changed
    } else {
        administrators::keep_an_owner(&mut tx, &user.id).await?;
        deactivate_in(kit, &mut tx, actor, &user.id).await?
    };
    tx.commit().await?;
    kit.logout_bell.notify_one();
    Ok(changed)
}

/// Takes away the right to log in with all that hangs on it, in the caller's transaction; `false` where it was gone.
pub(super) async fn deactivate_in(
    kit: &Kit,
    tx: &mut Tx,
    actor: &Actor,
    user: &UserId,
) -> Result<bool, Fault> {
    if !users::set_active(tx, user, false, kit.now()).await? {
        return Ok(false);
    }
    session::end_everything(kit, tx, user).await?;
    challenges::kill_of_user(tx, user).await?;
    Entry::by(EventKind::UserDisabled, actor).user(Some(user)).record(kit, tx).await?;
    Ok(true)
}

/// Sets a password, and ends every session that began with another.
pub(crate) async fn set_password(
    kit: &Kit,
    actor: &Actor,
    user: &User,
    password: &str,
) -> Result<(), Error<Refusal>> {
    check(actor, Action::ChangePeople, None)?;
    let hash = hash(kit, password, (&user.name, &user.email)).await?;
    let mut tx = kit.store.begin().await?;
    people::check_on(&mut tx, actor, Action::ChangePeople, &user.id).await?;
    users::set_password(&mut tx, &user.id, &hash, kit.now()).await?;
    session::end_everything(kit, &mut tx, &user.id).await?;
    challenges::kill_of_user(&mut tx, &user.id).await?;
    Entry::by(EventKind::PasswordSet, actor).user(Some(&user.id)).record(kit, &mut tx).await?;
    tx.commit().await?;
    kit.logout_bell.notify_one();
    Ok(())
}

/// A name that can stand on pages and in letters.
pub(crate) fn check_name(name: &str) -> Result<(), Flaw> {
    let bad = |c: char| c.is_control() || matches!(c, '<' | '>' | '\u{2028}' | '\u{2029}');
    if name.trim().is_empty() {
        return Err(Flaw::of("name", "Enter a name"));
    }
    if name.chars().count() > LONGEST_NAME || name.chars().any(bad) || name.contains("://") {
        let say = format!(
            "Name must be {LONGEST_NAME} characters or fewer, without < or >, control characters or web addresses"
        );
        return Err(Flaw::of("name", say));
    }
    Ok(())
}

async fn hash(kit: &Kit, password: &str, (name, email): (&str, &Email)) -> Result<String, Error<Refusal>> {
    let service = &kit.service_name();
    let chooser = Chooser { name, email: email.shown(), service };
    let busy = |_| Error::Refused(Refusal::Busy);
    if let Some(problem) = new_password::problem(kit, &chooser, password).await?.map_err(busy)? {
        let say = match problem {
            Problem::Empty => "the password is empty".to_owned(),
            Problem::Short { characters } => {
                let shortest = kit.settings().login.password_min_length;
                format!("the password has {characters} characters; it must have {shortest}")
            }
            Problem::Long => "the password must be 1,000 characters or fewer".to_owned(),
            Problem::Common => "the password is too easy to guess: choose another".to_owned(),
            Problem::Personal => {
                "the password must not contain the name, the email or the service".to_owned()
            }
        };
        return Err(Error::Refused(Refusal::unfit("password", say)));
    }
    kit.hasher.hash(password, &*kit.random).await?.map_err(busy)
}
