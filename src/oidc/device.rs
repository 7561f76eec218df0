//! Devices without a browser or a keyboard: the device shows a code, and somebody who is logged in elsewhere types it
//! (RFC 8628).

use serde::Serialize;

use crate::accounts::session::Current;
use crate::audit::Entry;
use crate::base::{Error, Fault, Secret, Span, Timestamp, paths};
use crate::clients::AuthenticatedClient;
use crate::kit::Kit;
use crate::model::{Client, EventKind, GrantType, Visit};
use crate::oidc::consent::remember;
use crate::oidc::error::{ErrorCode, OAuthError};
use crate::oidc::params::Params;
use crate::policy::throttle::{self, Limit, Verdict};
use crate::policy::{consent, resource, scope, user_code};
use crate::store::device_codes::{self, DeviceState, WaitingDevice};
use crate::store::throttles;

/// From the moment that the device shows its code.
const LIFE: Span = Span::minutes(10);
/// Between two questions of a device, at first.
const PAUSE: Span = Span::seconds(5);
/// Wrong codes of one person: many more than anybody mistypes, and far too few to find a device by guessing.
const GUESSES: Limit = Limit::window(20, Span::minutes(10));

/// A successful answer (RFC 8628, section 3.2).
#[derive(Serialize)]
pub(crate) struct Begun {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    /// Seconds.
    expires_in: i64,
    /// Seconds.
    interval: i64,
}

/// Begins to connect a device.
pub(crate) async fn begin(
    kit: &Kit,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<Begun, Error<OAuthError>> {
    let client = client.client();
    let refuse = |code, say| Error::Refused(OAuthError::new(code, say));
    if !client.settings.may_use(GrantType::DeviceCode) {
        return Err(refuse(ErrorCode::UnauthorizedClient, "this client is not registered for devices"));
    }
    let asked = params.get("scope").unwrap_or("openid");
    let scope = scope::granted(asked, client.settings.scopes.as_deref()).map_err(|_| {
        refuse(ErrorCode::InvalidScope, "scope must include openid, and be among what is registered")
    })?;
    let registered = client.settings.resources.iter().map(String::as_str);
    let resources = resource::narrowed(params.get("resource"), registered, None).map_err(|_| {
        refuse(ErrorCode::InvalidTarget, "resource must be a service that this client may have tokens for")
    })?;
    let (secret, shown) = (Secret::generate(&*kit.random), user_code::generate(&*kit.random));
    let now = kit.now();
    let device = WaitingDevice {
        digest: kit.keyring.digest(&secret),
        user_code: mac(kit, &shown.replace('-', "")),
        client_id: client.id.clone(),
        scope: scope.join(" "),
        resources,
        state: DeviceState::Waiting,
        polled_at: None,
        pause: PAUSE,
        created_at: now,
        expires_at: now + LIFE,
    };
    let mut tx = kit.store.begin().await?;
    device_codes::insert(&mut tx, &device).await?;
    tx.commit().await?;
    let page = format!("{}{}", kit.config.issuer(), paths::DEVICE);
    Ok(Begun {
        device_code: secret.reveal().to_owned(),
        verification_uri_complete: format!("{page}?user_code={shown}"),
        verification_uri: page,
        user_code: shown,
        expires_in: LIFE.as_seconds(),
        interval: PAUSE.as_seconds(),
    })
}

fn mac(kit: &Kit, letters: &str) -> String {
    kit.keyring.bucket(&["user code", letters])
}

/// What a code that somebody typed leads to.
pub(crate) enum Found {
    Device(Box<Question>),
    /// No device shows it, or not any more.
    Nothing,
    /// Too many wrong ones.
    TooMany {
        until: Option<Timestamp>,
    },
}

/// The question whether a device is to be connected.
pub(crate) struct Question {
    pub(crate) client: Client,
    /// As the device shows it.
    pub(crate) user_code: String,
    /// What it will be able to see, in plain words.
    pub(crate) wants: Vec<&'static str>,
    device: WaitingDevice,
}

/// Looks a typed code up. Every look is counted before it is made.
pub(crate) async fn look_up(kit: &Kit, current: &Current, typed: &str) -> Result<Found, Fault> {
    let Some(letters) = user_code::typed(typed) else { return Ok(Found::Nothing) };
    let bucket = kit.keyring.bucket(&["device", current.user.id.as_str()]);
    let mut tx = kit.store.begin().await?;
    let mut tally = throttles::lock(&mut tx, &bucket, kit.now()).await?;
    let verdict = throttle::attempt(&mut tally, &GUESSES, kit.now());
    throttles::save(&mut tx, &bucket, &tally).await?;
    if verdict != Verdict::Go {
        tx.commit().await?;
        return Ok(Found::TooMany { until: verdict.until() });
    }
    let device = device_codes::by_user_code(&mut tx, &mac(kit, &letters), kit.now()).await?;
    if device.is_some() {
        throttles::give_back(&mut tx, &bucket).await?;
    }
    tx.commit().await?;
    let Some(device) = device else { return Ok(Found::Nothing) };
    let known = kit.client(&device.client_id).await?;
    let Some(client) = known.map(|known| known.client.clone()).filter(Client::is_active) else {
        return Ok(Found::Nothing);
    };
    let wants = consent::abilities(device.scope.split(' '));
    let user_code = user_code::shown(&letters);
    Ok(Found::Device(Box::new(Question { client, user_code, wants, device })))
}

/// Connects a device for somebody, or refuses it; false where that was decided before.
pub(crate) async fn decide(
    kit: &Kit,
    current: &Current,
    question: &Question,
    agrees: bool,
    visit: &Visit,
) -> Result<bool, Fault> {
    let mut tx = kit.store.begin().await?;
    let session = agrees.then_some(&current.session.id);
    if !device_codes::decide(&mut tx, &question.device.digest, session, kit.now()).await? {
        return Ok(false);
    }
    if agrees && question.client.settings.asks_consent {
        let wanted = consent::wanted(question.device.scope.split(' '), std::iter::empty());
        remember(kit, &mut tx, (&current.user.id, &question.client.id), &wanted).await?;
        Entry::by_visitor(EventKind::ConsentGiven, visit)
            .user(Some(&current.user.id))
            .client(Some(&question.client.id))
            .session(&current.session.id)
            .record(kit, &mut tx)
            .await?;
    }
    let kind = if agrees { EventKind::DeviceConnected } else { EventKind::DeviceRefused };
    Entry::by_visitor(kind, visit)
        .user(Some(&current.user.id))
        .client(Some(&question.client.id))
        .session(&current.session.id)
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}
