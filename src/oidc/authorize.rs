//! The authorization endpoint (OpenID Connect Core 1.0, section 3.1.2).

use crate::accounts::flow::{self, Begun, Flooded, Journey, NewFlow};
use crate::accounts::session::{self, Current};
use crate::base::{Error, Fault};
use crate::kit::Kit;
use crate::model::{Client, FlowStage, Visit};
use crate::oidc::answer::{self, Denial};
use crate::oidc::consent;
use crate::oidc::error::{AuthorizeError, ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::oidc::request::{self, ValidRequest, Wishes};
use crate::oidc::response::AuthorizationResponse;
use crate::policy::lifetime;
use crate::policy::prompt::{self, Standing, Step};
use crate::policy::redirect::ValidRedirect;
use crate::store::{flows, sessions};

/// What comes of an authorization request.
pub(crate) enum Authorization {
    /// The relying party has its answer.
    Answer(AuthorizationResponse),
    /// Somebody has to log in first.
    LogIn(Begun),
    /// Somebody has to agree first.
    AskConsent(Begun),
    /// Somebody has to log in, and too many from their network have begun to at this moment.
    Flooded,
}

/// What comes of going on from the log-in pages to the service.
pub(crate) enum Onward {
    Answer(AuthorizationResponse),
    /// There was no request to answer, or it was answered before: the service's own page.
    Home(Option<ValidRedirect>),
    /// A page of our own, for which somebody had to log in.
    Within(String),
    /// The person has to agree first.
    AskConsent,
    /// The journey has not come this far.
    NotYet,
}

/// Answers a request, or begins the journey that it needs.
pub(crate) async fn authorize(
    kit: &Kit,
    params: &Params,
    session: Option<&Current>,
    visit: &Visit,
) -> Result<Authorization, AuthorizeError> {
    let (request, wishes) = request::validate(kit, params).await?;
    let standing = session.map(|current| Standing {
        authenticated_at: current.session.authenticated_at,
        is_hinted_person: answer::is_asked_about(kit, &request, current),
    });
    match (prompt::step(wishes.prompt, wishes.max_age, standing, kit.now()), session) {
        (Step::Proceed, Some(current)) if consent::is_needed(kit, &request, current).await? => {
            if wishes.prompt.none {
                let say = "the person has not agreed to share this and no page may be shown";
                return Err(request.reply.refuse(kit, OAuthError::new(ErrorCode::ConsentRequired, say)));
            }
            let agreeing = Some(current.session.id.clone());
            let new = towards(&request, NewFlow { agreeing, ..NewFlow::default() })?;
            Ok(Authorization::AskConsent(flow::begin(kit, new).await?))
        }
        (Step::Proceed, Some(current)) => {
            let mut tx = kit.store.begin().await?;
            let Some(response) = answer::complete(kit, &mut tx, &request, current).await? else {
                drop(tx);
                return log_in_first(kit, &request, wishes, visit).await;
            };
            if lifetime::session_wants_touch(&current.session, kit.now()) {
                sessions::touch(&mut tx, &current.session.id, kit.now()).await?;
            }
            tx.commit().await?;
            Ok(Authorization::Answer(response))
        }
        (Step::LoginRequired, _) => Err(nobody(kit, &request)),
        (Step::LogIn { again }, _) => {
            let new = NewFlow { email: wishes.login_hint, again, ..NewFlow::default() };
            begin(kit, towards(&request, new)?, visit).await
        }
        (Step::Proceed, None) => log_in_first(kit, &request, wishes, visit).await,
    }
}

/// Has somebody log in, where that may be asked of them.
async fn log_in_first(
    kit: &Kit,
    request: &ValidRequest,
    wishes: Wishes,
    visit: &Visit,
) -> Result<Authorization, AuthorizeError> {
    if wishes.prompt.none {
        return Err(nobody(kit, request));
    }
    let new = NewFlow { email: wishes.login_hint, ..NewFlow::default() };
    begin(kit, towards(request, new)?, visit).await
}

fn nobody(kit: &Kit, request: &ValidRequest) -> AuthorizeError {
    let say = "nobody is logged in who could be asked";
    request.reply.refuse(kit, OAuthError::new(ErrorCode::LoginRequired, say))
}

async fn begin(kit: &Kit, new: NewFlow, visit: &Visit) -> Result<Authorization, AuthorizeError> {
    match flow::begin_for_stranger(kit, new, visit).await {
        Ok(begun) => Ok(Authorization::LogIn(begun)),
        Err(Error::Refused(Flooded)) => Ok(Authorization::Flooded),
        Err(Error::Fault(fault)) => Err(fault.into()),
    }
}

/// A journey that ends with the answer to a request.
fn towards(request: &ValidRequest, new: NewFlow) -> Result<NewFlow, Fault> {
    let frozen = request.freeze().ok_or_else(|| Fault::new("a request cannot be written down"))?;
    let client_id = Some(request.reply.client.id.clone());
    Ok(NewFlow { client_id, request: Some(frozen), ..new })
}

/// Whether people are greeted before they go back to a service.
pub(crate) fn greets(kit: &Kit, client: Option<&Client>) -> bool {
    client.and_then(|client| client.settings.welcome_page).unwrap_or(kit.settings().login.welcome_page)
}

/// Goes on from a finished log-in. The code is made at this moment, so that its short life is not spent on
/// reading the greeting; pressing twice makes only one.
pub(crate) async fn go_on(kit: &Kit, journey: &Journey) -> Result<Onward, Fault> {
    let home = || Onward::Home(journey.client.as_ref().and_then(crate::policy::redirect::home_page));
    let session_id = match &journey.flow.stage {
        FlowStage::Welcome { session_id } => session_id,
        FlowStage::Done => return Ok(home()),
        _ => return Ok(Onward::NotYet),
    };
    let Some(current) = session::of_flow(kit, session_id).await? else { return Ok(Onward::NotYet) };
    let request = request_of(journey);
    if let Some(request) = &request
        && consent::is_needed(kit, request, &current).await?
    {
        return Ok(Onward::AskConsent);
    }
    let mut tx = kit.store.begin().await?;
    if !flows::finish(&mut tx, &journey.flow.id).await? {
        return Ok(home());
    }
    let Some(request) = request else {
        tx.commit().await?;
        let within = journey.flow.request.clone().filter(|_| journey.client.is_none());
        return Ok(within.map_or_else(home, Onward::Within));
    };
    let Some(response) = answer::complete(kit, &mut tx, &request, &current).await? else {
        return Ok(Onward::NotYet);
    };
    tx.commit().await?;
    Ok(Onward::Answer(response))
}

/// Gives a journey up: the relying party is told so, where there is one (RFC 6749, section 4.1.2.1).
pub(crate) async fn cancel(kit: &Kit, journey: &Journey) -> Result<Option<AuthorizationResponse>, Fault> {
    if !flow::cancel(kit, &journey.flow).await? {
        return Ok(None);
    }
    let Some(request) = request_of(journey) else { return Ok(None) };
    let mut tx = kit.store.begin().await?;
    let response = answer::deny(kit, &mut tx, &request, Denial::Cancelled).await?;
    tx.commit().await?;
    Ok(Some(response))
}

/// The request that a journey is to answer.
pub(crate) fn request_of(journey: &Journey) -> Option<ValidRequest> {
    ValidRequest::thaw(journey.client.as_ref()?, journey.flow.request.as_deref()?)
}
