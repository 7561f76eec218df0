//! The settings as they are written. The comments here and in the sections become the reference file.

use confique::Config;
use toml::Table;
use url::Url;

use super::listen::Listen;
use super::problems::Problems;
use super::{
    brand, database, feed, issuer, keys, limits, listen, log, login, mail, outgoing, registration, retention,
    session, settings, templates, tokens,
};

/// Reference configuration of Gatehouse: every setting, explained. A setting that is commented out has the value
/// shown, or none. The others have no default, and have an example here.
///
/// Every setting can be given in the environment as well, under the name that stands with it, and then counts
/// before this file. What administrators change while the provider runs, in [brand], [login], [session] and
/// [retention], counts before both: gatehouse settings list shows it. A file that holds a password or a key must be
/// its owner's alone (chmod 600).
#[derive(Config)]
pub(super) struct Written {
    /// The public address of this provider, as browsers and services reach it: https://, a host, and nothing after
    /// it. Every service is set up with it to the letter, so choose it once. http:// is accepted for this machine
    /// only (localhost).
    #[config(env = "GATEHOUSE_ISSUER")]
    issuer: String,

    /// Where requests come in.
    #[config(nested)]
    listen: listen::Written,

    /// Where everything is kept.
    #[config(nested)]
    database: database::Written,

    /// The keys that sign, and the master key that seals them. Keep a copy of the master key, but not beside a copy
    /// of the database: together they open everything, and without it nothing opens.
    #[config(nested)]
    keys: keys::Written,

    /// How letters leave, and from whom.
    #[config(nested)]
    mail: mail::Written,

    /// Whose pages these are. Words only: HTML is shown as it is written.
    #[config(nested)]
    brand: brand::Written,

    /// Logging in.
    #[config(nested)]
    login: login::Written,

    /// Staying logged in.
    #[config(nested)]
    session: session::Written,

    /// How long what services are given stays good.
    #[config(nested)]
    tokens: tokens::Written,

    /// How much is too much. The defaults suit most councils.
    #[config(nested)]
    limits: limits::Written,

    /// How long things are kept. After that they are deleted.
    #[config(nested)]
    retention: retention::Written,

    /// The requests that this provider makes, such as for the keys of a service.
    #[config(nested)]
    outgoing: outgoing::Written,

    /// Services that register themselves.
    #[config(nested)]
    registration: registration::Written,

    /// The audit trail as it happens, for a system that watches over many.
    #[config(nested)]
    feed: feed::Written,

    /// What is told to the operator, on standard output.
    #[config(nested)]
    log: log::Written,

    /// Pages of your own.
    #[config(nested)]
    templates: templates::Written,
}

impl Written {
    /// Checks every section, so that all their problems are said together.
    pub(super) fn check(self, problems: &mut Problems) -> Option<super::Config> {
        let issuer = problems.take("issuer", issuer::check(&self.issuer));
        let listen = self.listen.check(problems);
        let database = self.database.check(problems);
        let keys = self.keys.check(problems);
        let mail = self.mail.check(problems);
        let tokens = self.tokens.check(problems);
        let (brand, login, session, retention) = (self.brand, self.login, self.session, self.retention);
        let settings = settings::Written { brand, login, session, retention };
        let settings = settings.check((&self.issuer, &tokens), problems);
        let limits = self.limits.check(problems);
        let outgoing = self.outgoing.check(problems);
        let registration = self.registration.check(problems);
        let feed = self.feed.check(problems);
        let log = self.log.check(problems);
        let templates = self.templates.check(problems);
        if issuer.as_ref().is_some_and(|issuer| issuer.scheme() == "http")
            && listen.as_ref().is_some_and(|listen| listen.tls.is_some())
        {
            problems.say("issuer", "must begin with https://, because listen.certificate_file is given");
        }
        let same_host = |issuer: &Url, listen: &Listen| {
            listen.certificate_origin.as_ref().is_some_and(|origin| origin.host() == issuer.host())
        };
        if issuer.as_ref().zip(listen.as_ref()).is_some_and(|(issuer, listen)| same_host(issuer, listen)) {
            problems.say("listen.certificate_origin", "must have another host name than the issuer");
        }
        Some(super::Config {
            issuer: issuer?,
            listen: listen?,
            database,
            keys,
            mail: mail?,
            settings,
            tokens,
            limits,
            outgoing,
            registration,
            feed,
            log,
            templates,
            given: Table::new(),
        })
    }
}
