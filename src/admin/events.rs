//! Reading the audit trail, and looking whether it is whole.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Page, Refusal, bad_cursor, check, cursor};
use crate::audit::check::{Broken, Checker, body};
use crate::audit::{Entry, chain, personal};
use crate::base::{ClientId, Error, Fault, Span, Timestamp, UserId};
use crate::jose::PublicKeys;
use crate::kit::Kit;
use crate::model::{Actor, Event, EventKind};
use crate::policy::permission::Action;
use crate::store::events::{self, Wanted};
use crate::store::{facts, trail, users};

const LAST_CHECK: &str = "trail_checked";
const BATCH: i64 = 500;

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) kind: Option<EventKind>,
    pub(crate) user: Option<UserId>,
    pub(crate) client: Option<ClientId>,
}

/// An event with the name of whoever it happened to and whoever did it, while they are known.
pub(crate) struct Listed {
    pub(crate) event: Event,
    pub(crate) person: Option<String>,
    pub(crate) actor: Option<String>,
}

/// A page of events, the newest first. Who looks after some services sees what concerns those.
pub(crate) async fn list(
    kit: &Kit,
    actor: &Actor,
    filter: &Filter,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<Listed>, Error<Refusal>> {
    check(actor, Action::SeeEvents, filter.client.as_ref())?;
    let name = format!("events {filter:?}");
    let place = match after {
        Some(after) => cursor::open(kit, &name, after).ok_or_else(bad_cursor)?,
        None => (i64::MAX.to_string(), String::new()),
    };
    let wanted = Wanted {
        since: filter.since.unwrap_or(Timestamp::from_millis(0)),
        until: filter.until.unwrap_or(Timestamp::from_millis(i64::MAX)),
        kind: filter.kind,
        user: filter.user.as_ref(),
        client: filter.client.as_ref(),
        before: (place.0.parse().unwrap_or(i64::MAX), &place.1),
    };
    let mut conn = kit.store.read().await?;
    let rows = events::list(&mut conn, &wanted, limit + 1).await?;
    let page = Page::cut(rows, limit, |event| {
        cursor::seal(kit, &name, (&event.at.millis().to_string(), event.id.as_str()))
    });
    let mut listed = Vec::with_capacity(page.rows.len());
    for event in page.rows {
        let person = match &event.user_id {
            Some(id) => users::by_id(&mut conn, id).await?.map(|user| user.name),
            None => None,
        };
        let by = event.actor.as_deref().and_then(UserId::parse);
        let actor = match by {
            Some(id) => users::by_id(&mut conn, &id).await?.map(|user| user.name),
            None => event.actor.clone(),
        };
        let event = personal::open(kit, &mut conn, event).await?;
        listed.push(Listed { event, person, actor });
    }
    Ok(Page { rows: listed, next: page.next })
}

/// Notes that somebody has taken events away as a file.
pub(crate) async fn exported(kit: &Kit, actor: &Actor, filter: &Filter) -> Result<(), Error<Refusal>> {
    check(actor, Action::SeeEvents, filter.client.as_ref())?;
    let mut tx = kit.store.begin().await?;
    Entry::by(EventKind::EventsExported, actor).record(kit, &mut tx).await?;
    Ok(tx.commit().await?)
}

/// The key that heads are checked with.
pub(crate) async fn public_key(kit: &Kit) -> Result<Value, Fault> {
    Ok(chain::key(kit).await?.public_jwk)
}

/// When the trail was looked at, and what was wrong with it then.
#[derive(Serialize, Deserialize)]
struct LastCheck {
    at: i64,
    wrong: Option<String>,
}

/// Looks whether the trail is whole; how many rows that were. The result is kept for whoever asks.
pub(crate) async fn inspect(kit: &Kit) -> Result<Result<u64, Broken>, Fault> {
    let checked = verify(kit).await?;
    let wrong = checked.as_ref().err().map(|broken| format!("row {}: {}", broken.seq, broken.why));
    let kept = serde_json::to_string(&LastCheck { at: kit.now().millis(), wrong })
        .map_err(|error| Fault::caused("a check cannot be written down", error))?;
    let mut tx = kit.store.begin().await?;
    facts::set(&mut tx, LAST_CHECK, &kept).await?;
    tx.commit().await?;
    Ok(checked)
}

/// The last look: when it was, and what was wrong then.
pub(crate) async fn last_check(kit: &Kit) -> Result<Option<(Timestamp, Option<String>)>, Fault> {
    let kept = facts::find(&mut *kit.store.read().await?, LAST_CHECK).await?;
    let read: Option<LastCheck> = kept.and_then(|text| serde_json::from_str(&text).ok());
    Ok(read.map(|read| (Timestamp::from_millis(read.at), read.wrong)))
}

async fn verify(kit: &Kit) -> Result<Result<u64, Broken>, Fault> {
    let keys = PublicKeys::import(&json!({ "keys": [public_key(kit).await?] })).map_err(Fault::new)?;
    let mut checker = Checker::new(&keys);
    let mut walk = Walk::default();
    loop {
        let steps = walk.next(kit).await?;
        if steps.is_empty() {
            break;
        }
        for step in steps {
            let fine = match step {
                Step::Row { seq, hash, event } => {
                    checker.row(seq, &hash, event.map(|event| body(&event)).as_ref())
                }
                Step::Head(signed) => checker.head(&signed),
            };
            if let Err(broken) = fine {
                return Ok(Err(broken));
            }
        }
    }
    if let Err(broken) = checker.end() {
        return Ok(Err(broken));
    }
    // What has no place although it could have had one for long was put there by somebody else.
    let strays = trail::strays(&mut *kit.store.read().await?, kit.now() - Span::minutes(10)).await?;
    if strays > 0 {
        let why = format!("{strays} events have no place in the trail");
        return Ok(Err(Broken { seq: walk.after, why }));
    }
    Ok(Ok(checker.rows))
}

/// A row or a head, in the order of the trail.
pub(crate) enum Step {
    Row { seq: i64, hash: String, event: Option<Box<Event>> },
    Head(String),
}

/// Goes along the trail from its beginning, some rows at a time.
#[derive(Default)]
pub(crate) struct Walk {
    after: i64,
    begun: bool,
    ended: bool,
}

impl Walk {
    /// The next steps; none at the end.
    pub(crate) async fn next(&mut self, kit: &Kit) -> Result<Vec<Step>, Fault> {
        if self.ended {
            return Ok(Vec::new());
        }
        let mut conn = kit.store.read().await?;
        let rows = trail::rows(&mut conn, self.after, BATCH).await?;
        self.ended = rows.is_empty();
        let last = rows.last().map_or(i64::MAX, |row| row.seq);
        // At the beginning there may be one that stands for what was purged; at the end, those of rows that are gone.
        let from = if self.begun { self.after + 1 } else { 0 };
        self.begun = true;
        let mut heads = trail::heads(&mut conn, (from, last)).await?.into_iter().peekable();
        let mut steps = Vec::new();
        for row in rows {
            while let Some((_, signed)) = heads.next_if(|(seq, _)| *seq < row.seq) {
                steps.push(Step::Head(signed));
            }
            self.after = row.seq;
            steps.push(Step::Row { seq: row.seq, hash: row.hash, event: row.event.map(Box::new) });
        }
        steps.extend(heads.map(|(_, signed)| Step::Head(signed)));
        Ok(steps)
    }
}
