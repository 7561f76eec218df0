//! Finding services.

use super::{Page, Refusal, bad_cursor, check, clients, console, cursor};
use crate::base::words::words as words_of;
use crate::base::{Error, Fault, Span, Timestamp};
use crate::kit::Kit;
use crate::model::{Actor, Client};
use crate::policy::permission::{Action, Reach, reaches};
use crate::store::clients as client_rows;
use crate::store::services::{self, Order};
use crate::store::words::Search;

/// How far back the last use of a service is looked for.
const MEMORY: Span = Span::days(90);

/// A service in a list.
pub(crate) struct Listed {
    pub(crate) client: Client,
    /// When it last was given tokens, in the last 90 days.
    pub(crate) last_used_at: Option<Timestamp>,
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    /// Words of a name or an identifier; every service where it is empty.
    pub(crate) words: String,
    /// Where nothing is searched for.
    pub(crate) order: Order,
    /// The cursor of the page before.
    pub(crate) after: Option<String>,
}

/// A page of services, in an order or as words find them. Who looks after some sees those.
pub(crate) async fn list(
    kit: &Kit,
    actor: &Actor,
    query: &Query,
    limit: i64,
) -> Result<Page<Listed>, Error<Refusal>> {
    let own = match (reaches(actor, Action::SeeServices), actor.user_id()) {
        (Reach::Own, Some(user)) => Some(user),
        _ => None,
    };
    let found = match own {
        Some(user) => {
            let own = services::of_administrator(&mut *kit.store.read().await?, user).await?;
            let wanted = crate::base::words::words(&query.words);
            let has = |client: &Client| {
                let its = crate::base::words::words(&format!("{} {}", client.name, client.id));
                wanted.iter().all(|word| its.iter().any(|its| its.starts_with(word.as_str())))
            };
            Page { rows: own.into_iter().filter(has).collect(), next: None }
        }
        None => {
            check(actor, Action::SeeServices, None)?;
            page(kit, query, limit).await?
        }
    };
    let since = kit.now() - MEMORY;
    let mut conn = kit.store.read().await?;
    let mut rows = Vec::with_capacity(found.rows.len());
    for client in found.rows {
        if client.id.as_str() == console::CLIENT {
            continue;
        }
        let last_used_at = services::last_used(&mut conn, &client.id, since).await?;
        rows.push(Listed { client, last_used_at });
    }
    if own.is_some() {
        put_in_order(&mut rows, query.order);
    }
    Ok(Page { rows, next: found.next })
}

/// The services of one administrator are few, and come by name.
fn put_in_order(rows: &mut [Listed], order: Order) {
    let millis = |at: Option<Timestamp>| at.map_or(0, Timestamp::millis);
    match order {
        Order::Name => {}
        Order::Id => rows.sort_by(|one, other| one.client.id.cmp(&other.client.id)),
        Order::LastUse => rows.sort_by_key(|listed| millis(listed.last_used_at)),
        Order::Status => rows.sort_by_key(|listed| std::cmp::Reverse(millis(listed.client.disabled_at))),
    }
}

async fn page(kit: &Kit, query: &Query, limit: i64) -> Result<Page<Client>, Error<Refusal>> {
    let Query { words, order, after } = query;
    let name = format!("services {order:?} {words}");
    let place = match after {
        Some(after) => Some(cursor::open(kit, &name, after).ok_or_else(bad_cursor)?),
        None => None,
    };
    let place = place.as_ref().map(|(key, id)| (key.as_str(), id.as_str()));
    let mut conn = kit.store.read().await?;
    Ok(match (Search::of(words), words.trim().is_empty()) {
        (Some(search), _) => {
            let rows = services::search(&mut conn, &search, place.unwrap_or_default(), limit + 1).await?;
            let page =
                Page::cut(rows, limit, |(client, word)| cursor::seal(kit, &name, (word, client.id.as_str())));
            page.map(|(client, _)| client)
        }
        (None, false) => Page { rows: Vec::new(), next: None },
        (None, true) => {
            let rows = services::list(&mut conn, *order, place, limit + 1).await?;
            let seal = |(client, key): &(Client, String)| cursor::seal(kit, &name, (key, client.id.as_str()));
            Page::cut(rows, limit, seal).map(|(client, _)| client)
        }
    })
}

