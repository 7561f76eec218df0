//! Session management (OpenID Connect Session Management 1.0): a service asks a frame of ours, in the browser, whether
//! the person is still logged in, without a request to us.

use crate::base::{Random, SessionId, base64url, hex_lower, sha256};
use crate::kit::Kit;
use crate::policy::redirect::origin;

/// What the browser holds of a session for the frame to read. Nothing can be done with it.
pub(crate) fn browser_state(kit: &Kit, session: &SessionId) -> String {
    kit.keyring.form_token(&["browser state", session.as_str()])
}

/// The `session_state` of an answer (section 4.2): the frame of the same browser makes the same of what it holds, until
/// the session ends. `None` where the answer goes to an app rather than a page.
pub(super) fn of_answer(kit: &Kit, session: &SessionId, (client, redirect): (&str, &str)) -> Option<String> {
    let origin = origin(redirect)?;
    let salt = salt(&*kit.random);
    let hash = sha256(format!("{client} {origin} {} {salt}", browser_state(kit, session)));
    Some(format!("{}.{salt}", hex_lower(hash)))
}

fn salt(random: &dyn Random) -> String {
    let mut bytes = [0; 12];
    random.fill(&mut bytes);
    base64url(bytes)
}
