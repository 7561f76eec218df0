//! Email addresses: one canonical form for every look-up, counter and uniqueness rule.

use std::fmt;

/// The longest address that can be used in SMTP (RFC 5321, section 4.5.3.1.3).
const LONGEST: usize = 254;
/// The longest local part (RFC 5321, section 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// An email address as its owner writes it, with the one form by which it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Email {
    shown: String,
    canonical: String,
}

/// Why a text is not an address that we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmailError {
    Empty,
    TooLong,
    Malformed,
}

impl Email {
    /// Reads an address that a person typed; white space around it is ignored.
    ///
    /// The local part is plain ASCII without quoting, routing or encoded words, so that no two spellings can
    /// reach one mailbox by surprise; capitals count as small letters, and plus tags stay. The domain is a
    /// name with at least one dot, in its ASCII form (RFC 5891).
    pub(crate) fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > LONGEST {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Malformed)?;
        if !is_plain_local_part(local) {
            return Err(EmailError::Malformed);
        }
        let domain = ascii_domain(domain).ok_or(EmailError::Malformed)?;
        let canonical = format!("{}@{domain}", local.to_ascii_lowercase());
        if canonical.len() > LONGEST {
            return Err(EmailError::TooLong);
        }
        Ok(Self { shown: format!("{local}@{domain}"), canonical })
    }

    /// An address as it was stored.
    pub(crate) fn stored(shown: String, canonical: String) -> Self {
        Self { shown, canonical }
    }

    /// The address that mail is sent to and pages show.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The form that is compared, counted and unique.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The `dot-atom` of RFC 5322, section 3.2.3, less what mail relays have read as routing (`!`, `%`) and a
/// leading hyphen, which programs have read as an option.
fn is_plain_local_part(local: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"#$&'*+-/=?^_`{|}~.".contains(&b);
    !local.is_empty()
        && local.len() <= LONGEST_LOCAL
        && local.bytes().all(allowed)
        && !local.starts_with(['.', '-'])
        && !local.ends_with('.')
        && !local.contains("..")
        && !local.starts_with("=?")
}

/// The ASCII form of a mail domain. A label with other characters must stay visibly encoded: one that turns
/// into plain ASCII (a Kelvin sign into k, say) is a look-alike and refused.
fn ascii_domain(domain: &str) -> Option<String> {
    let Ok(url::Host::Domain(ascii)) = url::Host::parse(domain) else { return None };
    let lookalike = domain
        .split('.')
        .zip(ascii.split('.'))
        .any(|(typed, encoded)| !typed.is_ascii() && !encoded.starts_with("xn--"));
    let well_formed = ascii.contains('.')
        && domain.split('.').count() == ascii.split('.').count()
        && ascii.split('.').all(is_host_label)
        && !ascii.split('.').next_back()?.bytes().all(|b| b.is_ascii_digit());
    (well_formed && !lookalike).then_some(ascii)
}

fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_25_each_spelling_gets_its_verdict() {
        let accepted = [
            ("alex@example.com", "alex@example.com"),
            ("  Alex@Example.COM ", "alex@example.com"),
            ("alex+school@example.com", "alex+school@example.com"),
            ("o'neil@example.co.uk", "o'neil@example.co.uk"),
            ("a.b-c_d@sub.example.com", "a.b-c_d@sub.example.com"),
            ("alex@bücher.example", "alex@xn--bcher-kva.example"),
        ];
        for (typed, canonical) in accepted {
            assert_eq!(Email::parse(typed).unwrap().canonical(), canonical, "{typed}");
        }
        let refused = [
            "alex",
            "alex@",
            "@example.com",
            "a@b@example.com",
            "\"a b\"@example.com",
            "a..b@example.com",
            ".a@example.com",
            "a.@example.com",
            "a%b@example.com",
            "a!b@example.com",
            "-a@example.com",
            "alex@localhost",
            "alex@[127.0.0.1]",
            "alex@127.0.0.1",
            "alex@example..com",
            "alex@-example.com",
            "=?utf-8?q?a?=@example.com",
            "alex@exam ple.com",
            "alex@example.com\r\nBcc: eve@example.com",
            "alex\u{0}@example.com",
            "alex@example.com.",
        ];
        for typed in refused {
            assert_eq!(Email::parse(typed), Err(EmailError::Malformed), "{typed}");
        }
        assert_eq!(Email::parse(" "), Err(EmailError::Empty));
        assert_eq!(Email::parse(&format!("{}@example.com", "a".repeat(250))), Err(EmailError::TooLong));
    }

    #[test]
    fn row_24_a_look_alike_is_never_equal_to_the_real_address() {
        let twins = [
            "mi\u{212A}e@example.com",
            "ali\u{0131}@example.com",
            "\u{017F}am@example.com",
            "\u{FB01}nn@example.com",
            "\u{FF41}lex@example.com",
            "sam@example\u{3002}com",
            "sam@\u{212A}ent.example",
            "sam@e\u{FF58}ample.com",
            "sam@exampl\u{0435}.com\u{200B}",
        ];
        for twin in twins {
            if let Ok(email) = Email::parse(twin) {
                assert!(email.canonical().contains("xn--"), "{twin} became {email}");
            }
        }
    }

    #[test]
    fn the_canonical_form_is_its_own_canonical_form() {
        for typed in ["Alex@Example.com", "alex@bücher.example", "A+B@X.ORG"] {
            let once = Email::parse(typed).unwrap();
            assert_eq!(Email::parse(once.canonical()).unwrap().canonical(), once.canonical());
        }
    }
}
