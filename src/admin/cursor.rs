//! Where a list goes on: the place of its last row, in a form that nobody can make up.

use crate::base::{base64url, base64url_decode, constant_time_eq};
use crate::kit::Kit;

/// The place that two texts name, in the list called `list`.
pub(super) fn seal(kit: &Kit, list: &str, (key, id): (&str, &str)) -> String {
    let body = base64url(format!("{key}\0{id}"));
    let mac = kit.keyring.form_token(&["cursor", list, &body]);
    format!("{body}.{mac}")
}

/// The place that a cursor stands for; `None` where it is none of ours, or belongs to another list.
pub(super) fn open(kit: &Kit, list: &str, cursor: &str) -> Option<(String, String)> {
    let (body, mac) = cursor.split_once('.')?;
    if !constant_time_eq(mac, kit.keyring.form_token(&["cursor", list, body])) {
        return None;
    }
    let text = String::from_utf8(base64url_decode(body)?).ok()?;
    let (key, id) = text.split_once('\0')?;
    Some((key.to_owned(), id.to_owned()))
}
