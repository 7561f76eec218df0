//! `[tokens]`: how long what services are given stays good.

use confique::Config;

use super::problems::Problems;
use crate::base::Span;

#[derive(Config)]
pub(super) struct Written {
    /// Seconds in which a service must exchange an authorization code, 10 to 60.
    #[config(env = "GATEHOUSE_TOKENS_CODE_SECONDS", default = 60)]
    code_seconds: u32,

    /// Minutes that an access token works, 1 to 60.
    #[config(env = "GATEHOUSE_TOKENS_ACCESS_MINUTES", default = 10)]
    access_minutes: u32,

    /// Minutes that an ID token is good, 1 to 60.
    #[config(env = "GATEHOUSE_TOKENS_ID_MINUTES", default = 10)]
    id_minutes: u32,

    /// Days after which a refresh token ends that is not used, 1 to 90.
    #[config(env = "GATEHOUSE_TOKENS_REFRESH_IDLE_DAYS", default = 7)]
    refresh_idle_days: u32,

    /// Days after which refresh tokens end whatever happens, 1 to 365. Without offline_access they end with the
    /// session at the latest.
    #[config(env = "GATEHOUSE_TOKENS_REFRESH_DAYS", default = 30)]
    refresh_days: u32,

    /// Scopes of services' own that discovery names beside the standard ones, such as ["cases:read"]. They can be asked
    /// for by those that they are registered for, named here or not. In the environment: separated by commas.
    #[config(env = "GATEHOUSE_TOKENS_ADVERTISED_SCOPES", default = [])]
    advertised_scopes: Vec<String>,
}

/// How long what services are given stays good.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) code: Span,
    pub(crate) access: Span,
    pub(crate) id: Span,
    /// How long a refresh token may lie unused.
    pub(crate) refresh_idle: Span,
    /// How long refresh tokens replace each other.
    pub(crate) refresh: Span,
    /// What discovery names of services' own scopes.
    pub(crate) advertised_scopes: Vec<String>,
}

/// No standard scope, and none that cannot stand in a list of them (RFC 6749, appendix A.4).
fn is_own_scope(value: &str) -> bool {
    value.contains(':') && value.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Tokens {
        let mut minutes = |setting, minutes| Span::minutes(problems.within(setting, minutes, 1, 60));
        let access = minutes("tokens.access_minutes", self.access_minutes);
        let id = minutes("tokens.id_minutes", self.id_minutes);
        let mut days = |setting, days, most| Span::days(problems.within(setting, days, 1, most));
        let refresh_idle = days("tokens.refresh_idle_days", self.refresh_idle_days, 90);
        let refresh = days("tokens.refresh_days", self.refresh_days, 365);
        for value in self.advertised_scopes.iter().filter(|value| !is_own_scope(value)) {
            let why =
                format!("names {value:?}: a service's own scopes have a colon in them, like cases:read");
            problems.say("tokens.advertised_scopes", why);
        }
        Tokens {
            advertised_scopes: self.advertised_scopes,
            code: Span::seconds(problems.within("tokens.code_seconds", self.code_seconds, 10, 60)),
            access,
            id,
            refresh_idle,
            refresh,
        }
    }
}
