//! Forms of the console that come with a file.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts as _, Multipart, Request};
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::door::{Console, ConsoleForm};
use crate::base::constant_time_eq;
use crate::oidc::params::{BadParams, Params};
use crate::web::Web;
use crate::web::extract::{Unwanted, is_from_ourselves};
use crate::web::pages::trouble;

/// Bytes of what is typed into a form.
const LONGEST_TEXT: usize = 16 * 1024;

/// A form that may come with one file, from a page that was served to the same session. Without one it may be like any
/// other form.
pub(super) struct ConsoleUpload {
    pub(super) at: Console,
    pub(super) form: Params,
    /// `None` where none was chosen.
    pub(super) file: Option<Vec<u8>>,
    /// Whether all of it arrived: else it was too large, or somebody went away.
    pub(super) is_whole: bool,
}

/// What has arrived of a form.
#[derive(Default)]
struct Arrived {
    pairs: Vec<(String, String)>,
    file: Vec<u8>,
    is_whole: bool,
}

impl FromRequest<Arc<Web>> for ConsoleUpload {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        if !is_upload(request.headers()) {
            let ConsoleForm { at, form } = ConsoleForm::from_request(request, web).await?;
            return match is_short(form.names().map(|name| form.field(name))) {
                true => Ok(Self { at, form, file: None, is_whole: true }),
                false => Err(trouble::bad_form(web, &Unwanted::TooLarge)),
            };
        }
        if !is_from_ourselves(&web.kit.config, request.headers()) {
            return Err(trouble::forbidden(web));
        }
        let (mut parts, body) = request.into_parts();
        let arrived = match Multipart::from_request(Request::from_parts(parts.clone(), body), web).await {
            Ok(read) => arrived(read).await,
            Err(_) => Arrived::default(),
        };
        let at = Console::from_request_parts(&mut parts, web).await?;
        if !is_short(arrived.pairs.iter().map(|(_, value)| value.as_str())) {
            return Err(trouble::bad_form(web, &Unwanted::TooLarge));
        }
        let mut names: Vec<&str> = arrived.pairs.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|two| two.first() == two.last()) {
            return Err(trouble::bad_form(web, &Unwanted::Params(BadParams::Repeated)));
        }
        let form: Params = arrived.pairs.into_iter().collect();
        if !constant_time_eq(form.field("token"), at.token()) {
            return Err(trouble::forbidden(web));
        }
        let file = Some(arrived.file).filter(|file| !file.is_empty());
        let at = at.because(form.field("reason"));
        Ok(Self { at, form, file, is_whole: arrived.is_whole })
    }
}

fn is_upload(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/form-data"))
}

fn is_short<'a>(values: impl Iterator<Item = &'a str>) -> bool {
    values.map(str::len).sum::<usize>() <= LONGEST_TEXT
}

/// Reads a form as far as it comes. What has the name of a file is the file.
async fn arrived(mut parts: Multipart) -> Arrived {
    let mut arrived = Arrived::default();
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => {
                arrived.is_whole = true;
                return arrived;
            }
            Err(_) => return arrived,
        };
        let Some(name) = part.name().map(str::to_owned) else { return arrived };
        let is_file = part.file_name().is_some();
        let Ok(bytes) = part.bytes().await else { return arrived };
        match (is_file, String::from_utf8(bytes.to_vec())) {
            (true, _) => arrived.file = bytes.to_vec(),
            (false, Ok(text)) => arrived.pairs.push((name, text)),
            (false, Err(_)) => return arrived,
        }
    }
}
