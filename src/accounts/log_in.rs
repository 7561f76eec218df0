//! Logging in: the password, then the emailed code, then a session.

use crate::accounts::emailed_code::{self, Checked, Opened, Recipient};
use crate::accounts::flow::Journey;
use crate::accounts::guard::{self, Claim, Outcome, Proven};
use crate::accounts::session::{self, Browser, LoggedIn};
use crate::audit::Entry;
use crate::base::{Fault, Secret, Timestamp, kinds};
use crate::kit::Kit;
use crate::model::{Challenge, ChallengeState, Email, EventKind, FlowStage, Purpose, User, Visit};
use crate::store::{Tx, challenges, flows, users};

/// What came of the first step.
pub(crate) enum PasswordStep {
    /// Right: a code is on its way, and the journey is bound by a new cookie.
    CodeSent {
        binding: Secret<kinds::Flow>,
    },
    Wrong,
    /// `until` is `None` where only a reset opens this way again.
    TooMany {
        until: Option<Timestamp>,
    },
    TooManyCodes {
        until: Timestamp,
    },
    /// Too many people are logging in at this moment.
    Busy,
    /// The journey has ended in another tab.
    Closed,
}

/// What came of the second step.
pub(crate) enum CodeStep {
    LoggedIn(Box<LoggedIn>),
    /// Right, but an administrator asked for a new password first. The journey is bound by a new cookie.
    NewPasswordFirst {
        binding: Secret<kinds::Flow>,
    },
    Wrong,
    ExpiredAndResent,
    UsedUp,
    Closed,
}

/// What somebody typed on the first page.
pub(crate) struct Credentials<'a> {
    pub(crate) email: &'a Email,
    pub(crate) password: &'a str,
    pub(crate) device: Option<&'a Secret<kinds::Device>>,
}

/// Checks email and password, and sends a code where they are right.
pub(crate) async fn check_password(
    kit: &Kit,
    journey: &Journey,
    credentials: Credentials<'_>,
    visit: &Visit,
) -> Result<PasswordStep, Fault> {
    if !matches!(journey.flow.stage, FlowStage::Password | FlowStage::Code { .. }) {
        return Ok(PasswordStep::Closed);
    }
    let claim =
        Claim { email: credentials.email, password: credentials.password, device: credentials.device, visit };
    match guard::verify_password(kit, claim).await? {
        Outcome::Right(proven) => {
            if proven.weak_hash {
                strengthen(kit, &proven, credentials.password).await?;
            }
            send_code(kit, journey, &proven, visit).await
        }
        Outcome::Wrong => Ok(PasswordStep::Wrong),
        Outcome::TooMany { until } => Ok(PasswordStep::TooMany { until }),
        Outcome::Busy => Ok(PasswordStep::Busy),
    }
}

async fn send_code(
    kit: &Kit,
    journey: &Journey,
    proven: &Proven,
    visit: &Visit,
) -> Result<PasswordStep, Fault> {
    let user = &proven.user;
    let binding = Secret::generate(&*kit.random);
    let digest = kit.keyring.digest(&binding);
    let mut tx = kit.store.begin().await?;
    let email = user.email.shown();
    if !flows::password_right(&mut tx, &journey.flow.id, &user.id, email, &digest).await? {
        return Ok(PasswordStep::Closed);
    }
    guard::settle(&mut tx, proven).await?;
    let recipient = Recipient { email: &user.email, user: Some(user) };
    let opened = emailed_code::open(kit, &mut tx, journey, (Purpose::LogIn, recipient), visit).await?;
    if let Opened::TooMany { until } = opened {
        // The journey stays where it was: there is no code with which it could go on.
        drop(tx);
        let mut tx = kit.store.begin().await?;
        guard::settle(&mut tx, proven).await?;
        note_right_password(kit, &mut tx, journey, user, visit).await?;
        tx.commit().await?;
        return Ok(PasswordStep::TooManyCodes { until });
    }
    note_right_password(kit, &mut tx, journey, user, visit).await?;
    tx.commit().await?;
    kit.mail_bell.notify_one();
    Ok(PasswordStep::CodeSent { binding })
}

