//! What may be registered for a client.

use url::Url;

use crate::model::{ApplicationType, ClientAuthentication, ClientSettings};
use crate::policy::logo::Logo;
use crate::policy::{client_grants, client_keys, client_requests, client_tokens, consent, scope};

const MOST_REDIRECTS: usize = 20;
const LONGEST_URI: usize = 2_048;
const LONGEST_NAME: usize = 64;
const MOST_LINKS: usize = 5;
const LONGEST_NOTICE: usize = 200;
const MOST_ACR_VALUES: usize = 10;
const LONGEST_ACR_VALUE: usize = 200;
/// What people call the addresses that browsers are sent back to.
const REDIRECT: &str = "Redirect address";

/// The setting whose fault it is, by its registered name, and a sentence that says what to do. A contradiction between
/// settings is no single one's fault, and has no name.
pub(crate) type Problem = (&'static str, String);

/// Judges a registration: every reason against it.
pub(crate) fn judge(name: &str, settings: &ClientSettings) -> Vec<Problem> {
    let mut problems: Vec<Problem> = judge_name(name).err().map(|say| ("name", say)).into_iter().collect();
    problems.extend(addresses(settings));
    problems.extend(acr_values(settings).into_iter().map(|say| ("default_acr_values", say)));
    problems.extend(links(settings).into_iter().map(|say| ("footer_links", say)));
    problems.extend(settings.logo.as_ref().and_then(|it| Logo::read(it).err()).map(|say| ("logo", say)));
    problems.extend(notice(settings).into_iter().map(|say| ("safeguarding_notice", say)));
    problems.extend(scopes(settings).into_iter().map(|say| ("scopes", say)));
    if settings.authentication == ClientAuthentication::None && !settings.require_pkce {
        problems.push(("", "A client without a secret must use a code challenge (PKCE)".to_owned()));
    }
    let contradictions = client_keys::judge(settings)
        .into_iter()
        .chain(client_requests::judge(settings))
        .chain(client_grants::judge(settings))
        .chain(client_tokens::judge(settings));
    problems.extend(contradictions.map(|why| ("", why.to_owned())));
    problems
}

fn addresses(settings: &ClientSettings) -> Vec<Problem> {
    const REDIRECTS: &str = "redirect_uris";
    let mut problems = Vec::new();
    if settings.redirect_uris.is_empty() && settings.sends_people_back() {
        problems.push((REDIRECTS, "Enter at least one redirect address".to_owned()));
    }
    if settings.redirect_uris.len() > MOST_REDIRECTS {
        problems.push((REDIRECTS, format!("Enter at most {MOST_REDIRECTS} redirect addresses")));
    }
    let native = settings.application_type == ApplicationType::Native;
    let after_logout = "post_logout_redirect_uris";
    for (field, uris) in
        [(REDIRECTS, &settings.redirect_uris), (after_logout, &settings.post_logout_redirect_uris)]
    {
        problems.extend(
            uris.iter().filter_map(|uri| redirect(uri, native).err()).map(|problem| (field, problem)),
        );
    }
    let pages = [
        ("client_uri", "Home page", &settings.home_page),
        ("initiate_login_uri", "Login start address", &settings.initiate_login_uri),
        ("policy_uri", "Privacy notice address", &settings.policy_uri),
        ("tos_uri", "Terms address", &settings.tos_uri),
        ("logo_uri", "Logo address", &settings.logo_uri),
        ("safeguarding_uri", "Safeguarding page", &settings.safeguarding_uri),
        ("exit_uri", "Exit page address", &settings.exit_uri),
        ("jwks_uri", "Address of its keys", &settings.jwks_uri),
        ("backchannel_logout_uri", "Logout notification address", &settings.backchannel_logout_uri),
        ("frontchannel_logout_uri", "Front-channel logout address", &settings.frontchannel_logout_uri),
        ("sector_identifier_uri", "Sector identifier address", &settings.sector_identifier_uri),
    ];
    let pages = pages.into_iter().filter_map(|(field, called, uri)| Some((field, called, uri.as_ref()?)));
    let requests = settings.request_uris.iter().map(|uri| ("request_uris", "Address of requests", uri));
    let judged = pages.chain(requests);
    problems.extend(judged.filter_map(|(field, called, uri)| Some((field, page(called, uri).err()?))));
    problems
}

fn links(settings: &ClientSettings) -> Vec<String> {
    let mut problems: Vec<String> =
        settings.footer_links.iter().filter_map(|written| footer_link(written).err()).collect();
    if settings.footer_links.len() > MOST_LINKS {
        problems.push(format!("Enter at most {MOST_LINKS} links"));
    }
    problems
}

/// The words and the address of a link as it is registered.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) fn footer_link(written: &str) -> Result<(&str, &str), String> {
    let parts = written.trim().rsplit_once(char::is_whitespace);
    let Some((words, address)) = parts.filter(|(_, address)| page("Address", address).is_ok()) else {
        return Err(format!(
            "Enter the words of a link, a space, and an address that starts with https://: {written}"
        ));
    };
    let words = words.trim_end();
    if words.chars().count() > LONGEST_NAME || words.chars().any(char::is_control) {
        return Err(format!("The words of a link must be {LONGEST_NAME} characters or fewer: {words}"));
    }
    Ok((words, address))
}

