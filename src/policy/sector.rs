//! Whose services know a person under the same pairwise subject (OpenID Connect Core 1.0, section 8.1).

use serde_json::Value;
use url::Url;

use crate::model::ClientSettings;

/// The sector identifier of a client: a host. `None` where its redirect addresses have several and nothing says which
/// counts, or where it has none.
pub(crate) fn identifier(settings: &ClientSettings) -> Option<String> {
    let host = |uri: &str| Url::parse(uri).ok()?.host_str().map(str::to_owned);
    if let Some(uri) = &settings.sector_identifier_uri {
        return host(uri);
    }
    let mut hosts = settings.redirect_uris.iter().map(|uri| host(uri));
    let first = hosts.next()??;
    hosts.all(|other| other.as_deref() == Some(&first)).then_some(first)
}

/// Whether the document at `sector_identifier_uri` lists every redirect address of a client (OpenID Connect Dynamic
/// Client Registration 1.0, section 5).
pub(crate) fn lists(document: &Value, settings: &ClientSettings) -> bool {
    let listed = document.as_array();
    let is_listed = |uri: &String| listed.is_some_and(|listed| listed.iter().any(|known| known == uri));
    settings.redirect_uris.iter().all(is_listed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sector_is_the_one_host_of_a_client_or_the_one_it_names() {
        let sector = |redirects: &[&str], named: Option<&str>| {
            identifier(&ClientSettings {
                redirect_uris: redirects.iter().map(|uri| (*uri).to_owned()).collect(),
                sector_identifier_uri: named.map(str::to_owned),
                ..ClientSettings::default()
            })
        };
        let (one, other) = ("https://one.example/a", "https://other.example/b");
        assert_eq!(sector(&[one, "https://one.example/c"], None).as_deref(), Some("one.example"));
        assert_eq!(sector(&[one, other], None), None);
        assert_eq!(sector(&[], None), None);
        assert_eq!(sector(&[one, other], Some("https://all.example/x")).as_deref(), Some("all.example"));
    }

    #[test]
    fn a_document_lists_every_address_or_it_does_not_count() {
        let settings = ClientSettings {
            redirect_uris: ["https://a.example/", "https://b.example/"].map(str::to_owned).to_vec(),
            ..ClientSettings::default()
        };
        assert!(lists(&json!(["https://b.example/", "https://a.example/", "https://c.example/"]), &settings));
        for bad in
            [json!(["https://a.example/"]), json!([]), json!({}), json!("https://a.example/"), json!(null)]
        {
            assert!(!lists(&bad, &settings), "{bad}");
        }
    }
}
