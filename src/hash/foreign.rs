//! Password hashes that other systems made: they are checked until their owner has logged in once, and never made here.
//!
//! Whatever their own form is ([`super::dialects`]), they are kept in one:
//! `imported:SCHEME:NUMBERS:SALT:HASH`, the last two in base64. Ours begin with a dollar sign, and have the pepper in
//! them; these do not.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use pbkdf2::pbkdf2_hmac;
use zeroize::Zeroize as _;

use super::{Cost, dialects};
use crate::base::{Fault, constant_time_eq, hex_lower, sha256};

const PREFIX: &str = "imported:";

/// Base64 as it is found: with padding or without.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The most that one check may take of memory, in KiB, and of the processor: what each scheme does in about a second.
const MOST_MEMORY: u64 = 128 * 1024;
const MOST_ARGON2: u64 = 1024 * 1024;
const MOST_BCRYPT: u64 = 14;
const MOST_SCRYPT: u64 = 1024 * 1024;
const MOST_PBKDF2: u64 = 2_000_000;
const MOST_LANES: u64 = 16;

const SALTS: std::ops::RangeInclusive<usize> = 8..=128;
const TAGS: std::ops::RangeInclusive<usize> = 16..=64;
const BCRYPT_SALT: usize = 16;
const BCRYPT_TAG: usize = 23;
/// Bcrypt sees no more of a password.
const BCRYPT_SEES: usize = 72;

/// A hash that another system made.
pub(super) struct Foreign {
    pub(super) recipe: Recipe,
    pub(super) salt: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

/// How it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recipe {
    Argon2 {
        algorithm: Algorithm,
        version: Version,
        cost: Cost,
    },
    Bcrypt {
        log_rounds: u32,
        /// Of the password's SHA-256 in hexadecimal, so that the end of a long one counts.
        digested: bool,
    },
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
    },
    Pbkdf2 {
        digest: Sha,
        rounds: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sha {
    One,
    Two256,
    Two512,
}

impl Sha {
    const fn length(self) -> usize {
        match self {
            Self::One => 20,
            Self::Two256 => 32,
            Self::Two512 => 64,
        }
    }
}

/// Takes over the hash that another system made of a password: in the form in which it is kept.
///
/// # Errors
/// In half a sentence, where it is in no form that we know, or costs too much to check.
pub(crate) fn adopt(text: &str) -> Result<String, String> {
    let foreign = dialects::read(text.trim())
        .ok_or_else(|| "The password hash is in no form that can be imported".to_owned())?;
    foreign.check()?;
    Ok(foreign.to_text())
}

impl Recipe {
    pub(super) fn named(scheme: &str, numbers: &[u32]) -> Option<Self> {
        Some(match (scheme, numbers) {
            ("argon2i" | "argon2d" | "argon2id", [version, memory, passes, lanes]) => Self::Argon2 {
                algorithm: scheme.parse().ok()?,
                version: Version::try_from(*version).ok()?,
                cost: Cost { memory: *memory, passes: *passes, lanes: *lanes },
            },
            ("bcrypt", [log_rounds]) => Self::Bcrypt { log_rounds: *log_rounds, digested: false },
            ("bcrypt-sha256", [log_rounds]) => Self::Bcrypt { log_rounds: *log_rounds, digested: true },
            ("scrypt", [log_n, r, p]) => Self::Scrypt { log_n: u8::try_from(*log_n).ok()?, r: *r, p: *p },
            ("pbkdf2-sha1", [rounds]) => Self::Pbkdf2 { digest: Sha::One, rounds: *rounds },
            ("pbkdf2-sha256", [rounds]) => Self::Pbkdf2 { digest: Sha::Two256, rounds: *rounds },
            ("pbkdf2-sha512", [rounds]) => Self::Pbkdf2 { digest: Sha::Two512, rounds: *rounds },
            _ => return None,
        })
    }

    fn scheme(self) -> &'static str {
        match self {
            Self::Argon2 { algorithm, .. } => algorithm.as_str(),
            Self::Bcrypt { digested: false, .. } => "bcrypt",
            Self::Bcrypt { digested: true, .. } => "bcrypt-sha256",
            Self::Scrypt { .. } => "scrypt",
            Self::Pbkdf2 { digest: Sha::One, .. } => "pbkdf2-sha1",
            Self::Pbkdf2 { digest: Sha::Two256, .. } => "pbkdf2-sha256",
            Self::Pbkdf2 { digest: Sha::Two512, .. } => "pbkdf2-sha512",
        }
    }

    fn numbers(self) -> Vec<u32> {
        match self {
            Self::Argon2 { version, cost, .. } => {
                vec![u32::from(version), cost.memory, cost.passes, cost.lanes]
            }
            Self::Bcrypt { log_rounds, .. } => vec![log_rounds],
            Self::Scrypt { log_n, r, p } => vec![u32::from(log_n), r, p],
            Self::Pbkdf2 { rounds, .. } => vec![rounds],
        }
    }
}

