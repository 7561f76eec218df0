//! Emailed codes: sent, sent again, checked.

use crate::accounts::flow::Journey;
use crate::accounts::{guard, history, letters};
use crate::audit::Entry;
use crate::base::{Fault, Span, Timestamp, UserId};
use crate::kit::Kit;
use crate::model::{Challenge, ChallengeState, Email, EmailedCode, EventKind, Purpose, User, Visit};
use crate::outbox;
use crate::policy::emailed_code::{self as policy, Match, Sending};
use crate::policy::throttle::{Limit, Verdict};
use crate::store::{Tx, challenges, users};

/// Wrong reset codes for one address in a day, whatever the number of journeys.
const RESET_TRIES_A_DAY: i64 = 20;
/// Reset emails to one address.
const RESETS_AN_HOUR: i64 = 3;

pub(crate) use crate::policy::emailed_code::Entry as CodeEntry;

/// What came of opening a challenge.
pub(crate) enum Opened {
    /// There is a code in the mailbox, now or since a moment ago.
    Sent,
    /// This person has had too many codes for today.
    TooMany { until: Timestamp },
}

/// What came of entering a code.
pub(crate) enum Checked {
    /// It was right, for the code of this person; the challenge waits to be passed.
    Right {
        user_id: UserId,
    },
    Wrong,
    /// It had been right, and a new one is on its way.
    ExpiredAndResent,
    /// That was the last try, or there was none left.
    UsedUp,
    /// There is no challenge open: the journey went on, back or elsewhere.
    Closed,
}

/// What came of asking for another code.
pub(crate) enum Resent {
    Sent,
    JustSent,
    TooMany { until: Timestamp },
    Closed,
}

/// Whom a code is for.
pub(super) struct Recipient<'a> {
    pub(super) email: &'a Email,
    /// `None` where nobody has that address, or they may not log in.
    pub(super) user: Option<&'a User>,
}

