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
}

/// How long what services are given stays good.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) code: Span,
    pub(crate) access: Span,
    pub(crate) id: Span,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Tokens {
        let mut minutes = |setting, minutes| Span::minutes(problems.within(setting, minutes, 1, 60));
        let access = minutes("tokens.access_minutes", self.access_minutes);
        let id = minutes("tokens.id_minutes", self.id_minutes);
        Tokens {
            code: Span::seconds(problems.within("tokens.code_seconds", self.code_seconds, 10, 60)),
            access,
            id,
        }
    }
}
