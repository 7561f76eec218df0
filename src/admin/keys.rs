//! The signing keys.

use super::{Refusal, check};
use crate::base::{Error, Kid, Timestamp};
use crate::keys::{self, Start};
use crate::kit::Kit;
use crate::model::{Actor, Algorithm};
use crate::policy::permission::Action;

/// What a key does at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Signs.
    Signing,
    /// Published, to sign later.
    Ready,
    /// Its tokens are still checked with it.
    Checking,
    /// Published to sign later, and replaced before it could.
    Replaced,
}

impl State {
    pub(crate) const fn shown(self) -> &'static str {
        match self {
            Self::Signing => "Signing",
            Self::Ready => "Ready",
            Self::Checking => "Checking only",
            Self::Replaced => "Replaced before use",
        }
    }
}

pub(crate) struct Listed {
    pub(crate) kid: Kid,
    pub(crate) algorithm: Algorithm,
    pub(crate) state: State,
    pub(crate) created_at: Timestamp,
    pub(crate) active_from: Timestamp,
    pub(crate) remove_after: Option<Timestamp>,
}

/// Every key that is published.
pub(crate) fn list(kit: &Kit, actor: &Actor) -> Result<Vec<Listed>, Error<Refusal>> {
    check(actor, Action::SeeKeys, None)?;
    Ok(published(kit))
}

/// Every key that is published, for whoever may know.
pub(crate) fn published(kit: &Kit) -> Vec<Listed> {
    let set = kit.signing.current();
    let now = kit.now();
    let listed = set.keys().iter().map(|key| {
        let signs = |at| set.signer(key.algorithm, at).is_some_and(|signer| signer.kid == key.kid);
        let state = match (signs(now), key.active_from > now) {
            (true, _) => State::Signing,
            (false, true) if signs(key.active_from) => State::Ready,
            (false, true) => State::Replaced,
            (false, false) => State::Checking,
        };
        Listed {
            kid: key.kid.clone(),
            algorithm: key.algorithm,
            state,
            created_at: key.created_at,
            active_from: key.active_from,
            remove_after: key.remove_after,
        }
    });
    listed.collect()
}

/// When a key next begins to sign in the place of another: one that is announced, or else one that will be when its
/// predecessor is old enough.
pub(crate) fn next_change(kit: &Kit, listed: &[Listed]) -> Option<Timestamp> {
    let keys = &kit.config.keys;
    let signing = listed.iter().filter(|key| key.state == State::Signing);
    let changes = signing.map(|key| {
        let announced =
            listed.iter().filter(|other| other.algorithm == key.algorithm && other.state == State::Ready);
        let planned = key.active_from + keys.rotate_after + keys.announce;
        announced.map(|other| other.active_from).min().unwrap_or(planned)
    });
    changes.min()
}

/// Makes a new key for each algorithm that has one.
pub(crate) async fn rotate(
    kit: &Kit,
    actor: &Actor,
    algorithms: Option<Algorithm>,
    start: Start,
) -> Result<Vec<(Algorithm, Kid)>, Error<Refusal>> {
    check(actor, Action::RotateKeys, None)?;
    let mut wanted: Vec<Algorithm> = match algorithms {
        Some(one) => vec![one],
        None => kit.signing.current().keys().iter().map(|key| key.algorithm).collect(),
    };
    wanted.dedup();
    let mut made = Vec::new();
    for algorithm in wanted {
        made.push((algorithm, keys::rotate(kit, actor, algorithm, start).await?));
    }
    Ok(made)
}
