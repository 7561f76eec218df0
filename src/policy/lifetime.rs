//! How long things live.

use crate::base::{Span, Timestamp};
use crate::model::Session;

/// How often the last use of a session is written down at most: often enough for the idle limit, seldom
/// enough that reading costs no write.
const TOUCH_EVERY: Span = Span::minutes(1);

/// Whether a session still counts: not ended, not past its absolute end, not idle for too long.
pub(crate) fn session_is_live(session: &Session, idle: Span, now: Timestamp) -> bool {
    session.ended_at.is_none() && now < session.expires_at && now < session.last_used_at + idle
}

/// Whether this use of a session should be written down.
pub(crate) fn session_wants_touch(session: &Session, now: Timestamp) -> bool {
    now >= session.last_used_at + TOUCH_EVERY
}

/// How long after logging in somebody may change their account without proving again who they are.
const FRESH: Span = Span::minutes(15);

/// Whether the person at the browser proved lately enough who they are to change their account.
pub(crate) fn session_is_fresh(session: &Session, now: Timestamp) -> bool {
    now < session.authenticated_at + FRESH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Digest, SeededRandom, SessionId, UserId};

    #[test]
    fn row_35_a_session_ends_after_an_idle_hour_and_after_twelve_hours_whatever_happens() {
        let minute = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        let mut session = Session {
            id: SessionId::generate(minute(0), &SeededRandom::new(1)),
            digest: Digest::stored(String::new()),
            user_id: UserId::generate(minute(0), &SeededRandom::new(2)),
            authenticated_at: minute(0),
            previous_login_at: None,
            created_at: minute(0),
            last_used_at: minute(0),
            expires_at: minute(720),
            ended_at: None,
            browser: String::new(),
            address: String::new(),
        };
        let live = |session: &Session, at| session_is_live(session, Span::minutes(60), minute(at));
        assert!(live(&session, 59));
        assert!(!live(&session, 60));
        session.last_used_at = minute(700);
        assert!(live(&session, 719));
        assert!(!live(&session, 720));
        session.ended_at = Some(minute(701));
        assert!(!live(&session, 702));
    }
}
