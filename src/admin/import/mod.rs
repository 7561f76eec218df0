//! Adding many people at once, from a CSV file: those of one council, or everybody from another system.
//!
//! A preview says of every row what will become of it, and lists all that is wrong, before anything is done. What is
//! there already is left alone, so that the same file can be imported again, after a break in the middle or a year later.

mod table;

use std::collections::{HashMap, HashSet};
use std::fmt;

use self::table::Line;
use super::users::{Person, add_in, check_name};
use super::{Flaw, Refusal, check, invitations};
use crate::base::{ClientId, Error, Fault, Subject};
use crate::hash;
use crate::kit::Kit;
use crate::model::{Actor, Email, EmailError};
use crate::policy::permission::Action;
use crate::store::users;

pub(crate) use self::table::LARGEST;

/// How many people are added in one transaction: others who write wait so long.
const BATCH: usize = 200;
const LONGEST_TEXT: usize = 200;
/// How much of a field that may hold anything is shown.
const SHOWN: usize = 100;

/// What would become of a file.
pub(crate) struct Preview {
    pub(crate) rows: Vec<Row>,
    /// In the order of the rows. Nobody is added while there is one.
    pub(crate) problems: Vec<Problem>,
}

/// A row of the file, and what would become of it. Its texts can be shown: they hold no control characters.
pub(crate) struct Row {
    /// As a spreadsheet counts them: the headings are row 1.
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) organisation: Option<String>,
    pub(crate) outcome: Outcome,
    person: Option<Person>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// They will be added, and log in with the password that they have.
    Add,
    /// They will be added, and choose a password.
    Invite,
    /// They have an account, which stays as it is.
    AlreadyThere,
    /// Something is wrong with it.
    Problem,
}

impl Outcome {
    pub(crate) const ALL: [Self; 4] = [Self::Add, Self::Invite, Self::AlreadyThere, Self::Problem];

    /// What people see.
    pub(crate) const fn shown(self) -> &'static str {
        match self {
            Self::Add => "Will be added with the password they have",
            Self::Invite => "Will be sent an invitation",
            Self::AlreadyThere => "Already has an account",
            Self::Problem => "Has a problem",
        }
    }

    /// What programs see.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Invite => "invite",
            Self::AlreadyThere => "already_there",
            Self::Problem => "problem",
        }
    }
}

/// Something that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) row: usize,
    /// A sentence without its full stop.
    pub(crate) say: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row {}: {}", self.row, self.say)
    }
}

impl Preview {
    pub(crate) fn count(&self, outcome: Outcome) -> usize {
        self.rows.iter().filter(|row| row.outcome == outcome).count()
    }

    /// How many people would be added.
    pub(crate) fn to_add(&self) -> usize {
        self.count(Outcome::Add) + self.count(Outcome::Invite)
    }
}

/// What became of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) with_password: usize,
    pub(crate) without_password: usize,
    pub(crate) already_there: usize,
}

/// Says what would become of a file, and changes nothing.
pub(crate) async fn preview(kit: &Kit, actor: &Actor, bytes: &[u8]) -> Result<Preview, Error<Refusal>> {
    check(actor, Action::InvitePeople, None)?;
    let lines = table::read(bytes).map_err(|flaws| Error::Refused(Refusal::Unfit(flaws)))?;
    let mut seen = Seen::default();
    let mut problems = Vec::new();
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        let number = line.number;
        let (row, flaws) = row(line, &mut seen);
        problems.extend(flaws.into_iter().map(|flaw| Problem { row: number, say: flaw.say }));
        rows.push(row);
    }
    compare(kit, &mut rows, &mut problems).await?;
    problems.sort_by_key(|problem| problem.row);
    Ok(Preview { rows, problems })
}

/// Which row has which address and subject.
#[derive(Default)]
struct Seen {
    emails: HashMap<String, usize>,
    subjects: HashMap<Subject, usize>,
}

/// What a row says by itself and beside those before it, and all that is wrong with it.
fn row(line: Line, seen: &mut Seen) -> (Row, Vec<Flaw>) {
    let mut row = Row {
        number: line.number,
        name: presentable(&line.name),
        email: presentable(&line.email),
        organisation: line.organisation.as_deref().map(presentable),
        outcome: Outcome::Problem,
        person: None,
    };
    let mut flaws = line.flaws.clone();
    if !line.whole {
        return (row, flaws);
    }
    flaws.extend(check_name(&line.name).err());
    flaws.extend(line.texts().filter_map(|(field, text)| check_text(field, text).err()));
    row.person = person(line, seen, &mut flaws);
    if let Some(person) = &row.person {
        row.outcome = if person.hash.is_some() { Outcome::Add } else { Outcome::Invite };
    }
    (row, flaws)
}

/// The person that a row describes, unless something is wrong with it: that is added to the flaws.
fn person(line: Line, seen: &mut Seen, flaws: &mut Vec<Flaw>) -> Option<Person> {
    let email = sorted(flaws, email(&line, seen));
    let subject = line.subject.as_deref().map(|text| subject(text, line.number, seen));
    let subject = sorted(flaws, subject.transpose());
    let hash = line.password_hash.as_deref().map(hash::adopt).transpose();
    let hash = sorted(flaws, hash.map_err(|say| Flaw::of("password_hash", say)));
    let Line { name, organisation, profile, .. } = line;
    let person = Person { email: email?, name, organisation, profile, subject: subject?, hash: hash? };
    flaws.is_empty().then_some(person)
}

