//! The one place where a password is checked, together with the counters that limit guessing.
//!
//! Attempts are counted, and the count committed, before anything is verified: a hundred parallel guesses or
//! a failure half-way cannot slip past. A browser that its owner has used
//! before has a counter of its own, so that a stranger's guesses never lock the owner out, be it from the same network.
//! People that do not exist are counted and hashed for like those who do.

use crate::accounts::{emailed_code, history, letters};
use crate::audit::Entry;
use crate::base::{Fault, Secret, Span, Timestamp, kinds};
use crate::hash::{Busy, Verdict as HashVerdict};
use crate::kit::{Kit, Ticket};
use crate::model::{Email, EventKind, User, Visit};
use crate::outbox;
use crate::policy::throttle::{self, Limit, Verdict};
use crate::store::{Conn, Tx, devices, throttles, users};

/// Failures in a row from unknown browsers after which only a reset opens this way again (NIST
/// SP 800-63B-4, section 3.2.2).
const MOST_CONSECUTIVE: i64 = 100;

/// Somebody claims to be the owner of an address.
pub(super) struct Claim<'a> {
    pub(super) email: &'a Email,
    pub(super) password: &'a str,
    pub(super) device: Option<&'a Secret<kinds::Device>>,
    pub(super) visit: &'a Visit,
}

/// What came of a claim.
pub(super) enum Outcome {
    Right(Box<Proven>),
    Wrong,
    /// `until` is `None` where only a reset opens this way again.
    TooMany {
        until: Option<Timestamp>,
    },
    Busy,
}

/// A claim that was true.
pub(super) struct Proven {
    pub(super) user: User,
    pub(super) weak_hash: bool,
    counters: Counters,
}

struct Counters {
    account: String,
    /// But for the browsers of the owner.
    network: Option<Network>,
}

/// The counter of a network, on which an attempt stands that is not decided yet.
struct Network {
    bucket: String,
    _under_way: Ticket,
}

enum Admission {
    Go { user: Box<Option<User>>, counters: Counters },
    Wait { until: Option<Timestamp> },
    Busy,
}

/// Checks a password, within the limits.
pub(super) async fn verify_password(kit: &Kit, claim: Claim<'_>) -> Result<Outcome, Fault> {
    let (user, counters) = match admit(kit, &claim).await? {
        Admission::Go { user, counters } => (*user, counters),
        Admission::Wait { until } => return Ok(Outcome::TooMany { until }),
        Admission::Busy => return Ok(Outcome::Busy),
    };
    let stored = user.as_ref().and_then(|user| user.password.as_deref());
    let beat = kit.hasher.beat();
    let verdict = match kit.hasher.verify(claim.password, stored).await? {
        Ok(verdict) => verdict,
        Err(Busy) => {
            let mut tx = kit.store.begin().await?;
            refund(&mut tx, &counters).await?;
            tx.commit().await?;
            return Ok(Outcome::Busy);
        }
    };
    match user.filter(User::is_active) {
        Some(user) if verdict != HashVerdict::Wrong => {
            let weak_hash = verdict == HashVerdict::RightButWeak;
            Ok(Outcome::Right(Box::new(Proven { user, weak_hash, counters })))
        }
        known => {
            let mut tx = kit.store.begin().await?;
            let user = known.as_ref().map(|user| &user.id);
            Entry::by_visitor(EventKind::PasswordWrong, claim.visit)
                .user(user)
                .detail(history::seen(claim.visit))
                .record(kit, &mut tx)
                .await?;
            let usual = Limit::window(i64::from(kit.config.limits.wrong_passwords_per_hour), Span::hours(1));
            let is_within = count_for_all(kit, &mut tx, "wrong passwords", &usual).await?;
            tx.commit().await?;
            // It is decided: whoever comes from there meanwhile need not be told to come again.
            drop(counters);
            if !is_within {
                tracing::error!(
                    "more wrong passwords than limits.wrong_passwords_per_hour: somebody may be trying one \
                     password on many accounts"
                );
            }
            beat.await;
            Ok(Outcome::Wrong)
        }
    }
}

