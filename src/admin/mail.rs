//! The letters that wait and those that failed.

use super::{Refusal, check};
use crate::base::Error;
use crate::kit::Kit;
use crate::model::Actor;
use crate::policy::permission::Action;
use crate::store::outbox;

pub(crate) use crate::store::outbox::Standing;

/// The word that people see for how a letter stands.
pub(crate) fn state(letter: &Standing) -> &'static str {
    match letter.state.as_str() {
        "queued" => "Waiting",
        "failed" => "Failed",
        _ => "Too late",
    }
}

/// The newest letters that are not sent: those that wait, then those that failed.
pub(crate) async fn list(kit: &Kit, actor: &Actor) -> Result<Vec<Standing>, Error<Refusal>> {
    check(actor, Action::SeeMail, None)?;
    Ok(outbox::unsent(&mut *kit.store.read().await?).await?)
}
