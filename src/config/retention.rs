//! `[retention]`: how long things are kept.

use confique::Config;

use super::problems::Problems;
use crate::base::Span;

#[derive(Config)]
pub(super) struct Written {
    /// Days that journeys through the login pages are kept once they are over, 1 to 30.
    #[config(env = "GATEHOUSE_RETENTION_FLOW_DAYS", default = 1)]
    flow_days: u32,

    /// Days that sessions are kept once they are over, 1 to 400.
    #[config(env = "GATEHOUSE_RETENTION_SESSION_DAYS", default = 30)]
    session_days: u32,

    /// Days that the audit trail is kept, 30 to 4000.
    #[config(env = "GATEHOUSE_RETENTION_EVENT_DAYS", default = 400)]
    event_days: u32,

    /// Days that it is kept to whom a letter was sent, 1 to 400. What it said is erased once it is sent.
    #[config(env = "GATEHOUSE_RETENTION_LETTER_DAYS", default = 30)]
    letter_days: u32,

    /// Days that counts of failed attempts are kept, 1 to 30. Wrong passwords in a row are remembered for a year, or until
    /// the right one comes.
    #[config(env = "GATEHOUSE_RETENTION_THROTTLE_DAYS", default = 2)]
    throttle_days: u32,

    /// Days without a login, or since they were added, after which people are deactivated: 30 to 4000, or 0 for never.
    /// Administrators are left alone.
    #[config(env = "GATEHOUSE_RETENTION_DORMANT_DAYS", default = 0)]
    dormant_days: u32,

    /// Days that people are kept once they are deactivated, 1 to 4000, or 0 for ever. After that everything that is held
    /// on them is erased.
    #[config(env = "GATEHOUSE_RETENTION_DEACTIVATED_DAYS", default = 0)]
    deactivated_days: u32,
}

/// How long things are kept.
#[derive(Clone, Debug)]
pub(crate) struct Retention {
    pub(crate) flows: Span,
    pub(crate) sessions: Span,
    pub(crate) events: Span,
    pub(crate) letters: Span,
    /// At least a day, which is the longest that attempts are counted over.
    pub(crate) throttles: Span,
    /// Without a login; after it people are deactivated.
    pub(crate) dormant: Option<Span>,
    /// After being deactivated; after it people are erased.
    pub(crate) deactivated: Option<Span>,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Retention {
        let mut days = |setting, days, least, most| Span::days(problems.within(setting, days, least, most));
        let mut unless_never =
            |setting, given, least| (given > 0).then(|| days(setting, given, least, 4_000));
        let dormant = unless_never("retention.dormant_days", self.dormant_days, 30);
        let deactivated = unless_never("retention.deactivated_days", self.deactivated_days, 1);
        Retention {
            flows: days("retention.flow_days", self.flow_days, 1, 30),
            sessions: days("retention.session_days", self.session_days, 1, 400),
            events: days("retention.event_days", self.event_days, 30, 4_000),
            letters: days("retention.letter_days", self.letter_days, 1, 400),
            throttles: days("retention.throttle_days", self.throttle_days, 1, 30),
            dormant,
            deactivated,
        }
    }
}
