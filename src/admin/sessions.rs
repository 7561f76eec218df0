//! Who is logged in.

use std::cmp::Reverse;

use super::{Page, Refusal, bad_cursor, check, cursor, people};
use crate::accounts::session;
use crate::audit::Entry;
use crate::base::{ClientId, Error, SessionId, Span, UserId};
use crate::kit::Kit;
use crate::model::{Actor, EventKind, Session, User};
use crate::policy::permission::Action;
use crate::store::sessions::{self, Order, Wanted};
use crate::store::{services, users};

/// No session lasts longer, whatever was set when it began (`session.hours`).
const LONGEST: Span = Span::days(30);

/// A session with what it is known by.
pub(crate) struct Listed {
    pub(crate) session: Session,
    pub(crate) user: User,
    /// The services that it has reached, by name.
    pub(crate) services: Vec<(ClientId, String)>,
}

/// Whose sessions, and at which service; everybody's and anywhere by itself.
#[derive(Default)]
pub(crate) struct Filter<'a> {
    pub(crate) of: Option<&'a User>,
    pub(crate) at: Option<&'a ClientId>,
    pub(crate) order: Order,
}

/// A page of sessions.
pub(crate) async fn list(
    kit: &Kit,
    actor: &Actor,
    Filter { of, at, order }: Filter<'_>,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<Listed>, Error<Refusal>> {
    check(actor, Action::SeeSessions, None)?;
    let name = format!("sessions {order:?} {}", at.map_or("", ClientId::as_str));
    let place = match after {
        Some(after) => cursor::open(kit, &name, after).ok_or_else(bad_cursor)?,
        None => (i64::MAX.to_string(), String::new()),
    };
    let used_after = kit.now() - kit.settings().session.idle;
    let mut conn = kit.store.read().await?;
    let found = match of {
        Some(user) => {
            let mut own = sessions::of_user(&mut conn, &user.id).await?;
            own.retain(|session| session.last_used_at > used_after && kit.now() < session.expires_at);
            own.sort_by_key(|session| Reverse(sessions::moment(order, session)));
            Page { rows: own, next: None }
        }
        None => {
            let wanted = Wanted {
                now: kit.now(),
                used_after,
                begun_after: kit.now() - LONGEST,
                service: at,
                order,
                before: (place.0.parse().unwrap_or(i64::MAX), place.1.as_str()),
            };
            let rows = sessions::page(&mut conn, &wanted, limit + 1).await?;
            Page::cut(rows, limit, |session| {
                let moment = sessions::moment(order, session).millis().to_string();
                cursor::seal(kit, &name, (&moment, session.id.as_str()))
            })
        }
    };
    let mut people: Vec<&UserId> = found.rows.iter().map(|session| &session.user_id).collect();
    people.sort();
    people.dedup();
    let people = users::by_ids(&mut conn, &people).await?;
    let sessions: Vec<&SessionId> = found.rows.iter().map(|session| &session.id).collect();
    let mut reached = services::of_sessions(&mut conn, &sessions).await?;
    let was_there =
        |services: &[(ClientId, String)]| at.is_none_or(|at| services.iter().any(|(id, _)| id == at));
    let listed = |session: Session| {
        let user = people.get(&session.user_id)?.clone();
        let services = reached.remove(&session.id).unwrap_or_default();
        // One person's are few, and looked through here.
        if !was_there(&services) {
            return None;
        }
        Some(Listed { session, user, services })
    };
    Ok(Page { rows: found.rows.into_iter().filter_map(listed).collect(), next: found.next })
}

/// Ends one session; whose it was and in which browser, unless it had ended.
pub(crate) async fn end(
    kit: &Kit,
    actor: &Actor,
    id: &SessionId,
) -> Result<Option<(User, Session)>, Error<Refusal>> {
    check(actor, Action::EndSessions, None)?;
    let mut conn = kit.store.read().await?;
    let Some(session) = sessions::by_id(&mut conn, id).await? else { return Ok(None) };
    let Some(user) = users::by_id(&mut conn, &session.user_id).await? else { return Ok(None) };
    drop(conn);
    if session.ended_at.is_some() {
        return Ok(None);
    }
    let mut tx = kit.store.begin().await?;
    people::check_on(&mut tx, actor, Action::EndSessions, &user.id).await?;
    session::end_in(kit, &mut tx, id).await?;
    Entry::by(EventKind::SessionsEnded, actor).user(Some(&user.id)).session(id).record(kit, &mut tx).await?;
    tx.commit().await?;
    kit.logout_bell.notify_one();
    Ok(Some((user, session)))
}
