//! The orders in which the console lists services, sessions and events, from the first page to the last.

use http::StatusCode;

use super::console::OLIVIA;
use super::support::{Browser, NOON, Page, Provider};
use crate::admin::{clients, events, services};
use crate::base::{ClientId, Digest, EventId, SeededRandom, SessionId, Span, Timestamp};
use crate::model::{Actor, Event, EventKind, Role, Session};

/// The pages of a list, by the links that lead on.
async fn pages(browser: &mut Browser, list: &str) -> Vec<Page> {
    let mut pages = vec![browser.open(list).await.expect(StatusCode::OK)];
    loop {
        let last = &pages[pages.len() - 1].body;
        let Some(link) = last.split("rel=\"next\"").next().filter(|before| *before != last) else {
            return pages;
        };
        let next = link.rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&amp;", "&");
        pages.push(browser.open(&next).await.expect(StatusCode::OK));
    }
}

/// What stands at the beginning of each row, and under what it is sorted.
fn rows(pages: &[Page], path: &str) -> Vec<String> {
    let link = format!("<th scope=\"row\"><a href=\"{path}");
    let rows = pages.iter().flat_map(|page| page.body.split(&link).skip(1));
    rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
}

fn sorted(page: &Page) -> (&str, &str) {
    let header = page.body.split(" aria-sort=\"").nth(1).unwrap();
    assert_eq!(page.body.matches("aria-sort").count(), 1, "{}", page.body);
    let (direction, rest) = header.split_once('"').unwrap();
    let words = rest.split("</a>").next().unwrap().rsplit('>').next().unwrap();
    (words, direction)
}

impl Provider {
    async fn used(&self, client: &str, at: Timestamp) {
        let mut tx = self.kit().store.begin().await.unwrap();
        let event = Event {
            id: EventId::generate(at, &SeededRandom::new(7)),
            at,
            kind: EventKind::TokensIssued,
            user_id: None,
            client_id: ClientId::parse(client),
            session_id: None,
            address: None,
            reference: None,
            actor: None,
            detail: None,
            reason: None,
        };
        crate::store::events::insert(&mut tx, &event).await.unwrap();
        tx.commit().await.unwrap();
        services::note_uses(self.kit()).await.unwrap();
    }
}

#[tokio::test]
async fn services_are_listed_by_name_by_identifier_by_last_use_and_by_status() {
    let provider = Provider::start().await;
    provider.add_services(60).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    for id in ["svc-10", "svc-20"] {
        provider.advance(Span::seconds(1));
        let client = clients::find(provider.kit(), &Actor::Operator, id).await.unwrap();
        clients::set_active(provider.kit(), &Actor::Operator, &client, false).await.unwrap();
    }
    provider.used("svc-05", NOON - Span::hours(1)).await;
    provider.used("svc-07", NOON - Span::hours(3)).await;
    let mut list = async |sort: &str| {
        let pages = pages(&mut olivia, &format!("/admin/services{sort}")).await;
        assert_eq!(pages.len(), 2, "{sort}");
        let (words, direction) = sorted(&pages[1]);
        assert_eq!((words, direction), sorted(&pages[0]));
        (rows(&pages, "/admin/services/"), words.to_owned(), direction.to_owned())
    };
    let all: Vec<String> = (0..60).map(|number| format!("svc-{number:02}")).collect();
    let (by_name, words, direction) = list("").await;
    assert_eq!((words.as_str(), direction.as_str()), ("Name", "ascending"));
    // The first has a name of another kind.
    assert_eq!(by_name, all);
    let (by_id, words, direction) = list("?sort=id").await;
    assert_eq!((words.as_str(), direction.as_str(), by_id), ("Client ID", "ascending", all.clone()));

    let (by_status, words, direction) = list("?sort=status").await;
    assert_eq!((words.as_str(), direction.as_str()), ("Status", "descending"));
    let mut expected = vec!["svc-20".to_owned(), "svc-10".to_owned()];
    expected.extend(all.iter().rev().filter(|id| !["svc-10", "svc-20"].contains(&id.as_str())).cloned());
    assert_eq!(by_status, expected);

    // What was used before the last note of it counts all the same for the service that had none.
    let (by_use, words, direction) = list("?sort=last-used").await;
    assert_eq!((words.as_str(), direction.as_str()), ("Last used", "ascending"));
    assert_eq!((by_use.len(), by_use[0].as_str()), (60, "svc-00"));
    assert_eq!(by_use[59], "svc-05");
    provider.used("svc-20", NOON).await;
    provider.used("svc-07", NOON + Span::seconds(1)).await;
    let (by_use, ..) = list("?sort=last-used").await;
    assert_eq!(by_use[57..], ["svc-05", "svc-20", "svc-07"]);
}

