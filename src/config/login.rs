//! `[login]`: logging in.

use confique::Config;

use super::problems::Problems;
use crate::base::Span;

/// Minutes that a code may work.
const LONGEST_CODE: u32 = 30;

#[derive(Config)]
pub(super) struct Written {
    /// Minutes that an emailed code works, 5 to 30.
    #[config(env = "GATEHOUSE_LOGIN_CODE_MINUTES", default = 15)]
    code_minutes: u32,

    /// Seconds before another code can be asked for, 10 to 300.
    #[config(env = "GATEHOUSE_LOGIN_CODE_RESEND_SECONDS", default = 30)]
    code_resend_seconds: u32,

    /// Characters that a new password must have, 8 to 64. Passwords that people have already stay good.
    #[config(env = "GATEHOUSE_LOGIN_PASSWORD_MIN_LENGTH", default = 12)]
    password_min_length: u32,

    /// Minutes that somebody may take from the first login page to the last, 10 to 120, and no less than a code
    /// works.
    #[config(env = "GATEHOUSE_LOGIN_FLOW_MINUTES", default = 60)]
    flow_minutes: u32,

    /// Whether people are greeted by name before they go back to their service. A service can differ.
    #[config(env = "GATEHOUSE_LOGIN_WELCOME_PAGE", default = true)]
    welcome_page: bool,
}

/// Logging in.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) code: Span,
    pub(crate) code_resend: Span,
    /// In characters.
    pub(crate) password_min_length: usize,
    pub(crate) flow: Span,
    pub(crate) welcome_page: bool,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Login {
        let code = problems.within("login.code_minutes", self.code_minutes, 5, LONGEST_CODE);
        let resend = problems.within("login.code_resend_seconds", self.code_resend_seconds, 10, 300);
        let shortest = problems.within("login.password_min_length", self.password_min_length, 8, 64);
        let flow = problems.within("login.flow_minutes", self.flow_minutes, 10, 120);
        // A code that is out of bounds has been spoken of.
        if flow < code && code <= LONGEST_CODE {
            let why = format_args!("is {flow}; it must be no less than login.code_minutes, {code}");
            problems.say("login.flow_minutes", why);
        }
        Login {
            code: Span::minutes(code),
            code_resend: Span::seconds(resend),
            password_min_length: usize::try_from(shortest).unwrap_or(usize::MAX),
            flow: Span::minutes(flow),
            welcome_page: self.welcome_page,
        }
    }
}
