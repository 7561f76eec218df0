//! Administrators and their roles, and how the first of them comes to be.

use serde_json::json;

use super::users::{self, NewUser};
use super::{Refusal, check};
use crate::accounts::letters;
use crate::accounts::new_password::{self, Judged, Refusal as PasswordRefusal, Typed};
use crate::audit::Entry;
use crate::base::{ClientId, Error, Fault, Secret, Span, UserId, kinds};
use crate::kit::Kit;
use crate::model::{Actor, Administrator, Email, EventKind, Profile, Role, User, Visit};
use crate::outbox;
use crate::policy::password::Chooser;
use crate::policy::permission::Action;
use crate::store::{Tx, administrators, clients, facts};

/// How long the link for setting up is good.
pub(crate) const LINK_LIFE: Span = Span::hours(1);

/// Somebody's standing as an administrator.
pub(crate) async fn find(kit: &Kit, id: &UserId) -> Result<Option<Administrator>, Fault> {
    let found = administrators::find(&mut *kit.store.read().await?, id).await?;
    Ok(found.map(|(role, services)| Administrator { user_id: id.clone(), role, services }))
}

/// Every administrator by name.
pub(crate) async fn list(kit: &Kit, actor: &Actor) -> Result<Vec<(User, Role)>, Error<Refusal>> {
    check(actor, Action::SeeAdministrators, None)?;
    Ok(administrators::all(&mut *kit.store.read().await?).await?)
}

/// Gives somebody a role, in the place of the one they had. Every administrator is told by mail.
pub(crate) async fn give(
    kit: &Kit,
    actor: &Actor,
    user: &User,
    (role, services): (Role, &[ClientId]),
) -> Result<(), Error<Refusal>> {
    check(actor, Action::ChangeAdministrators, None)?;
    if role == Role::Services && services.is_empty() {
        return Err(Error::Refused(Refusal::unfit("services", "Select at least one service")));
    }
    let mut services = if role == Role::Services { services.to_vec() } else { Vec::new() };
    services.sort();
    services.dedup();
    let by = name_of(kit, actor).await?;
    let told = administrators::all(&mut *kit.store.read().await?).await?;
    let mut tx = kit.store.begin().await?;
    for id in &services {
        if clients::by_id(&mut tx, id).await?.is_none() {
            return Err(Error::Refused(Refusal::unfit(
                "services",
                format!("There is no service with the ID {id}"),
            )));
        }
    }
    match role {
        Role::Owner => hold_roles(&mut tx).await?,
        _ => keep_an_owner(&mut tx, &user.id).await?,
    }
    administrators::put(&mut tx, &user.id, role, &services, kit.now()).await?;
    for (other, _) in told.iter().filter(|(other, _)| other.is_active()) {
        let content = letters::administrator_added(kit, &user.name, role.shown(), &by);
        let service = &kit.service_name();
        let expires_at = kit.now() + outbox::NOTICE_LIFE;
        outbox::queue(kit, &mut tx, outbox::Draft { to: &other.email, service, content, expires_at }).await?;
    }
    let named: Vec<&str> = services.iter().map(ClientId::as_str).collect();
    Entry::by(EventKind::RoleGiven, actor)
        .user(Some(&user.id))
        .detail(json!({ "role": role.name(), "services": named }))
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    kit.mail_bell.notify_one();
    Ok(())
}

/// Takes somebody's role away; `false` where they had none.
pub(crate) async fn take(kit: &Kit, actor: &Actor, user: &User) -> Result<bool, Error<Refusal>> {
    check(actor, Action::ChangeAdministrators, None)?;
    let mut tx = kit.store.begin().await?;
    keep_an_owner(&mut tx, &user.id).await?;
    let taken = administrators::remove(&mut tx, &user.id).await?;
    if taken {
        Entry::by(EventKind::RoleTaken, actor).user(Some(&user.id)).record(kit, &mut tx).await?;
    }
    tx.commit().await?;
    Ok(taken)
}

/// Without an owner nobody could make one. Two owners who remove each other at the same moment do it in turn.
pub(super) async fn keep_an_owner(tx: &mut Tx, user: &UserId) -> Result<(), Error<Refusal>> {
    hold_roles(tx).await?;
    let is_owner = administrators::find(tx, user).await?.is_some_and(|(role, _)| role == Role::Owner);
    if is_owner && administrators::owners_beside(tx, user).await? == 0 {
        let say = "this is the last owner: make somebody else an owner first";
        return Err(Error::Refused(Refusal::Conflict(say.to_owned())));
    }
    Ok(())
}

