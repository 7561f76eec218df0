//! Identifiers: one type each, so that a person is never mistaken for what a client calls them.

use std::fmt;

use crate::base::{Random, Timestamp, hex_lower};

/// What stands behind the prefix of an identifier of ours: 48 bits of when it was made and 80 random ones, in
/// hexadecimal. Rows that are made together lie together, so that the pages of an index that change are few
/// however large the table is. It is no secret, and nothing may depend on nobody guessing it.
fn body(now: Timestamp, random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    let (time, rest) = bytes.split_at_mut(6);
    let [_, _, made @ ..] = now.millis().to_be_bytes();
    time.copy_from_slice(&made);
    random.fill(rest);
    hex_lower(bytes)
}

/// Defines an identifier that we make ourselves.
macro_rules! our_id {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(String);

        impl $name {
            pub(crate) fn generate(now: Timestamp, random: &dyn Random) -> Self {
                Self(format!("{}{}", $prefix, body(now, random)))
            }

            /// The identifier that a text names; `None` where it is not one of this kind.
            pub(crate) fn parse(text: &str) -> Option<Self> {
                let body = text.strip_prefix($prefix)?;
                let well_formed =
                    body.len() == 32 && body.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                well_formed.then(|| Self(text.to_owned()))
            }

            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

our_id! {
    /// A person, inside this program only.
    UserId = "usr_",
    /// A session; also the `sid` claim (OpenID Connect Front-Channel Logout 1.0, section 3).
    SessionId = "ses_",
    /// One journey through the log-in pages.
    FlowId = "flw_",
    /// What a person allowed a client, from which tokens descend.
    GrantId = "gra_",
    /// A letter in the outbox.
    LetterId = "let_",
    /// An access review.
    ReviewId = "rev_",
}

/// A line of the audit trail.
#[derive(Clone, Debug)]
pub(crate) struct EventId(String);

impl EventId {
    pub(crate) fn generate(now: Timestamp, random: &dyn Random) -> Self {
        Self(format!("evt_{}", body(now, random)))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.strip_prefix("evt_").filter(|body| body.len() == 32).map(|_| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Defines an identifier that others see or choose: bounded printable ASCII.
macro_rules! named_id {
    ($($(#[$doc:meta])* $name:ident up to $limit:literal of $allowed:expr),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(String);

        impl $name {
            /// The identifier that a text names; `None` where it is empty, too long or has other characters.
            pub(crate) fn parse(text: &str) -> Option<Self> {
                let allowed: fn(u8) -> bool = $allowed;
                let well_formed = !text.is_empty() && text.len() <= $limit && text.bytes().all(allowed);
                well_formed.then(|| Self(text.to_owned()))
            }

            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

named_id! {
    /// A client identifier (RFC 6749, section 2.2): the unreserved characters of a URI, so that it needs no
    /// escaping anywhere.
    ClientId up to 128 of |b| b.is_ascii_alphanumeric() || b"-._~".contains(&b),
    /// What a relying party knows a person by: the `sub` claim (OpenID Connect Core 1.0, section 8).
    Subject up to 255 of |b| b.is_ascii_graphic(),
    /// A key identifier (RFC 7517, section 4.5).
    Kid up to 64 of |b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_',
}
