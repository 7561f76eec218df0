//! Reads a file of people: CSV (RFC 4180) in UTF-8, with a line of headings.

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::super::Flaw;
use crate::model::Profile;

/// The most people in one file.
const MOST_ROWS: usize = 5_000;
/// The most bytes in one file.
pub(crate) const LARGEST: usize = 8 * 1024 * 1024;

/// Every column that there can be.
const COLUMNS: &[&str] = &[
    NAME,
    EMAIL,
    ORGANISATION,
    SUBJECT,
    PASSWORD_HASH,
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    VERIFIED,
];
const NAME: &str = "name";
const EMAIL: &str = "email";
const ORGANISATION: &str = "organisation";
const SUBJECT: &str = "subject";
const PASSWORD_HASH: &str = "password_hash";
const VERIFIED: &str = "phone_number_verified";
const REQUIRED: [&str; 2] = [NAME, EMAIL];

/// What a row says, before anybody has asked whether it may be so.
#[derive(Default)]
pub(super) struct Line {
    /// As a spreadsheet counts them.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) organisation: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) password_hash: Option<String>,
    pub(super) profile: Profile,
    claims: Vec<(&'static str, String)>,
    /// Whether it has as many fields as there are headings.
    pub(super) whole: bool,
    pub(super) flaws: Vec<Flaw>,
}

impl Line {
    /// The texts that have no rules of their own.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let organisation = self.organisation.iter().map(|text| (ORGANISATION, text.as_str()));
        organisation.chain(self.claims.iter().map(|(claim, text)| (*claim, text.as_str())))
    }
}

/// Every row that is not empty, or what is wrong with the file as a whole.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Line>, Vec<Flaw>> {
    let text = decode(bytes).map_err(|say| vec![Flaw::of("file", say)])?;
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut columns = None;
    let (mut lines, mut number) = (Vec::new(), 0);
    for record in reader.records() {
        let record =
            record.map_err(|error| vec![Flaw::of("file", format!("The file cannot be read: {error}"))])?;
        let position = record.position().and_then(|position| usize::try_from(position.byte()).ok());
        number += 1 + blank_lines(text.as_bytes(), position.unwrap_or_default());
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        match &columns {
            None => columns = Some(headings(&record)?),
            Some(_) if lines.len() == MOST_ROWS => {
                let say = format!("The file has more than {MOST_ROWS} people: divide it");
                return Err(vec![Flaw::of("file", say)]);
            }
            Some(columns) => lines.push(line(columns, &record, number)),
        }
    }
    if lines.is_empty() {
        return Err(vec![Flaw::of(
            "file",
            "The file has no people in it: it needs a row of headings and one for each person",
        )]);
    }
    Ok(lines)
}