async fn note_right_password(
    kit: &Kit,
    tx: &mut Tx,
    journey: &Journey,
    user: &User,
    visit: &Visit,
) -> Result<(), Fault> {
    Entry::by_visitor(EventKind::PasswordRight, visit)
        .user(Some(&user.id))
        .client(journey.flow.client_id.as_ref())
        .record(kit, tx)
        .await
}

/// Replaces a hash that is weaker than new ones are, now that the password is at hand.
async fn strengthen(kit: &Kit, proven: &Proven, password: &str) -> Result<(), Fault> {
    let Some(old) = &proven.user.password else { return Ok(()) };
    // Where everybody is busy, the next log-in will do.
    if let Ok(new) = kit.hasher.hash(password, &*kit.random).await? {
        let mut tx = kit.store.begin().await?;
        users::rehash(&mut tx, &proven.user.id, old, &new).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Checks the emailed code, and begins a session where it is right.
pub(crate) async fn check_code(
    kit: &Kit,
    journey: &Journey,
    code: &str,
    browser: &Browser<'_>,
) -> Result<CodeStep, Fault> {
    if !matches!(journey.flow.stage, FlowStage::Code { .. }) {
        return Ok(CodeStep::Closed);
    }
    // Whose code it was, and not who was logging in when the journey was looked at.
    let owner = match emailed_code::check(kit, journey, Purpose::LogIn, code, browser.visit).await? {
        Checked::Right { user_id } => user_id,
        Checked::Wrong => return Ok(CodeStep::Wrong),
        Checked::ExpiredAndResent => return Ok(CodeStep::ExpiredAndResent),
        Checked::UsedUp => return Ok(CodeStep::UsedUp),
        Checked::Closed => return Ok(CodeStep::Closed),
    };
    let mut tx = kit.store.begin().await?;
    // Somebody who was deactivated since the first step is told what a wrong code is told.
    let Some(user) = users::by_id(&mut tx, &owner).await?.filter(User::is_active) else {
        return Ok(CodeStep::Wrong);
    };
    if !challenges::pass(&mut tx, &journey.flow.id, Purpose::LogIn, &owner).await? {
        return Ok(CodeStep::Closed);
    }
    if user.new_password_asked_at.is_some() {
        return new_password_first(kit, tx, journey, &user).await;
    }
    let logged_in = session::begin(kit, &mut tx, journey, user, browser).await?;
    if !flows::code_right(&mut tx, &journey.flow.id, &owner, &logged_in.session_id).await? {
        return Ok(CodeStep::Closed);
    }
    tx.commit().await?;
    // Only of a browser that was not known is anybody told by mail.
    if logged_in.device.is_some() {
        kit.mail_bell.notify_one();
    }
    Ok(CodeStep::LoggedIn(Box::new(logged_in)))
}

/// Lets somebody who has proved who they are choose a password, by the last step of a reset, before anything else.
async fn new_password_first(
    kit: &Kit,
    mut tx: Tx,
    journey: &Journey,
    user: &User,
) -> Result<CodeStep, Fault> {
    let challenge = Challenge {
        flow_id: journey.flow.id.clone(),
        purpose: Purpose::Reset,
        user_id: Some(user.id.clone()),
        email: user.email.canonical().to_owned(),
        state: ChallengeState::Passed,
        tries: 0,
        sends: 0,
        last_sent_at: kit.now(),
        codes: Vec::new(),
    };
    challenges::put(&mut tx, &challenge).await?;
    let binding = Secret::generate(&*kit.random);
    flows::rebind(&mut tx, &journey.flow.id, &kit.keyring.digest(&binding)).await?;
    tx.commit().await?;
    Ok(CodeStep::NewPasswordFirst { binding })
}
