//! Every letter: what it says depends on, as plain text. None has a link, and no subject holds a code.
//!
//! These are stored, sealed, from the moment they are queued until they are sent. None can be printed with `{:?}`,
//! so that no code reaches a log.

use minijinja::value::{Serde, Value};
use serde::{Deserialize, Serialize};

use crate::base::Fault;
use crate::view::pages::Samples;
use crate::view::{Engine, RenderedLetter};

/// A letter and the folder under `templates/letters/` that holds its subject and both bodies.
pub(crate) trait Letter: Serialize {
    /// Also the word that the operator sees for this kind of letter.
    const FOLDER: &'static str;

    /// One for each form that the letter can take.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// Who writes, and how to reach them.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Sender {
    pub(crate) service: String,
    pub(crate) council: String,
    pub(crate) phone: String,
    /// The host of our pages, written as text and never linked.
    pub(crate) host: String,
    /// Whether somebody reads the answers.
    #[serde(default)]
    pub(crate) is_read: bool,
}

/// The code for step 2 of logging in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LoginCode {
    pub(crate) sender: Sender,
    /// As it is shown: "1234 5678".
    pub(crate) code: String,
    /// "3:42pm"
    pub(crate) sent_at: String,
    /// "3:57pm on 22 November 2026"
    pub(crate) expires: String,
}

/// The code for step 2 of resetting a password.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ResetCode {
    pub(crate) sender: Sender,
    /// As it is shown: "1234 5678".
    pub(crate) code: String,
    /// "3:42pm"
    pub(crate) sent_at: String,
    /// "3:57pm on 22 November 2026"
    pub(crate) expires: String,
}

/// Tells the owner of an account that its password is a new one.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PasswordChanged {
    pub(crate) sender: Sender,
    /// "3:57pm on 22 November 2026"
    pub(crate) when: String,
    /// "Firefox on Windows"
    pub(crate) device: String,
    /// Whether the browser that it was changed in stays logged in.
    #[serde(default)]
    pub(crate) stays_here: bool,
}

/// Tells the owner of an account that a browser we have not met before has logged in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct NewDevice {
    pub(crate) sender: Sender,
    /// "3:57pm on 22 November 2026"
    pub(crate) when: String,
    /// "Firefox on Windows"
    pub(crate) device: String,
}

/// Tells the owner of an account that wrong passwords have paused logging in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AccountLocked {
    pub(crate) sender: Sender,
    /// When the last wrong password came: "3:57pm on 22 November 2026"
    pub(crate) when: String,
    /// When the pause ends, in the same form; `None` where only a reset ends it.
    pub(crate) until: Option<String>,
}

/// Answers somebody who asked for a reset and whose account is switched off: no code, but whom to call.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ResetRefused {
    pub(crate) sender: Sender,
    /// "3:57pm on 22 November 2026"
    pub(crate) when: String,
}

/// Invites somebody to set up their account: the one letter with a link.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Invitation {
    pub(crate) sender: Sender,
    /// Who invites: "Sam Support", or the council.
    pub(crate) inviter: String,
    /// The services, where there are several and the letter is in the name of none.
    #[serde(default)]
    pub(crate) services: Vec<String>,
    pub(crate) link: String,
    /// "5pm on 29 November 2026"
    pub(crate) expires: String,
}

/// Tells both addresses that the one takes the place of the other.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct EmailChanged {
    pub(crate) sender: Sender,
    /// "3:57pm on 22 November 2026"
    pub(crate) when: String,
    /// Whether it goes to the new address.
    pub(crate) is_new: bool,
}

/// Tells every owner that somebody became an administrator.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AdministratorAdded {
    pub(crate) sender: Sender,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) by: String,
    /// "3:57pm on 22 November 2026"
    pub(crate) when: String,
}

/// Asks somebody to look through who of an organisation still needs to log in, or reminds them.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ReviewAsked {
    pub(crate) sender: Sender,
    pub(crate) organisation: String,
    /// Where to log in, written as text and never linked: "login.example.gov.uk/account"
    pub(crate) address: String,
    /// "3:57pm on 22 November 2026"
    pub(crate) due: String,
    pub(crate) is_reminder: bool,
}

/// A letter's samples, as its templates see them.
fn samples<L: Letter>() -> Vec<Value> {
    L::samples().into_iter().map(|sample| Value::from(Serde(sample))).collect()
}

