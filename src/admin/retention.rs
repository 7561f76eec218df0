//! How long accounts are kept that nobody uses: first they are deactivated, which can be undone, later they are erased.

use super::{administrators, personal_data, users};
use crate::base::{Fault, Span};
use crate::kit::Kit;
use crate::model::{Actor, User};
use crate::store::people::{self, Overdue};
use crate::store::{Tx, users as user_rows};

/// People in one round, each in a transaction of their own.
const MOST: i64 = 500;

/// Deactivates and erases everybody whose time is up, as far as the configuration has it.
pub(crate) async fn round(kit: &Kit) -> Result<(), Fault> {
    let keep = &kit.config.retention;
    if let Some(dormant) = keep.dormant {
        let mut people = due(kit, Overdue::Dormant, dormant).await?;
        people.extend(due(kit, Overdue::NeverHere, dormant).await?);
        let mut done = 0;
        for user in &people {
            let Some(mut tx) = still_due(kit, user).await? else { continue };
            users::deactivate_in(kit, &mut tx, &Actor::Retention, &user.id).await?;
            tx.commit().await?;
            done += 1;
        }
        report("deactivated after retention.dormant_days", done);
    }
    if let Some(deactivated) = keep.deactivated {
        let mut done = 0;
        for user in &due(kit, Overdue::Deactivated, deactivated).await? {
            let Some(mut tx) = still_due(kit, user).await? else { continue };
            personal_data::erase_in(kit, &mut tx, &Actor::Retention, &user.id).await?;
            tx.commit().await?;
            done += 1;
        }
        report("erased after retention.deactivated_days", done);
    }
    Ok(())
}

/// A transaction for somebody who has not logged in, been activated or become an administrator since they were listed.
async fn still_due(kit: &Kit, listed: &User) -> Result<Option<Tx>, Fault> {
    let mut tx = kit.store.begin().await?;
    if administrators::holds_a_role(&mut tx, &listed.id).await? {
        return Ok(None);
    }
    let now = user_rows::by_id(&mut tx, &listed.id).await?;
    let as_listed =
        |user: &User| (user.last_login_at, user.disabled_at) == (listed.last_login_at, listed.disabled_at);
    Ok(now.is_some_and(|user| as_listed(&user)).then_some(tx))
}

async fn due(kit: &Kit, which: Overdue, kept_for: Span) -> Result<Vec<User>, Fault> {
    people::overdue(&mut *kit.store.read().await?, which, kit.now() - kept_for, MOST).await
}

fn report(what: &str, people: u32) {
    if people > 0 {
        tracing::info!(people, what, "retention");
    }
}
