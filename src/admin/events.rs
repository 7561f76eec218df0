//! Reading the audit trail, and looking whether it is whole.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Page, Refusal, bad_cursor, check, cursor};
use crate::audit::check::{Broken, Checker, Head, body};
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
    /// The oldest first, instead of the newest.
    pub(crate) upwards: bool,
}

/// An event with the name of whoever it happened to and whoever did it, while they are known.
pub(crate) struct Listed {
    pub(crate) event: Event,
    pub(crate) person: Option<String>,
    pub(crate) actor: Option<String>,
}

/// A page of events. Who looks after some services sees what concerns those.
pub(crate) async fn list(
    kit: &Kit,
    actor: &Actor,
    filter: &Filter,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<Listed>, Error<Refusal>> {
    check(actor, Action::SeeEvents, filter.client.as_ref())?;
    let name = format!("events {filter:?}");
    let first = if filter.upwards { i64::MIN } else { i64::MAX };
    let place = match after {
        Some(after) => cursor::open(kit, &name, after).ok_or_else(bad_cursor)?,
        None => (first.to_string(), String::new()),
    };
    let wanted = Wanted {
        since: filter.since.unwrap_or(Timestamp::from_millis(0)),
        until: filter.until.unwrap_or(Timestamp::from_millis(i64::MAX)),
        kind: filter.kind,
        user: filter.user.as_ref(),
        client: filter.client.as_ref(),
        upwards: filter.upwards,
        after: (place.0.parse().unwrap_or(first), &place.1),
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

/// A trail that is whole.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    pub(crate) rows: u64,
    /// The last row that was signed, and when.
    pub(crate) signed: Option<(i64, Timestamp)>,
}

/// How the trail is to be looked at.
#[derive(Default)]
pub(crate) struct Look<'a> {
    /// Chain and sign, once everything is good that is there, and look at that as well.
    pub(crate) settle: bool,
    /// A head that was kept elsewhere, which it must agree with.
    pub(crate) known: Option<Head>,
    /// Is told which row it has come to.
    pub(crate) at: Option<&'a (dyn Fn(i64) + Sync)>,
}

/// Looks whether the trail is whole. The result is kept for whoever asks.
pub(crate) async fn inspect(kit: &Kit, look: Look<'_>) -> Result<Result<Whole, Broken>, Fault> {
    let checked = verify(kit, look).await?;
    let wrong = checked.as_ref().err().map(|broken| format!("row {}: {}", broken.seq, broken.why));
    let kept = serde_json::to_string(&LastCheck { at: kit.now().millis(), wrong })
        .map_err(|error| Fault::caused("a check cannot be written down", error))?;
    let mut tx = kit.store.begin().await?;
    facts::set(&mut tx, LAST_CHECK, &kept).await?;
    tx.commit().await?;
    Ok(checked)
}

/// Chains and signs what has been recorded so far, so that it is part of what is taken away; the last row that is signed.
pub(crate) async fn settle(kit: &Kit) -> Result<i64, Fault> {
    chain::catch_up(kit, chain::LATEST).await?;
    chain::sign(kit).await?;
    Ok(trail::last_head(&mut *kit.store.read().await?).await?.map_or(0, |(seq, _)| seq))
}

/// The last row that has its place.
pub(crate) async fn height(kit: &Kit) -> Result<i64, Fault> {
    Ok(trail::last(&mut *kit.store.read().await?).await?.map_or(0, |(seq, ..)| seq))
}

/// The last look: when it was, and what was wrong then.
pub(crate) async fn last_check(kit: &Kit) -> Result<Option<(Timestamp, Option<String>)>, Fault> {
    let kept = facts::find(&mut *kit.store.read().await?, LAST_CHECK).await?;
    let read: Option<LastCheck> = kept.and_then(|text| serde_json::from_str(&text).ok());
    Ok(read.map(|read| (Timestamp::from_millis(read.at), read.wrong)))
}

/// The keys that heads are checked with.
pub(crate) async fn public_keys(kit: &Kit) -> Result<PublicKeys, Fault> {
    PublicKeys::import(&json!({ "keys": [public_key(kit).await?] })).map_err(Fault::new)
}

async fn verify(kit: &Kit, look: Look<'_>) -> Result<Result<Whole, Broken>, Fault> {
    let keys = public_keys(kit).await?;
    let mut checker = Checker::new(&keys);
    match chain::last_signed(&mut *kit.store.read().await?, &keys).await? {
        Ok(noted) => noted.into_iter().chain(look.known).for_each(|head| checker.must_agree(head)),
        Err(broken) => return Ok(Err(broken)),
    }
    let mut walk = Walk::default();
    let mut gone_along = along(kit, &mut walk, (&mut checker, look.at)).await?;
    if look.settle && gone_along.is_ok() {
        // Only now: what was tampered with must not be signed as well.
        settle(kit).await?;
        walk.resume();
        gone_along = along(kit, &mut walk, (&mut checker, look.at)).await?;
    }
    if let Err(broken) = gone_along {
        return Ok(Err(broken));
    }
    // What has no place although it could have had one for long was put there by somebody else.
    let strays = trail::strays(&mut *kit.store.read().await?, kit.now() - Span::minutes(10)).await?;
    Ok(match strays {
        0 => Ok(Whole { rows: checker.rows, signed: checker.signed }),
        1 => Err(Broken::new(walk.after, "1 event has no place in the trail")),
        many => Err(Broken::new(walk.after, format!("{many} events have no place in the trail"))),
    })
}

/// Checks everything up to the present end.
async fn along(
    kit: &Kit,
    walk: &mut Walk,
    (checker, at): (&mut Checker<'_>, Option<&(dyn Fn(i64) + Sync)>),
) -> Result<Result<(), Broken>, Fault> {
    loop {
        let steps = walk.next(kit).await?;
        if steps.is_empty() {
            return Ok(checker.end());
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
        if let Some(at) = at {
            at(walk.after);
        }
    }
}

/// A row or a head, in the order of the trail.
pub(crate) enum Step {
    Row { seq: i64, hash: String, event: Option<Box<Event>> },
    Head(String),
}

/// Goes along the trail from its beginning, some rows at a time.
#[derive(Default)]
pub(crate) struct Walk {
    pub(crate) after: i64,
    /// The place from which on heads have not been seen yet.
    heads_from: i64,
    /// The last place to go to.
    until: Option<i64>,
    ended: bool,
}

impl Walk {
    /// The same, but no further than to a place.
    pub(crate) fn until(place: i64) -> Self {
        Self { until: Some(place), ..Self::default() }
    }

    /// Goes on from what was the end.
    fn resume(&mut self) {
        self.ended = false;
        // The last row may have been signed meanwhile.
        self.heads_from = self.after;
    }

    /// The next steps; none at the end.
    pub(crate) async fn next(&mut self, kit: &Kit) -> Result<Vec<Step>, Fault> {
        if self.ended {
            return Ok(Vec::new());
        }
        let until = self.until.unwrap_or(i64::MAX);
        let mut conn = kit.store.read().await?;
        let mut rows = trail::rows(&mut conn, self.after, BATCH).await?;
        rows.retain(|row| row.seq <= until);
        self.ended = rows.is_empty();
        // At the beginning there may be one that stands for what was purged; at the end, those of rows that are gone.
        let last = rows.last().map_or(until, |row| row.seq);
        let mut heads = trail::heads(&mut conn, (self.heads_from, last)).await?.into_iter().peekable();
        let mut steps = Vec::new();
        for row in rows {
            while let Some((_, signed)) = heads.next_if(|(seq, _)| *seq < row.seq) {
                steps.push(Step::Head(signed));
            }
            self.after = row.seq;
            steps.push(Step::Row { seq: row.seq, hash: row.hash, event: row.event.map(Box::new) });
        }
        self.heads_from = self.after + 1;
        steps.extend(heads.map(|(_, signed)| Step::Head(signed)));
        Ok(steps)
    }
}
