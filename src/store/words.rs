//! The words by which people and services are found.

use super::db::{Conn, Tx, asking, number, statements};
use crate::base::Fault;
use crate::base::words::last_beginning_with;

statements! {
    /// Sixteen words of one thing, of which some may be the same: one statement is a sixteenth of the way to and fro.
    ADD = "INSERT INTO words (kind, id, word) VALUES ($1, $2, $3), ($1, $2, $4), ($1, $2, $5), ($1, $2, $6),
        ($1, $2, $7), ($1, $2, $8), ($1, $2, $9), ($1, $2, $10), ($1, $2, $11), ($1, $2, $12), ($1, $2, $13),
        ($1, $2, $14), ($1, $2, $15), ($1, $2, $16), ($1, $2, $17), ($1, $2, $18) ON CONFLICT DO NOTHING";
    CLEAR = "DELETE FROM words WHERE kind = $1 AND id = $2";
    /// How many begin as wanted, counted up to a number.
    COUNT = "SELECT COUNT(*) AS many FROM
        (SELECT 1 FROM words WHERE kind = $1 AND word >= $2 AND word <= $3 LIMIT $4) AS counted";
}
const SIXTEEN: usize = 16;

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
    for some in words.chunks(SIXTEEN) {
        let places = some.iter().cycle().take(SIXTEEN).map(String::as_str);
        let query = places.fold(sqlx::query(ADD).bind(what.name()).bind(id), sqlx::query::Query::bind);
        query.execute(&mut **tx).await.map_err(asking("write words down"))?;
    }
    Ok(())
}

/// Has something be found no more.
pub(crate) async fn clear(tx: &mut Tx, what: Found, id: &str) -> Result<(), Fault> {
    let done = sqlx::query(CLEAR).bind(what.name()).bind(id).execute(&mut **tx).await;
    done.map_err(asking("take words away"))?;
    Ok(())
}

/// How far a word is counted: beyond that it is common.
const COMMON: i64 = 5_000;
/// A word so rare need not be compared with others.
const RARE: i64 = 50;
/// How many words are counted.
const COUNTED: usize = 6;
/// How many words count: a statement has places for so many.
const PLACES: usize = 3;

/// A search: the words that somebody typed, the longest of them first.
pub(crate) struct Search(Vec<String>);

impl Search {
    /// `None` where nothing was typed that could be looked for.
    pub(crate) fn of(typed: &str) -> Option<Self> {
        let typed = crate::base::words::words(typed);
        // Whoever has a word that begins with "samuel" has one that begins with "sam".
        let is_beginning =
            |word: &String| typed.iter().any(|other| other != word && other.starts_with(word.as_str()));
        let mut wanted: Vec<String> = typed.iter().filter(|word| !is_beginning(word)).cloned().collect();
        wanted.sort_by_key(|word| std::cmp::Reverse(word.len()));
        (!wanted.is_empty()).then_some(Self(wanted))
    }

    /// The bounds of the ranges of three words and the place to go on from, in the order in which statements name them.
    /// The first word is the rarest, because a statement goes through everything that has it; a search that has come
    /// to a place goes on with the word that this one begins with.
    pub(super) async fn bounds(
        &self,
        conn: &mut Conn,
        what: Found,
        (come_to, id): (&str, &str),
    ) -> Result<Vec<String>, Fault> {
        let mut ranked = Vec::new();
        for word in self.0.iter().take(COUNTED) {
            let has_rare = ranked.iter().any(|(rank, _)| *rank <= RARE);
            let rank = match self.0.len() {
                1 => 0,
                _ if !come_to.is_empty() && come_to.starts_with(word.as_str()) => -1,
                _ if has_rare => COMMON,
                _ => count(conn, what, word).await?,
            };
            ranked.push((rank, word.as_str()));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        let words = (0..PLACES).filter_map(|place| ranked.get(place).or(ranked.first()));
        let mut bounds: Vec<String> =
            words.flat_map(|(_, word)| [(*word).to_owned(), last_beginning_with(word)]).collect();
        // The place is the only lower bound of what is gone through: before the first page it is the word itself.
        let from = bounds.first().filter(|_| come_to.is_empty()).map_or(come_to, String::as_str);
        bounds.extend([from.to_owned(), id.to_owned()]);
        Ok(bounds)
    }
}

/// How many words begin with one, up to [`COMMON`].
async fn count(conn: &mut Conn, what: Found, word: &str) -> Result<i64, Fault> {
    let row = sqlx::query(COUNT)
        .bind(what.name())
        .bind(word)
        .bind(last_beginning_with(word))
        .bind(COMMON)
        .fetch_one(conn)
        .await;
    number(&row.map_err(asking("count words"))?, "many")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_others_begin_with_do_not_count_and_the_longest_comes_first() {
        let words = |typed| Search::of(typed).map(|search| search.0);
        assert_eq!(words("sam samuel o test").unwrap(), ["samuel", "test", "o"]);
        assert_eq!(words("Smith smith"), Some(vec!["smith".to_owned()]));
        assert!(words(" - ").is_none());
    }
}
