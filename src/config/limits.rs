//! `[limits]`: how much is too much.

use confique::Config;

use super::problems::Problems;
use crate::base::Span;

#[derive(Config)]
pub(super) struct Written {
    /// Wrong passwords for one account in one window, from browsers that its owner has not used before; 3 to 100.
    #[config(env = "GATEHOUSE_LIMITS_PASSWORD_FAILURES", default = 10)]
    password_failures: u32,

    /// Wrong passwords, and requests to reset one, from one network address in one window; 5 to 100000. Everybody
    /// in an office may share one address. Browsers that their owner has used before are counted apart.
    #[config(env = "GATEHOUSE_LIMITS_ADDRESS_FAILURES", default = 30)]
    address_failures: u32,

    /// Minutes in a window, and in the pause that follows too many wrong passwords; 1 to 120.
    #[config(env = "GATEHOUSE_LIMITS_WINDOW_MINUTES", default = 15)]
    window_minutes: u32,

    /// Wrong passwords in an hour over all accounts, 10 to 1000000. Beyond it somebody may be trying one password on
    /// many accounts: the log says so as an error, and so does the audit trail.
    #[config(env = "GATEHOUSE_LIMITS_WRONG_PASSWORDS_PER_HOUR", default = 500)]
    wrong_passwords_per_hour: u32,

    /// Journeys through the login pages that may be begun in a minute from one network address, on each node; 60 to
    /// 1000000. Everybody in an office may share one address. Who has begun is not held up.
    #[config(env = "GATEHOUSE_LIMITS_JOURNEYS_PER_MINUTE", default = 600)]
    journeys_per_minute: u32,

    /// Codes emailed to one account in a day, 3 to 1000.
    #[config(env = "GATEHOUSE_LIMITS_CODES_PER_DAY", default = 10)]
    codes_per_day: u32,

    /// Wrong codes in a day over all accounts, 100 to 1000000. Beyond it somebody may be guessing: the log says so as
    /// an error, and so does the audit trail.
    #[config(env = "GATEHOUSE_LIMITS_WRONG_CODES_PER_DAY", default = 10000)]
    wrong_codes_per_day: u32,

    /// Passwords that are checked at once, 1 to 256; 0 for one a processor core. Each takes 19 MiB of memory.
    #[config(env = "GATEHOUSE_LIMITS_HASH_CONCURRENCY", default = 0)]
    hash_concurrency: u32,

    /// People who may wait for their password to be checked, 1 to 1000; more are asked to try again in a moment.
    #[config(env = "GATEHOUSE_LIMITS_HASH_QUEUE", default = 64)]
    hash_queue: u32,
}

/// How much is too much.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) password_failures: u32,
    pub(crate) address_failures: u32,
    pub(crate) window: Span,
    pub(crate) wrong_passwords_per_hour: u32,
    pub(crate) journeys_per_minute: u32,
    pub(crate) codes_per_day: u32,
    pub(crate) wrong_codes_per_day: u32,
    /// 0 for one a core.
    pub(crate) hash_concurrency: usize,
    pub(crate) hash_queue: usize,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Limits {
        let mut bounded = |setting, value, least, most| problems.within(setting, value, least, most);
        let count = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        Limits {
            password_failures: bounded("limits.password_failures", self.password_failures, 3, 100),
            address_failures: bounded("limits.address_failures", self.address_failures, 5, 100_000),
            window: Span::minutes(bounded("limits.window_minutes", self.window_minutes, 1, 120)),
            wrong_passwords_per_hour: bounded(
                "limits.wrong_passwords_per_hour",
                self.wrong_passwords_per_hour,
                10,
                1_000_000,
            ),
            journeys_per_minute: bounded(
                "limits.journeys_per_minute",
                self.journeys_per_minute,
                60,
                1_000_000,
            ),
            codes_per_day: bounded("limits.codes_per_day", self.codes_per_day, 3, 1_000),
            wrong_codes_per_day: bounded(
                "limits.wrong_codes_per_day",
                self.wrong_codes_per_day,
                100,
                1_000_000,
            ),
            hash_concurrency: count(bounded("limits.hash_concurrency", self.hash_concurrency, 0, 256)),
            hash_queue: count(bounded("limits.hash_queue", self.hash_queue, 1, 1_000)),
        }
    }
}