/// Notes when services were last used, for the list that is in this order: what was said by the trail since the last time;
/// the first time, of each service.
pub(crate) async fn note_uses(kit: &Kit) -> Result<(), Fault> {
    /// Events of one moment are not all recorded by then.
    const LATE: Span = Span::minutes(5);
    const AT_ONCE: i64 = 500;
    let mut conn = kit.store.read().await?;
    let used = match services::noted_until(&mut conn).await? {
        Some(until) => services::used_since(&mut conn, until - LATE).await?,
        None => {
            let (mut used, mut after) = (Vec::new(), String::new());
            loop {
                let page = client_rows::page(&mut conn, &after, AT_ONCE).await?;
                let Some(last) = page.last() else { break used };
                after = last.id.to_string();
                for client in &page {
                    let at = services::last_used(&mut conn, &client.id, kit.now() - MEMORY).await?;
                    used.extend(at.map(|at| (client.id.clone(), at)));
                }
            }
        }
    };
    drop(conn);
    if used.is_empty() {
        return Ok(());
    }
    // By identifier: another node that does the same waits for this one, and this one for none.
    let mut tx = kit.store.begin().await?;
    for (id, at) in used {
        services::note_use(&mut tx, &id, at).await?;
    }
    tx.commit().await
}

/// Whether people would take a name for the council's, or for that of a service which is trusted with no question: the
/// same words, whatever their order, capitals and accents.
pub(super) async fn sounds_like_ours(kit: &Kit, name: &str) -> Result<bool, Fault> {
    const AT_ONCE: i64 = 200;
    let words = words_of(name);
    let settings = kit.settings();
    let brand = &settings.brand;
    if [&brand.council, &brand.service].into_iter().any(|own| words_of(own) == words) {
        return Ok(true);
    }
    let Some(search) = Search::of(name) else { return Ok(false) };
    let mut conn = kit.store.read().await?;
    let mut place = (String::new(), String::new());
    loop {
        let found = services::search(&mut conn, &search, (&place.0, &place.1), AT_ONCE).await?;
        let is_ours = |client: &Client| !client.settings.asks_consent && words_of(&client.name) == words;
        if found.iter().any(|(client, _)| is_ours(client)) {
            return Ok(true);
        }
        match found.last() {
            Some((client, word)) => place = (word.clone(), client.id.to_string()),
            None => return Ok(false),
        }
    }
}

/// The service that somebody calls by its identifier or by its name.
pub(crate) async fn named(kit: &Kit, actor: &Actor, text: &str) -> Result<Client, Error<Refusal>> {
    match clients::find(kit, actor, text).await {
        Err(Error::Refused(Refusal::Unknown(say))) => {
            let mut found = services::by_exact_name(&mut *kit.store.read().await?, text).await?;
            let Some(client) = found.pop() else { return Err(Error::Refused(Refusal::Unknown(say))) };
            check(actor, Action::SeeServices, Some(&client.id))?;
            if !found.is_empty() {
                let say = format!("Several services have the name {text}. Enter the client ID of yours");
                return Err(Error::Refused(Refusal::Conflict(say)));
            }
            Ok(client)
        }
        found => found,
    }
}

/// One service, with when it last was given tokens.
pub(crate) async fn find(kit: &Kit, actor: &Actor, id: &str) -> Result<Listed, Error<Refusal>> {
    let client = clients::find(kit, actor, id).await?;
    let since = kit.now() - MEMORY;
    let last_used_at = services::last_used(&mut *kit.store.read().await?, &client.id, since).await?;
    Ok(Listed { client, last_used_at })
}