/// Lets nobody else give or take a role until the transaction ends.
pub(super) async fn hold_roles(tx: &mut Tx) -> Result<(), Fault> {
    facts::claim(tx, "changing owners").await
}

async fn name_of(kit: &Kit, actor: &Actor) -> Result<String, Fault> {
    let user = match actor.user_id() {
        Some(id) => crate::store::users::by_id(&mut *kit.store.read().await?, id).await?,
        None => None,
    };
    Ok(user.map_or_else(|| "a command on the server".to_owned(), |user| user.name))
}

/// A new link by which the first owner makes an account, while there is none; those before it work no more.
pub(crate) async fn set_up_link(kit: &Kit) -> Result<Option<Secret<kinds::SetUp>>, Fault> {
    if !administrators::all(&mut *kit.store.read().await?).await?.is_empty() {
        return Ok(None);
    }
    let link = Secret::generate(&*kit.random);
    let mut tx = kit.store.begin().await?;
    administrators::put_link(&mut tx, &kit.keyring.digest(&link), kit.now() + LINK_LIFE).await?;
    tx.commit().await?;
    Ok(Some(link))
}

/// Whether a link can still be used.
pub(crate) async fn link_is_good(kit: &Kit, link: &Secret<kinds::SetUp>) -> Result<bool, Fault> {
    let digest = kit.keyring.digest(link);
    administrators::link_is_good(&mut *kit.store.read().await?, &digest, kit.now()).await
}

/// Why the first owner was not made.
#[derive(Debug)]
pub(crate) enum NotSetUp {
    /// The link is not good any more.
    Link,
    Password(PasswordRefusal),
    Other(Refusal),
}

/// Who sets the provider up.
pub(crate) struct FirstOwner<'a> {
    pub(crate) name: String,
    pub(crate) email: Email,
    pub(crate) password: Typed<'a>,
}

/// Makes the first owner and uses the link up, both or neither.
pub(crate) async fn set_up(
    kit: &Kit,
    link: &Secret<kinds::SetUp>,
    first: FirstOwner<'_>,
    visit: &Visit,
) -> Result<User, Error<NotSetUp>> {
    let service = &kit.service_name();
    let chooser = Chooser { name: &first.name, email: first.email.shown(), service };
    match new_password::judge(kit, &chooser, first.password).await? {
        Judged::Fit => {}
        Judged::Unfit(refusal) => return Err(Error::Refused(NotSetUp::Password(refusal))),
        Judged::Busy => return Err(Error::Refused(NotSetUp::Other(Refusal::Busy))),
    }
    let other = |error: Error<Refusal>| match error {
        Error::Refused(refusal) => Error::Refused(NotSetUp::Other(refusal)),
        Error::Fault(fault) => Error::Fault(fault),
    };
    let new = NewUser {
        email: first.email,
        name: first.name,
        organisation: Some(kit.settings().brand.council.clone()),
        profile: Profile::default(),
        password: Some(first.password.0.to_owned()),
    };
    let taken = NotSetUp::Other(Refusal::Conflict(format!("{} already has an account", new.email)));
    let person = users::prepare(kit, new).await.map_err(other)?;
    let mut tx = kit.store.begin().await?;
    hold_roles(&mut tx).await?;
    if !administrators::use_link(&mut tx, &kit.keyring.digest(link), kit.now()).await? {
        return Err(Error::Refused(NotSetUp::Link));
    }
    let added = users::add_in(kit, &mut tx, &Actor::Operator, person).await?;
    let user = added.ok_or(Error::Refused(taken))?;
    first_owner(kit, &mut tx, &user, visit).await?;
    tx.commit().await?;
    Ok(user)
}

async fn first_owner(kit: &Kit, tx: &mut Tx, user: &User, visit: &Visit) -> Result<(), Fault> {
    administrators::put(tx, &user.id, Role::Owner, &[], kit.now()).await?;
    Entry::by_visitor(EventKind::SetUp, visit).user(Some(&user.id)).record(kit, tx).await
}
