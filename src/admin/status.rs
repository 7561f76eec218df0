//! How things stand: counted now and then by a job, so that looking costs nothing.

use serde::{Deserialize, Serialize};

use super::{Refusal, check};
use crate::accounts::guard::{self, Standing};
use crate::base::{Error, Fault, Span, Timestamp, UserId};
use crate::kit::Kit;
use crate::model::{Actor, EventKind};
use crate::policy::permission::Action;
use crate::store::people::{self, Counts};
use crate::store::{Conn, events, facts, outbox, reviews, services, sessions, users};
use crate::view::when;

const FACT: &str = "status";
const DAYS: u32 = 14;
/// More emails than so many do not wait while the mail server takes them.
const MOST_WAITING: i64 = 20;

/// How many logged in on one day, and how many could not.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Day {
    /// Its first moment in London.
    pub(crate) begins_at: i64,
    pub(crate) logged_in: i64,
    pub(crate) failed: i64,
}

/// The figures of the dashboard.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Status {
    /// Milliseconds since 1970.
    pub(crate) counted_at: i64,
    pub(crate) people: Counts,
    pub(crate) locked: i64,
    pub(crate) sessions: i64,
    pub(crate) services: i64,
    pub(crate) mail_waiting: i64,
    pub(crate) mail_failed_today: i64,
    /// Access reviews that should be finished by now.
    #[serde(default)]
    pub(crate) reviews_overdue: i64,
    /// How often today more passwords or codes were wrong than is usual.
    #[serde(default)]
    pub(crate) guessing_today: i64,
    /// The oldest first.
    pub(crate) days: Vec<Day>,
}

/// The figures as they were last counted.
pub(crate) async fn read(kit: &Kit, actor: &Actor) -> Result<Status, Error<Refusal>> {
    check(actor, Action::SeeStatus, None)?;
    Ok(stored(kit).await?)
}

async fn stored(kit: &Kit) -> Result<Status, Fault> {
    let stored = facts::find(&mut *kit.store.read().await?, FACT).await?;
    Ok(stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Counts, and keeps what was counted. Days that were over the last time are not counted again.
pub(crate) async fn count(kit: &Kit) -> Result<(), Fault> {
    let now = kit.now();
    let before = stored(kit).await?;
    let known_until = before.counted_at - Span::days(1).as_millis();
    let mut conn = kit.store.read().await?;
    let today = when::day_begins(now);
    let mut days = Vec::new();
    for back in (0..DAYS).rev() {
        let begins_at = when::day_begins(today - Span::days(back) + Span::hours(12));
        let ends_at = when::day_begins(begins_at + Span::hours(36));
        let known = before.days.iter().find(|day| day.begins_at == begins_at.millis());
        days.push(match known {
            Some(day) if ends_at.millis() < known_until => day.clone(),
            _ => {
                let mut count = async |kind| events::count(&mut conn, kind, (begins_at, ends_at)).await;
                let logged_in = count(EventKind::LoggedIn).await?;
                let failed = count(EventKind::PasswordWrong).await? + count(EventKind::CodeWrong).await?;
                Day { begins_at: begins_at.millis(), logged_in, failed }
            }
        });
    }
    let status = Status {
        counted_at: now.millis(),
        people: people::count(&mut conn).await?,
        locked: locked(kit, &mut conn).await?,
        sessions: sessions::count(&mut conn, now, now - kit.settings().session.idle).await?,
        // The console is one that nobody registered.
        services: services::count(&mut conn).await? - 1,
        mail_waiting: outbox::waiting_since(&mut conn, now).await?,
        mail_failed_today: outbox::failed_since(&mut conn, today).await?,
        reviews_overdue: reviews::overdue(&mut conn, now).await?,
        guessing_today: events::count(&mut conn, EventKind::GuessingSuspected, (today, now)).await?,
        days,
    };
    drop(conn);
    let text = serde_json::to_string(&status)
        .map_err(|error| Fault::caused("the status cannot be written down", error))?;
    let mut tx = kit.store.begin().await?;
    facts::set(&mut tx, FACT, &text).await?;
    tx.commit().await
}

/// How many accounts wrong passwords have closed: of those whose attempts were refused in the last month, at most a
/// thousand.
async fn locked(kit: &Kit, conn: &mut Conn) -> Result<i64, Fault> {
    const MOST: i64 = 1_000;
    let since = kit.now() - Span::days(30);
    let refused = events::whose(conn, EventKind::PasswordPaused, since, MOST).await?;
    let refused: Vec<&UserId> = refused.iter().collect();
    let mut locked = 0;
    for user in users::by_ids(conn, &refused).await?.values().filter(|user| user.is_active()) {
        locked += i64::from(!matches!(guard::standing(kit, conn, &user.email).await?, Standing::Open));
    }
    Ok(locked)
}

/// Whether emails are sent, as far as the figures show.
pub(crate) const fn mail_works(status: &Status) -> bool {
    status.counted_at > 0 && status.mail_failed_today == 0 && status.mail_waiting <= MOST_WAITING
}

/// Whether anything in the figures needs somebody's attention: sentences.
pub(crate) fn attention(status: &Status, now: Timestamp) -> Vec<String> {
    let mut said = Vec::new();
    if status.mail_failed_today > 0 {
        said.push(format!("{} emails could not be sent today. Look at Email.", status.mail_failed_today));
    }
    if status.mail_waiting > MOST_WAITING {
        said.push(format!("{} emails are waiting to be sent. Check the mail server.", status.mail_waiting));
    }
    if status.guessing_today > 0 {
        said.push(
            "Somebody may be guessing passwords or codes. Look for Guessing suspected in the audit log."
                .to_owned(),
        );
    }
    if status.reviews_overdue > 0 {
        said.push(format!("Access reviews that are overdue: {}. Look at Reviews.", status.reviews_overdue));
    }
    if now.millis() - status.counted_at > Span::minutes(10).as_millis() {
        said.push(
            "These figures are old: the jobs of the provider may have stopped. Look at its log.".to_owned(),
        );
    }
    said
}
