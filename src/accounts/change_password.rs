//! Changing one's own password: with the present one, and a log-in that is not long ago.

use crate::accounts::guard::{self, Claim, Outcome};
use crate::accounts::new_password::{self, Choice, Judged, Refusal, Typed};
use crate::accounts::session::{self, Current};
use crate::accounts::{history, letters};
use crate::audit::Entry;
use crate::base::{Fault, Secret, Timestamp, kinds};
use crate::kit::Kit;
use crate::model::{EventKind, Visit};
use crate::outbox;
use crate::policy::lifetime;
use crate::policy::password::Chooser;
use crate::store::{challenges, devices, sessions, users};

/// What came of it.
pub(crate) enum Step {
    Done,
    /// The present password is not the one that was typed.
    Wrong,
    /// What was typed cannot be right as it stands.
    Unfit {
        present_is_empty: bool,
        new: Option<Refusal>,
    },
    /// `until` is `None` where only a reset opens this way again.
    TooMany {
        until: Option<Timestamp>,
    },
    Busy,
    /// The log-in is too long ago for a change: they have to prove again who they are.
    Stale,
}

/// What somebody typed, and the browser that they typed it in.
pub(crate) struct Wish<'a> {
    pub(crate) present: &'a str,
    pub(crate) new: Typed<'a>,
    pub(crate) device: Option<&'a Secret<kinds::Device>>,
    pub(crate) visit: &'a Visit,
}

/// What is wrong with a form by itself.
async fn amiss(kit: &Kit, current: &Current, wish: &Wish<'_>) -> Result<Option<Step>, Fault> {
    let service = &kit.service_name();
    let chooser = Chooser { name: &current.user.name, email: current.user.email.shown(), service };
    let unfit = match new_password::judge(kit, &chooser, wish.new).await? {
        Judged::Fit => None,
        Judged::Unfit(refusal) => Some(refusal),
        Judged::Busy => return Ok(Some(Step::Busy)),
    };
    let present_is_empty = wish.present.is_empty();
    Ok((present_is_empty || unfit.is_some()).then_some(Step::Unfit { present_is_empty, new: unfit }))
}

/// Sets a new password, ends every other session, and tells the owner by mail: all or nothing.
pub(crate) async fn change(kit: &Kit, current: &Current, wish: Wish<'_>) -> Result<Step, Fault> {
    if !lifetime::session_is_fresh(&current.session, kit.now()) {
        return Ok(Step::Stale);
    }
    // Nothing is guessed before the form is filled in as it should be.
    if let Some(amiss) = amiss(kit, current, &wish).await? {
        return Ok(amiss);
    }
    let claim =
        Claim { email: &current.user.email, password: wish.present, device: wish.device, visit: wish.visit };
    // Guesses count here as they do at the front door.
    let proven = match guard::verify_password(kit, claim).await? {
        Outcome::Right(proven) => proven,
        Outcome::Wrong => return Ok(Step::Wrong),
        Outcome::TooMany { until } => return Ok(Step::TooMany { until }),
        Outcome::Busy => return Ok(Step::Busy),
    };
    let hash = match new_password::hash(kit, &proven.user, wish.new.0).await? {
        Choice::Good(hash) => hash,
        Choice::Refused(refusal) => {
            // The present password was right, and is not to count as a guess.
            let mut tx = kit.store.begin().await?;
            guard::settle(&mut tx, &proven).await?;
            tx.commit().await?;
            return Ok(Step::Unfit { present_is_empty: false, new: Some(refusal) });
        }
        Choice::Busy => return Ok(Step::Busy),
    };
    let now = kit.now();
    let user = &current.user;
    let old = proven.user.password.as_deref().unwrap_or_default();
    let mut tx = kit.store.begin().await?;
    // A reset meanwhile has the last word, and so has whoever ended the session.
    if !users::change_password(&mut tx, &user.id, (old, &hash), now).await? {
        return Ok(Step::Wrong);
    }
    if !sessions::hold(&mut tx, &current.session.id).await? {
        return Ok(Step::Stale);
    }
    guard::settle(&mut tx, &proven).await?;
    challenges::kill_of_user(&mut tx, &user.id).await?;
    session::end_others(kit, &mut tx, current).await?;
    // A browser that somebody else used is not to be taken for the owner's.
    match wish.device {
        Some(device) => devices::forget_others(&mut tx, &user.id, &kit.keyring.digest(device)).await?,
        None => devices::forget_all(&mut tx, &user.id).await?,
    }
    let service = &kit.service_name();
    let content = letters::password_changed(kit, service, &wish.visit.browser, true);
    let draft = outbox::Draft { to: &user.email, service, content, expires_at: now + outbox::NOTICE_LIFE };
    outbox::queue(kit, &mut tx, draft).await?;
    Entry::by_visitor(EventKind::PasswordChanged, wish.visit)
        .user(Some(&user.id))
        .session(&current.session.id)
        .detail(history::seen(wish.visit))
        .record(kit, &mut tx)
        .await?;
    tx.commit().await?;
    kit.mail_bell.notify_one();
    kit.logout_bell.notify_one();
    Ok(Step::Done)
}
