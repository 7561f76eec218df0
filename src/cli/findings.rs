//! What came of looking at things: one line each, and an end that says whether something needs attention.

use super::{Failure, show};

/// What came of one look.
pub(super) enum Finding {
    Good(String),
    Note(String),
    Bad(String),
}

/// Prints a finding about each thing.
pub(super) fn tell(findings: &[(String, Finding)]) {
    for (what, finding) in findings {
        let (mark, text) = match finding {
            Finding::Good(text) => ("ok   ", text),
            Finding::Note(text) => ("note ", text),
            Finding::Bad(text) => ("BAD  ", text),
        };
        show::line(format_args!("{mark} {what}: {text}"));
    }
}

/// A failure where something was bad.
pub(super) fn verdict(findings: &[(String, Finding)]) -> Result<(), Failure> {
    match findings.iter().filter(|(_, finding)| matches!(finding, Finding::Bad(_))).count() {
        0 => Ok(()),
        1 => Err(Failure("1 thing needs attention".to_owned())),
        many => Err(Failure(format!("{many} things need attention"))),
    }
}
