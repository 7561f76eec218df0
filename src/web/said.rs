//! What was just done, said once: on the page that somebody is sent to afterwards, and gone when they load it again.
//!
//! It travels in a cookie with a code of ours over it and the session, so that nobody else can put words on a page.

use axum::http::HeaderMap;
use axum::response::Response;

use crate::base::{SessionId, base64url, base64url_decode, constant_time_eq};
use crate::web::Web;
use crate::web::cookies::Cookies;
use crate::web::respond::redirect;

/// Sends somebody to a page of ours, which will say what was done.
pub(super) fn and_say(web: &Web, session: &SessionId, page: &str, text: &str) -> Response {
    let written = base64url(text);
    let proof = proof(web, session, &written);
    redirect::with_cookie(redirect::see_other(page), web.front.cookies.say(&format!("{written}.{proof}")))
}

/// What this page has to say.
pub(super) fn heard(web: &Web, session: &SessionId, headers: &HeaderMap) -> Option<String> {
    let cookies = Cookies::read(headers);
    let (written, given) = cookies.only(&web.front.cookies.said_name())?.split_once('.')?;
    if !constant_time_eq(given, proof(web, session, written)) {
        return None;
    }
    String::from_utf8(base64url_decode(written)?).ok()
}

/// Sees to it that what a page says is not said twice.
pub(super) fn once(web: &Web, said: Option<&String>, response: Response) -> Response {
    let style = web.front.cookies;
    redirect::with_cookie(response, said.and_then(|_| style.take_back(&style.said_name())))
}

fn proof(web: &Web, session: &SessionId, written: &str) -> String {
    web.kit.keyring.form_token(&["said", session.as_str(), written])
}