#[tokio::test]
async fn sessions_are_listed_by_last_use_and_by_start_and_none_that_is_over() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let alex = provider.person("alex@school.example").await.id;
    let random = SeededRandom::new(3);
    let mut tx = provider.kit().store.begin().await.unwrap();
    for number in 0_u32..70 {
        let began = NOON - Span::minutes(number);
        let session = Session {
            id: SessionId::generate(began, &random),
            digest: Digest::stored(format!("session {number}")),
            user_id: alex.clone(),
            authenticated_at: began,
            previous_login_at: None,
            created_at: began,
            // The later it began, the longer ago it was used.
            last_used_at: NOON - Span::seconds(70 - number),
            expires_at: if number == 30 { NOON } else { NOON + Span::hours(1) },
            ended_at: None,
            browser: format!("Browser {number:02}"),
            address: "192.0.2.1".to_owned(),
        };
        crate::store::sessions::insert(&mut tx, &session).await.unwrap();
    }
    tx.commit().await.unwrap();
    let browsers = |pages: &[Page]| -> Vec<String> {
        let found = pages.iter().flat_map(|page| page.body.split("<bdi>Browser ").skip(1));
        found.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    };
    let live: Vec<String> =
        (0..70).filter(|number| *number != 30).map(|number| format!("{number:02}")).collect();
    let by_start = pages(&mut olivia, "/admin/sessions?sort=started").await;
    assert_eq!(sorted(&by_start[1]), ("Started", "descending"));
    assert_eq!(browsers(&by_start), live);
    let by_use = pages(&mut olivia, "/admin/sessions").await;
    assert_eq!(sorted(&by_use[1]), ("Last used", "descending"));
    let upside_down: Vec<String> = live.iter().rev().cloned().collect();
    assert_eq!(browsers(&by_use), upside_down);
    assert!(by_use[0].body.contains("Log out<span class=\"unseen\"> Alex Example from Browser 69</span>"));

    // Those of one person are turned as well, and the links keep to them.
    let of_alex = olivia.open("/admin/sessions?person=alex%40school.example&sort=started").await;
    assert_eq!(browsers(std::slice::from_ref(&of_alex)), live);
    assert!(of_alex.body.contains("?person=alex%40school.example&amp;sort=last-used\">Last used</a>"));
    assert!(of_alex.body.contains("name=\"sort\" value=\"started\""), "{}", of_alex.body);
}

#[tokio::test]
async fn the_log_can_be_read_from_its_beginning() {
    let provider = Provider::start().await;
    provider.add_services(4).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let filters = [
        events::Filter::default(),
        events::Filter { kind: Some(EventKind::ClientAdded), ..events::Filter::default() },
        events::Filter { client: ClientId::parse("svc-01"), ..events::Filter::default() },
        events::Filter {
            user: Some(provider.person("alex@school.example").await.id),
            ..events::Filter::default()
        },
    ];
    for filter in filters {
        let walk = async |upwards: bool| {
            let filter = events::Filter { upwards, ..filter.clone() };
            let (mut ids, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = events::list(provider.kit(), &Actor::Operator, &filter, after.as_deref(), 2).await;
                let page = page.unwrap();
                ids.extend(page.rows.iter().map(|listed| listed.event.id.as_str().to_owned()));
                after = page.next;
                if after.is_none() {
                    return ids;
                }
            }
        };
        let (newest_first, mut oldest_first) = (walk(false).await, walk(true).await);
        assert!(!newest_first.is_empty(), "{filter:?}");
        oldest_first.reverse();
        assert_eq!(newest_first, oldest_first, "{filter:?}");
    }

    let newest = olivia.open("/admin/audit?event=client.added").await.expect(StatusCode::OK);
    assert_eq!(sorted(&newest), ("Time", "descending"));
    assert!(newest.body.contains("href=\"/admin/audit?event=client.added&amp;sort=oldest\">Time</a>"));
    let oldest = olivia.open("/admin/audit?event=client.added&sort=oldest").await.expect(StatusCode::OK);
    assert_eq!(sorted(&oldest), ("Time", "ascending"));
    assert!(oldest.body.contains("href=\"/admin/audit?event=client.added\">Time</a>"), "{}", oldest.body);
    let place = |page: &Page, id: &str| page.body.find(&format!("/admin/services/{id}\"")).unwrap();
    assert!(place(&oldest, "svc-00") < place(&oldest, "svc-03"));
    assert!(place(&newest, "svc-03") < place(&newest, "svc-00"));
}