/// Takes a true claim off the counters. Belongs in the transaction that acts on it.
pub(super) async fn settle(tx: &mut Tx, proven: &Proven) -> Result<(), Fault> {
    // The network's counter before the account's, as everywhere: two who lock in opposite orders wait for each
    // other for ever.
    if let Some(network) = &proven.counters.network {
        throttles::give_back(tx, &network.bucket).await?;
    }
    throttles::forget(tx, &proven.counters.account).await
}

/// Opens every way again that failed attempts closed, the reset with it: the owner has proved who they are by mail, or
/// somebody who looks after them vouches for it.
pub(crate) async fn pardon(kit: &Kit, tx: &mut Tx, email: &Email) -> Result<(), Fault> {
    for bucket in emailed_code::buckets(kit, email) {
        throttles::forget(tx, &bucket).await?;
    }
    throttles::forget(tx, &account_bucket(kit, email)).await
}

/// Whether wrong passwords keep somebody from logging in from a browser that is new to us.
pub(crate) enum Standing {
    Open,
    PausedUntil(Timestamp),
    /// Until they reset the password, or somebody unlocks the account.
    Shut,
}

pub(crate) async fn standing(kit: &Kit, conn: &mut Conn, email: &Email) -> Result<Standing, Fault> {
    let (until, consecutive) = throttles::standing(conn, &account_bucket(kit, email)).await?;
    Ok(match until.filter(|until| kit.now() < *until) {
        _ if consecutive >= MOST_CONSECUTIVE => Standing::Shut,
        Some(until) => Standing::PausedUntil(until),
        None => Standing::Open,
    })
}

async fn admit(kit: &Kit, claim: &Claim<'_>) -> Result<Admission, Fault> {
    let now = kit.now();
    let mut tx = kit.store.begin().await?;
    let user = users::by_email(&mut tx, claim.email).await?;
    let (network, account, limit) = match known_device(kit, &mut tx, claim, user.as_ref(), now).await? {
        Some(bucket) => (None, bucket, Limit::window(10, Span::hours(1))),
        None => {
            let network = network_bucket(kit, "password", claim.visit);
            (Some(network), account_bucket(kit, claim.email), account_limit(kit))
        }
    };
    if let Some(bucket) = &network {
        let limit = Limit { given_back: true, ..network_limit(kit) };
        let verdict = count(&mut tx, bucket, &limit, now).await?;
        if verdict != Verdict::Go {
            // Others from there may turn out well in a moment, and make room.
            let is_crowded = kit.passwords.any(bucket);
            if !is_crowded {
                // It has not paused anybody's account, and no owner is told.
                note_pause(kit, &mut tx, claim, (bucket, user.as_ref())).await?;
            }
            tx.commit().await?;
            return Ok(if is_crowded { Admission::Busy } else { Admission::Wait { until: verdict.until() } });
        }
    }
    // Before anybody else can see the count.
    let network = network.map(|bucket| Network { _under_way: kit.passwords.enter(&bucket), bucket });
    let verdict = count(&mut tx, &account, &limit, now).await?;
    if verdict != Verdict::Go {
        note_pause(kit, &mut tx, claim, (&account, user.as_ref())).await?;
        if let Some(user) = &user {
            tell_owner(kit, &mut tx, user, verdict.until()).await?;
        }
    }
    tx.commit().await?;
    Ok(match verdict {
        Verdict::Go => Admission::Go { user: Box::new(user), counters: Counters { account, network } },
        Verdict::Wait { .. } | Verdict::Shut => Admission::Wait { until: verdict.until() },
    })
}

/// Records that attempts are refused: once in a while for each counter, or whoever goes on trying would fill the trail.
async fn note_pause(
    kit: &Kit,
    tx: &mut Tx,
    claim: &Claim<'_>,
    (paused, user): (&str, Option<&User>),
) -> Result<(), Fault> {
    let bucket = kit.keyring.bucket(&["pause noted", paused]);
    let once = Limit::window(1, kit.config.limits.window);
    if count(tx, &bucket, &once, kit.now()).await? != Verdict::Go {
        return Ok(());
    }
    Entry::by_visitor(EventKind::PasswordPaused, claim.visit)
        .user(user.map(|user| &user.id))
        .detail(history::seen(claim.visit))
        .record(kit, tx)
        .await
}

