//! Sessions: begun by a right code, used by every service of the council, ended by logging out.

use crate::accounts::flow::Journey;
use crate::accounts::{history, letters};
use crate::audit::Entry;
use crate::base::{Fault, Secret, SessionId, UserId, kinds};
use crate::kit::Kit;
use crate::model::{Device, EventKind, Session, User, Visit};
use crate::outbox;
use crate::policy::lifetime;
use crate::store::logouts::Reached;
use crate::store::{Tx, clients, devices, grants, logouts, sessions, users};

/// How many browsers are remembered for one person.
const MOST_DEVICES: i64 = 20;

/// The browser in which somebody finishes logging in.
pub(crate) struct Browser<'a> {
    pub(crate) session: Option<&'a Secret<kinds::Session>>,
    pub(crate) device: Option<&'a Secret<kinds::Device>>,
    pub(crate) visit: &'a Visit,
}

/// Somebody who has just logged in, with the cookies to give.
pub(crate) struct LoggedIn {
    pub(crate) session_id: SessionId,
    pub(crate) session: Secret<kinds::Session>,
    /// A new cookie by which this browser will be known; `None` where it has one.
    pub(crate) device: Option<Secret<kinds::Device>>,
}

/// A live session and whose it is.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) session: Session,
    pub(crate) user: User,
}

/// Begins a session, in the transaction that accepts the code.
///
/// Every log-in gets a new cookie, so that one planted beforehand is worth nothing. The same person logging
/// in again keeps the session itself, and with it the `sid` that relying parties know.
pub(super) async fn begin(
    kit: &Kit,
    tx: &mut Tx,
    journey: &Journey,
    user: User,
    browser: &Browser<'_>,
) -> Result<LoggedIn, Fault> {
    let now = kit.now();
    let secret = Secret::generate(&*kit.random);
    let digest = kit.keyring.digest(&secret);
    let expires_at = now + kit.settings().session.absolute;
    let earlier = match browser.session {
        Some(secret) => sessions::by_digest(tx, &kit.keyring.digest(secret)).await?,
        None => None,
    };
    let mut renewed = None;
    if let Some(earlier) = earlier {
        let live = lifetime::session_is_live(&earlier, kit.settings().session.idle, now);
        if live
            && earlier.user_id == user.id
            && sessions::renew(tx, &earlier.id, &digest, now, expires_at).await?
        {
            renewed = Some(earlier.id);
        } else {
            end_in(kit, tx, &earlier.id).await?;
        }
    }
    let session_id = match renewed {
        Some(id) => id,
        None => {
            let id = SessionId::generate(now, &*kit.random);
            let session = Session {
                id: id.clone(),
                digest,
                user_id: user.id.clone(),
                authenticated_at: now,
                previous_login_at: user.last_login_at,
                created_at: now,
                last_used_at: now,
                expires_at,
                ended_at: None,
                browser: browser.visit.browser.clone(),
                address: browser.visit.address.clone(),
            };
            sessions::insert(tx, &session).await?;
            id
        }
    };
    let device = recognise(kit, tx, journey, &user, browser).await?;
    users::logged_in(tx, &user.id, now).await?;
    Entry::by_visitor(EventKind::LoggedIn, browser.visit)
        .user(Some(&user.id))
        .client(journey.flow.client_id.as_ref())
        .session(&session_id)
        .detail(history::seen(browser.visit))
        .record(kit, tx)
        .await?;
    Ok(LoggedIn { session_id, session: secret, device })
}

/// Remembers the browser, and tells the owner by mail when it is one they have not used before.
async fn recognise(
    kit: &Kit,
    tx: &mut Tx,
    journey: &Journey,
    user: &User,
    browser: &Browser<'_>,
) -> Result<Option<Secret<kinds::Device>>, Fault> {
    let now = kit.now();
    let old = browser.device.map(|secret| kit.keyring.digest(secret));
    let known = match &old {
        Some(digest) => devices::find(tx, digest, &user.id).await?,
        None => None,
    };
    let expires_at = now + kit.settings().session.device;
    if let Some(device) = known.filter(|device| now < device.expires_at) {
        devices::put(tx, &Device { last_used_at: now, expires_at, ..device }).await?;
        return Ok(None);
    }
    let secret = Secret::generate(&*kit.random);
    let device = Device {
        digest: kit.keyring.digest(&secret),
        user_id: user.id.clone(),
        created_at: now,
        last_used_at: now,
        expires_at,
    };
    // Others stay known at a browser that they share. Its secret changes, so that one that was planted is worth nothing.
    if let Some(old) = &old {
        devices::rekey(tx, old, &device.digest).await?;
    }
    devices::put(tx, &device).await?;
    devices::forget_oldest(tx, &user.id, MOST_DEVICES).await?;
    // The very first log-in is from a new browser by nature.
    if user.last_login_at.is_some() {
        let service = &journey.service(kit);
        let content = letters::new_device(kit, service, &browser.visit.browser);
        let draft =
            outbox::Draft { to: &user.email, service, content, expires_at: now + outbox::NOTICE_LIFE };
        outbox::queue(kit, tx, draft).await?;
    }
    Ok(Some(secret))
}