fn decode(bytes: &[u8]) -> Result<&str, String> {
    const AGAIN: &str = "save it again as \"CSV UTF-8\"";
    if bytes.len() > LARGEST {
        return Err(format!("The file must be {} MiB or smaller", LARGEST / 1024 / 1024));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(format!("The file is in UTF-16: {AGAIN}"));
    }
    if bytes.contains(&0) {
        return Err(format!("The file must be a CSV: {AGAIN}"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.iter().take(error.valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        format!("Line {line} of the file has characters that are not in UTF-8: {AGAIN}")
    })
}

/// How many lines with nothing in them stand before the record that begins at `at`. The reader passes over them; a
/// spreadsheet counts them.
fn blank_lines(bytes: &[u8], at: usize) -> usize {
    let (before, rest) = bytes.split_at_checked(at).unwrap_or_default();
    // The line feed that ends the line before may not have been read yet.
    let rest = if before.ends_with(b"\r") { rest.strip_prefix(b"\n").unwrap_or(rest) } else { rest };
    let ends: Vec<u8> = rest.iter().copied().take_while(|byte| matches!(byte, b'\r' | b'\n')).collect();
    let feeds = ends.iter().filter(|byte| **byte == b'\n').count();
    if feeds == 0 { ends.len() } else { feeds }
}

/// The columns, in the order of the file.
fn headings(record: &StringRecord) -> Result<Vec<&'static str>, Vec<Flaw>> {
    let (mut columns, mut flaws) = (Vec::new(), Vec::new());
    for heading in record {
        let plain = heading.trim().to_lowercase().replace([' ', '-'], "_");
        match COLUMNS.iter().find(|column| **column == plain) {
            Some(column) if columns.contains(column) => {
                flaws.push(Flaw::of("file", format!("There are two columns {column}")));
            }
            Some(column) => columns.push(*column),
            None => {
                let heading: String = heading.trim().chars().take(40).filter(|c| !c.is_control()).collect();
                let say =
                    format!("The column {heading:?} is not recognised. You can use: {}", COLUMNS.join(", "));
                flaws.push(Flaw::of("file", say));
            }
        }
    }
    for required in REQUIRED.iter().filter(|required| !columns.contains(*required)) {
        flaws.push(Flaw::of("file", format!("The first row must have a heading {required}")));
    }
    if flaws.is_empty() { Ok(columns) } else { Err(flaws) }
}

fn line(columns: &[&'static str], record: &StringRecord, number: usize) -> Line {
    let mut line = Line { number, whole: record.len() == columns.len(), ..Line::default() };
    if !line.whole {
        let say = format!("This row has {} fields, and there are {} headings", record.len(), columns.len());
        line.flaws.push(Flaw::of("file", say));
    }
    let mut claims = Map::new();
    for (column, field) in columns.iter().zip(record) {
        let field = field.trim().to_owned();
        match *column {
            NAME => line.name = field,
            EMAIL => line.email = field,
            _ if field.is_empty() => {}
            ORGANISATION => line.organisation = Some(field),
            SUBJECT => line.subject = Some(field),
            // Django marks those who have no password so.
            PASSWORD_HASH => line.password_hash = (!field.starts_with('!')).then_some(field),
            VERIFIED => match field.to_lowercase().as_str() {
                yes_or_no @ ("true" | "false") => {
                    claims.insert(VERIFIED.to_owned(), Value::Bool(yes_or_no == "true"));
                }
                _ => line
                    .flaws
                    .push(Flaw::of(VERIFIED, format!("The column {VERIFIED} must be true or false"))),
            },
            claim => {
                claims.insert(claim.to_owned(), Value::String(field.clone()));
                line.claims.push((claim, field));
            }
        }
    }
    match serde_json::from_value(Value::Object(claims)) {
        Ok(profile) => line.profile = profile,
        Err(error) => line.flaws.push(Flaw::of("file", error.to_string())),
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers and names of the rows.
    fn rows(text: &str) -> Vec<(usize, String)> {
        let lines = read(text.as_bytes()).unwrap_or_else(|flaws| panic!("{flaws:?}"));
        lines.into_iter().map(|line| (line.number, line.name)).collect()
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_counts_them() {
        let expected =
            [(2, "Alex"), (5, "Sam\nSample"), (6, "Kim")].map(|(row, name)| (row, name.to_owned()));
        for end in ["\n", "\r\n", "\r"] {
            let text =
                ["name,email", "Alex,a@b.example", "", ",", "\"Sam\nSample\",s@b.example", "Kim,k@b.example"];
            assert_eq!(rows(&text.join(end)), expected, "{end:?}");
            assert_eq!(rows(&format!("{}{end}", text.join(end))), expected, "{end:?}");
        }
        assert_eq!(rows("\n\nname,email\n\nAlex,a@b.example\n\n\n"), [(5, "Alex".to_owned())]);
    }

    #[test]
    fn headings_may_stand_in_any_order_and_case() {
        let text = "\u{feff}E-mail,NAME\nx,y";
        assert!(
            read(text.as_bytes())
                .is_err_and(|flaws| flaws.iter().any(|flaw| flaw.say.contains("\"E-mail\"")))
        );
        let lines = read(
            b"\xef\xbb\xbfEMAIL, Name ,Given Name,phone-number\na@b.example,\"Alex \"\"Al\"\"\",Alex,123",
        )
        .unwrap();
        let [line] = lines.as_slice() else { panic!("one line") };
        assert_eq!((line.email.as_str(), line.name.as_str()), ("a@b.example", "Alex \"Al\""));
        assert_eq!(line.profile.given_name.as_deref(), Some("Alex"));
        assert_eq!(line.profile.phone_number.as_deref(), Some("123"));
    }

    #[test]
    fn every_column_there_can_be_is_understood() {
        let field = |column: &&str| if *column == VERIFIED { "TRUE" } else { "x" };
        let fields: Vec<&str> = COLUMNS.iter().map(field).collect();
        let lines = read(format!("{}\n{}", COLUMNS.join(","), fields.join(",")).as_bytes()).unwrap();
        let [line] = lines.as_slice() else { panic!("one line") };
        assert!(line.flaws.is_empty(), "{:?}", line.flaws);
        assert_eq!(line.claims.len(), COLUMNS.len() - 6);
        assert_eq!(line.profile.phone_number_verified, Some(true));
    }
}
