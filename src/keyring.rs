//! The master key, and the keys that are made from it.
//!
//! One secret outside the database seals the signing keys and the letters in it, keys every digest and MAC,
//! and peppers the passwords: a stolen dump alone opens nothing. Each use has a key of its own, derived by
//! HKDF-SHA-256 (RFC 5869).

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroize as _;

use crate::base::{Digest, DigestKey, Fault, Kind, Random, Secret, base64url, base64url_decode};

/// The length of an XChaCha20 nonce, in bytes.
const NONCE: usize = 24;

/// The keys of this installation.
pub(crate) struct Keyring {
    sealing: XChaCha20Poly1305,
    tokens: DigestKey,
    codes: DigestKey,
    forms: DigestKey,
    buckets: DigestKey,
    successors: DigestKey,
    subjects: DigestKey,
    pepper: [u8; 32],
    fingerprint: String,
}

impl Keyring {
    /// Derives every key from the master key.
    pub(crate) fn new(mut master: [u8; 32]) -> Self {
        let source = Hkdf::<Sha256>::new(None, &master);
        let derive = |label: &str| {
            let mut key = [0; 32];
            #[expect(clippy::expect_used, reason = "32 bytes are far below HKDF's limit of 8,160")]
            source.expand(label.as_bytes(), &mut key).expect("32 bytes are not too many");
            key
        };
        let keyring = Self {
            sealing: XChaCha20Poly1305::new(&derive("gatehouse sealing 1").into()),
            tokens: DigestKey::new(derive("gatehouse tokens 1")),
            codes: DigestKey::new(derive("gatehouse codes 1")),
            forms: DigestKey::new(derive("gatehouse forms 1")),
            buckets: DigestKey::new(derive("gatehouse buckets 1")),
            successors: DigestKey::new(derive("gatehouse successors 1")),
            subjects: DigestKey::new(derive("gatehouse subjects 1")),
            pepper: derive("gatehouse pepper 1"),
            fingerprint: base64url(derive("gatehouse fingerprint 1")),
        };
        master.zeroize();
        keyring
    }

    /// What the database remembers of the master key, so that a wrong one is noticed at start.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The secret input of every password hash (RFC 9106, section 3.1).
    pub(crate) const fn pepper(&self) -> [u8; 32] {
        self.pepper
    }

    /// What is stored of a secret.
    pub(crate) fn digest<K: Kind>(&self, secret: &Secret<K>) -> Digest<K> {
        self.tokens.digest(secret)
    }

    /// The secret that takes a secret's place: always the same one, and nobody finds it without the key.
    pub(crate) fn successor<K: Kind>(&self, secret: &Secret<K>) -> Secret<K> {
        Secret::made_of(self.successors.mac(&[K::PREFIX, secret.reveal()]))
    }

    /// The name under which a sector's services know a subject: nobody else can tell whose it is (OpenID Connect
    /// Core 1.0, section 8.1).
    pub(crate) fn pairwise_subject(&self, sector: &str, subject: &str) -> String {
        base64url(self.subjects.mac(&[sector, subject]))
    }

    /// The MAC of an emailed code, over everything that it is bound to.
    ///
    /// A bare hash of eight digits could be turned round in milliseconds; this takes a key that is not in the
    /// database.
    pub(crate) fn code_mac(&self, purpose: &str, person: &str, flow: &str, code: &str) -> String {
        base64url(self.codes.mac(&[purpose, person, flow, code]))
    }

    /// The token that a form carries to show that it was served to the browser that posts it.
    pub(crate) fn form_token(&self, parts: &[&str]) -> String {
        base64url(self.forms.mac(parts))
    }

    /// The name of a counter. Addresses that nobody has are counted too, and are not kept in clear.
    pub(crate) fn bucket(&self, parts: &[&str]) -> String {
        base64url(self.buckets.mac(parts))
    }

    /// Seals some bytes for one place: they open only with the same `context`.
    pub(crate) fn seal(&self, context: &str, clear: &[u8], random: &dyn Random) -> Result<String, Fault> {
        seal_with(&self.sealing, context, clear, random)
    }

    /// Opens what [`Keyring::seal`] sealed.
    ///
    /// # Errors
    /// Where the master key or the context is another, or the text was changed.
    pub(crate) fn open(&self, context: &str, sealed: &str) -> Result<Vec<u8>, Fault> {
        open_with(&self.sealing, context, sealed)
    }
}

fn seal_with(
    cipher: &XChaCha20Poly1305,
    context: &str,
    clear: &[u8],
    random: &dyn Random,
) -> Result<String, Fault> {
    let mut nonce = [0; NONCE];
    random.fill(&mut nonce);
    let payload = Payload { msg: clear, aad: context.as_bytes() };
    let sealed = cipher
        .encrypt(XNonce::from_slice(&nonce), payload)
        .map_err(|_| Fault::new("a document could not be sealed"))?;
    Ok(base64url([nonce.as_slice(), &sealed].concat()))
}

fn open_with(cipher: &XChaCha20Poly1305, context: &str, sealed: &str) -> Result<Vec<u8>, Fault> {
    let broken = || Fault::new("a sealed document does not open with this key");
    let bytes = base64url_decode(sealed).ok_or_else(broken)?;
    let (nonce, body) = bytes.split_at_checked(NONCE).ok_or_else(broken)?;
    let payload = Payload { msg: body, aad: context.as_bytes() };
    cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| broken())
}

/// A key of one person's.
pub(crate) struct PersonKey {
    bytes: [u8; 32],
}

impl PersonKey {
    pub(crate) fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self { bytes }
    }

    /// A key as it was kept; `None` where that is none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self { bytes })
    }

    /// For whoever seals it.
    pub(crate) const fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.bytes.into())
    }

    /// Seals some bytes for one place, as [`Keyring::seal`] does.
    pub(crate) fn seal(&self, context: &str, clear: &[u8], random: &dyn Random) -> Result<String, Fault> {
        seal_with(&self.cipher(), context, clear, random)
    }

    /// Opens what [`PersonKey::seal`] sealed.
    pub(crate) fn open(&self, context: &str, sealed: &str) -> Result<Vec<u8>, Fault> {
        open_with(&self.cipher(), context, sealed)
    }
}

impl Drop for PersonKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        self.pepper.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededRandom;

    #[test]
    fn what_is_sealed_opens_only_in_its_place_and_unchanged() {
        let keyring = Keyring::new([7; 32]);
        let sealed = keyring.seal("letter 1", b"1234 5678", &SeededRandom::new(1)).unwrap();
        assert_eq!(keyring.open("letter 1", &sealed).unwrap(), b"1234 5678");
        assert!(keyring.open("letter 2", &sealed).is_err());
        assert!(Keyring::new([8; 32]).open("letter 1", &sealed).is_err());
        assert!(keyring.open("letter 1", &format!("A{}", &sealed[1..])).is_err());
        assert!(keyring.open("letter 1", "").is_err());
    }

    #[test]
    fn row_7_a_code_stands_for_one_purpose_person_and_flow() {
        let keyring = Keyring::new([7; 32]);
        let mut macs = std::collections::HashSet::new();
        for purpose in ["log_in", "reset"] {
            for person in ["usr_1", "usr_2"] {
                for flow in ["flw_1", "flw_2"] {
                    macs.insert(keyring.code_mac(purpose, person, flow, "12345678"));
                }
            }
        }
        assert_eq!(macs.len(), 8);
    }
}