/// Tells the owner by mail that wrong passwords have paused logging in: at most once an hour, and once a day
/// that only a reset ends it.
async fn tell_owner(kit: &Kit, tx: &mut Tx, user: &User, until: Option<Timestamp>) -> Result<(), Fault> {
    let (kind, often) = match until {
        Some(_) => ("account locked", Span::hours(1)),
        None => ("account shut", Span::days(1)),
    };
    let bucket = kit.keyring.bucket(&[kind, user.email.canonical()]);
    let once = Limit::window(1, often);
    if !user.is_active() || count(tx, &bucket, &once, kit.now()).await? != Verdict::Go {
        return Ok(());
    }
    let content = letters::account_locked(kit, until);
    let service = &kit.service_name();
    let expires_at = kit.now() + outbox::NOTICE_LIFE;
    outbox::queue(kit, tx, outbox::Draft { to: &user.email, service, content, expires_at }).await
}

/// The counter of a browser that this person has logged in with before.
async fn known_device(
    kit: &Kit,
    tx: &mut Tx,
    claim: &Claim<'_>,
    user: Option<&User>,
    now: Timestamp,
) -> Result<Option<String>, Fault> {
    let (Some(secret), Some(user)) = (claim.device, user) else { return Ok(None) };
    let digest = kit.keyring.digest(secret);
    let device = devices::find(tx, &digest, &user.id).await?;
    let is_known = device.is_some_and(|device| now < device.expires_at);
    Ok(is_known.then(|| kit.keyring.bucket(&["password", "device", digest.as_str(), user.id.as_str()])))
}

/// Counts one more attempt and says whether it may be made.
pub(crate) async fn count(
    tx: &mut Tx,
    bucket: &str,
    limit: &Limit,
    now: Timestamp,
) -> Result<Verdict, Fault> {
    let mut tally = throttles::lock(tx, bucket, now).await?;
    let verdict = throttle::attempt(&mut tally, limit, now);
    throttles::save(tx, bucket, &tally).await?;
    Ok(verdict)
}

/// Counts one more failure of anybody's; `false` where there are more than is usual. No account is paused for that: the
/// trail says once an hour that somebody may be guessing.
pub(super) async fn count_for_all(
    kit: &Kit,
    tx: &mut Tx,
    what: &'static str,
    usual: &Limit,
) -> Result<bool, Fault> {
    let everybody = kit.keyring.bucket(&[what]);
    if count(tx, &everybody, usual, kit.now()).await? == Verdict::Go {
        return Ok(true);
    }
    let noted = kit.keyring.bucket(&["guessing noted", what]);
    if count(tx, &noted, &Limit::window(1, Span::hours(1)), kit.now()).await? == Verdict::Go {
        let entry = Entry::unasked(EventKind::GuessingSuspected);
        entry.detail(serde_json::json!({ "of": what })).record(kit, tx).await?;
    }
    Ok(false)
}

/// The network that a visitor comes from. Behind one council's address sit hundreds of people, so limits on
/// it are loose and only failures count.
pub(crate) fn network_bucket(kit: &Kit, purpose: &str, visit: &Visit) -> String {
    kit.keyring.bucket(&[purpose, "network", &visit.network()])
}

pub(super) fn network_limit(kit: &Kit) -> Limit {
    Limit::window(i64::from(kit.config.limits.address_failures), kit.config.limits.window)
}

fn account_bucket(kit: &Kit, email: &Email) -> String {
    kit.keyring.bucket(&["password", "account", email.canonical()])
}

fn account_limit(kit: &Kit) -> Limit {
    Limit {
        attempts: i64::from(kit.config.limits.password_failures),
        window: kit.config.limits.window,
        pause: kit.config.limits.window,
        longest_pause: Span::hours(2),
        given_back: false,
        consecutive: Some(MOST_CONSECUTIVE),
    }
}

async fn refund(tx: &mut Tx, counters: &Counters) -> Result<(), Fault> {
    if let Some(network) = &counters.network {
        throttles::give_back(tx, &network.bucket).await?;
    }
    throttles::give_back(tx, &counters.account).await
}