fn sorted<T>(flaws: &mut Vec<Flaw>, checked: Result<T, Flaw>) -> Option<T> {
    checked.map_err(|flaw| flaws.push(flaw)).ok()
}

fn email(line: &Line, seen: &mut Seen) -> Result<Email, Flaw> {
    let email = Email::parse(&line.email).map_err(|error| {
        let say = match error {
            EmailError::Empty => "Enter an email address",
            EmailError::TooLong => "Email must be 254 characters or fewer",
            EmailError::Malformed => "Enter an email address in the correct format",
        };
        Flaw::of("email", say)
    })?;
    match seen.emails.get(email.canonical()) {
        Some(before) => Err(Flaw::of("email", format!("This email is already in row {before}"))),
        None => {
            seen.emails.insert(email.canonical().to_owned(), line.number);
            Ok(email)
        }
    }
}

fn subject(text: &str, number: usize, seen: &mut Seen) -> Result<Subject, Flaw> {
    let say = "Subject must be up to 255 letters, digits and signs of ASCII, without spaces";
    let subject = Subject::parse(text).ok_or_else(|| Flaw::of("subject", say))?;
    match seen.subjects.get(&subject) {
        Some(before) => Err(Flaw::of("subject", format!("This subject is already in row {before}"))),
        None => {
            seen.subjects.insert(subject.clone(), number);
            Ok(subject)
        }
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), Flaw> {
    let bad = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.chars().count() > LONGEST_TEXT || text.chars().any(bad) {
        let say = format!(
            "The column {field} must hold {LONGEST_TEXT} characters or fewer, without control characters"
        );
        return Err(Flaw::of(field, say));
    }
    Ok(())
}

fn presentable(text: &str) -> String {
    let bad = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().take(SHOWN).map(|c| if bad(c) { '\u{fffd}' } else { c }).collect()
}

/// Finds who is there already, with a few questions for all of them.
async fn compare(kit: &Kit, rows: &mut [Row], problems: &mut Vec<Problem>) -> Result<(), Fault> {
    let mut conn = kit.store.read().await?;
    let people = || rows.iter().filter_map(|row| row.person.as_ref());
    let emails: Vec<&str> = people().map(|person| person.email.canonical()).collect();
    let known = users::known_emails(&mut conn, &emails).await?;
    let is_new = |person: &&Person| !known.contains(person.email.canonical());
    let subjects: Vec<&str> =
        people().filter(is_new).filter_map(|person| person.subject.as_ref()).map(Subject::as_str).collect();
    let taken: HashSet<String> = users::known_subjects(&mut conn, &subjects).await?;
    for row in rows {
        let Some(person) = &row.person else { continue };
        let subject = person.subject.as_ref().map(Subject::as_str);
        if known.contains(person.email.canonical()) {
            row.outcome = Outcome::AlreadyThere;
        } else if subject.is_some_and(|subject| taken.contains(subject)) {
            row.outcome = Outcome::Problem;
            let say = "This subject belongs to somebody who has another email".to_owned();
            problems.push(Problem { row: row.number, say });
        } else {
            continue;
        }
        row.person = None;
    }
    Ok(())
}

/// Adds everybody who is not there yet, invites those without a password to some services, and calls `progress` with how
/// many that are so far. What was done before a break stays done.
///
/// # Errors
/// Where the preview lists a problem: then nobody is added.
pub(crate) async fn carry_out(
    kit: &Kit,
    actor: &Actor,
    (preview, services): (Preview, &[ClientId]),
    mut progress: impl FnMut(usize) + Send,
) -> Result<Report, Error<Refusal>> {
    check(actor, Action::InvitePeople, None)?;
    if preview.rows.iter().filter_map(|row| row.person.as_ref()).any(Person::comes_from_elsewhere) {
        // Whoever gives an account the subject of another could be taken for that person.
        check(actor, Action::MoveAccounts, None)?;
    }
    let host = invitations::host(kit, actor, services).await?;
    if !preview.problems.is_empty() {
        let flaws = preview.problems.iter().map(|problem| Flaw::of("file", problem.to_string()));
        return Err(Error::Refused(Refusal::Unfit(flaws.collect())));
    }
    let mut report = Report { already_there: preview.count(Outcome::AlreadyThere), ..Report::default() };
    let mut people: Vec<Person> = preview.rows.into_iter().filter_map(|row| row.person).collect();
    // Two who import the same people at the same moment come to them in the same order, so that one of them waits.
    people.sort_by(|one, other| one.email.canonical().cmp(other.email.canonical()));
    let mut people = people.into_iter().peekable();
    let mut done = 0;
    while people.peek().is_some() {
        let mut tx = kit.store.begin().await?;
        for person in people.by_ref().take(BATCH) {
            done += 1;
            let has_password = person.hash.is_some();
            match add_in(kit, &mut tx, actor, person).await? {
                None => report.already_there += 1,
                Some(_) if has_password => report.with_password += 1,
                Some(user) => {
                    report.without_password += 1;
                    invitations::invite_in(kit, &mut tx, actor, &user, &host).await?;
                }
            }
        }
        tx.commit().await?;
        kit.mail_bell.notify_one();
        progress(done);
    }
    Ok(report)
}
