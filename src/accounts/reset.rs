//! The forgotten password: email, emailed code, new password. It never logs anybody in.

use crate::accounts::emailed_code::{self, Checked, Opened, Recipient};
use crate::accounts::flow::Journey;
use crate::accounts::new_password::{self, Choice, Refusal, Typed};
use crate::accounts::{guard, history, letters, session};
use crate::audit::Entry;
use crate::base::{Fault, Secret, Span, Timestamp, kinds};
use crate::kit::Kit;
use crate::model::{ChallengeState, Email, EventKind, FlowStage, Purpose, User, Visit};
use crate::outbox;
use crate::policy::throttle::{Limit, Verdict};
use crate::store::{Conn, Tx, challenges, flows, invitations, users};
use crate::view::messages;

/// What came of asking for a reset.
pub(crate) enum AskStep {
    /// The next page, whether or not anybody has that address.
    Asked,
    TooMany {
        until: Timestamp,
    },
    Closed,
}

/// What came of entering the code.
pub(crate) enum CodeStep {
    /// Right: a new password may be chosen, under a new cookie.
    Right {
        binding: Secret<kinds::Flow>,
    },
    Wrong,
    ExpiredAndResent,
    UsedUp,
    Closed,
}

/// What came of choosing a password.
pub(crate) enum PasswordStep {
    Done,
    Refused(Refusal),
    Busy,
    Closed,
}

/// Sends a reset code, where somebody has the address; and does the same work where nobody has.
pub(crate) async fn ask(
    kit: &Kit,
    journey: &Journey,
    email: &Email,
    visit: &Visit,
) -> Result<AskStep, Fault> {
    if !matches!(journey.flow.stage, FlowStage::Password | FlowStage::Code { .. }) {
        return Ok(AskStep::Closed);
    }
    let mut tx = kit.store.begin().await?;
    let network = guard::network_bucket(kit, "reset", visit);
    let verdict = guard::count(&mut tx, &network, &guard::network_limit(kit), kit.now()).await?;
    if let Verdict::Wait { until } = verdict {
        tx.commit().await?;
        return Ok(AskStep::TooMany { until });
    }
    flows::back_to_password(&mut tx, &journey.flow.id, email.shown(), None).await?;
    let user = users::by_email(&mut tx, email).await?;
    let may = match &user {
        Some(user) => user.is_active() && has_way_in(&mut tx, user, kit.now()).await?,
        None => false,
    };
    let recipient = Recipient { email, user: user.as_ref().filter(|_| may) };
    match emailed_code::open(kit, &mut tx, journey, (Purpose::Reset, recipient), visit).await? {
        // Whoever asks too often sees the same page, whether or not anybody has the address; what was sent before
        // goes on working.
        Opened::Sent | Opened::TooMany { .. } => {}
    }
    if let Some(user) = user.as_ref().filter(|user| !user.is_active()) {
        refuse_by_letter(kit, &mut tx, journey, user).await?;
    }
    Entry::by_visitor(EventKind::ResetAsked, visit)
        .user(user.as_ref().map(|user| &user.id))
        .client(journey.flow.client_id.as_ref())
        .detail(history::seen(visit))
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    kit.mail_bell.notify_one();
    Ok(AskStep::Asked)
}

/// Whether somebody has a password to forget, or an invitation that lets them choose their first: who was invited by
/// mistake is kept out by withdrawing it.
async fn has_way_in(conn: &mut Conn, user: &User, now: Timestamp) -> Result<bool, Fault> {
    if user.password.is_some() {
        return Ok(true);
    }
    let invitation = invitations::of_user(conn, &user.id).await?;
    Ok(invitation.is_some_and(|invitation| invitation.is_open(now)))
}

/// Tells somebody whose account was deactivated whom to call; the page tells nobody anything.
async fn refuse_by_letter(kit: &Kit, tx: &mut Tx, journey: &Journey, user: &User) -> Result<(), Fault> {
    let bucket = kit.keyring.bucket(&["reset refused", user.email.canonical()]);
    let limit = Limit::window(1, Span::hours(1));
    if guard::count(tx, &bucket, &limit, kit.now()).await? != Verdict::Go {
        return Ok(());
    }
    let service = &journey.service(kit);
    let content = letters::reset_refused(kit, service);
    let expires_at = kit.now() + outbox::NOTICE_LIFE;
    outbox::queue(kit, tx, outbox::Draft { to: &user.email, service, content, expires_at }).await
}

