//! Requests of programs that may come twice, and the answers that they got.

use super::db::{Tx, asking, optional_text, statements, text};
use crate::base::{Fault, Span, Timestamp};

statements! {
    /// A request that was cut off leaves its key without an answer; after a while the same request may have it.
    CLAIM = "INSERT INTO idempotency_keys (digest, fingerprint, created_at) VALUES ($1, $2, $3)
        ON CONFLICT (digest) DO UPDATE SET created_at = excluded.created_at
        WHERE idempotency_keys.sealed IS NULL AND idempotency_keys.fingerprint = excluded.fingerprint
        AND idempotency_keys.created_at <= $4 RETURNING digest";
    FIND = "SELECT fingerprint, sealed FROM idempotency_keys WHERE digest = $1";
    ANSWER = "UPDATE idempotency_keys SET sealed = $2 WHERE digest = $1";
    FORGET = "DELETE FROM idempotency_keys WHERE digest = $1 AND sealed IS NULL";
}

/// What is known of a key.
pub(crate) enum Known {
    /// Nothing: it is the caller's now.
    New,
    /// It was used for another request.
    Other,
    /// The first request is under way.
    Running,
    Answered {
        sealed: String,
    },
}

/// How long a request may run before its key is free for the same request again.
const LONGEST_RUN: Span = Span::minutes(1);

/// Takes a key, for one caller only.
pub(crate) async fn claim(
    tx: &mut Tx,
    (digest, fingerprint): (&str, &str),
    now: Timestamp,
) -> Result<Known, Fault> {
    let doing = || asking("claim a key");
    let claimed = sqlx::query(CLAIM)
        .bind(digest)
        .bind(fingerprint)
        .bind(now.millis())
        .bind((now - LONGEST_RUN).millis())
        .fetch_optional(&mut **tx)
        .await
        .map_err(doing())?;
    if claimed.is_some() {
        return Ok(Known::New);
    }
    let row = sqlx::query(FIND).bind(digest).fetch_optional(&mut **tx).await.map_err(doing())?;
    let Some(row) = row else { return Ok(Known::Running) };
    if text(&row, "fingerprint")? != fingerprint {
        return Ok(Known::Other);
    }
    Ok(optional_text(&row, "sealed")?.map_or(Known::Running, |sealed| Known::Answered { sealed }))
}

/// Keeps the answer to a key.
pub(crate) async fn answer(tx: &mut Tx, digest: &str, sealed: &str) -> Result<(), Fault> {
    let done = sqlx::query(ANSWER).bind(digest).bind(sealed).execute(&mut **tx).await;
    done.map_err(asking("keep an answer"))?;
    Ok(())
}

/// Gives a key back.
pub(crate) async fn forget(tx: &mut Tx, digest: &str) -> Result<(), Fault> {
    let done = sqlx::query(FORGET).bind(digest).execute(&mut **tx).await;
    done.map_err(asking("give a key back"))?;
    Ok(())
}
