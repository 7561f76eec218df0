//! The two ways a use case can end badly: it refused, or something broke.

use std::fmt;

/// Something broke that no visitor can mend: storage, a template, a key.
///
/// It is logged once, at the boundary, and never shown.
#[derive(Debug)]
pub(crate) struct Fault {
    what: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    may_pass: bool,
}

impl Fault {
    /// A fault that this program noticed by itself.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), source: None, may_pass: false }
    }

    /// A fault that another library reported, with what we were doing at the time.
    pub(crate) fn caused(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { what: what.into(), source: Some(source.into()), may_pass: false }
    }

    /// The same of something that may be over in a moment, such as a full disk or a database that is away.
    pub(crate) fn that_may_pass(self) -> Self {
        Self { may_pass: true, ..self }
    }

    /// Whether it is worth while to try again in a moment.
    pub(crate) const fn may_pass(&self) -> bool {
        self.may_pass
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.what.clone();
        let mut cause = self.source.as_ref().map(|s| &**s as &dyn std::error::Error);
        while let Some(error) = cause {
            // Many a library repeats in its sentence what the cause says by itself.
            let more = error.to_string();
            if !said.ends_with(&more) {
                said.push_str(": ");
                said.push_str(&more);
            }
            cause = error.source();
        }
        f.write_str(&said)
    }
}

impl std::error::Error for Fault {}

/// How a use case fails: `Refused` is a decision with a closed set of reasons, `Fault` is a breakage.
#[derive(Debug)]
pub(crate) enum Error<R> {
    Refused(R),
    Fault(Fault),
}

impl<R> From<Fault> for Error<R> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