impl Foreign {
    /// A hash in the form in which we keep it; `None` where it is another's, or ours.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split(':');
        let (scheme, numbers, salt, tag) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let numbers: Vec<u32> =
            numbers.split(',').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let recipe = Recipe::named(scheme, &numbers)?;
        let decode = |text: &str| BASE64.decode(text).ok();
        let foreign = Self { recipe, salt: decode(salt)?, tag: decode(tag)? };
        parts.next().is_none().then_some(foreign)
    }

    /// The same out of the database, where nobody can have changed it into one that crashes or never ends.
    pub(super) fn stored(text: &str) -> Option<Self> {
        Self::parse(text).filter(|foreign| foreign.check().is_ok())
    }

    fn to_text(&self) -> String {
        let numbers: Vec<String> = self.recipe.numbers().iter().map(u32::to_string).collect();
        let (scheme, numbers) = (self.recipe.scheme(), numbers.join(","));
        format!("{PREFIX}{scheme}:{numbers}:{}:{}", BASE64.encode(&self.salt), BASE64.encode(&self.tag))
    }

    /// Refuses what nobody makes, and what would keep others waiting at every guess.
    fn check(&self) -> Result<(), String> {
        match self.recipe {
            Recipe::Argon2 { cost, .. } => {
                let work = u64::from(cost.memory) * u64::from(cost.passes);
                at_most("memory in KiB", u64::from(cost.memory), MOST_MEMORY)?;
                at_most("memory times passes", work, MOST_ARGON2)?;
                at_most("lanes", u64::from(cost.lanes), MOST_LANES)?;
                self.argon2_params().ok_or_else(damaged)?;
            }
            Recipe::Bcrypt { log_rounds, .. } => {
                at_most("cost", u64::from(log_rounds), MOST_BCRYPT)?;
                if log_rounds < 4 || self.salt.len() != BCRYPT_SALT || self.tag.len() != BCRYPT_TAG {
                    return Err(damaged());
                }
            }
            Recipe::Scrypt { log_n, r, p } => {
                let n = 1_u64.checked_shl(u32::from(log_n)).unwrap_or(u64::MAX);
                let work = n.saturating_mul(u64::from(r)).saturating_mul(u64::from(p));
                at_most("N times r times p", work, MOST_SCRYPT)?;
                if log_n == 0 || work == 0 {
                    return Err(damaged());
                }
            }
            Recipe::Pbkdf2 { digest, rounds } => {
                let blocks = self.tag.len().div_ceil(digest.length());
                let work = u64::from(rounds).saturating_mul(u64::try_from(blocks).unwrap_or(u64::MAX));
                at_most("rounds", work, MOST_PBKDF2)?;
                if rounds == 0 {
                    return Err(damaged());
                }
            }
        }
        let whole = SALTS.contains(&self.salt.len()) && TAGS.contains(&self.tag.len());
        if whole { Ok(()) } else { Err(damaged()) }
    }

    fn argon2_params(&self) -> Option<Params> {
        let Recipe::Argon2 { cost, .. } = self.recipe else { return None };
        Params::new(cost.memory, cost.passes, cost.lanes, Some(self.tag.len())).ok()
    }

    /// Whether it was made of this password.
    pub(super) fn matches(&self, password: &str) -> Result<bool, Fault> {
        let tag = self.tag_of(password.as_bytes());
        let tag = tag.ok_or_else(|| Fault::new("an imported password hash is damaged"))?;
        Ok(constant_time_eq(tag, &self.tag))
    }

    fn tag_of(&self, password: &[u8]) -> Option<Vec<u8>> {
        let mut tag = vec![0; self.tag.len()];
        match self.recipe {
            Recipe::Argon2 { algorithm, version, .. } => {
                let argon = Argon2::new(algorithm, version, self.argon2_params()?);
                argon.hash_password_into(password, &self.salt, &mut tag).ok()?;
            }
            Recipe::Bcrypt { log_rounds, digested } => {
                let salt = self.salt.as_slice().try_into().ok()?;
                let whole =
                    if digested { hex_lower(sha256(password)).into_bytes() } else { password.to_vec() };
                // As C has it: with the zero at its end.
                let mut seen: Vec<u8> = whole.into_iter().chain([0]).take(BCRYPT_SEES).collect();
                tag = bcrypt::bcrypt(log_rounds, salt, &seen).into_iter().take(BCRYPT_TAG).collect();
                seen.zeroize();
            }
            Recipe::Scrypt { log_n, r, p } => {
                let params = scrypt::Params::new(log_n, r, p).ok()?;
                scrypt::scrypt(password, &self.salt, &params, &mut tag).ok()?;
            }
            Recipe::Pbkdf2 { digest, rounds } => match digest {
                Sha::One => pbkdf2_hmac::<sha1::Sha1>(password, &self.salt, rounds, &mut tag),
                Sha::Two256 => pbkdf2_hmac::<sha2::Sha256>(password, &self.salt, rounds, &mut tag),
                Sha::Two512 => pbkdf2_hmac::<sha2::Sha512>(password, &self.salt, rounds, &mut tag),
            },
        }
        Some(tag)
    }
}

fn at_most(what: &str, value: u64, most: u64) -> Result<(), String> {
    if value <= most {
        return Ok(());
    }
    Err(format!("The password hash would take too long to check: its {what} may be {most} at most"))
}

fn damaged() -> String {
    "The password hash is damaged".to_owned()
}

#[cfg(test)]
mod tests;
