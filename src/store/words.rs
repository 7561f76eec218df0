//! The words by which people and services are found.

use super::db::{Tx, asking, statements};
use crate::base::Fault;
use crate::base::words::last_beginning_with;

statements! {
    ADD = "INSERT INTO words (kind, word, id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    CLEAR = "DELETE FROM words WHERE kind = $1 AND id = $2";
}

/// What can be found by words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    User,
    Client,
}

impl Found {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Client => "client",
        }
    }
}

/// Has something be found by these words and by no others.
pub(crate) async fn put(tx: &mut Tx, what: Found, id: &str, words: &[String]) -> Result<(), Fault> {
    clear(tx, what, id).await?;
    for word in words {
        let added = sqlx::query(ADD).bind(what.name()).bind(word.as_str()).bind(id).execute(&mut **tx).await;
        added.map_err(asking("write words down"))?;
    }
    Ok(())
}

/// Has something be found no more.
pub(crate) async fn clear(tx: &mut Tx, what: Found, id: &str) -> Result<(), Fault> {
    let done = sqlx::query(CLEAR).bind(what.name()).bind(id).execute(&mut **tx).await;
    done.map_err(asking("take words away"))?;
    Ok(())
}

/// A search: what somebody typed, as ranges of words, the longest of them first. Three count.
pub(crate) struct Search([(String, String); 3]);

impl Search {
    /// `None` where nothing was typed that could be looked for.
    pub(crate) fn of(typed: &str) -> Option<Self> {
        let mut wanted = crate::base::words::words(typed);
        wanted.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let first = wanted.first()?.clone();
        let range = |at: usize| {
            let word = wanted.get(at).unwrap_or(&first);
            (word.clone(), last_beginning_with(word))
        };
        Some(Self([range(0), range(1), range(2)]))
    }

    /// The bounds of the ranges, in the order in which statements name them.
    pub(super) fn bounds(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|(from, to)| [from.as_str(), to.as_str()])
    }
}
