//! `gatehouse doctor`: looks at everything, changes nothing, says what needs fixing.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use super::findings::{self, Finding};
use super::{Failure, show};
use crate::app;
use crate::base::{Clock as _, Fault, Span, SystemClock};
use crate::certificate::{Files, Own};
use crate::config::{Config, Tls};
use crate::fetch::Fetcher;
use crate::kit::Settled;
use crate::mail::Mailbox;
use crate::store::settings::{self, Written};
use crate::store::{Depth, Store};
use crate::view::Engine;
use crate::web::Front;
use crate::{keyfile, keys};

/// Certificates should have been renewed this long before they expire.
const RENEWAL: Span = Span::days(14);

#[derive(Args)]
pub(super) struct Options {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(config: Config, options: Options) -> Result<(), Failure> {
    let store = Store::open_used(&config.database.url, config.database.connections).await;
    let findings = [
        ("configuration", Finding::Good(format!("issuer {}", config.issuer()))),
        ("master key", master_key(&config, &store).await),
        ("database", database(&config, &store).await),
        ("settings", overridden(&config, &store).await),
        ("pages", pages(&config)),
        ("outgoing", outgoing(&config).await),
        ("mail", mail(&config).await),
        match &config.listen.tls {
            Some(tls) => ("https", certificate(&config, tls).unwrap_or_else(Finding::Bad)),
            None => ("proxy", proxy(&config)),
        },
    ];
    let findings = findings.map(|(what, finding)| (what.to_owned(), finding));
    if options.json {
        show::json(&findings.iter().map(document).collect());
    } else {
        findings::tell(&findings);
    }
    findings::verdict(&findings)
}

/// A finding as `gatehouse client check --json` has it.
fn document((what, finding): &(String, Finding)) -> Value {
    let (verdict, text) = match finding {
        Finding::Good(text) => ("good", text),
        Finding::Note(text) => ("note", text),
        Finding::Bad(text) => ("bad", text),
    };
    json!({ "what": what, "verdict": verdict, "found": text })
}

/// The database, where somebody has used one already.
type Used = Result<Option<Store>, Fault>;

async fn master_key(config: &Config, store: &Used) -> Finding {
    let file = config.keys.master_key_file.display();
    let used = store.as_ref().ok().and_then(Option::as_ref);
    match keys::master_key(config, used).await {
        Err(why) => Finding::Bad(why),
        Ok(None) if store.is_err() => {
            Finding::Note(format!("{file} is not there, and the database cannot be asked about it"))
        }
        Ok(None) => match keyfile::check_makeable(&config.keys.master_key_file) {
            Ok(()) => Finding::Note(format!("{file} is not there yet; the first start makes it")),
            Err(why) => Finding::Bad(why),
        },
        Ok(Some(_)) if config.keys.master_key.is_some() => Finding::Note(
            "given in the environment or the configuration; a file is harder to look at".to_owned(),
        ),
        Ok(Some(_)) => Finding::Good(format!("{file}; keep a copy, apart from copies of the database")),
    }
}

async fn database(config: &Config, store: &Used) -> Finding {
    let store = match store {
        Ok(Some(store)) => store,
        Ok(None) => return new_database(&config.database.url),
        Err(fault) => return Finding::Bad(fault.to_string()),
    };
    match store.examine(Depth::Full).await {
        Ok(None) => {}
        Ok(Some(damage)) => return Finding::Bad(damage.to_string()),
        Err(fault) => return Finding::Bad(fault.to_string()),
    }
    match store.pending_migrations().await {
        Ok(0) => Finding::Good("reached, and up to date".to_owned()),
        Ok(pending) => {
            Finding::Note(format!("reached; migrations due, which the next start does: {pending}"))
        }
        Err(fault) => Finding::Bad(fault.to_string()),
    }
}

/// What administrators have set in the place of the configuration.
async fn overridden(config: &Config, store: &Used) -> Finding {
    let store = store.as_ref().ok().and_then(Option::as_ref);
    let written = match store {
        Some(store) if matches!(store.pending_migrations().await, Ok(0)) => written(store).await,
        _ => return Finding::Good("as they are configured, as far as the database can be asked".to_owned()),
    };
    let settled = match written {
        Ok(written) => Settled::of(config, &written.document),
        Err(fault) => return Finding::Bad(fault.to_string()),
    };
    if !settled.misfits.is_empty() {
        let misfits: Vec<String> = settled.misfits.iter().map(ToString::to_string).collect();
        return Finding::Bad(format!(
            "set by administrators, and not in use: {}; change them with gatehouse settings",
            misfits.join("; ")
        ));
    }
    Finding::Good(match settled.usable.into_keys().collect::<Vec<_>>() {
        changed if changed.is_empty() => "as they are configured".to_owned(),
        changed => format!("set by administrators, before what is configured: {}", changed.join(", ")),
    })
}

async fn written(store: &Store) -> Result<Written, Fault> {
    settings::read(&mut *store.read().await?).await
}

/// A database that the first start makes.
fn new_database(url: &str) -> Finding {
    let Some(path) = url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//")) else {
        return Finding::Note("reached, and empty; the first start fills it".to_owned());
    };
    let directory = Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty());
    match directory.filter(|directory| !directory.is_dir()) {
        Some(missing) => Finding::Bad(format!("there is no directory {}: make it", missing.display())),
        None => Finding::Note(format!("{path} is not there yet; the first start makes it")),
    }
}

