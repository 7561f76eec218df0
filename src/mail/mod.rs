//! Sending mail: one letter to one person, by SMTP, into a directory or into memory.
//!
//! A [`Message`] is plain text that somebody else has worded. [`compose`] turns it into the bytes of a letter,
//! and every [`Mailer`] goes through that door, so that what SMTP would refuse, the demo and the tests refuse
//! too. When to try again is the outbox's business: a mailer only says whether trying again makes sense.

mod compose;
mod directory;
mod mailbox;
mod settings;
mod smtp;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

pub(crate) use mailbox::Mailbox;
pub(crate) use settings::{Security, SmtpSettings};

/// A letter from the service to one person.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) from_name: String,
    pub(crate) from_address: String,
    /// Where answers go; without it, to the sender.
    pub(crate) reply_to: Option<String>,
    /// The bare address. A person's name never reaches a header.
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// The same words as `text`.
    pub(crate) html: String,
    /// With its angle brackets (RFC 5322, section 3.6.4). The same for every attempt, so that a mail program
    /// can fold a letter that arrives twice into one.
    pub(crate) message_id: String,
    /// When the letter was written, in milliseconds since 1 January 1970 UTC.
    pub(crate) date_millis: i64,
}

impl fmt::Debug for Message {
    /// Leaves out what the letter says: it may hold a code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("from_address", &self.from_address)
            .field("to", &self.to)
            .field("subject", &self.subject)
            .field("message_id", &self.message_id)
            .field("date_millis", &self.date_millis)
            .finish_non_exhaustive()
    }
}

/// Why a letter was not sent, in words for the log: never what it says, nor a password.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum SendError {
    /// It may go through another time.
    #[error("{0}")]
    Later(String),
    /// It will never go through as it stands.
    #[error("{0}")]
    Never(String),
}

/// Why no mail can be sent at all, as a sentence or two that say what to mend.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct Unusable(String);

/// A way to send mail.
pub(crate) enum Mailer {
    /// To a relay, by SMTP (RFC 5321).
    Smtp(smtp::Relay),
    /// One `.eml` file a letter, for development and for relays that collect from a directory.
    Directory(directory::Directory),
    /// Kept for the demo's mailbox page and for tests.
    Memory(Mailbox),
}

impl Mailer {
    /// A mailer for an SMTP relay. Nothing is connected yet; a CA file is read here and now.
    pub(crate) fn smtp(settings: SmtpSettings) -> Result<Self, Unusable> {
        smtp::Relay::new(settings).map(Self::Smtp)
    }

    /// A mailer that writes into a directory, which must exist by the time a letter is sent.
    pub(crate) fn directory(path: PathBuf) -> Self {
        Self::Directory(directory::Directory::new(path))
    }

    /// A mailer that keeps letters in `mailbox`, of which the caller keeps a clone to read them.
    pub(crate) const fn memory(mailbox: Mailbox) -> Self {
        Self::Memory(mailbox)
    }

    /// Sends one letter, and returns when the other side has taken responsibility for it.
    ///
    /// A letter may have been delivered although this fails: where a connection breaks after the last byte,
    /// nobody can know. The caller tries again, with the same Message-ID.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let letter = compose::compose(message)?;
        match self {
            Self::Smtp(relay) => relay.send(&letter).await,
            Self::Directory(directory) => directory.send(message, letter).await,
            Self::Memory(mailbox) => {
                mailbox.keep(message);
                Ok(())
            }
        }
    }

    /// Tries the way as far as it goes without sending anything.
    pub(crate) async fn check(&self) -> Result<(), Unusable> {
        match self {
            Self::Smtp(relay) => relay.check().await,
            Self::Directory(directory) => directory.check().await,
            Self::Memory(_) => Ok(()),
        }
    }
}
