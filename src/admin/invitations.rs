//! Inviting people: an account without a password, and a link by which its owner chooses one.

use super::people::{self, Detail};
use super::users::{self, NewUser};
use super::{Flaw, Refusal, check};
use crate::accounts::{invitation as accepted, letters};
use crate::audit::Entry;
use crate::base::{ClientId, Error, Fault, Secret, Span, Timestamp, paths};
use crate::kit::Kit;
use crate::model::{Actor, Client, EventKind, Invitation, User};
use crate::outbox;
use crate::policy::permission::Action;
use crate::store::{Tx, clients, invitations, users as user_rows};

/// How long an invitation is good.
const LIFE: Span = Span::days(7);
/// The field of the services.
const SERVICES: &str = "services";

/// Adds somebody and sends them an invitation to some services.
pub(crate) async fn invite(
    kit: &Kit,
    actor: &Actor,
    new: NewUser,
    services: &[ClientId],
) -> Result<(User, Timestamp), Error<Refusal>> {
    check(actor, Action::InvitePeople, None)?;
    let host = host(kit, actor, services).await?;
    let taken = Refusal::Conflict(format!("{} already has an account", new.email));
    let person = users::prepare(kit, new).await?;
    let mut tx = kit.store.begin().await?;
    let user = users::add_in(kit, &mut tx, actor, person).await?.ok_or(Error::Refused(taken))?;
    let expires_at = invite_in(kit, &mut tx, actor, &user, &host).await?;
    tx.commit().await?;
    kit.mail_bell.notify_one();
    Ok((user, expires_at))
}

/// Sends somebody who has no password yet a new invitation; the one before works no more.
pub(crate) async fn invite_again(
    kit: &Kit,
    actor: &Actor,
    detail: &Detail,
) -> Result<Timestamp, Error<Refusal>> {
    check(actor, Action::InvitePeople, None)?;
    if detail.user.password.is_some() || !detail.user.is_active() {
        let say =
            format!("{} already has a password or is deactivated, so cannot be invited", detail.user.name);
        return Err(Error::Refused(Refusal::Conflict(say)));
    }
    let mut host = host(kit, actor, &[]).await?;
    if let Some(before) = &detail.invitation {
        host.clients = accepted::still_there(&mut *kit.store.read().await?, before).await?;
    }
    let mut tx = kit.store.begin().await?;
    people::check_on(&mut tx, actor, Action::InvitePeople, &detail.user.id).await?;
    let expires_at = invite_in(kit, &mut tx, actor, &detail.user, &host).await?;
    tx.commit().await?;
    kit.mail_bell.notify_one();
    Ok(expires_at)
}

/// Withdraws an invitation; `false` where none was open.
pub(crate) async fn withdraw(kit: &Kit, actor: &Actor, user: &User) -> Result<bool, Error<Refusal>> {
    let mut tx = kit.store.begin().await?;
    people::check_on(&mut tx, actor, Action::InvitePeople, &user.id).await?;
    let withdrawn = invitations::withdraw(&mut tx, &user.id, kit.now()).await?;
    if withdrawn {
        Entry::by(EventKind::InvitationWithdrawn, actor).user(Some(&user.id)).record(kit, &mut tx).await?;
    }
    tx.commit().await?;
    Ok(withdrawn)
}

/// Who invites, and to what.
pub(crate) struct Host {
    inviter: String,
    clients: Vec<Client>,
}

/// Who the letter says invites, and the services that it names.
pub(crate) async fn host(kit: &Kit, actor: &Actor, services: &[ClientId]) -> Result<Host, Error<Refusal>> {
    let mut conn = kit.store.read().await?;
    let inviter = match actor.user_id() {
        Some(id) => user_rows::by_id(&mut conn, id).await?.map(|user| match user.organisation {
            Some(organisation) => format!("{} of {organisation}", user.name),
            None => user.name,
        }),
        None => None,
    };
    let mut named: Vec<Client> = Vec::new();
    let mut flaws = Vec::new();
    for id in services {
        match clients::by_id(&mut conn, id).await?.filter(Client::is_active) {
            Some(client) if named.iter().any(|other| other.id == client.id) => {}
            Some(client) => named.push(client),
            None => flaws.push(Flaw::of(SERVICES, format!("There is no service with the ID {id}"))),
        }
        if named.len() > Invitation::MOST_SERVICES {
            flaws.push(Flaw::of(SERVICES, format!("Choose at most {} services", Invitation::MOST_SERVICES)));
            break;
        }
    }
    if !flaws.is_empty() {
        return Err(Error::Refused(Refusal::Unfit(flaws)));
    }
    named.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Host { inviter: inviter.unwrap_or_else(|| kit.settings().brand.council.clone()), clients: named })
}

/// Makes an invitation and queues its letter in the caller's transaction; until when it is good.
pub(crate) async fn invite_in(
    kit: &Kit,
    tx: &mut Tx,
    actor: &Actor,
    user: &User,
    host: &Host,
) -> Result<Timestamp, Fault> {
    let link = Secret::generate(&*kit.random);
    let now = kit.now();
    let invitation = Invitation {
        user_id: user.id.clone(),
        digest: kit.keyring.digest(&link),
        services: host.clients.iter().map(|client| client.id.clone()).collect(),
        inviter: host.inviter.clone(),
        created_at: now,
        expires_at: now + LIFE,
        used_at: None,
        withdrawn_at: None,
    };
    invitations::put(tx, &invitation).await?;
    let led_by = accepted::led_by(&host.clients);
    let service = &led_by.map_or_else(|| kit.service_name(), |client| client.name.clone());
    let address = paths::INVITATION_LINK.replace("{token}", link.reveal());
    let address = format!("{}{address}", kit.config.issuer());
    let named = accepted::named_beside(&host.clients);
    let content = letters::invitation(kit, (service, named), (&host.inviter, address), invitation.expires_at);
    let draft = outbox::Draft { to: &user.email, service, content, expires_at: invitation.expires_at };
    outbox::queue(kit, tx, draft).await?;
    Entry::by(EventKind::UserInvited, actor).user(Some(&user.id)).record(kit, tx).await?;
    Ok(invitation.expires_at)
}
