//! Proof Key for Code Exchange (RFC 7636), method S256 only.

use crate::base::{base64url, constant_time_eq, sha256};

/// Whether a text can be an S256 challenge: exactly 43 characters of base64url (RFC 7636, section 4.2).
pub(crate) fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Whether a verifier answers a challenge. Where none was made, none may be answered: a verifier that
/// appears from nowhere means that the challenge was taken out on the way (RFC 9700, section 4.8.2).
pub(crate) fn answers(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            is_verifier(verifier) && constant_time_eq(base64url(sha256(verifier)), challenge)
        }
        _ => false,
    }
}

/// RFC 7636, section 4.1: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_47_only_the_verifier_behind_the_challenge_answers_it() {
        // The example of RFC 7636, appendix B.
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(is_challenge(challenge));
        assert!(answers(Some(challenge), Some(verifier)));
        assert!(answers(None, None));
        for (challenge, verifier) in [
            (Some(challenge), None),
            (None, Some(verifier)),
            (Some(challenge), Some("")),
            (Some(challenge), Some(challenge)),
            (Some(challenge), Some(&verifier[..42])),
        ] {
            assert!(!answers(challenge, verifier));
        }
        for bad in
            ["", &challenge[..42], &format!("{challenge}A"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"]
        {
            assert!(!is_challenge(bad), "{bad}");
        }
    }
}
