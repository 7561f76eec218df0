//! A list of people that somebody has sent, between looking at it and saying yes.

use super::import::{self, Preview, Report};
use super::{Refusal, check, invitations};
use crate::base::{ClientId, Error, Fault, UserId, base64url};
use crate::kit::Kit;
use crate::model::Actor;
use crate::policy::permission::Action;
use crate::store::uploads;

fn context(id: &str) -> String {
    format!("upload {id}")
}

fn owner(actor: &Actor) -> Result<&UserId, Error<Refusal>> {
    actor.user_id().ok_or(Error::Refused(Refusal::Forbidden))
}

/// Says what would become of a file, and keeps the file under an identifier.
pub(crate) async fn look(
    kit: &Kit,
    actor: &Actor,
    bytes: &[u8],
) -> Result<(String, Preview), Error<Refusal>> {
    check(actor, Action::InvitePeople, None)?;
    let owner = owner(actor)?;
    let preview = import::preview(kit, actor, bytes).await?;
    let mut random = [0; 16];
    kit.random.fill(&mut random);
    let id = base64url(random);
    let sealed = kit.keyring.seal(&context(&id), bytes, &*kit.random)?;
    let mut tx = kit.store.begin().await?;
    uploads::insert(&mut tx, (&id, owner), &sealed, kit.now()).await?;
    tx.commit().await?;
    Ok((id, preview))
}

fn gone() -> Error<Refusal> {
    let say = "that list has been used, or is too old; send the file again";
    Error::Refused(Refusal::Conflict(say.to_owned()))
}

/// Says what would become of a file that is kept.
pub(crate) async fn look_again(kit: &Kit, actor: &Actor, id: &str) -> Result<Preview, Error<Refusal>> {
    check(actor, Action::InvitePeople, None)?;
    let sealed = uploads::find(&mut *kit.store.read().await?, id, owner(actor)?).await?.ok_or_else(gone)?;
    let bytes = kit.keyring.open(&context(id), &sealed)?;
    import::preview(kit, actor, &bytes).await
}

/// Adds and invites everybody in a file that was looked at. A second press finds it gone and does nothing.
pub(crate) async fn carry_out(
    kit: &Kit,
    actor: &Actor,
    id: &str,
    services: &[ClientId],
) -> Result<Report, Error<Refusal>> {
    // Others may have been added since it was looked at, and a service that cannot be named must not cost the list.
    let preview = look_again(kit, actor, id).await?;
    invitations::host(kit, actor, services).await?;
    if !take(kit, id, owner(actor)?).await? {
        return Err(gone());
    }
    import::carry_out(kit, actor, (preview, services), |_| {}).await
}

async fn take(kit: &Kit, id: &str, owner: &UserId) -> Result<bool, Fault> {
    let mut tx = kit.store.begin().await?;
    let taken = uploads::take(&mut tx, id, owner).await?;
    tx.commit().await?;
    Ok(taken)
}
