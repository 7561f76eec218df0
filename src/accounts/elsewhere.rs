//! Where a person is logged in, and logging out from afar.

use crate::accounts::session::{self, Current};
use crate::audit::Entry;
use crate::base::{Fault, SessionId};
use crate::kit::Kit;
use crate::model::{EventKind, Session, Visit};
use crate::policy::lifetime;
use crate::store::{Conn, sessions};

/// What somebody wants to end.
pub(crate) enum Wish {
    One(SessionId),
    /// Every session but the one at this browser.
    Others,
}

/// What came of it.
pub(crate) enum Ended {
    /// The browsers whose sessions it was; a wish for one that has ended already ends none.
    Done(Vec<String>),
    /// The log-in is too long ago for a change: they have to prove again who they are.
    Stale,
}

/// The live sessions of a person, the one at this browser first, the others by when they began.
pub(crate) async fn live(kit: &Kit, current: &Current) -> Result<Vec<Session>, Fault> {
    live_on(kit, &mut *kit.store.read().await?, current).await
}

async fn live_on(kit: &Kit, conn: &mut Conn, current: &Current) -> Result<Vec<Session>, Fault> {
    let mut found = sessions::of_user(conn, &current.user.id).await?;
    found.retain(|session| lifetime::session_is_live(session, kit.settings().session.idle, kit.now()));
    found.sort_by_key(|session| session.id != current.session.id);
    Ok(found)
}

/// Logs out elsewhere.
pub(crate) async fn end(kit: &Kit, current: &Current, wish: &Wish, visit: &Visit) -> Result<Ended, Fault> {
    if !lifetime::session_is_fresh(&current.session, kit.now()) {
        return Ok(Ended::Stale);
    }
    let mut tx = kit.store.begin().await?;
    let wanted = match wish {
        Wish::One(id) => {
            let mut live = live_on(kit, &mut tx, current).await?;
            live.retain(|session| session.id == *id);
            live
        }
        // What is not shown, because nobody used it for an hour, ends with the rest.
        Wish::Others => {
            let mut all = sessions::of_user(&mut tx, &current.user.id).await?;
            all.retain(|session| session.id != current.session.id);
            all
        }
    };
    if matches!(wish, Wish::Others) {
        session::end_others(kit, &mut tx, current).await?;
    }
    let mut ended = Vec::new();
    for session in wanted {
        if matches!(wish, Wish::One(_)) {
            session::end_in(kit, &mut tx, &session.id).await?;
        }
        Entry::by_visitor(EventKind::LoggedOut, visit)
            .user(Some(&current.user.id))
            .session(&session.id)
            .record(kit, &mut tx)
            .await?;
        ended.push(session.browser);
    }
    tx.commit().await?;
    kit.logout_bell.notify_one();
    Ok(Ended::Done(ended))
}
