//! How long accounts are kept that nobody uses: first they are deactivated, which can be undone, later they are erased.

use super::{administrators, personal_data, users};
use crate::base::{Fault, Span};
use crate::kit::Kit;
use crate::model::{Actor, User};
use crate::store::people::{self, Overdue};

/// People in one round, each in a transaction of their own.
const MOST: i64 = 500;

/// Deactivates and erases everybody whose time is up, as far as the settings have it. Whoever cannot be is told of in
/// the log, and the others have their turn all the same.
pub(crate) async fn round(kit: &Kit) -> Result<(), Fault> {
    let settings = kit.settings();
    let keep = &settings.retention;
    let mut ended = 0;
    if let Some(dormant) = keep.dormant {
        let mut people = due(kit, Overdue::Dormant, dormant).await?;
        people.extend(due(kit, Overdue::NeverHere, dormant).await?);
        ended += end(kit, &people, End::Deactivate).await;
    }
    if let Some(deactivated) = keep.deactivated {
        ended += end(kit, &due(kit, Overdue::Deactivated, deactivated).await?, End::Erase).await;
    }
    if ended > 0 {
        kit.logout_bell.notify_one();
    }
    Ok(())
}

/// What becomes of somebody.
#[derive(Clone, Copy, Debug)]
enum End {
    Deactivate,
    Erase,
}

/// How many it became of.
async fn end(kit: &Kit, people: &[User], end: End) -> u32 {
    let mut done = 0;
    for user in people {
        match end_one(kit, user, end).await {
            Ok(true) => done += 1,
            Ok(false) => {}
            Err(fault) => {
                tracing::error!(person = %user.id, ?end, fault = fault.to_string(), "retention failed");
            }
        }
    }
    if done > 0 {
        tracing::info!(people = done, ?end, "retention");
    }
    done
}

/// `false` where somebody has logged in, been activated or become an administrator since they were listed.
async fn end_one(kit: &Kit, listed: &User, end: End) -> Result<bool, Fault> {
    let mut tx = kit.store.begin().await?;
    administrators::hold_roles(&mut tx).await?;
    if !people::hold_unless_changed(&mut tx, listed).await? {
        return Ok(false);
    }
    match end {
        End::Deactivate => {
            users::deactivate_in(kit, &mut tx, &Actor::Retention, &listed.id).await?;
        }
        End::Erase => personal_data::erase_in(kit, &mut tx, &Actor::Retention, &listed.id).await?,
    }
    tx.commit().await?;
    Ok(true)
}

async fn due(kit: &Kit, which: Overdue, kept_for: Span) -> Result<Vec<User>, Fault> {
    people::overdue(&mut *kit.store.read().await?, which, kit.now() - kept_for, MOST).await
}
