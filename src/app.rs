//! The wiring: the only file that sees every room.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

use crate::base::{Clock, Fault, Random, SystemClock, cores};
use crate::certificate::Authorities;
use crate::config::{Config, Listen, Smtp, SmtpSecurity, Transport};
use crate::fetch::Fetcher;
use crate::hash::{Cost, Hasher};
use crate::keyring::Keyring;
use crate::kit::{ClientKeys, Floods, Kit, KnownClients, PersonKeys, SettingsInForce, Signing, UnderWay};
use crate::mail::{Mailbox, Mailer, Security, SmtpSettings};
use crate::store::{Damage, Store};
use crate::view::Engine;
use crate::web::{self, Door, Encryption, Front, Web};
use crate::{admin, jobs, keyfile, keys};

/// What time and chance are made of.
pub(crate) struct Surroundings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    /// What a password hash costs; tests hash cheaply.
    pub(crate) cost: Cost,
}

/// Opens the tools of the house, and makes the database and the master key where there are none.
///
/// # Errors
/// Where a file, the database or the master key is not as it must be; nothing has been changed then.
pub(crate) async fn open_kit(config: Config, surroundings: Surroundings) -> Result<Kit, Fault> {
    let used = Store::open_used(&config.database.url, config.database.connections).await?;
    if let Some(store) = &used {
        store.check_before_serving().await?;
    }
    open_on(config, surroundings, used).await
}

/// The same for a database that is there already.
///
/// # Errors
/// Where there is none, too.
pub(crate) async fn open_used_kit(config: Config, surroundings: Surroundings) -> Result<Kit, Fault> {
    let store = used_store(&config).await?;
    open_on(config, surroundings, Some(store)).await
}

/// A database that is there already.
///
/// # Errors
/// Where there is none, too.
pub(crate) async fn used_store(config: &Config) -> Result<Store, Fault> {
    let url = &config.database.url;
    if let Some(store) = Store::open_used(url, config.database.connections).await? {
        return Ok(store);
    }
    let what = match url.strip_prefix("sqlite:") {
        Some(path) => format!("there is no database at {}", path.trim_start_matches("//")),
        None => "the PostgreSQL database is empty".to_owned(),
    };
    let remedy = "start the provider or run gatehouse migrate, or correct database.url";
    Err(Fault::new(format!("{what}: {remedy}")))
}

/// Opens the tools, with a database that is new where none was used.
async fn open_on(config: Config, surroundings: Surroundings, used: Option<Store>) -> Result<Kit, Fault> {
    let outside = Outside::read(&config)?;
    let keyring = keys::master_key(&config, used.as_ref()).await.map_err(Fault::new)?;
    let key_file = &config.keys.master_key_file;
    if keyring.is_none() {
        keyfile::check_makeable(key_file).map_err(Fault::new)?;
    }
    let store = match used {
        Some(store) => store,
        None => Store::open(&config.database.url, config.database.connections).await?,
    };
    let keyring = match keyring {
        Some(keyring) => keyring,
        None => Keyring::new(keyfile::read_or_make(key_file, &*surroundings.random).map_err(Fault::new)?),
    };
    Ok(assemble(config, surroundings, outside, (store, keyring)))
}

/// What is read from files that the configuration names.
struct Outside {
    authorities: Authorities,
    fetcher: Fetcher,
}

impl Outside {
    fn read(config: &Config) -> Result<Self, Fault> {
        let authorities = match &config.listen.client_authorities_file {
            Some(file) => Authorities::read(file).map_err(Fault::new)?,
            None => Authorities::default(),
        };
        Ok(Self { authorities, fetcher: Fetcher::new(&config.outgoing).map_err(Fault::new)? })
    }
}

fn assemble(
    config: Config,
    Surroundings { clock, random, cost }: Surroundings,
    Outside { authorities, fetcher }: Outside,
    (store, keyring): (Store, Keyring),
) -> Kit {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let at_once = match config.limits.hash_concurrency {
        0 => cores,
        configured => configured,
    };
    let hasher = Hasher::new(cost, keyring.pepper(), at_once, config.limits.hash_queue);
    Kit {
        settings_in_force: Arc::new(SettingsInForce::new(&config)),
        config,
        clock,
        random,
        store,
        hasher,
        keyring,
        fetcher,
        signing: Signing::default(),
        clients: KnownClients::default(),
        client_keys: ClientKeys::default(),
        person_keys: PersonKeys::default(),
        refusals: Floods::default(),
        journeys: Floods::default(),
        passwords: UnderWay::default(),
        client_authorities: authorities,
        mail_bell: Notify::new(),
        logout_bell: Notify::new(),
        damage: watch::Sender::new(None),
    }
}

