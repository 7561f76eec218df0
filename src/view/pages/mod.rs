//! Every page: what it shows depends on, as plain text.

mod account;
mod consent;
pub(crate) mod console;
mod device;
mod help;
mod invitation;
mod login;
mod logout;
mod reset;
mod review;
mod trouble;

use minijinja::value::{Serde, Value};
use serde::Serialize;

pub(crate) use account::{
    AccountPage, ChangePasswordPage, HistoryPage, HistoryRow, ReviewLink, SessionRow, SessionsPage,
};
pub(crate) use consent::{ConsentPage, SharedPage, SharedRow, StopSharingPage};
pub(crate) use device::{ConnectPage, ConnectedPage, DevicePage};
pub(crate) use help::{AccessibilityPage, ContactPage, CookieFacts, CookiesPage, HelpPage, PrivacyPage};
pub(crate) use invitation::{InvitationOverPage, InvitationPage, SetUpOverPage, SetUpPage};
pub(crate) use login::{CancelledPage, FormPostPage, LoginCodePage, LoginPage, ServicesPage, WelcomePage};
pub(crate) use logout::{LogOutPage, LoggedOutPage};
pub(crate) use reset::{NewPasswordPage, ResetCodePage, ResetEmailPage, ResetPasswordPage};
pub(crate) use review::{AnswerRow, ReviewOverPage, ReviewPage, ReviewRow};
pub(crate) use trouble::{
    BusyPage, ExpiredPage, NotFoundPage, ProblemPage, RefusedPage, TooManyPage, UnavailablePage, bare_problem,
};

/// A page and the template that shows it.
pub(crate) trait Page: Serialize {
    /// Its path under `templates/`.
    const FILE: &'static str;

    /// One for each state that a visitor can meet.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// What is wrong with a field, in the words that both the field and the summary show.
#[derive(Clone, Serialize)]
pub(crate) struct FieldError {
    /// The name of the field, which is also its id.
    pub(crate) field: &'static str,
    pub(crate) text: String,
    /// A page that shows what is in the way.
    pub(crate) href: Option<String>,
}

impl FieldError {
    pub(crate) fn new(field: &'static str, text: impl Into<String>) -> Self {
        Self { field, text: text.into(), href: None }
    }

    pub(crate) fn leading_to(self, href: String) -> Self {
        Self { href: Some(href), ..self }
    }
}

/// A form field that carries something along unseen.
#[derive(Clone, Serialize)]
pub(crate) struct HiddenField {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// The name of a template, and what makes its samples.
pub(super) type Samples = (&'static str, fn() -> Vec<Value>);

/// A page's samples, as its template sees them.
fn samples<P: Page>() -> Vec<Value> {
    P::samples().into_iter().map(|sample| Value::from(Serde(sample))).collect()
}

const fn entry<P: Page>() -> Samples {
    (P::FILE, samples::<P>)
}

/// Each page's template and samples.
pub(super) const EVERY_PAGE: &[Samples] = &[
    entry::<LoginPage>(),
    entry::<LoginCodePage>(),
    entry::<WelcomePage>(),
    entry::<SessionsPage>(),
    entry::<ConsentPage>(),
    entry::<SharedPage>(),
    entry::<StopSharingPage>(),
    entry::<DevicePage>(),
    entry::<ConnectPage>(),
    entry::<ConnectedPage>(),
    entry::<CancelledPage>(),
    entry::<FormPostPage>(),
    entry::<ServicesPage>(),
    entry::<ResetEmailPage>(),
    entry::<ResetCodePage>(),
    entry::<ResetPasswordPage>(),
    entry::<NewPasswordPage>(),
    entry::<LogOutPage>(),
    entry::<LoggedOutPage>(),
    entry::<HelpPage>(),
    entry::<AccessibilityPage>(),
    entry::<CookiesPage>(),
    entry::<PrivacyPage>(),
    entry::<ContactPage>(),
    entry::<TooManyPage>(),
    entry::<ExpiredPage>(),
    entry::<RefusedPage>(),
    entry::<NotFoundPage>(),
    entry::<ProblemPage>(),
    entry::<UnavailablePage>(),
    entry::<BusyPage>(),
    entry::<InvitationPage>(),
    entry::<InvitationOverPage>(),
    entry::<SetUpPage>(),
    entry::<SetUpOverPage>(),
    entry::<AccountPage>(),
    entry::<ChangePasswordPage>(),
    entry::<HistoryPage>(),
    entry::<ReviewPage>(),
    entry::<ReviewOverPage>(),
    entry::<console::ListPage>(),
    entry::<console::RecordPage>(),
    entry::<console::ConsoleForm>(),
    entry::<console::SecretPage>(),
    entry::<console::DashboardPage>(),
    entry::<console::ConsoleRefusedPage>(),
];

/// What samples have in common.
mod sample {
    use crate::base::Timestamp;
    use crate::view::TimeText;

    pub(super) const EMAIL: &str = "alex@example.com";
    pub(super) const FLOW: &str = "flw_0123456789abcdef0123456789abcdef";
    pub(super) const TOKEN: &str = "b3VyIG93biBmb3Jt";

    /// Quarter to four on a November afternoon, and `minutes` more.
    pub(super) fn time(minutes: i64) -> TimeText {
        TimeText::clock(Timestamp::from_millis(1_795_362_120_000 + minutes * 60_000))
    }
}