/// The live session of a cookie, with its person; `None` where either is no longer good.
pub(crate) async fn current(kit: &Kit, secret: &Secret<kinds::Session>) -> Result<Option<Current>, Fault> {
    let digest = kit.keyring.digest(secret);
    let found = sessions::with_user(&mut *kit.store.read().await?, &digest).await?;
    let live = |session: &Session| lifetime::session_is_live(session, kit.settings().session.idle, kit.now());
    let good = found.filter(|(session, user)| live(session) && user.is_active());
    Ok(good.map(|(session, user)| Current { session, user }))
}

/// The live session with this identifier, for a journey that began it.
pub(crate) async fn of_flow(kit: &Kit, id: &SessionId) -> Result<Option<Current>, Fault> {
    let mut conn = kit.store.read().await?;
    let Some(session) = sessions::by_id(&mut conn, id).await? else { return Ok(None) };
    if !lifetime::session_is_live(&session, kit.settings().session.idle, kit.now()) {
        return Ok(None);
    }
    let user = users::by_id(&mut conn, &session.user_id).await?.filter(User::is_active);
    Ok(user.map(|user| Current { session, user }))
}

/// Ends a session by its person's wish, and all that was granted in it.
pub(crate) async fn end(kit: &Kit, current: &Current, visit: &Visit) -> Result<(), Fault> {
    let mut tx = kit.store.begin().await?;
    end_in(kit, &mut tx, &current.session.id).await?;
    Entry::by_visitor(EventKind::LoggedOut, visit)
        .user(Some(&current.user.id))
        .session(&current.session.id)
        .detail(history::seen(visit))
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    kit.logout_bell.notify_one();
    Ok(())
}

/// Ends a session and what was granted in it, in the caller's transaction, and has its services told.
pub(crate) async fn end_in(kit: &Kit, tx: &mut Tx, id: &SessionId) -> Result<(), Fault> {
    let reached = logouts::reached_by_session(tx, id).await?;
    queue_word(kit, tx, &reached).await?;
    sessions::end(tx, id, kit.now()).await?;
    grants::revoke_session(tx, id, kit.now()).await
}

/// Ends every session of a person but the one at this browser, with all that they granted for longer than it lasts, and
/// has the services told.
pub(super) async fn end_others(kit: &Kit, tx: &mut Tx, current: &Current) -> Result<(), Fault> {
    let (user, stays) = (&current.user.id, &current.session.id);
    let mut reached = logouts::reached_by_user(tx, user).await?;
    reached.retain(|reached| reached.session_id != *stays);
    queue_word(kit, tx, &reached).await?;
    sessions::end_others(tx, user, stays, kit.now()).await?;
    grants::revoke_elsewhere(tx, user, stays, kit.now()).await
}

/// Ends every session of a person with all that they granted, has the services told, and forgets their browsers.
pub(crate) async fn end_everything(kit: &Kit, tx: &mut Tx, user: &UserId) -> Result<(), Fault> {
    let reached = logouts::reached_by_user(tx, user).await?;
    queue_word(kit, tx, &reached).await?;
    sessions::end_all(tx, user, kit.now()).await?;
    grants::revoke_user(tx, user, kit.now()).await?;
    devices::forget_all(tx, user).await
}

/// Queues word that a session has ended, for those of its services that want to hear it.
async fn queue_word(kit: &Kit, tx: &mut Tx, reached: &[Reached]) -> Result<(), Fault> {
    for reached in reached {
        let client = clients::by_id(tx, &reached.client_id).await?;
        if client.is_some_and(|client| client.settings.backchannel_logout_uri.is_some()) {
            logouts::insert(tx, reached, kit.now()).await?;
        }
    }
    Ok(())
}
