//! What administrators ask, through the interface for programs and in the console.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::crowd;
use crate::http::{Answer, Wire, basic, request};
use crate::operations::{bearer, good};
use crate::server::Server;
use crate::table::{Figure, Table};

const CONNECTIONS: usize = 8;
/// What a job does beside the requests falls into few of the rounds, and the middle one counts.
const ROUNDS: usize = 5;
/// How often each connection asks in a round: enough for some ticks of the processor's clock.
const TIMES: usize = 50;
/// No question is asked for longer in a round.
const LONGEST_ROUND: Duration = Duration::from_secs(4);
/// Processor seconds for 1,000 requests.
const BAR: f64 = 5.0;
const GOAL: f64 = 2.0;
/// Whatever is so far over the bar fails the run: on a busy machine everything takes somewhat longer.
const FAR: f64 = 5.0 * BAR;
/// How many pages of [`LARGEST_PAGE`] rows are turned to come to a place deep in a list.
const DEEP: usize = 300;
const LARGEST_PAGE: usize = 200;
/// How many different things a question is asked of.
const SAMPLES: usize = 40;

const PEOPLE: &str = "/admin/api/v1/people";
const SERVICES: &str = "/admin/api/v1/services";
const SESSIONS: &str = "/admin/api/v1/sessions";
const EVENTS: &str = "/admin/api/v1/events";

/// How many people and services there are.
#[derive(Clone, Copy)]
pub struct Size {
    pub people: usize,
    pub services: usize,
}

impl Size {
    /// Numbers of people, far from each other.
    fn people(self) -> impl Iterator<Item = usize> {
        (0..SAMPLES).map(move |sample| sample * self.people / SAMPLES)
    }

    fn services(self) -> impl Iterator<Item = usize> {
        (0..SAMPLES).map(move |sample| sample * self.services / SAMPLES)
    }
}

/// Somebody who asks: what is sent along to be believed.
pub struct Asker<'a> {
    server: &'a Server,
    header: (&'static str, String),
}

impl<'a> Asker<'a> {
    /// A program with a secret of its own, which gets a token for it.
    pub async fn program(server: &'a Server, id: &str, secret: &str) -> Self {
        let headers = [("authorization", &*basic(id, secret))];
        let form = [("grant_type", "client_credentials")];
        let answer = good(Wire::to(server.port).ask(request("/token", &headers, Some(&form))).await);
        let token = answer.json()["access_token"].as_str().map(bearer);
        Self { server, header: ("authorization", token.expect("a token")) }
    }

    /// A browser in which an administrator is logged in.
    pub fn browser(server: &'a Server, cookies: String) -> Self {
        Self { server, header: ("cookie", cookies) }
    }

    async fn ask(&self, wire: &mut Wire, path: &str) -> Answer {
        good(wire.ask(request(path, &[(self.header.0, &self.header.1)], None)).await)
    }

    /// Asks for every one of the paths again and again, over all connections at once, and notes what the server spent.
    async fn measure(&self, table: &mut Table, name: &str, paths: Vec<String>) {
        let paths: Rc<[String]> = paths.into();
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let before = self.server.processor_seconds();
            let mut running = tokio::task::JoinSet::new();
            for connection in 0..CONNECTIONS {
                let (paths, header, wire) =
                    (Rc::clone(&paths), self.header.clone(), Wire::to(self.server.port));
                running.spawn_local(ask_around(wire, header, paths, connection));
            }
            let asked: u32 = running.join_all().await.into_iter().sum();
            let spent = self.server.processor_seconds() - before;
            rounds.push(1_000.0 * spent / f64::from(asked));
        }
        rounds.sort_unstable_by(f64::total_cmp);
        let (name, seconds) = (format!("{name}: processor seconds for 1,000"), rounds[ROUNDS / 2]);
        let figure = Figure::least(name, seconds).bar(BAR).goal(GOAL);
        table.add(if seconds > FAR { figure.decides() } else { figure });
    }

    /// Places deep in a list: the last ones of many that follow each other.
    async fn deep(&self, list: &str) -> Vec<String> {
        let mut wire = Wire::to(self.server.port);
        let separator = if list.contains('?') { '&' } else { '?' };
        let mut places = Vec::new();
        let mut after = String::new();
        for _ in 0..DEEP {
            let path = format!("{list}{separator}limit={LARGEST_PAGE}{after}");
            let Some(next) = self.ask(&mut wire, &path).await.json()["next"].as_str().map(str::to_owned)
            else {
                break;
            };
            after = format!("&after={next}");
            places.push(format!("{list}{separator}after={next}"));
        }
        assert!(!places.is_empty(), "{list} has one page only");
        places.split_off(places.len().saturating_sub(SAMPLES))
    }

    /// The identifier of somebody, who must be found by their email.
    async fn find(&self, wire: &mut Wire, person: usize) -> String {
        let email = crowd::person(person).email;
        let found = self.ask(wire, &searched(PEOPLE, &email)).await.json();
        let items = found["items"].as_array().expect("people");
        let item = items.iter().find(|item| item["email"] == *email);
        item.and_then(|item| item["id"].as_str()).unwrap_or_else(|| panic!("{email} is not found")).to_owned()
    }
}

