//! The consent of people to what a service is told, for services that are not the council's own (OpenID Connect Core
//! 1.0, section 3.1.2.4). It is remembered, so that nobody is asked twice for the same, and can be withdrawn.

use crate::accounts::flow::Journey;
use crate::accounts::session::{self, Current};
use crate::audit::Entry;
use crate::base::{ClientId, Fault, UserId};
use crate::kit::Kit;
use crate::model::{Client, EventKind, FlowStage, Visit};
use crate::oidc::answer::{self, Denial};
use crate::oidc::authorize::request_of;
use crate::oidc::request::{Asked, ValidRequest};
use crate::oidc::response::AuthorizationResponse;
use crate::policy::{consent, lifetime};
use crate::store::consents::{self, Consent};
use crate::store::{Tx, flows, grants};

/// A question that somebody is to answer.
pub(crate) struct Question {
    pub(crate) current: Current,
    pub(crate) client: Client,
    /// What the service wants, in plain words.
    pub(crate) wants: Vec<&'static str>,
}

/// Whether somebody has to be asked before a request is answered.
pub(super) async fn is_needed(kit: &Kit, request: &ValidRequest, current: &Current) -> Result<bool, Fault> {
    let client = &request.reply.client;
    if !client.settings.asks_consent {
        return Ok(false);
    }
    let given = consents::scope(&mut *kit.store.read().await?, &current.user.id, &client.id).await?;
    Ok(request.asked.asks_again || !consent::covers(given.as_deref(), &wanted(&request.asked)))
}

/// Whether what a request asks for is agreed to, and stays so until the transaction is over.
pub(super) async fn holds(tx: &mut Tx, request: &ValidRequest, current: &Current) -> Result<bool, Fault> {
    let client = &request.reply.client;
    if !client.settings.asks_consent {
        return Ok(true);
    }
    let given = consents::hold(tx, &current.user.id, &client.id).await?;
    Ok(consent::covers(given.as_deref(), &wanted(&request.asked)))
}

fn wanted(asked: &Asked) -> Vec<&'static str> {
    let named = asked.claims.iter().flat_map(|claims| claims.userinfo.iter().chain(&claims.id_token));
    consent::wanted(asked.scope.iter().map(String::as_str), named.map(String::as_str))
}

/// The question of a journey; `None` where there is none, or none any more.
pub(crate) async fn question(kit: &Kit, journey: &Journey) -> Result<Option<Question>, Fault> {
    let (FlowStage::Welcome { session_id }, Some(request)) = (&journey.flow.stage, request_of(journey))
    else {
        return Ok(None);
    };
    let Some(current) = session::of_flow(kit, session_id).await? else { return Ok(None) };
    if !is_needed(kit, &request, &current).await? {
        return Ok(None);
    }
    let wants = consent::words(wanted(&request.asked).into_iter());
    Ok(Some(Question { current, client: request.reply.client, wants }))
}

/// Answers the service as the person decided; `None` where another answer was first.
pub(crate) async fn answer(
    kit: &Kit,
    journey: &Journey,
    agrees: bool,
    visit: &Visit,
) -> Result<Option<AuthorizationResponse>, Fault> {
    let Some(question) = question(kit, journey).await? else { return Ok(None) };
    let Some(request) = request_of(journey) else { return Ok(None) };
    let mut tx = kit.store.begin().await?;
    if !flows::finish(&mut tx, &journey.flow.id).await? {
        return Ok(None);
    }
    let kind = if agrees { EventKind::ConsentGiven } else { EventKind::ConsentRefused };
    Entry::by_visitor(kind, visit)
        .user(Some(&question.current.user.id))
        .client(Some(&question.client.id))
        .session(&question.current.session.id)
        .record(kit, &mut tx)
        .await?;
    let response = if agrees {
        let between = (&question.current.user.id, &question.client.id);
        remember(kit, &mut tx, between, &wanted(&request.asked)).await?;
        match answer::complete(kit, &mut tx, &request, &question.current).await? {
            Some(response) => response,
            None => return Ok(None),
        }
    } else {
        answer::deny(kit, &mut tx, &request, Denial::NotShared).await?
    };
    tx.commit().await?;
    Ok(Some(response))
}

/// Notes what somebody agreed to. What was agreed to before still holds.
pub(super) async fn remember(
    kit: &Kit,
    tx: &mut Tx,
    (user, client): (&UserId, &ClientId),
    wanted: &[&str],
) -> Result<(), Fault> {
    let before = consents::scope(tx, user, client).await?.unwrap_or_default();
    let mut scope: Vec<&str> = before.split(' ').filter(|value| !value.is_empty()).collect();
    scope.extend(wanted.iter().filter(|value| !before.split(' ').any(|known| known == **value)));
    let consent =
        Consent { client_id: client.clone(), scope: scope.join(" "), given_at: kit.now(), used_at: None };
    consents::put(tx, user, &consent).await
}

/// A service that somebody shares something with.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) consent: Consent,
    pub(crate) sees: Vec<&'static str>,
}

/// The services that a person agreed to share something with, by name.
pub(crate) async fn given(kit: &Kit, current: &Current) -> Result<Vec<Shared>, Fault> {
    let found = consents::of_user(&mut *kit.store.read().await?, &current.user.id).await?;
    let mut shared = Vec::new();
    for consent in found {
        if let Some(known) = kit.client(&consent.client_id).await? {
            let sees = consent::words(consent.scope.split(' '));
            shared.push(Shared { client: known.client.clone(), sees, consent });
        }
    }
    shared.sort_by(|one, other| one.client.name.cmp(&other.client.name));
    Ok(shared)
}

/// What came of a wish to stop sharing.
pub(crate) enum Withdrawn {
    Done,
    /// The log-in is too long ago for a change.
    Stale,
}

/// Takes a consent back, and everything that was granted under it.
pub(crate) async fn withdraw(
    kit: &Kit,
    current: &Current,
    client: &ClientId,
    visit: &Visit,
) -> Result<Withdrawn, Fault> {
    if !lifetime::session_is_fresh(&current.session, kit.now()) {
        return Ok(Withdrawn::Stale);
    }
    let mut tx = kit.store.begin().await?;
    if consents::remove(&mut tx, &current.user.id, client).await? {
        grants::revoke_between(&mut tx, &current.user.id, client, kit.now()).await?;
        Entry::by_visitor(EventKind::ConsentWithdrawn, visit)
            .user(Some(&current.user.id))
            .client(Some(client))
            .session(&current.session.id)
            .record(kit, &mut tx)
            .await?;
    }
    tx.commit().await?;
    Ok(Withdrawn::Done)
}
