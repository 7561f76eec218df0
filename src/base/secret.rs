//! Secrets and what is stored of them.
//!
//! A [`Secret`] is what a browser, a client or a mailbox holds; the database holds its [`Digest`]. The kind in
//! the type keeps an authorization code from ever standing where a session is wanted.

use std::fmt;
use std::marker::PhantomData;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroize as _;

use crate::base::{Random, base64url, constant_time_eq};

/// What a secret is for. The prefix makes a leaked one recognisable to scanners and people.
pub(crate) trait Kind: 'static {
    const PREFIX: &'static str;
}

/// The kinds of secret there are.
pub(crate) mod kinds {
    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
            $(#[$doc])*
            pub(crate) enum $name {}
            impl super::Kind for $name {
                const PREFIX: &'static str = $prefix;
            }
        )+};
    }
    kinds! {
        /// An authorization code (RFC 6749, section 4.1.2).
        Code = "gh_ac_",
        /// An access token (RFC 6749, section 1.4).
        Access = "gh_at_",
        /// What an access token that services can read themselves is known by here (RFC 9068, section 2.2).
        AccessId = "gh_ai_",
        /// A pushed request (RFC 9126, section 2.2), whose address it is.
        Pushed = "urn:ietf:params:oauth:request_uri:",
        /// A refresh token (RFC 6749, section 1.5).
        Refresh = "gh_rt_",
        /// The code by which a device asks whether it was connected (RFC 8628, section 3.2).
        DeviceCode = "gh_dc_",
        /// What services register with (RFC 7591, section 3).
        InitialAccess = "gh_ia_",
        /// What a service looks after its registration with (RFC 7592, section 2).
        Registration = "gh_ra_",
        /// The cookie of a session.
        Session = "gh_se_",
        /// The cookie that ties one journey through the pages to the browser that began it.
        Flow = "gh_fl_",
        /// The cookie that lets us recognise a browser a person has used before.
        Device = "gh_de_",
        /// The link by which somebody who was invited chooses a password.
        Invitation = "gh_in_",
        /// The link by which the first administrator makes an account.
        SetUp = "gh_su_",
        /// The cookie of a log-in to the console that has begun.
        ConsoleStart = "gh_co_",
        /// A client secret (RFC 6749, section 2.3.1).
        Client = "gh_cs_",
    }
}

/// A secret in clear: shown or sent once, never stored, never logged.
pub(crate) struct Secret<K> {
    text: String,
    kind: PhantomData<K>,
}

impl<K: Kind> Secret<K> {
    /// A new secret of 256 random bits behind the prefix of its kind.
    pub(crate) fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self::made_of(bytes)
    }

    /// The secret that these bytes are, which nobody else must be able to find.
    pub(crate) fn made_of(mut bytes: [u8; 32]) -> Self {
        let text = format!("{}{}", K::PREFIX, base64url(bytes));
        bytes.zeroize();
        Self { text, kind: PhantomData }
    }

    /// A secret that somebody presented; `None` unless it has the prefix and length of its kind.
    pub(crate) fn presented(text: &str) -> Option<Self> {
        let body = text.strip_prefix(K::PREFIX)?;
        let well_formed =
            body.len() == 43 && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        well_formed.then(|| Self { text: text.to_owned(), kind: PhantomData })
    }

    /// The clear text, for the one place that hands it out.
    pub(crate) fn reveal(&self) -> &str {
        &self.text
    }
}

impl<K> Drop for Secret<K> {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl<K: Kind> fmt::Debug for Secret<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", K::PREFIX)
    }
}

/// What is stored of a secret: an HMAC under a key that is not in the database.
pub(crate) struct Digest<K> {
    text: String,
    kind: PhantomData<K>,
}

impl<K> Digest<K> {
    /// A digest as it was read back from storage.
    pub(crate) fn stored(text: String) -> Self {
        Self { text, kind: PhantomData }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether both stand for the same secret, in constant time.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        constant_time_eq(&self.text, &other.text)
    }
}

impl<K> Clone for Digest<K> {
    fn clone(&self) -> Self {
        Self::stored(self.text.clone())
    }
}

impl<K> fmt::Debug for Digest<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

/// HMAC-SHA-256 (RFC 2104) of a message, for whoever has the key as well.
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// A key under which digests and message authentication codes are made.
#[derive(Clone)]
pub(crate) struct DigestKey([u8; 32]);

impl DigestKey {
    pub(crate) const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// HMAC-SHA-256 (RFC 2104) over length-prefixed parts, so that no two lists of parts collide.
    pub(crate) fn mac(&self, parts: &[&str]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// The digest of a whole secret, prefix included.
    pub(crate) fn digest<K: Kind>(&self, secret: &Secret<K>) -> Digest<K> {
        Digest::stored(base64url(self.mac(&[K::PREFIX, secret.reveal()])))
    }
}

impl Drop for DigestKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