/// Checks the reset code.
pub(crate) async fn check_code(
    kit: &Kit,
    journey: &Journey,
    code: &str,
    visit: &Visit,
) -> Result<CodeStep, Fault> {
    let owner = match emailed_code::check(kit, journey, Purpose::Reset, code, visit).await? {
        Checked::Right { user_id } => user_id,
        Checked::Wrong => return Ok(CodeStep::Wrong),
        Checked::ExpiredAndResent => return Ok(CodeStep::ExpiredAndResent),
        Checked::UsedUp => return Ok(CodeStep::UsedUp),
        Checked::Closed => return Ok(CodeStep::Closed),
    };
    let binding = Secret::generate(&*kit.random);
    let mut tx = kit.store.begin().await?;
    if !challenges::pass(&mut tx, &journey.flow.id, Purpose::Reset, &owner).await? {
        return Ok(CodeStep::Closed);
    }
    flows::rebind(&mut tx, &journey.flow.id, &kit.keyring.digest(&binding)).await?;
    tx.commit().await?;
    Ok(CodeStep::Right { binding })
}

/// The person who may choose a new password in this journey: the code was right and is not spent.
pub(crate) async fn chooser(kit: &Kit, journey: &Journey) -> Result<Option<User>, Fault> {
    // Whoever has logged in meanwhile knew the password after all.
    if !matches!(journey.flow.stage, FlowStage::Password | FlowStage::Code { .. }) {
        return Ok(None);
    }
    let mut conn = kit.store.read().await?;
    let challenge = challenges::find(&mut conn, &journey.flow.id, Purpose::Reset).await?;
    let passed = challenge.filter(|challenge| challenge.state == ChallengeState::Passed);
    let Some(id) = passed.and_then(|challenge| challenge.user_id) else { return Ok(None) };
    let Some(user) = users::by_id(&mut conn, &id).await?.filter(User::is_active) else { return Ok(None) };
    Ok(has_way_in(&mut conn, &user, kit.now()).await?.then_some(user))
}

/// Sets the new password, ends every session and grant of its owner, and tells them by mail: all or nothing.
pub(crate) async fn set_password(
    kit: &Kit,
    journey: &Journey,
    typed: Typed<'_>,
    visit: &Visit,
) -> Result<PasswordStep, Fault> {
    let Some(user) = chooser(kit, journey).await? else { return Ok(PasswordStep::Closed) };
    let hash = match new_password::choose(kit, &user, &journey.service(kit), typed).await? {
        Choice::Good(hash) => hash,
        Choice::Refused(refusal) => return Ok(PasswordStep::Refused(refusal)),
        Choice::Busy => return Ok(PasswordStep::Busy),
    };
    let now = kit.now();
    let mut tx = kit.store.begin().await?;
    if challenges::spend(&mut tx, &journey.flow.id, Purpose::Reset).await?.as_ref() != Some(&user.id) {
        return Ok(PasswordStep::Closed);
    }
    if user.password.is_some() {
        users::set_password(&mut tx, &user.id, &hash, now).await?;
    } else if !invitations::take_of_user(&mut tx, &user.id, now).await?
        || !users::set_first_password(&mut tx, &user.id, &hash, now).await?
    {
        // The invitation was withdrawn, or used, while they chose.
        return Ok(PasswordStep::Closed);
    }
    challenges::kill_of_user(&mut tx, &user.id).await?;
    session::end_everything(kit, &mut tx, &user.id).await?;
    guard::pardon(kit, &mut tx, &user.email).await?;
    let banner = Some(messages::PASSWORD_CHANGED);
    flows::back_to_password(&mut tx, &journey.flow.id, user.email.shown(), banner).await?;
    let service = &journey.service(kit);
    let content = letters::password_changed(kit, service, &visit.browser, false);
    let draft = outbox::Draft { to: &user.email, service, content, expires_at: now + outbox::NOTICE_LIFE };
    outbox::queue(kit, &mut tx, draft).await?;
    Entry::by_visitor(EventKind::ResetDone, visit)
        .user(Some(&user.id))
        .detail(history::seen(visit))
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    kit.mail_bell.notify_one();
    kit.logout_bell.notify_one();
    Ok(PasswordStep::Done)
}

/// Gives the reset up: nothing has changed, and its codes are dead.
pub(crate) async fn cancel(kit: &Kit, journey: &Journey) -> Result<(), Fault> {
    let mut tx = kit.store.begin().await?;
    challenges::kill(&mut tx, &journey.flow.id, Purpose::Reset).await?;
    tx.commit().await
}
