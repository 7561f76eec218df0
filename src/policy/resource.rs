//! For which services access tokens may be (RFC 8707).

use url::Url;

const LONGEST_ADDRESS: usize = 2_048;

/// What a request may have of the services that it names: those of `allowed`, all of which count where it names none.
///
/// `named` and the answer are addresses with spaces between them; `None` stands for none.
///
/// # Errors
/// Where it names one that is not allowed.
pub(crate) fn narrowed<'a>(
    named: Option<&str>,
    allowed: impl Iterator<Item = &'a str> + Clone,
    when_none_is_named: Option<&str>,
) -> Result<Option<String>, NotAllowed> {
    let Some(named) = named else { return Ok(when_none_is_named.map(str::to_owned)) };
    let mut taken: Vec<&str> = Vec::new();
    for address in named.split(' ').filter(|address| !address.is_empty()) {
        if !allowed.clone().any(|known| known == address) {
            return Err(NotAllowed);
        }
        if !taken.contains(&address) {
            taken.push(address);
        }
    }
    Ok((!taken.is_empty()).then(|| taken.join(" ")))
}

/// A service that the client may not have tokens for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAllowed;

/// Whether a text can name a service: an absolute address without a fragment (section 2).
pub(crate) fn is_address(text: &str) -> bool {
    let is_url = Url::parse(text).is_ok_and(|url| url.fragment().is_none());
    is_url && text.len() <= LONGEST_ADDRESS && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_have_of_what_is_allowed_and_no_more() {
        let allowed = || ["https://a.example/", "https://b.example/"].into_iter();
        let narrow = |named| narrowed(named, allowed(), Some("all"));
        assert_eq!(narrow(None), Ok(Some("all".to_owned())));
        assert_eq!(narrow(Some("https://b.example/")), Ok(Some("https://b.example/".to_owned())));
        let twice = Some("https://b.example/ https://a.example/ https://b.example/");
        assert_eq!(narrow(twice), Ok(Some("https://b.example/ https://a.example/".to_owned())));
        assert_eq!(narrow(Some("https://b.example")), Err(NotAllowed));
        assert_eq!(narrow(Some("https://a.example/ https://c.example/")), Err(NotAllowed));
        assert_eq!(narrow(Some(" ")), Ok(None));
    }

    #[test]
    fn an_address_is_absolute_and_has_no_fragment() {
        assert!(is_address("https://cases.example/api?x=1"));
        assert!(is_address("urn:council:cases"));
        for bad in ["", "/api", "https://cases.example/#x", "https://cases.example/a b", "cases"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
