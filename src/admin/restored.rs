//! What is done once a copy has been put in the place of the database.

use serde_json::json;

use crate::audit::Entry;
use crate::base::Fault;
use crate::kit::Kit;
use crate::model::{Actor, EventKind};
use crate::store::restored::{self, Voided};
use crate::view::CODE_LETTERS;

/// Voids all that may have been used, ended or rotated since the copy was made, in one transaction.
///
/// No service is sent word that the sessions have ended: those that ended since the copy was made were reported then, and
/// how the others went on is not known here. Invitations still work, because the account that was set up with
/// one since then is not there any more and its owner has to set it up again; so do the browsers that are remembered,
/// which save nobody the password or the code.
pub(crate) async fn void(kit: &Kit, actor: &Actor) -> Result<Voided, Fault> {
    let mut tx = kit.store.begin().await?;
    let voided = restored::void(&mut tx, CODE_LETTERS, kit.now()).await?;
    let detail = json!({
        "sessions": voided.sessions, "grants": voided.grants, "access_tokens": voided.access_tokens,
        "letters": voided.letters,
    });
    Entry::by(EventKind::DatabaseRestored, actor).detail(detail).record(kit, &mut tx).await?;
    tx.commit().await?;
    Ok(voided)
}
