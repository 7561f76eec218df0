//! Who is visiting: log-ins under way and people logged in, in memory, behind one cookie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};

use super::account::Account;
use crate::base::{
    Clock as _, OsRandom, Random as _, Span, SystemClock, Timestamp, base64url, constant_time_eq,
};

/// The most browsers remembered at once; the oldest gives way.
const MAX_VISITS: usize = 1000;

/// The most log-ins that one browser can have under way; the oldest gives way.
const MAX_ATTEMPTS: usize = 5;

/// How long a browser is remembered.
const LIFETIME: Span = Span::hours(12);

/// One log-in under way, with the secrets that tie the answer to the browser that asked.
pub(super) struct Attempt {
    pub(super) state: CsrfToken,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
}

impl Attempt {
    pub(super) fn new() -> Self {
        Self {
            state: CsrfToken::new(unguessable()),
            nonce: Nonce::new(unguessable()),
            verifier: PkceCodeVerifier::new(unguessable()),
        }
    }
}

/// What is remembered of one browser.
struct Visit {
    since: Timestamp,
    attempts: Vec<Attempt>,
    account: Option<Arc<Account>>,
    /// The `state` of a log-out whose end has not been shown yet.
    farewell: Option<String>,
}

/// Every visit, by the value of its cookie.
#[derive(Default)]
pub(super) struct Visits {
    clock: SystemClock,
    by_cookie: Mutex<HashMap<String, Visit>>,
}

impl Visits {
    /// Remembers a log-in under way; the value for the browser's cookie.
    pub(super) fn begin(&self, cookie: Option<&str>, attempt: Attempt) -> String {
        let mut visits = self.current();
        if let Some((cookie, visit)) = cookie.and_then(|cookie| Some((cookie, visits.get_mut(cookie)?))) {
            if visit.attempts.len() >= MAX_ATTEMPTS {
                visit.attempts.remove(0);
            }
            visit.attempts.push(attempt);
            return cookie.to_owned();
        }
        let since = self.clock.now();
        insert(&mut visits, Visit { since, attempts: vec![attempt], account: None, farewell: None })
    }

    /// Takes the log-in that this browser began with this `state`: each answer is heard once.
    pub(super) fn take_attempt(&self, cookie: Option<&str>, state: &str) -> Option<Attempt> {
        let mut visits = self.current();
        let attempts = &mut visits.get_mut(cookie?)?.attempts;
        let place = attempts.iter().position(|attempt| constant_time_eq(attempt.state.secret(), state))?;
        Some(attempts.remove(place))
    }

    /// Remembers a person under a new cookie, so that nobody can have planted it beforehand.
    pub(super) fn log_in(&self, cookie: Option<&str>, account: Account) -> String {
        let mut visits = self.current();
        let attempts = cookie.and_then(|cookie| visits.remove(cookie)).map(|visit| visit.attempts);
        let visit = Visit {
            since: self.clock.now(),
            attempts: attempts.unwrap_or_default(),
            account: Some(Arc::new(account)),
            farewell: None,
        };
        insert(&mut visits, visit)
    }

    /// The person logged in.
    pub(super) fn account(&self, cookie: Option<&str>) -> Option<Arc<Account>> {
        self.current().get(cookie?)?.account.clone()
    }

    /// Forgets the person; gives who it was, the next cookie, and the `state` to come back with.
    pub(super) fn log_out(&self, cookie: Option<&str>) -> Option<(Arc<Account>, String, CsrfToken)> {
        let mut visits = self.current();
        let account = visits.remove(cookie?)?.account?;
        let state = unguessable();
        let farewell = Some(state.clone());
        let visit = Visit { since: self.clock.now(), attempts: Vec::new(), account: None, farewell };
        Some((account, insert(&mut visits, visit), CsrfToken::new(state)))
    }

    /// Forgets everybody who was logged in by a session of the provider.
    pub(super) fn end(&self, session: &str) {
        self.current().retain(|_, visit| {
            visit.account.as_ref().is_none_or(|account| account.session() != Some(session))
        });
    }

    /// Whether `state` ends a log-out of this browser; true once.
    pub(super) fn farewell(&self, cookie: Option<&str>, state: &str) -> bool {
        let mut visits = self.current();
        let Some(visit) = cookie.and_then(|cookie| visits.get_mut(cookie)) else { return false };
        visit.farewell.take_if(|expected| constant_time_eq(expected, state)).is_some()
    }

    /// The visits that have not grown too old.
    fn current(&self) -> MutexGuard<'_, HashMap<String, Visit>> {
        let mut visits = self.by_cookie.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        visits.retain(|_, visit| now.since(visit.since) < LIFETIME);
        visits
    }
}

/// Adds a visit under a new cookie value and returns that value.
fn insert(visits: &mut HashMap<String, Visit>, visit: Visit) -> String {
    if visits.len() >= MAX_VISITS {
        let oldest = visits.iter().min_by_key(|(_, visit)| visit.since).map(|(cookie, _)| cookie.clone());
        oldest.and_then(|cookie| visits.remove(&cookie));
    }
    let cookie = unguessable();
    visits.insert(cookie.clone(), visit);
    cookie
}

/// 256 random bits as 43 characters: also the length that a PKCE verifier must have (RFC 7636, section 4.1).
fn unguessable() -> String {
    let mut bytes = [0; 32];
    OsRandom.fill(&mut bytes);
    base64url(bytes)
}
