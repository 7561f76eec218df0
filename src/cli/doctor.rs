//! `gatehouse doctor`: looks at everything, changes nothing, says what to mend.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::findings::{self, Finding};
use super::{Failure, show};
use crate::app;
use crate::base::{Clock as _, Span, SystemClock};
use crate::certificate::{Files, Own};
use crate::config::{Config, Tls};
use crate::mail::Mailbox;
use crate::store::Store;
use crate::view::Engine;
use crate::web::Front;

/// Certificates should have been renewed this long before they expire.
const RENEWAL: Span = Span::days(14);

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let findings = [
        ("configuration", Finding::Good(format!("issuer {}", config.issuer()))),
        ("master key", master_key(&config)),
        ("database", database(&config).await),
        ("pages", pages(&config)),
        ("mail", mail(&config).await),
        match &config.listen.tls {
            Some(tls) => ("https", certificate(&config, tls).unwrap_or_else(Finding::Bad)),
            None => ("proxy", proxy(&config)),
        },
    ];
    let findings = findings.map(|(what, finding)| (what.to_owned(), finding));
    findings::tell(&findings);
    findings::verdict(&findings)
}

fn master_key(config: &Config) -> Finding {
    if config.keys.master_key.is_some() {
        return Finding::Note(
            "given in the environment or the configuration; a file is harder to look at".to_owned(),
        );
    }
    let file = &config.keys.master_key_file;
    match mode(file) {
        None => Finding::Note(format!("{} is not there yet; the first start makes it", file.display())),
        Some(mode) if mode & 0o077 != 0 => {
            Finding::Bad(format!("{0} can be read by others: run chmod 600 {0}", file.display()))
        }
        Some(_) => {
            Finding::Good(format!("{}; keep a copy, apart from copies of the database", file.display()))
        }
    }
}

fn mode(file: &Path) -> Option<u32> {
    std::fs::symlink_metadata(file).ok().map(|meta| meta.mode())
}

async fn database(config: &Config) -> Finding {
    let url = &config.database.url;
    if let Some(path) = url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//"))
        && !Path::new(path).exists()
    {
        let directory = Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty());
        return match directory.filter(|directory| !directory.is_dir()) {
            Some(missing) => Finding::Bad(format!("there is no directory {}: make it", missing.display())),
            None => Finding::Note(format!("{path} is not there yet; the first start makes it")),
        };
    }
    let store = match Store::open(url, config.database.connections).await {
        Ok(store) => store,
        Err(fault) => return Finding::Bad(fault.to_string()),
    };
    match store.pending_migrations().await {
        Ok(0) => Finding::Good("reached, and up to date".to_owned()),
        Ok(pending) => {
            Finding::Note(format!("reached; migrations due, which the next start does: {pending}"))
        }
        Err(fault) => Finding::Bad(fault.to_string()),
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
        Finding::Note(format!("the certificate in {file} expires in {days} days or so: renew it"))
    } else {
        let until = show::time(own.expires_at());
        Finding::Good(format!("listening on {}, with a certificate until {until}", config.listen.address))
    })
}
