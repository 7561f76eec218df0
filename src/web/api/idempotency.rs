//! Requests that may come twice: whoever heard no answer sends the same again under the same `Idempotency-Key`, and gets
//! the answer that the first one got.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};

use super::door::Program;
use super::problem::Problem;
use crate::base::Fault;
use crate::model::Reason;
use crate::store::idempotency::{self, Known};

const LONGEST: usize = 128;

/// The key of one request of one program.
struct Key {
    digest: String,
    /// What was asked for: the same key may not stand for something else.
    fingerprint: String,
}

/// The key that a request has.
fn key(at: &Program, headers: &HeaderMap, asked: (&str, &[u8])) -> Result<Option<Key>, Problem> {
    let Some(line) = headers.get("idempotency-key") else { return Ok(None) };
    let text = line.to_str().ok().filter(|text| !text.is_empty() && text.len() <= LONGEST);
    let Some(text) = text else {
        let detail = "Idempotency-Key must be 1 to 128 printable characters";
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    };
    let keyring = &at.web.kit.keyring;
    let body = String::from_utf8_lossy(asked.1);
    let mut what = vec!["asked", asked.0, &body];
    // The answer to the first would hide that the reason of another was not kept.
    what.extend(at.actor.reason().map(Reason::as_str));
    Ok(Some(Key {
        digest: keyring.bucket(&["idempotency", at.name(), text]),
        fingerprint: keyring.bucket(&what),
    }))
}

/// Carries out what was asked for (its name and its body) once for the key that the request has; the second time its
/// answer is repeated.
pub(super) async fn once(
    at: &Program,
    headers: &HeaderMap,
    asked: (&str, &[u8]),
    work: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    let Some(key) = key(at, headers, asked)? else { return work.await };
    let kit = &at.web.kit;
    let mut tx = kit.store.begin().await?;
    let known = idempotency::claim(&mut tx, (&key.digest, &key.fingerprint), kit.now()).await?;
    tx.commit().await?;
    match known {
        Known::New => {}
        Known::Other => {
            let detail = "this Idempotency-Key was used for another request";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
        Known::Running => {
            let detail = "the first request with this Idempotency-Key is not finished; try again in a moment";
            return Err(Problem::new(StatusCode::CONFLICT, detail));
        }
        Known::Answered { sealed } => return repeat(at, &key, &sealed).map_err(Problem::from),
    }
    let answered = work.await;
    match answered {
        Ok(response) => Ok(keep(at, &key, response).await?),
        Err(problem) => {
            // What was refused may be tried again under the same key once it is mended.
            let mut tx = kit.store.begin().await?;
            idempotency::forget(&mut tx, &key.digest).await?;
            tx.commit().await?;
            Err(problem)
        }
    }
}

fn context(key: &Key) -> String {
    format!("answer {}", key.digest)
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    /// The entity tag, where the answer had one.
    etag: Option<String>,
    body: String,
}

/// Keeps an answer, sealed: it may hold a secret.
async fn keep(at: &Program, key: &Key, response: Response) -> Result<Response, Fault> {
    let kit = &at.web.kit;
    let (parts, body) = response.into_parts();
    let bytes =
        body.collect().await.map_err(|error| Fault::caused("an answer cannot be read", error))?.to_bytes();
    let kept = Kept {
        status: parts.status.as_u16(),
        etag: parts.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    let clear =
        serde_json::to_vec(&kept).map_err(|error| Fault::caused("an answer cannot be kept", error))?;
    let sealed = kit.keyring.seal(&context(key), &clear, &*kit.random)?;
    let mut tx = kit.store.begin().await?;
    idempotency::answer(&mut tx, &key.digest, &sealed).await?;
    tx.commit().await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn repeat(at: &Program, key: &Key, sealed: &str) -> Result<Response, Fault> {
    let clear = at.web.kit.keyring.open(&context(key), sealed)?;
    let kept: Kept =
        serde_json::from_slice(&clear).map_err(|error| Fault::caused("a kept answer is damaged", error))?;
    let mut answer = Response::builder()
        .status(kept.status)
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-replayed", "true");
    if let Some(tag) = kept.etag {
        answer = answer.header(header::ETAG, tag);
    }
    answer.body(Body::from(kept.body)).map_err(|error| Fault::caused("a kept answer is damaged", error))
}