fn acr_values(settings: &ClientSettings) -> Option<String> {
    let values = &settings.default_acr_values;
    let fit = values.len() <= MOST_ACR_VALUES && values.iter().all(|value| value.len() <= LONGEST_ACR_VALUE);
    (!fit).then(|| {
        format!(
            "At most {MOST_ACR_VALUES} values of at most {LONGEST_ACR_VALUE} characters can be registered"
        )
    })
}

fn notice(settings: &ClientSettings) -> Option<String> {
    let words = settings.safeguarding_notice.as_ref()?;
    let fits = words.chars().count() <= LONGEST_NOTICE && !words.chars().any(char::is_control);
    (!fits).then(|| format!("The words must be {LONGEST_NOTICE} characters or fewer, on one line"))
}

fn scopes(settings: &ClientSettings) -> Vec<String> {
    let mut problems = Vec::new();
    if settings.asks_consent && !settings.scopes.iter().flatten().all(|value| consent::has_words(value)) {
        problems.push("A service that asks people for consent cannot have scopes of its own".to_owned());
    }
    for value in settings.scopes.iter().flatten() {
        let is_standard = scope::STANDARD.iter().any(|(known, _)| known == value);
        if !is_standard && value != scope::OFFLINE_ACCESS && !scope::is_own(value) {
            let known: Vec<&str> = scope::STANDARD.iter().map(|(known, _)| *known).collect();
            problems.push(format!(
                "There is no scope {value}; there are {} and {}, and those of a service's own have a colon in them, \
                 like cases:read",
                known.join(", "),
                scope::OFFLINE_ACCESS
            ));
        }
    }
    problems
}

/// A name that can stand on a page and in the header of an email.
fn judge_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("Enter a name".to_owned());
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(format!("The name must be {LONGEST_NAME} characters or fewer"));
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | '\u{2028}' | '\u{2029}'))
        || name.contains("://")
    {
        return Err("The name must not contain < or >, a web address or control characters".to_owned());
    }
    Ok(())
}

/// Whether a name has only characters that everybody can see and tell apart: printable ASCII, Latin letters with accents,
/// and the quotes and dashes of English.
pub(crate) fn looks_plain(name: &str) -> bool {
    name.chars().all(|c| {
        matches!(c, ' '..='~' | '\u{c0}'..='\u{130}' | '\u{132}'..='\u{17f}' | '\u{2013}' | '\u{2014}' | '\u{2018}' | '\u{2019}')
    })
}

/// A redirect address: canonical as it stands, so that no two spellings mean the same.
pub(super) fn redirect(uri: &str, native: bool) -> Result<(), String> {
    if uri.contains('#') || uri.contains('*') {
        return Err(format!("{REDIRECT} must not contain # or *: {uri}"));
    }
    let url = canonical(REDIRECT, uri)?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        // RFC 8252, section 7.1: private-use schemes are reversed domain names.
        scheme if native && scheme.contains('.') => Ok(()),
        _ => Err(format!("{REDIRECT} must start with https://, unless it is on this machine: {uri}")),
    }
}

/// A page that is linked to, by what people call it.
fn page(called: &str, uri: &str) -> Result<(), String> {
    let url = canonical(called, uri)?;
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) {
        Ok(())
    } else {
        Err(no_web_address(called))
    }
}

fn no_web_address(called: &str) -> String {
    format!("{called} must be a web address that starts with https://, for example https://portal.example/")
}

fn canonical(called: &str, uri: &str) -> Result<Url, String> {
    if uri.len() > LONGEST_URI {
        return Err(format!("{called} must be {LONGEST_URI} characters or fewer: {uri:.60}…"));
    }
    let url = Url::parse(uri).map_err(|_| no_web_address(called))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{called} must not contain a user name or password: {uri}"));
    }
    // A bare host has a path all the same, which nobody has to write.
    if url.as_str() != uri && url.as_str() != format!("{uri}/") {
        return Err(format!("{called} must be in its standard form, {url}, instead of {uri}"));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_addresses_are_plain_https_or_on_this_machine() {
        for good in [
            "https://portal.example/callback",
            "http://localhost:8081/callback",
            "http://127.0.0.1:9/x",
            "https://portal.example",
        ] {
            assert_eq!(redirect(good, false), Ok(()));
        }
        for bad in [
            "http://portal.example/callback",
            "https://portal.example/call#back",
            "https://*.example/",
            "callback",
            "https://PORTAL.example/",
            "https://portal.example:443/x",
            "javascript:alert(1)",
            "https://user@portal.example/x",
            "https://portal.example/x/../y",
            "com.example.app:/callback",
            "data:,x",
        ] {
            assert!(redirect(bad, false).is_err(), "{bad}");
        }
        assert_eq!(redirect("com.example.app:/callback", true), Ok(()));
    }

    #[test]
    fn row_88_a_name_cannot_break_out_of_a_page_or_a_header() {
        assert_eq!(judge_name("Children's Services Portal"), Ok(()));
        for bad in ["", "  ", "a\r\nBcc: x", "<b>", "see https://evil.example", "a\u{2028}b", "nul\0"] {
            assert!(judge_name(bad).is_err(), "{bad:?}");
        }
        assert!(judge_name(&"x".repeat(65)).is_err());
    }
}