/// Opens the challenge of a step, or goes on with the one that is open for the same person. Belongs in the
/// transaction that moves the journey there, which holds the journey's lock.
pub(super) async fn open(
    kit: &Kit,
    tx: &mut Tx,
    journey: &Journey,
    (purpose, recipient): (Purpose, Recipient<'_>),
    visit: &Visit,
) -> Result<Opened, Fault> {
    let now = kit.now();
    let earlier = challenges::find(tx, &journey.flow.id, purpose).await?;
    let lives = (code_life(kit), now);
    let earlier = earlier.filter(|challenge| policy::goes_on(challenge, recipient.email.canonical(), lives));
    if let Some(challenge) = &earlier {
        match policy::sending(challenge, kit.settings().login.code_resend, now) {
            Sending::JustSent => return Ok(Opened::Sent),
            Sending::UsedUp => return Ok(Opened::TooMany { until: challenge.last_sent_at + code_life(kit) }),
            Sending::Now => {}
        }
    }
    match allowance(kit, tx, purpose, recipient.email).await? {
        Allowance::Send => {}
        // What was sent before goes on working: its letter may only now be arriving.
        Allowance::Silence if earlier.is_some() => return Ok(Opened::Sent),
        Allowance::Silence => return open_without_sending(tx, journey, purpose, &recipient, now).await,
        Allowance::Refuse { until } => return Ok(Opened::TooMany { until }),
    }
    let mut challenge = earlier.unwrap_or_else(|| fresh(journey, purpose, &recipient, now));
    let code = policy::draw(&*kit.random);
    challenge.codes = policy::with_new_code(&challenge.codes, kept(kit, &challenge, &code, now), now);
    challenge.sends += 1;
    challenge.last_sent_at = now;
    challenges::put(tx, &challenge).await?;
    post(kit, tx, journey, &challenge, (&recipient, &code)).await?;
    let user = recipient.user.map(|user| &user.id);
    Entry::by_visitor(EventKind::CodeSent, visit)
        .user(user)
        .client(journey.flow.client_id.as_ref())
        .detail(history::seen(visit))
        .record(kit, tx)
        .await?;
    Ok(Opened::Sent)
}

/// The page is the same, and no more mail goes out: an address must not be flooded, and whoever asks must
/// not learn from it whether it is registered.
async fn open_without_sending(
    tx: &mut Tx,
    journey: &Journey,
    purpose: Purpose,
    recipient: &Recipient<'_>,
    now: Timestamp,
) -> Result<Opened, Fault> {
    let mut challenge = fresh(journey, purpose, recipient, now);
    challenge.sends = 1;
    challenges::put(tx, &challenge).await?;
    Ok(Opened::Sent)
}

/// Checks an entered code. The try is counted and committed before the code is looked at.
pub(crate) async fn check(
    kit: &Kit,
    journey: &Journey,
    purpose: Purpose,
    code: &str,
    visit: &Visit,
) -> Result<Checked, Fault> {
    let Some(challenge) = reserve(kit, journey, purpose).await? else {
        return closed(kit, journey, purpose).await;
    };
    let mac = mac(kit, &challenge, code);
    match policy::matching(&challenge.codes, &mac, kit.now()) {
        Match::Right => match challenge.user_id {
            Some(user_id) => Ok(Checked::Right { user_id }),
            None => wrong(kit, journey, &challenge, visit).await,
        },
        Match::Expired => match send_again(kit, journey, purpose, visit).await? {
            Resent::Sent | Resent::JustSent => Ok(Checked::ExpiredAndResent),
            Resent::TooMany { .. } | Resent::Closed => wrong(kit, journey, &challenge, visit).await,
        },
        Match::Wrong => wrong(kit, journey, &challenge, visit).await,
    }
}

/// Sends another code in the same journey, where that is allowed.
pub(crate) async fn send_again(
    kit: &Kit,
    journey: &Journey,
    purpose: Purpose,
    visit: &Visit,
) -> Result<Resent, Fault> {
    let now = kit.now();
    let mut tx = kit.store.begin().await?;
    let found = challenges::find(&mut tx, &journey.flow.id, purpose).await?;
    let Some(mut challenge) = found.filter(|found| found.state == ChallengeState::Open) else {
        return Ok(Resent::Closed);
    };
    match policy::sending(&challenge, kit.settings().login.code_resend, now) {
        Sending::Now => {}
        Sending::JustSent => return Ok(Resent::JustSent),
        Sending::UsedUp => return Ok(Resent::TooMany { until: challenge.last_sent_at + code_life(kit) }),
    }
    let Ok(email) = Email::parse(&challenge.email) else { return Ok(Resent::Closed) };
    let user = match &challenge.user_id {
        Some(id) => users::by_id(&mut tx, id).await?.filter(User::is_active),
        None => None,
    };
    match allowance(kit, &mut tx, purpose, &email).await? {
        Allowance::Send => {}
        Allowance::Silence => {
            tx.commit().await?;
            return Ok(Resent::JustSent);
        }
        Allowance::Refuse { until } => {
            tx.commit().await?;
            return Ok(Resent::TooMany { until });
        }
    }
    let code = policy::draw(&*kit.random);
    challenge.codes = policy::with_new_code(&challenge.codes, kept(kit, &challenge, &code, now), now);
    if !challenges::resend(&mut tx, &challenge, &challenge.codes, now).await? {
        // Another press of the same button was first.
        return Ok(Resent::JustSent);
    }
    let recipient = Recipient { email: &email, user: user.as_ref() };
    post(kit, &mut tx, journey, &challenge, (&recipient, &code)).await?;
    Entry::by_visitor(EventKind::CodeSent, visit)
        .user(challenge.user_id.as_ref())
        .client(journey.flow.client_id.as_ref())
        .detail(history::seen(visit))
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    kit.mail_bell.notify_one();
    Ok(Resent::Sent)
}

async fn reserve(kit: &Kit, journey: &Journey, purpose: Purpose) -> Result<Option<Challenge>, Fault> {
    let mut tx = kit.store.begin().await?;
    let reserved = challenges::reserve_try(&mut tx, &journey.flow.id, purpose, policy::TRIES).await?;
    let within_day = match (&reserved, purpose) {
        (Some(challenge), Purpose::Reset) => {
            let bucket = tries_bucket(kit, &challenge.email);
            let limit = Limit::window(RESET_TRIES_A_DAY, Span::days(1));
            guard::count(&mut tx, &bucket, &limit, kit.now()).await? == Verdict::Go
        }
        _ => true,
    };
    tx.commit().await?;
    Ok(reserved.filter(|_| within_day))
}

async fn closed(kit: &Kit, journey: &Journey, purpose: Purpose) -> Result<Checked, Fault> {
    let challenge = challenges::find(&mut *kit.store.read().await?, &journey.flow.id, purpose).await?;
    Ok(match challenge {
        Some(challenge) if challenge.state != ChallengeState::Passed => Checked::UsedUp,
        _ => Checked::Closed,
    })
}

async fn wrong(kit: &Kit, journey: &Journey, challenge: &Challenge, visit: &Visit) -> Result<Checked, Fault> {
    let last = challenge.tries >= policy::TRIES;
    let mut tx = kit.store.begin().await?;
    if last {
        challenges::kill(&mut tx, &journey.flow.id, challenge.purpose).await?;
    }
    let kind = if last { EventKind::CodesUsedUp } else { EventKind::CodeWrong };
    Entry::by_visitor(kind, visit)
        .user(challenge.user_id.as_ref())
        .detail(history::seen(visit))
        .record(kit, &mut tx)
        .await?;
    let budget = Limit::window(i64::from(kit.config.limits.wrong_codes_per_day), Span::days(1));
    let is_within = guard::count_for_all(kit, &mut tx, "wrong codes", &budget).await?;
    tx.commit().await?;
    if !is_within {
        tracing::error!(
            "more wrong codes than limits.wrong_codes_per_day: somebody may be guessing across many accounts"
        );
    }
    Ok(if last { Checked::UsedUp } else { Checked::Wrong })
}

enum Allowance {
    Send,
    /// Go on without sending, and do not tell.
    Silence,
    Refuse {
        until: Timestamp,
    },
}

/// Whether this address may have one more letter with a code.
async fn allowance(kit: &Kit, tx: &mut Tx, purpose: Purpose, email: &Email) -> Result<Allowance, Fault> {
    let now = kit.now();
    let daily = Limit::window(i64::from(kit.config.limits.codes_per_day), Span::days(1));
    let bucket = |name: &str| codes_bucket(kit, purpose, name, email);
    match purpose {
        // Whoever gets here knew the password, so being told is no secret given away.
        Purpose::LogIn => Ok(match guard::count(tx, &bucket("day"), &daily, now).await? {
            Verdict::Go => Allowance::Send,
            Verdict::Wait { until } => Allowance::Refuse { until },
            Verdict::Shut => Allowance::Silence,
        }),
        Purpose::Reset => {
            let limits = [
                ("moment", Limit::window(1, kit.settings().login.code_resend)),
                ("hour", Limit::window(RESETS_AN_HOUR, Span::hours(1))),
                ("day", daily),
            ];
            for (name, limit) in limits {
                if guard::count(tx, &bucket(name), &limit, now).await? != Verdict::Go {
                    return Ok(Allowance::Silence);
                }
            }
            Ok(Allowance::Send)
        }
    }
}

fn tries_bucket(kit: &Kit, email: &str) -> String {
    kit.keyring.bucket(&["reset tries", email])
}

fn codes_bucket(kit: &Kit, purpose: Purpose, name: &str, email: &Email) -> String {
    kit.keyring.bucket(&["codes", purpose.name(), name, email.canonical()])
}

/// The counters that keep somebody from getting or entering codes.
pub(super) fn buckets(kit: &Kit, email: &Email) -> Vec<String> {
    let codes = [
        (Purpose::LogIn, "day"),
        (Purpose::Reset, "moment"),
        (Purpose::Reset, "hour"),
        (Purpose::Reset, "day"),
    ];
    let tries = tries_bucket(kit, email.canonical());
    codes.map(|(purpose, name)| codes_bucket(kit, purpose, name, email)).into_iter().chain([tries]).collect()
}

fn fresh(journey: &Journey, purpose: Purpose, recipient: &Recipient<'_>, now: Timestamp) -> Challenge {
    Challenge {
        flow_id: journey.flow.id.clone(),
        purpose,
        user_id: recipient.user.map(|user| user.id.clone()),
        email: recipient.email.canonical().to_owned(),
        state: ChallengeState::Open,
        tries: 0,
        sends: 0,
        last_sent_at: now,
        codes: Vec::new(),
    }
}

fn kept(kit: &Kit, challenge: &Challenge, code: &str, now: Timestamp) -> EmailedCode {
    // Nobody's codes are kept too, and never match: a stranger's journey costs what a partner's does.
    let mac = match challenge.user_id {
        Some(_) => mac(kit, challenge, code),
        None => kit.keyring.code_mac("nobody", "", challenge.flow_id.as_str(), code),
    };
    EmailedCode { mac, expires_at: (now + code_life(kit)).millis() }
}

fn mac(kit: &Kit, challenge: &Challenge, code: &str) -> String {
    let person = challenge.user_id.as_ref().map_or("", UserId::as_str);
    kit.keyring.code_mac(challenge.purpose.name(), person, challenge.flow_id.as_str(), code)
}

fn code_life(kit: &Kit) -> Span {
    kit.settings().login.code
}

async fn post(
    kit: &Kit,
    tx: &mut Tx,
    journey: &Journey,
    challenge: &Challenge,
    (recipient, code): (&Recipient<'_>, &str),
) -> Result<(), Fault> {
    let now = challenge.last_sent_at.max(kit.now());
    let expires_at = now + code_life(kit);
    let service = &journey.service(kit);
    let content = match challenge.purpose {
        Purpose::LogIn => letters::login_code(kit, service, code, (now, expires_at)),
        Purpose::Reset => letters::reset_code(kit, service, code, (now, expires_at)),
    };
    let draft = outbox::Draft { to: recipient.email, service, content, expires_at };
    match recipient.user {
        // To the address that is on record, never to what was typed.
        Some(user) => outbox::queue(kit, tx, outbox::Draft { to: &user.email, ..draft }).await,
        None => outbox::queue_decoy(kit, tx, draft).await,
    }
}

/// When the newest code of a step was sent, and when it stops working.
pub(crate) async fn times(
    kit: &Kit,
    journey: &Journey,
    purpose: Purpose,
) -> Result<Option<(Timestamp, Timestamp)>, Fault> {
    let found = challenges::find(&mut *kit.store.read().await?, &journey.flow.id, purpose).await?;
    Ok(found.map(|challenge| (challenge.last_sent_at, challenge.last_sent_at + code_life(kit))))
}
