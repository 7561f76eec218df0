//! The bytes of a letter: fixed headers, plain text first, then the same words as HTML (RFC 5322, RFC 2046).

use std::panic::catch_unwind;
use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};

use crate::mail::{Message, SendError};

/// What every letter carries besides who, what and when: answer machines are asked to stay silent (RFC 3834,
/// section 5, and what Exchange listens to), and screen readers are told the language (RFC 3282).
const FIXED_HEADERS: [(&str, &str); 3] = [
    ("Auto-Submitted", "auto-generated"),
    ("X-Auto-Response-Suppress", "All"),
    ("Content-Language", "en-GB"),
];

/// Between the two parts. Quoted-printable text never holds `=_` (RFC 2045, section 6.7), so no letter can
/// hold it, and a letter that is sent twice is the same to the byte.
const BOUNDARY: &str = "=_gatehouse_alternative";

/// The last second of the year 9999, beyond which there is no way to write a `Date`.
const LAST_MILLIS: u64 = 253_402_300_799_000;

/// How long a header line should be at most (RFC 5322, section 2.1.1).
const LONGEST_LINE: usize = 78;

/// What opens an encoded word (RFC 2047): in a header of ours it could only be somebody's trick, because mail
/// programs would show something other than what we were given.
const ENCODED_WORD: &str = "=?";

/// A letter as it travels.
pub(super) struct Letter {
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) bytes: Vec<u8>,
}

/// Writes the letter out, or says that nothing could ever carry it.
pub(super) fn compose(message: &Message) -> Result<Letter, SendError> {
    refuse_tricks("sender's name", &message.from_name)?;
    refuse_tricks("subject", &message.subject)?;
    let message_id = &message.message_id;
    if !is_message_id(message_id) {
        return Err(never("The Message-ID of the letter is malformed."));
    }
    // The library panics on some header texts. Those we know of are refused above; one that we do not know of
    // must cost one letter, not the worker that sends them all.
    catch_unwind(|| build(message)).unwrap_or_else(|_| Err(never("The letter could not be put together.")))
}

fn build(message: &Message) -> Result<Letter, SendError> {
    let from = address("sender's address", &message.from_address)?;
    let to = address("recipient's address", &message.to)?;
    let envelope = Envelope::new(Some(from.clone()), vec![to.clone()])
        .map_err(|_| never("The letter has no recipient."))?;
    let from_name = Some(message.from_name.clone()).filter(|name| !name.trim().is_empty());
    let written = Duration::from_millis(u64::try_from(message.date_millis).unwrap_or(0).min(LAST_MILLIS));

    let mut builder = lettre::Message::builder()
        .envelope(envelope)
        .from(Mailbox::new(from_name, from.clone()))
        .to(Mailbox::new(None, to.clone()))
        .subject(message.subject.clone())
        .date(UNIX_EPOCH + written)
        .message_id(Some(message.message_id.clone()));
    if let Some(line) = quoted_from(&message.from_name, &from) {
        builder = builder.raw_header(line);
    }
    if let Some(reply_to) = &message.reply_to {
        builder = builder.reply_to(Mailbox::new(None, address("reply address", reply_to)?));
    }
    for (name, value) in FIXED_HEADERS {
        builder =
            builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
    }
    let parts = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(BOUNDARY)
        .singlepart(part(ContentType::TEXT_PLAIN, &message.text))
        .singlepart(part(ContentType::TEXT_HTML, &message.html));
    let built = builder.multipart(parts).map_err(|_| never("The headers of the letter are malformed."))?;
    Ok(Letter { from, to, bytes: built.formatted() })
}

/// The `From` header with its name as a quoted string (RFC 5322, section 3.2.4), where that fits on a line.
///
/// The library would encode a name with as little as an apostrophe in it, and mail logs would be unreadable.
fn quoted_from(name: &str, address: &Address) -> Option<HeaderValue> {
    let quoted = format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\""));
    let plain = name.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) && !name.trim().is_empty();
    let fits = "From: ".len() + quoted.len() <= LONGEST_LINE;
    let header = HeaderName::new_from_ascii_str("From");
    (plain && fits).then(|| HeaderValue::dangerous_new_pre_encoded(header, quoted.clone(), quoted))
}

fn part(kind: ContentType, body: &str) -> SinglePart {
    SinglePart::builder().header(kind).header(ContentTransferEncoding::QuotedPrintable).body(body.to_owned())
}

/// Refuses what could start a new header line in some program's eyes, or be shown as something else.
fn refuse_tricks(what: &str, text: &str) -> Result<(), SendError> {
    let breaks_lines = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.contains(breaks_lines) {
        return Err(never(&format!("The {what} of the letter holds a control character.")));
    }
    if text.contains(ENCODED_WORD) {
        return Err(never(&format!("The {what} of the letter holds an encoded word.")));
    }
    Ok(())
}

/// Reads an address as a bare one: ASCII, without quoting, comments, literals or a list.
fn address(what: &str, text: &str) -> Result<Address, SendError> {
    let bare = text.bytes().all(|b| b.is_ascii_graphic() && !b"<>()[]\\,;:\"".contains(&b));
    text.parse::<Address>()
        .ok()
        .filter(|_| bare)
        .ok_or_else(|| never(&format!("The {what} is not one that mail can be sent with.")))
}

/// Letters, digits and a little punctuation around one `@`; brackets and colons for a host that is an address.
fn is_message_id(text: &str) -> bool {
    let made_of = |part: &str, punctuation: &[u8]| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || punctuation.contains(&b))
    };
    text.strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .and_then(|inner| inner.split_once('@'))
        .is_some_and(|(left, right)| made_of(left, b"-_.") && made_of(right, b"-.[]:"))
}

fn never(sentence: &str) -> SendError {
    SendError::Never(sentence.to_owned())
}