/// Defines the one type that holds any of the letters, for the outbox.
macro_rules! any_letter {
    ($($name:ident),+ $(,)?) => {
        /// Any letter.
        #[derive(Clone, Serialize, Deserialize)]
        pub(crate) enum AnyLetter {
            $($name($name)),+
        }

        impl AnyLetter {
            /// Which letter, in a word.
            pub(crate) const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $name::FOLDER),+
                }
            }

            pub(crate) fn render(&self, engine: &Engine) -> Result<RenderedLetter, Fault> {
                match self {
                    $(Self::$name(letter) => engine.letter(letter)),+
                }
            }
        }

        $(impl From<$name> for AnyLetter {
            fn from(letter: $name) -> Self {
                Self::$name(letter)
            }
        })+

        /// Each letter's folder and samples.
        pub(super) const EVERY_LETTER: &[Samples] = &[$(($name::FOLDER, samples::<$name>)),+];
    };
}

any_letter! {
    LoginCode, ResetCode, PasswordChanged, NewDevice, AccountLocked, ResetRefused, Invitation, EmailChanged,
    AdministratorAdded, ReviewAsked,
}

/// The kinds of letters whose code is worth nothing once the journey that asked for it is gone.
pub(crate) const CODE_LETTERS: &[&str] = &[LoginCode::FOLDER, ResetCode::FOLDER];

impl Sender {
    fn sample() -> Self {
        Self {
            service: "Children's Services Portal".into(),
            council: "Example County Council".into(),
            phone: "01632 960 123".into(),
            host: "login.example.gov.uk".into(),
            is_read: false,
        }
    }
}

const SAMPLE_MOMENT: &str = "3:57pm on 22 November 2026";

impl Letter for LoginCode {
    const FOLDER: &'static str = "login_code";

    fn samples() -> Vec<Self> {
        vec![Self {
            sender: Sender::sample(),
            code: "1234 5678".into(),
            sent_at: "3:42pm".into(),
            expires: SAMPLE_MOMENT.into(),
        }]
    }
}

impl Letter for ResetCode {
    const FOLDER: &'static str = "reset_code";

    fn samples() -> Vec<Self> {
        vec![Self {
            sender: Sender::sample(),
            code: "1234 5678".into(),
            sent_at: "3:42pm".into(),
            expires: SAMPLE_MOMENT.into(),
        }]
    }
}

impl Letter for PasswordChanged {
    const FOLDER: &'static str = "password_changed";

    fn samples() -> Vec<Self> {
        let shown = |stays_here| Self {
            sender: Sender { is_read: stays_here, ..Sender::sample() },
            when: SAMPLE_MOMENT.into(),
            device: "Firefox on Windows".into(),
            stays_here,
        };
        vec![shown(false), shown(true)]
    }
}

impl Letter for NewDevice {
    const FOLDER: &'static str = "new_device";

    fn samples() -> Vec<Self> {
        vec![Self { sender: Sender::sample(), when: SAMPLE_MOMENT.into(), device: "Safari on iPhone".into() }]
    }
}

impl Letter for AccountLocked {
    const FOLDER: &'static str = "account_locked";

    fn samples() -> Vec<Self> {
        [Some("4:12pm on 22 November 2026".into()), None]
            .map(|until| Self { sender: Sender::sample(), when: SAMPLE_MOMENT.into(), until })
            .into()
    }
}

impl Letter for ResetRefused {
    const FOLDER: &'static str = "reset_refused";

    fn samples() -> Vec<Self> {
        vec![Self { sender: Sender::sample(), when: SAMPLE_MOMENT.into() }]
    }
}

impl Letter for Invitation {
    const FOLDER: &'static str = "invitation";

    fn samples() -> Vec<Self> {
        let shown = |services: &[&str]| Self {
            sender: Sender::sample(),
            inviter: "Sam Support".into(),
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            link: "https://login.example.gov.uk/invite/gh_in_0123456789abcdefghijklmnopqrstuvwxyzABCDEF"
                .into(),
            expires: "5pm on 29 November 2026".into(),
        };
        vec![shown(&[]), shown(&["Reading Records", "School Admissions"])]
    }
}

impl Letter for EmailChanged {
    const FOLDER: &'static str = "email_changed";

    fn samples() -> Vec<Self> {
        let shown = |is_new| Self { sender: Sender::sample(), when: SAMPLE_MOMENT.into(), is_new };
        vec![shown(true), shown(false)]
    }
}

impl Letter for AdministratorAdded {
    const FOLDER: &'static str = "administrator_added";

    fn samples() -> Vec<Self> {
        vec![Self {
            sender: Sender::sample(),
            name: "Sam Support".into(),
            role: "Support".into(),
            by: "Olivia Owner".into(),
            when: SAMPLE_MOMENT.into(),
        }]
    }
}

impl Letter for ReviewAsked {
    const FOLDER: &'static str = "review_asked";

    fn samples() -> Vec<Self> {
        let shown = |is_reminder| Self {
            sender: Sender::sample(),
            organisation: "Example Primary School".into(),
            address: "login.example.gov.uk/account".into(),
            due: SAMPLE_MOMENT.into(),
            is_reminder,
        };
        vec![shown(false), shown(true)]
    }
}
