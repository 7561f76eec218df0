//! One journey through the log-in pages, bound to one browser.

use crate::base::{ClientId, Error, Fault, FlowId, Secret, SessionId, kinds};
use crate::kit::Kit;
use crate::model::{Client, Email, Flow, FlowStage, Visit};
use crate::store::{challenges, flows};

/// What a journey begins with.
#[derive(Debug, Default)]
pub(crate) struct NewFlow {
    pub(crate) client_id: Option<ClientId>,
    /// The authorization request, frozen.
    pub(crate) request: Option<String>,
    /// An email to fill in.
    pub(crate) email: Option<String>,
    /// Whether somebody who is logged in has to prove it again.
    pub(crate) again: bool,
    /// A page of ours to go on to, where the journey leads to no service.
    pub(crate) returns_to: Option<String>,
    /// The session of somebody who is logged in, and has only to agree to something.
    pub(crate) agreeing: Option<SessionId>,
    /// A message to show on the first page.
    pub(crate) banner: Option<String>,
}

/// A journey that has begun, and the cookie that binds it to the browser.
pub(crate) struct Begun {
    pub(crate) id: FlowId,
    pub(crate) binding: Secret<kinds::Flow>,
}

/// A journey and the service it leads to.
pub(crate) struct Journey {
    pub(crate) flow: Flow,
    pub(crate) client: Option<Client>,
}

impl Journey {
    /// The name of the service that somebody is logging in to, for pages and emails.
    pub(crate) fn service(&self, kit: &Kit) -> String {
        self.client.as_ref().map_or_else(|| kit.service_name(), |client| client.name.clone())
    }
}

/// Too many journeys were begun from a network in this minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flooded;

/// Begins a journey for somebody of whom nothing is known: it is a row in the database, and so there are only so many in
/// a minute from one network.
pub(crate) async fn begin_for_stranger(
    kit: &Kit,
    new: NewFlow,
    visit: &Visit,
) -> Result<Begun, Error<Flooded>> {
    if kit.journeys.count(visit.network(), kit.now()) > kit.config.limits.journeys_per_minute {
        return Err(Error::Refused(Flooded));
    }
    Ok(begin(kit, new).await?)
}

/// Begins a journey.
pub(crate) async fn begin(kit: &Kit, new: NewFlow) -> Result<Begun, Fault> {
    let now = kit.now();
    let binding = Secret::generate(&*kit.random);
    let flow = Flow {
        id: FlowId::generate(now, &*kit.random),
        binding: kit.keyring.digest(&binding),
        client_id: new.client_id,
        request: new.request.or(new.returns_to),
        stage: new.agreeing.map_or(FlowStage::Password, |session_id| FlowStage::Welcome { session_id }),
        again: new.again,
        email: new.email,
        banner: new.banner,
        created_at: now,
        expires_at: now + kit.settings().login.flow,
    };
    let mut tx = kit.store.begin().await?;
    flows::insert(&mut tx, &flow).await?;
    tx.commit().await?;
    Ok(Begun { id: flow.id, binding })
}

/// What there is under the identifier of a journey.
pub(crate) enum Found {
    Live(Box<Journey>),
    /// It took too long; it was on its way to this service.
    Expired(Option<Box<Client>>),
    /// There is none, or it belongs to another browser.
    Nothing,
}

/// The journey with this identifier, where it belongs to the browser that asks.
pub(crate) async fn open(kit: &Kit, id: &FlowId, binding: &Secret<kinds::Flow>) -> Result<Found, Fault> {
    let flow = flows::by_id(&mut *kit.store.read().await?, id).await?;
    let Some(flow) = flow else { return Ok(Found::Nothing) };
    if !flow.binding.matches(&kit.keyring.digest(binding)) {
        return Ok(Found::Nothing);
    }
    let client = match &flow.client_id {
        Some(id) => kit.client(id).await?.map(|known| known.client.clone()).filter(Client::is_active),
        None => None,
    };
    if kit.now() >= flow.expires_at {
        return Ok(Found::Expired(client.map(Box::new)));
    }
    // A service that was switched off meanwhile takes its journeys with it.
    let whole = client.is_some() == flow.client_id.is_some();
    Ok(if whole { Found::Live(Box::new(Journey { flow, client })) } else { Found::Nothing })
}

/// The token that the forms of a journey carry.
pub(crate) fn form_token(kit: &Kit, flow: &Flow) -> String {
    kit.keyring.form_token(&["flow", flow.id.as_str(), flow.binding.as_str()])
}

/// Sends somebody who is logged in back to the first step, to log in as somebody else.
pub(crate) async fn start_again(kit: &Kit, flow: &Flow) -> Result<(), Fault> {
    let mut tx = kit.store.begin().await?;
    flows::start_again(&mut tx, &flow.id, kit.now()).await?;
    tx.commit().await
}

/// Ends an unfinished journey and its codes; `false` where it was finished or cancelled before.
pub(crate) async fn cancel(kit: &Kit, flow: &Flow) -> Result<bool, Fault> {
    let mut tx = kit.store.begin().await?;
    let cancelled = flows::cancel(&mut tx, &flow.id).await?;
    challenges::kill_all(&mut tx, &flow.id).await?;
    tx.commit().await?;
    Ok(cancelled)
}

/// Keeps the email that was typed, so that the next form has it filled in.
pub(crate) async fn remember_email(kit: &Kit, flow: &Flow, email: &Email) -> Result<(), Fault> {
    if flow.email.as_deref() == Some(email.shown()) {
        return Ok(());
    }
    let mut tx = kit.store.begin().await?;
    flows::set_email(&mut tx, &flow.id, email.shown()).await?;
    tx.commit().await
}

/// Has the next page show a message, once.
pub(crate) async fn tell(kit: &Kit, flow: &Flow, banner: &str) -> Result<(), Fault> {
    let mut tx = kit.store.begin().await?;
    flows::set_banner(&mut tx, &flow.id, banner).await?;
    tx.commit().await
}

/// Takes the message of a journey away, once it has been shown.
pub(crate) async fn forget_banner(kit: &Kit, flow: &Flow) -> Result<(), Fault> {
    if flow.banner.is_none() {
        return Ok(());
    }
    let mut tx = kit.store.begin().await?;
    flows::clear_banner(&mut tx, &flow.id).await?;
    tx.commit().await
}
