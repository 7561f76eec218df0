//! Setting up an account by the link in an invitation. Opening the link uses nothing up: mail scanners open every link.

use crate::accounts::history;
use crate::accounts::new_password::{self, Choice, Refusal, Typed};
use crate::audit::Entry;
use crate::base::{Fault, Secret, UserId, kinds};
use crate::kit::Kit;
use crate::model::{Client, EventKind, Invitation, User, Visit};
use crate::store::{Conn, clients, invitations, users};

/// What there is behind a link.
pub(crate) enum Found {
    Open(Box<Invited>),
    /// Or of no use any more: the person has a password.
    Used,
    /// Expired, withdrawn, replaced by a newer one, or never ours: all the same to whoever holds the link.
    Over,
}

/// Somebody who was invited.
pub(crate) struct Invited {
    pub(crate) user: User,
    /// The services that they were invited to, as far as there still are.
    pub(crate) clients: Vec<Client>,
    invitation: Invitation,
}

impl Invited {
    /// The service in whose name they were; `None` for the council's.
    pub(crate) fn client(&self) -> Option<&Client> {
        led_by(&self.clients)
    }

    /// The name that it has on pages and in emails.
    pub(crate) fn service(&self, kit: &Kit) -> String {
        self.client().map_or_else(|| kit.service_name(), |client| client.name.clone())
    }
}

/// The service that an invitation to some has the name and the look of. Of several none stands for the others: then they
/// are the council's.
pub(crate) fn led_by(clients: &[Client]) -> Option<&Client> {
    match clients {
        [client] => Some(client),
        _ => None,
    }
}

/// The names of the services of an invitation that has the council's.
pub(crate) fn named_beside(clients: &[Client]) -> Vec<String> {
    match led_by(clients) {
        Some(_) => Vec::new(),
        None => clients.iter().map(|client| client.name.clone()).collect(),
    }
}

/// What came of choosing a password.
pub(crate) enum Step {
    Done,
    Refused(Refusal),
    Busy,
    /// The invitation ended meanwhile.
    Closed,
}

/// Looks behind a link.
pub(crate) async fn find(kit: &Kit, link: &Secret<kinds::Invitation>) -> Result<Found, Fault> {
    let mut conn = kit.store.read().await?;
    let found = invitations::by_digest(&mut conn, &kit.keyring.digest(link)).await?;
    let Some(invitation) = found else { return Ok(Found::Over) };
    if invitation.used_at.is_some() {
        return Ok(Found::Used);
    }
    let user = users::by_id(&mut conn, &invitation.user_id).await?.filter(User::is_active);
    if user.as_ref().is_some_and(|user| user.password.is_some()) {
        return Ok(Found::Used);
    }
    let Some(user) = user.filter(|_| invitation.is_open(kit.now())) else { return Ok(Found::Over) };
    let clients = still_there(&mut conn, &invitation).await?;
    Ok(Found::Open(Box::new(Invited { user, clients, invitation })))
}

/// The services that an invitation names and that people can log in to.
pub(crate) async fn still_there(conn: &mut Conn, invitation: &Invitation) -> Result<Vec<Client>, Fault> {
    let mut found = Vec::with_capacity(invitation.services.len());
    for id in &invitation.services {
        found.extend(clients::by_id(conn, id).await?.filter(Client::is_active));
    }
    Ok(found)
}

/// The services to which somebody was invited by whom their account was made, for as long as that is remembered.
pub(crate) async fn services_of(kit: &Kit, user: &UserId) -> Result<Vec<Client>, Fault> {
    let mut conn = kit.store.read().await?;
    match invitations::of_user(&mut conn, user).await?.filter(|invitation| invitation.used_at.is_some()) {
        Some(invitation) => still_there(&mut conn, &invitation).await,
        None => Ok(Vec::new()),
    }
}

/// Sets the first password and uses the invitation up, both or neither.
pub(crate) async fn accept(
    kit: &Kit,
    invited: &Invited,
    typed: Typed<'_>,
    visit: &Visit,
) -> Result<Step, Fault> {
    let hash = match new_password::choose(kit, &invited.user, &invited.service(kit), typed).await? {
        Choice::Good(hash) => hash,
        Choice::Refused(refusal) => return Ok(Step::Refused(refusal)),
        Choice::Busy => return Ok(Step::Busy),
    };
    let now = kit.now();
    let mut tx = kit.store.begin().await?;
    if invitations::take(&mut tx, &invited.invitation.digest, now).await?.as_ref() != Some(&invited.user.id) {
        return Ok(Step::Closed);
    }
    // Who got a password another way meanwhile keeps it: a link must not change it.
    if !users::set_first_password(&mut tx, &invited.user.id, &hash, now).await? {
        return Ok(Step::Closed);
    }
    Entry::by_visitor(EventKind::InvitationUsed, visit)
        .user(Some(&invited.user.id))
        .detail(history::seen(visit))
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    Ok(Step::Done)
}
