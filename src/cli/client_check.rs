//! `gatehouse client check`.

use serde_json::json;

use super::findings::{self, Finding};
use super::{Failure, show};
use crate::admin::client_check::{self, Verdict};
use crate::kit::Kit;
use crate::model::Client;

pub(super) async fn run(kit: &Kit, client: &Client, as_json: bool) -> Result<(), Failure> {
    let found = client_check::look(kit, client).await;
    let told: Vec<_> = found.iter().map(line).collect();
    if as_json {
        show::json(&json!(found));
    } else {
        findings::tell(&told);
    }
    findings::verdict(&told)
}

/// What was looked at, and what came of it in one sentence.
fn line(found: &client_check::Finding) -> (String, Finding) {
    let words = |text: &Option<String>| text.clone().unwrap_or_default();
    let what = format!("{} {}", found.what, words(&found.address));
    let expected = &found.expected;
    let told = format!("expected {expected}, but it {}; {}", words(&found.found), words(&found.remedy));
    let finding = match found.verdict {
        Verdict::Good => Finding::Good(expected.clone()),
        Verdict::Note => Finding::Note(told),
        Verdict::Bad => Finding::Bad(told),
    };
    (what.trim_end().to_owned(), finding)
}
