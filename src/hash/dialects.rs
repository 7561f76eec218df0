//! The forms in which other systems export password hashes: PHC strings and those of crypt(3), Django's, those of
//! ASP.NET Identity, Keycloak's credentials, and our own for whatever else there is.

use argon2::Version;
use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::foreign::{BASE64, Foreign, Recipe};
use crate::base::strict_json;

/// Bcrypt's own base64. The last character of a salt has bits that nobody reads.
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);
const BCRYPT_SALT: usize = 22;

/// What a text says, whoever wrote it.
pub(super) fn read(text: &str) -> Option<Foreign> {
    if text.starts_with('{') {
        return keycloak(&strict_json(text)?);
    }
    if text.starts_with("imported:") {
        return Foreign::parse(text);
    }
    match text.split_once('$') {
        None => asp_net(&BASE64.decode(text).ok()?),
        Some(("", phc)) => modular(phc),
        Some(("argon2", phc)) => modular(phc),
        Some(("bcrypt", crypt)) => bcrypt(crypt.strip_prefix('$')?, "bcrypt"),
        Some(("bcrypt_sha256", crypt)) => bcrypt(crypt.strip_prefix('$')?, "bcrypt-sha256"),
        Some(("pbkdf2_sha1", rest)) => django_pbkdf2("pbkdf2-sha1", rest),
        Some(("pbkdf2_sha256", rest)) => django_pbkdf2("pbkdf2-sha256", rest),
        Some(("scrypt", rest)) => django_scrypt(rest),
        Some(_) => None,
    }
}

/// A PHC string or one of crypt(3), without its first dollar sign.
fn modular(text: &str) -> Option<Foreign> {
    let (scheme, rest) = text.split_once('$')?;
    match scheme {
        "argon2i" | "argon2d" | "argon2id" => {
            // Version 1.0 did not say so.
            let (version, rest) = match rest.strip_prefix("v=") {
                Some(versioned) => {
                    let (version, rest) = versioned.split_once('$')?;
                    (version.parse().ok()?, rest)
                }
                None => (u32::from(Version::V0x10), rest),
            };
            let [costs, salt, tag] = fields(rest)?;
            let [memory, passes, lanes] = parameters(costs, ["m", "t", "p"])?;
            foreign(scheme, &[version, memory, passes, lanes], decode(salt)?, decode(tag)?)
        }
        "scrypt" => {
            let [costs, salt, tag] = fields(rest)?;
            foreign("scrypt", &parameters(costs, ["ln", "r", "p"])?, decode(salt)?, decode(tag)?)
        }
        "2a" | "2b" | "2y" => bcrypt(text, "bcrypt"),
        _ => None,
    }
}

/// `2b$12$` and 53 characters of salt and hash.
fn bcrypt(text: &str, scheme: &str) -> Option<Foreign> {
    let [version, log_rounds, both] = fields(text)?;
    // `2x` marks hashes that a faulty implementation made.
    if !["2a", "2b", "2y"].contains(&version) || log_rounds.len() != 2 {
        return None;
    }
    let (salt, tag) = both.split_at_checked(BCRYPT_SALT)?;
    let decode = |text: &str| BCRYPT_BASE64.decode(text).ok();
    foreign(scheme, &[log_rounds.parse().ok()?], decode(salt)?, decode(tag)?)
}

/// `ROUNDS$SALT$HASH`, the salt being text.
fn django_pbkdf2(scheme: &str, text: &str) -> Option<Foreign> {
    let [rounds, salt, tag] = fields(text)?;
    foreign(scheme, &[rounds.parse().ok()?], salt.into(), decode(tag)?)
}

/// `N$SALT$R$P$HASH`, the salt being text.
fn django_scrypt(text: &str) -> Option<Foreign> {
    let [n, salt, r, p, tag] = fields(text)?;
    let n: u32 = n.parse().ok()?;
    let log_n = n.is_power_of_two().then(|| n.ilog2())?;
    foreign("scrypt", &[log_n, r.parse().ok()?, p.parse().ok()?], salt.into(), decode(tag)?)
}

/// The two formats of ASP.NET Core Identity's `PasswordHasher`, told apart by their first byte.
fn asp_net(bytes: &[u8]) -> Option<Foreign> {
    let (format, rest) = bytes.split_first()?;
    match format {
        0 if rest.len() == 48 => {
            let (salt, tag) = rest.split_at_checked(16)?;
            foreign("pbkdf2-sha1", &[1000], salt.into(), tag.into())
        }
        1 => {
            let (head, rest) = rest.split_at_checked(12)?;
            let mut words = head.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word));
            let (digest, rounds, salt_length) = (words.next()?, words.next()?, words.next()?);
            let scheme = match digest {
                0 => "pbkdf2-sha1",
                1 => "pbkdf2-sha256",
                2 => "pbkdf2-sha512",
                _ => return None,
            };
            let (salt, tag) = rest.split_at_checked(usize::try_from(salt_length).ok()?)?;
            foreign(scheme, &[rounds], salt.into(), tag.into())
        }
        _ => None,
    }
}

/// A credential as Keycloak exports it, whose two halves are JSON in JSON; or with all its members in one object.
fn keycloak(credential: &Value) -> Option<Foreign> {
    let half = |name: &str| match credential.get(name) {
        None => Some(credential.clone()),
        Some(Value::String(text)) => strict_json(text),
        Some(object) => Some(object.clone()),
    };
    let (data, secret) = (half("credentialData")?, half("secretData")?);
    let rounds = number(data.get("hashIterations")?)?;
    let bytes = |name: &str| decode(secret.get(name)?.as_str()?);
    let (salt, tag) = (bytes("salt")?, bytes("value")?);
    let scheme = match data.get("algorithm")?.as_str()? {
        "pbkdf2" => "pbkdf2-sha1",
        "pbkdf2-sha256" => "pbkdf2-sha256",
        "pbkdf2-sha512" => "pbkdf2-sha512",
        "argon2" => return keycloak_argon2(data.get("additionalParameters")?, rounds, (salt, tag)),
        _ => return None,
    };
    foreign(scheme, &[rounds], salt, tag)
}

fn keycloak_argon2(parameters: &Value, passes: u32, (salt, tag): (Vec<u8>, Vec<u8>)) -> Option<Foreign> {
    // Each is a list of one text.
    let parameter = |name: &str| parameters.get(name)?.get(0)?.as_str();
    let version = match parameter("version")? {
        "1.0" => Version::V0x10,
        "1.3" => Version::V0x13,
        _ => return None,
    };
    let scheme = format!("argon2{}", parameter("type")?);
    let (memory, lanes) = (parameter("memory")?.parse().ok()?, parameter("parallelism")?.parse().ok()?);
    foreign(&scheme, &[version.into(), memory, passes, lanes], salt, tag)
}

fn foreign(scheme: &str, numbers: &[u32], salt: Vec<u8>, tag: Vec<u8>) -> Option<Foreign> {
    Some(Foreign { recipe: Recipe::named(scheme, numbers)?, salt, tag })
}

/// Exactly so many fields, with dollar signs between them.
fn fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split('$').collect::<Vec<_>>().try_into().ok()
}

/// Exactly these parameters, in their order.
fn parameters<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let pairs: Vec<_> = text.split(',').map(|pair| pair.split_once('=')).collect::<Option<_>>()?;
    if !pairs.iter().map(|(name, _)| *name).eq(names) {
        return None;
    }
    let values: Option<Vec<u32>> = pairs.iter().map(|(_, value)| value.parse().ok()).collect();
    values?.try_into().ok()
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}