/// What a provider serves with besides its tools. Made before the database is opened, so that a mistake in a page leaves
/// nothing behind.
pub(crate) struct Stage {
    engine: Engine,
    front: Front,
    mailer: Mailer,
    mailbox: Mailbox,
}

impl Stage {
    /// # Errors
    /// Where a template, a colour or the way of the mail is not as it must be.
    pub(crate) fn set(config: &Config) -> Result<Self, Fault> {
        let engine = Engine::new(config.templates.as_deref()).map_err(Fault::new)?;
        let front = Front::new(config).map_err(Fault::new)?;
        let mailbox = Mailbox::default();
        Ok(Self { engine, front, mailer: mailer(config, &mailbox)?, mailbox })
    }
}

/// A provider that is ready to serve.
pub(crate) struct App {
    pub(crate) kit: Arc<Kit>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) mailer: Arc<Mailer>,
    /// Where letters are kept when they are kept in memory.
    #[cfg_attr(not(any(test, feature = "demo")), expect(dead_code, reason = "read by the demo"))]
    pub(crate) mailbox: Mailbox,
    web: Arc<Web>,
}

impl App {
    /// Makes the database current and the keys ready.
    pub(crate) async fn start(
        kit: Kit,
        Stage { engine, front, mailer, mailbox }: Stage,
    ) -> Result<Self, Fault> {
        kit.store.migrate().await?;
        keys::check_master_key(&kit).await?;
        keys::ensure(&kit).await?;
        kit.reload_settings().await?;
        admin::console::ensure(&kit).await?;
        admin::people::index_missing(&kit).await?;
        let (kit, engine) = (Arc::new(kit), Arc::new(engine));
        let front = front.following(&kit.settings_in_force);
        let web = Arc::new(Web { kit: Arc::clone(&kit), engine: Arc::clone(&engine), front });
        Ok(Self { kit, engine, mailer: Arc::new(mailer), mailbox, web })
    }

    /// Every route, with `extra` beside them.
    pub(crate) fn router(&self, extra: Router) -> Router {
        web::router(Arc::clone(&self.web), extra)
    }

    /// Serves, and does the jobs, until `shutdown` comes.
    ///
    /// # Errors
    /// Where the database turns out to be damaged, which ends it too. To end is safer than to answer that nothing can be
    /// done: the jobs stop writing with it, whoever watches over the process learns of it, and the next start refuses.
    pub(crate) async fn run(
        &self,
        door: Door,
        extra: Router,
        clock: Arc<SystemClock>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Damage> {
        if self.kit.config.database.one_core {
            cores::gather();
        }
        let jobs = jobs::start(&self.kit, Arc::clone(&self.mailer), Arc::clone(&self.engine), clock);
        let mut watching = self.kit.damage.subscribe();
        let end = async {
            tokio::select! {
                () = shutdown => {}
                _ = watching.wait_for(Option::is_some) => {}
            }
        };
        web::serve(door, self.router(extra), end).await;
        drop(jobs);
        if let Some(damage) = self.kit.damage.borrow().clone() {
            return Err(damage);
        }
        self.kit.store.close().await;
        Ok(())
    }
}

/// The way that mail leaves by.
pub(crate) fn mailer(config: &Config, mailbox: &Mailbox) -> Result<Mailer, Fault> {
    match &config.mail.transport {
        Transport::Memory => Ok(Mailer::memory(mailbox.clone())),
        Transport::Directory(directory) => Ok(Mailer::directory(directory.clone())),
        Transport::Smtp(smtp) => {
            Mailer::smtp(settings(smtp)).map_err(|unusable| Fault::new(unusable.to_string()))
        }
    }
}

fn settings(smtp: &Smtp) -> SmtpSettings {
    SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        security: match smtp.security {
            SmtpSecurity::StartTls => Security::StartTls,
            SmtpSecurity::Tls => Security::Tls,
            SmtpSecurity::None => Security::None,
        },
        username: smtp.username.clone(),
        password: smtp.password.as_ref().map(|password| password.reveal().to_owned()),
        ca_file: smtp.ca_file.clone(),
        hello_name: None,
        timeout: smtp.timeout.to_std(),
    }
}

/// Takes the port that is configured, and reads the certificate that is shown there, if there is one.
pub(crate) async fn open_door(settings: &Listen) -> Result<Door, Fault> {
    let encryption = settings.tls.clone().map(Encryption::new).transpose().map_err(Fault::new)?;
    let listener = listen(settings.address).await?;
    Ok(Door { listener, encryption: encryption.map(Arc::new), proxies: settings.trusted_proxies.clone() })
}

/// Takes a port.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address).await.map_err(|error| {
        Fault::caused(format!("{address} cannot be listened on; is something else using it?"), error)
    })
}
