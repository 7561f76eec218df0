//! Letters kept in memory, for the demo's mailbox page and for tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::Timestamp;
use crate::mail::Message;

/// How many letters are kept; older ones make room.
const CAPACITY: usize = 1000;

/// A letter that was delivered into memory.
#[derive(Clone)]
#[cfg_attr(not(any(test, feature = "demo")), expect(dead_code, reason = "read by the demo"))]
pub(crate) struct Delivered {
    pub(crate) to: String,
    /// The sender's address.
    pub(crate) from: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// When it was written.
    pub(crate) at: Timestamp,
}

/// A handle on the letters; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Mailbox(Arc<Mutex<VecDeque<Delivered>>>);

impl Mailbox {
    /// Every letter that is still kept, newest first.
    #[cfg(any(test, feature = "demo"))]
    pub(crate) fn letters(&self) -> Vec<Delivered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(super) fn keep(&self, message: &Message) {
        let mut letters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        letters.truncate(CAPACITY - 1);
        letters.push_front(Delivered {
            to: message.to.clone(),
            from: message.from_address.clone(),
            subject: message.subject.clone(),
            text: message.text.clone(),
            html: message.html.clone(),
            at: Timestamp::from_millis(message.date_millis),
        });
    }
}
