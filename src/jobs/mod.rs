//! What happens without anybody asking.
//!
//! **To add a job:** a file with one round of its work as a function, and its line in [`start`].

pub(crate) mod check_database;
pub(crate) mod deliver_logout;
pub(crate) mod deliver_mail;
mod feed_trail;
pub(crate) mod keep_time;
pub(crate) mod keep_trail;
pub(crate) mod purge;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::admin::{reviews, services, status};
use crate::audit::chain;
use crate::audit::feed::Target;
use crate::base::{Fault, SystemClock};
use crate::keys;
use crate::kit::{Kit, READ_EVERY};
use crate::mail::Mailer;
use crate::view::Engine;

/// Letters that are sent at the same time: one slow conversation must not hold up the others.
const MAIL_WORKERS: usize = 4;

/// Services that are told of log-outs at the same time.
const LOGOUT_WORKERS: usize = 2;

/// Starts every job. They end when the set is dropped.
pub(crate) fn start(
    kit: &Arc<Kit>,
    mailer: Arc<Mailer>,
    engine: Arc<Engine>,
    clock: Arc<SystemClock>,
) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    for _ in 0..MAIL_WORKERS {
        jobs.spawn(deliver_mail::run(Arc::clone(kit), Arc::clone(&mailer), Arc::clone(&engine)));
    }
    for _ in 0..LOGOUT_WORKERS {
        jobs.spawn(deliver_logout::run(Arc::clone(kit)));
    }
    let kit_for = || Arc::clone(kit);
    let (reloading, tending, purging, keeping) = (kit_for(), kit_for(), kit_for(), kit_for());
    let (chaining, signing, inspecting) = (kit_for(), kit_for(), kit_for());
    jobs.spawn(every(Duration::from_secs(1), "chain the audit trail", move || {
        let kit = Arc::clone(&chaining);
        async move { keep_trail::keep_up(&kit).await }
    }));
    jobs.spawn(every(Duration::from_secs(60), "sign the audit trail", move || {
        let kit = Arc::clone(&signing);
        async move {
            keep_trail::round(&kit).await?;
            chain::sign(&kit).await
        }
    }));
    jobs.spawn(every(Duration::from_secs(24 * 3600), "check the audit trail", move || {
        let kit = Arc::clone(&inspecting);
        async move { keep_trail::inspect(&kit).await }
    }));
    jobs.spawn(every(Duration::from_secs(5), "read the signing keys", move || {
        let kit = Arc::clone(&reloading);
        async move { keys::reload(&kit).await }
    }));
    let settings = kit_for();
    jobs.spawn(every(READ_EVERY, "read the settings", move || {
        let kit = Arc::clone(&settings);
        async move { kit.reload_settings().await }
    }));
    jobs.spawn(every(Duration::from_secs(3600), "tend the signing keys", move || {
        let kit = Arc::clone(&tending);
        async move { keys::tend(&kit).await }
    }));
    jobs.spawn(every(Duration::from_secs(600), "purge", move || {
        let kit = Arc::clone(&purging);
        async move { purge::round(&kit).await }
    }));
    let reminding = kit_for();
    jobs.spawn(every(Duration::from_secs(600), "remind of access reviews", move || {
        let kit = Arc::clone(&reminding);
        async move { reviews::remind(&kit).await }
    }));
    if kit.config.feed.webhook.is_some() {
        jobs.spawn(feed_trail::run(Arc::clone(kit), Target::Webhook));
    }
    if kit.config.feed.syslog.is_some() {
        jobs.spawn(feed_trail::run(Arc::clone(kit), Target::Syslog));
    }
    jobs.spawn(check_database::run(Arc::clone(kit)));
    jobs.spawn(count(Arc::clone(kit)));
    jobs.spawn(every(Duration::from_secs(10), "keep time", move || {
        let (kit, clock) = (Arc::clone(&keeping), Arc::clone(&clock));
        async move { keep_time::round(&kit, &clock).await }
    }));
    jobs
}

/// Counts at once, for whoever looks at the console first, and then every minute.
async fn count(kit: Arc<Kit>) {
    loop {
        for done in [status::count(&kit).await, services::note_uses(&kit).await] {
            if let Err(fault) = done {
                tracing::error!(fault = fault.to_string(), "a job failed");
            }
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}

/// Does a round now and then; one that fails is logged, and the next is tried all the same.
async fn every<Round, Done>(pause: Duration, what: &'static str, mut round: Round)
where
    Round: FnMut() -> Done,
    Done: Future<Output = Result<(), Fault>>,
{
    loop {
        tokio::time::sleep(pause).await;
        if let Err(fault) = round().await {
            tracing::error!(what, fault = fault.to_string(), "a job failed");
        }
    }
}
