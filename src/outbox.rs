//! Letters on their way: queued in the transaction that caused them, delivered by a worker, with retries.
//!
//! A mail server that is down, slow or greylisting delays mail and nothing else. A letter is sealed while it
//! waits, because it may hold a code, and erased when it is settled.

use serde::{Deserialize, Serialize};

use crate::base::{Fault, LetterId, Span, Timestamp};
use crate::kit::Kit;
use crate::mail::{Mailer, Message, SendError};
use crate::model::{Email, LetterState, QueuedLetter};
use crate::store::{Tx, outbox};
use crate::view::{AnyLetter, Engine};

/// How long a notice without a code is worth sending.
pub(crate) const NOTICE_LIFE: Span = Span::days(2);

/// How long one attempt may take before another worker may try.
const LEASE: Span = Span::minutes(2);
/// The waits between attempts; the last one repeats. Greylisting servers want a few minutes (RFC 6647).
const WAITS: [Span; 6] = [
    Span::seconds(5),
    Span::seconds(15),
    Span::seconds(30),
    Span::minutes(1),
    Span::minutes(2),
    Span::minutes(15),
];

/// A letter to be queued.
#[derive(Clone)]
pub(crate) struct Draft<'a> {
    pub(crate) to: &'a Email,
    /// The service in whose name it is sent.
    pub(crate) service: &'a str,
    pub(crate) content: AnyLetter,
    pub(crate) expires_at: Timestamp,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Envelope {
    to: String,
    service: String,
    content: AnyLetter,
}

/// What one round of the worker did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// What was due was tried.
    Worked,
    /// Nothing is due; the next letter is so far off, where one waits.
    Idle { next: Option<Span> },
}

/// What came of trying to send a letter.
enum Attempt {
    Settled(LetterState, Option<String>),
    /// The mail server would not have it yet, and why.
    PutBack(String),
}

/// Queues a letter. It leaves when the transaction is committed, and not at all when it is not.
pub(crate) async fn queue(kit: &Kit, tx: &mut Tx, draft: Draft<'_>) -> Result<(), Fault> {
    outbox::insert(tx, &seal(kit, &draft)?).await
}

/// Does all the work of [`queue`] for a letter that nobody is to get.
pub(crate) async fn queue_decoy(kit: &Kit, tx: &mut Tx, draft: Draft<'_>) -> Result<(), Fault> {
    let letter = seal(kit, &draft)?;
    outbox::insert_decoy(tx, &letter).await
}

fn seal(kit: &Kit, draft: &Draft<'_>) -> Result<QueuedLetter, Fault> {
    let id = LetterId::generate(kit.now(), &*kit.random);
    let envelope = Envelope {
        to: draft.to.shown().to_owned(),
        service: draft.service.to_owned(),
        content: draft.content.clone(),
    };
    let clear = serde_json::to_vec(&envelope)
        .map_err(|error| Fault::caused("a letter cannot be written down", error))?;
    Ok(QueuedLetter {
        sealed: kit.keyring.seal(&context(&id), &clear, &*kit.random)?,
        id,
        kind: draft.content.kind().to_owned(),
        created_at: kit.now(),
        expires_at: draft.expires_at,
        attempts: 0,
    })
}

fn context(id: &LetterId) -> String {
    format!("letter {id}")
}

/// Sends what is due, letter by letter. Two workers never send one letter at once.
pub(crate) async fn deliver_due(kit: &Kit, mailer: &Mailer, engine: &Engine) -> Result<Round, Fault> {
    let now = kit.now();
    // Looking costs a tenth of what trying to take one costs, and mostly there is none.
    let due = outbox::next_due(&mut *kit.store.read().await?).await?;
    if due.is_none_or(|due| now < due) {
        return Ok(Round::Idle { next: due.map(|due| due.since(now)) });
    }
    let mut tx = kit.store.begin().await?;
    let mut letter = take(kit, &mut tx).await?;
    tx.commit().await?;
    while let Some(tried) = letter {
        let attempt = send(kit, &tried, mailer, engine).await;
        // The next is taken with the same commit. No more than one is taken ahead: each could be sent twice, should this
        // process die before it has written down that it was sent.
        let mut tx = kit.store.begin().await?;
        note(kit, &mut tx, &tried, attempt).await?;
        letter = take(kit, &mut tx).await?;
        tx.commit().await?;
    }
    Ok(Round::Worked)
}

async fn take(kit: &Kit, tx: &mut Tx) -> Result<Option<QueuedLetter>, Fault> {
    let now = kit.now();
    outbox::lease(tx, now, now + LEASE).await
}

async fn send(kit: &Kit, letter: &QueuedLetter, mailer: &Mailer, engine: &Engine) -> Attempt {
    if kit.now() >= letter.expires_at {
        return Attempt::Settled(LetterState::Expired, Some("it could not be sent in time".to_owned()));
    }
    let sent = match write(kit, letter, engine) {
        Ok(message) => mailer.send(&message).await,
        // A letter that cannot be read will not be readable later either.
        Err(fault) => Err(SendError::Never(fault.to_string())),
    };
    match sent {
        Ok(()) => {
            tracing::info!(letter = %letter.id, kind = letter.kind, "letter sent");
            Attempt::Settled(LetterState::Sent, None)
        }
        Err(SendError::Never(why)) => {
            tracing::error!(letter = %letter.id, kind = letter.kind, why, "letter refused for good");
            Attempt::Settled(LetterState::Failed, Some(why))
        }
        Err(SendError::Later(why)) => {
            tracing::warn!(letter = %letter.id, kind = letter.kind, why, "letter not sent yet");
            Attempt::PutBack(why)
        }
    }
}

async fn note(kit: &Kit, tx: &mut Tx, letter: &QueuedLetter, attempt: Attempt) -> Result<(), Fault> {
    match attempt {
        Attempt::Settled(state, why) => {
            outbox::settle(tx, &letter.id, state, kit.now(), why.as_deref()).await
        }
        Attempt::PutBack(why) => outbox::retry(tx, &letter.id, kit.now() + wait(letter.attempts), &why).await,
    }
}

fn wait(attempts: i64) -> Span {
    let turn = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(WAITS.len() - 1);
    WAITS.get(turn).copied().unwrap_or(Span::minutes(15))
}

fn write(kit: &Kit, letter: &QueuedLetter, engine: &Engine) -> Result<Message, Fault> {
    let clear = kit.keyring.open(&context(&letter.id), &letter.sealed)?;
    let envelope: Envelope =
        serde_json::from_slice(&clear).map_err(|error| Fault::caused("a letter cannot be read", error))?;
    let rendered = envelope.content.render(engine)?;
    Ok(Message {
        from_name: envelope.service,
        from_address: kit.config.mail.from.clone(),
        reply_to: kit.config.mail.reply_to.clone(),
        to: envelope.to,
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        message_id: format!("<{}@{}>", letter.id, kit.config.host()),
        date_millis: letter.created_at.millis(),
    })
}

/// Whether mail is slow at present: something has waited longer than a healthy server takes.
pub(crate) async fn is_slow(kit: &Kit) -> Result<bool, Fault> {
    let since = kit.now() - Span::minutes(2);
    Ok(outbox::waiting_since(&mut *kit.store.read().await?, since).await? > 0)
}
