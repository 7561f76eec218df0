//! `[session]`: staying logged in.

use confique::Config;

use super::problems::Problems;
use crate::base::Span;

#[derive(Config)]
pub(super) struct Written {
    /// Minutes without use after which somebody has to log in again, 5 to 1440.
    #[config(env = "GATEHOUSE_SESSION_IDLE_MINUTES", default = 60)]
    idle_minutes: u32,

    /// Hours after which somebody has to log in again however busy they are, 1 to 720.
    #[config(env = "GATEHOUSE_SESSION_HOURS", default = 12)]
    hours: u32,

    /// Days that a browser is remembered as one its owner has used before, 1 to 400. It still needs password and
    /// code, but wrong passwords from elsewhere do not pause logging in from it.
    #[config(env = "GATEHOUSE_SESSION_DEVICE_DAYS", default = 180)]
    device_days: u32,

    /// Whether people who log out of a service stop at a page of ours that says so before they go back to it. Without
    /// it they stop only where another service could not be told.
    #[config(env = "GATEHOUSE_SESSION_LOGGED_OUT_PAGE", default = false)]
    logged_out_page: bool,
}

/// Staying logged in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) idle: Span,
    pub(crate) absolute: Span,
    pub(crate) device: Span,
    /// Whether people see that they have logged out before they go back to a service.
    pub(crate) logged_out_page: bool,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Session {
        let idle = problems.within("session.idle_minutes", self.idle_minutes, 5, 1440);
        let hours = problems.within("session.hours", self.hours, 1, 720);
        Session {
            idle: Span::seconds(idle.saturating_mul(60)),
            absolute: Span::seconds(hours.saturating_mul(3600)),
            device: Span::days(problems.within("session.device_days", self.device_days, 1, 400)),
            logged_out_page: self.logged_out_page,
        }
    }
}