/// How often one connection got an answer before the round was over.
async fn ask_around(
    mut wire: Wire,
    (name, value): (&'static str, String),
    paths: Rc<[String]>,
    connection: usize,
) -> u32 {
    let (began, mut asked) = (Instant::now(), 0);
    while asked < TIMES && began.elapsed() < LONGEST_ROUND {
        let path = &paths[(connection * TIMES + asked) % paths.len()];
        good(wire.ask(request(path, &[(name, &value)], None)).await);
        asked += 1;
    }
    u32::try_from(asked).expect("a small number")
}

/// The address of a list in which something is searched for.
fn searched(list: &str, typed: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(format!("{list}?"));
    query.append_pair("q", typed).finish()
}

/// What a program may ask; the identifiers of some people.
pub async fn interface(program: &Asker<'_>, size: Size, table: &mut Table) -> Vec<String> {
    let mut wire = Wire::to(program.server.port);
    let mut ids = Vec::new();
    for person in size.people() {
        ids.push(program.find(&mut wire, person).await);
    }
    let of = |list: &str, name: &str| ids.iter().map(|id| format!("{list}?{name}={id}")).collect();
    program.measure(table, "people, first page", vec![PEOPLE.to_owned()]).await;
    program.measure(table, "people, deep in the list", program.deep(PEOPLE).await).await;
    let one = ids.iter().map(|id| format!("{PEOPLE}/{id}")).collect();
    program.measure(table, "one person", one).await;
    searches(program, size, table).await;
    program.measure(table, "services, first page", vec![SERVICES.to_owned()]).await;
    program.measure(table, "services, deep in the list", program.deep(SERVICES).await).await;
    let services: Vec<_> = size.services().map(crowd::service).collect();
    let found = services.iter().map(|service| searched(SERVICES, &service.name)).collect();
    program.measure(table, "services, by name", found).await;
    let one = services.iter().map(|service| format!("{SERVICES}/{}", service.id)).collect();
    program.measure(table, "one service", one).await;
    program.measure(table, "sessions, first page", vec![SESSIONS.to_owned()]).await;
    program.measure(table, "sessions of one person", of(SESSIONS, "person")).await;
    program.measure(table, "events, first page", vec![EVENTS.to_owned()]).await;
    program.measure(table, "events, deep in the list", program.deep(EVENTS).await).await;
    let kind = format!("{EVENTS}?kind=user.added");
    program.measure(table, "events of a kind, deep in the list", program.deep(&kind).await).await;
    program.measure(table, "events of one person", of(EVENTS, "person")).await;
    let of_service = services.iter().map(|service| format!("{EVENTS}?service={}", service.id)).collect();
    program.measure(table, "events of one service", of_service).await;
    program.measure(table, "status", vec!["/admin/api/v1/status".to_owned()]).await;
    ids
}

/// What is typed to find people.
async fn searches(program: &Asker<'_>, size: Size, table: &mut Table) {
    let by = |typed: &dyn Fn(crowd::Person) -> String| {
        size.people().map(|person| searched(PEOPLE, &typed(crowd::person(person)))).collect::<Vec<_>>()
    };
    let (first, surname) = crowd::COMMONEST;
    let whole = by(&|person| format!("{} {}", person.first, person.surname));
    program.measure(table, "people, by name", whole).await;
    program.measure(table, "people, by email", by(&|person| person.email)).await;
    program
        .measure(table, "people, by the beginning of a name", by(&|person| person.surname[..2].to_owned()))
        .await;
    program.measure(table, "people, by the commonest surname", vec![searched(PEOPLE, surname)]).await;
    let deep = program.deep(&searched(PEOPLE, surname)).await;
    program.measure(table, "people, by the commonest surname, deep in the list", deep).await;
    let common = searched(PEOPLE, &format!("{first} {surname}"));
    program.measure(table, "people, by the commonest first name and surname", vec![common]).await;
    program
        .measure(table, "people, by a word that is in every email", vec![searched(PEOPLE, crowd::COUNTY)])
        .await;
    let with_rare = by(&|person| format!("{} {}", crowd::COUNTY, person.surname));
    program.measure(table, "people, by such a word and a surname", with_rare).await;
    let school = by(&|person| format!("{surname} {}", person.organisation));
    program.measure(table, "people, by the commonest surname and a school", school).await;
    let nobody = searched(PEOPLE, &format!("{} xylophone", crowd::COUNTY));
    program.measure(table, "people, by such a word and one that nobody has", vec![nobody]).await;
}

/// What an administrator looks at.
pub async fn console(owner: &Asker<'_>, people: &[String], size: Size, table: &mut Table) {
    let plain = |path: &str| vec![path.to_owned()];
    owner.measure(table, "console, dashboard", plain("/admin")).await;
    owner.measure(table, "console, people", plain("/admin/people")).await;
    owner.measure(table, "console, people by email", plain("/admin/people?sort=email")).await;
    owner.measure(table, "console, people by last log-in", plain("/admin/people?sort=last-login")).await;
    let found = size.people().map(|person| searched("/admin/people", &crowd::person(person).surname));
    owner.measure(table, "console, people by surname", found.collect()).await;
    let one = people.iter().map(|id| format!("/admin/people/{id}"));
    owner.measure(table, "console, one person", one.collect()).await;
    owner.measure(table, "console, services", plain("/admin/services")).await;
    let one = size.services().map(|number| format!("/admin/services/{}", crowd::service(number).id));
    owner.measure(table, "console, one service", one.collect()).await;
    owner.measure(table, "console, sessions", plain("/admin/sessions")).await;
    owner.measure(table, "console, audit log", plain("/admin/audit")).await;
}