async fn outgoing(config: &Config) -> Finding {
    let fetcher = match Fetcher::new(&config.outgoing) {
        Ok(fetcher) => fetcher,
        Err(why) => return Finding::Bad(why),
    };
    match fetcher.check().await {
        Ok(()) => Finding::Good("services can be asked for their keys and told of logouts".to_owned()),
        Err(why) => Finding::Bad(format!("no service {why}")),
    }
}

fn pages(config: &Config) -> Finding {
    let engine = Engine::new(config.templates.as_deref()).map(|_| ());
    match engine.and_then(|()| Front::new(config).map(|_| ())) {
        Ok(()) => Finding::Good("every template and colour is good".to_owned()),
        Err(why) => Finding::Bad(why),
    }
}

async fn mail(config: &Config) -> Finding {
    let mailer = match app::mailer(config, &Mailbox::default()) {
        Ok(mailer) => mailer,
        Err(fault) => return Finding::Bad(fault.to_string()),
    };
    match mailer.check().await {
        Ok(()) => Finding::Good(format!("letters can leave, from {}", config.mail.from)),
        Err(why) => Finding::Bad(why.to_string()),
    }
}

fn proxy(config: &Config) -> Finding {
    if config.is_https() && config.listen.trusted_proxies.0.is_empty() {
        return Finding::Note(
            "no listen.trusted_proxies: behind a proxy, everybody seems to come from the proxy's address"
                .to_owned(),
        );
    }
    Finding::Good(format!("listening on {}", config.listen.address))
}

fn certificate(config: &Config, tls: &Tls) -> Result<Finding, String> {
    let own = Own::from_files(&Files::read(tls)?, tls)?;
    own.terms(tls)?;
    let (file, now) = (tls.certificate_file.display(), SystemClock::default().now());
    let left = own.expires_at().since(now);
    Ok(if left == Span::seconds(0) {
        Finding::Bad(format!("the certificate in {file} has expired: renew it"))
    } else if !own.names_host(&config.host()) {
        Finding::Note(format!("the certificate in {file} is not for {}: browsers refuse it", config.host()))
    } else if let Some(host) = tls.ask_only_at.as_deref().filter(|host| !own.names_host(host)) {
        Finding::Note(format!("the certificate in {file} is not for {host}: services refuse it"))
    } else if left < RENEWAL {
        let days = left.as_seconds() / Span::days(1).as_seconds();
        Finding::Note(format!("the certificate in {file} expires in about {days} days: renew it"))
    } else {
        let until = show::time(own.expires_at());
        Finding::Good(format!("listening on {}, with a certificate until {until}", config.listen.address))
    })
}
