//! Where a browser may be sent.

use crate::model::{ApplicationType, Client};

/// A redirect URI that a client registered: the only thing that can become a `Location` on another site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValidRedirect(String);

impl ValidRedirect {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin, for a content security policy that must let a form end there.
    pub(crate) fn origin(&self) -> Option<String> {
        origin(&self.0)
    }
}

/// The origin of an address on the web (RFC 6454, section 6.2).
pub(crate) fn origin(uri: &str) -> Option<String> {
    let origin = url::Url::parse(uri).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// The redirect URI of an authorization request, where it is byte for byte one that the client registered
/// (RFC 9700, section 2.1). A native client's loopback address may have any port (RFC 8252, section 7.3).
pub(crate) fn registered(client: &Client, asked: &str) -> Option<ValidRedirect> {
    let settings = &client.settings;
    let exact = settings.redirect_uris.iter().any(|registered| registered == asked);
    let loopback = || {
        settings.application_type == ApplicationType::Native
            && settings
                .redirect_uris
                .iter()
                .any(|registered| is_loopback_with_another_port(registered, asked))
    };
    (exact || loopback()).then(|| ValidRedirect(asked.to_owned()))
}

/// The address to go to after logging out, where the client registered it
/// (OpenID Connect RP-Initiated Logout 1.0, section 3).
pub(crate) fn after_logout(client: &Client, asked: &str) -> Option<ValidRedirect> {
    let known = client.settings.post_logout_redirect_uris.iter().any(|registered| registered == asked);
    known.then(|| ValidRedirect(asked.to_owned()))
}

/// The service's own home page, for a button back to it.
pub(crate) fn home_page(client: &Client) -> Option<ValidRedirect> {
    client.settings.home_page.clone().map(ValidRedirect)
}

/// Compares two loopback addresses with their ports taken out: read by hand, because a URL parser would make
/// many spellings the same.
fn is_loopback_with_another_port(registered: &str, asked: &str) -> bool {
    match (without_port(registered), without_port(asked)) {
        (Some(registered), Some(asked)) => registered == asked,
        _ => false,
    }
}

fn without_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let (host, rest) = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find_map(|host| rest.strip_prefix(host).map(|rest| (host, rest)))?;
    let Some(after_colon) = rest.strip_prefix(':') else {
        return rest.starts_with('/').then_some((host, rest));
    };
    let end = after_colon.find('/')?;
    let (port, path) = after_colon.split_at(end);
    let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    (is_port && port.parse::<u16>().is_ok()).then_some((host, path))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::base::{ClientId, Timestamp};
    use crate::model::ClientSettings;

    fn client(application_type: ApplicationType, uri: &str) -> Client {
        Client {
            id: ClientId::parse("client").unwrap(),
            name: "Client".to_owned(),
            settings: ClientSettings {
                application_type,
                redirect_uris: vec![uri.to_owned()],
                ..ClientSettings::default()
            },
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
            disabled_at: None,
        }
    }

    /// Spellings that a careless comparison takes for `https://portal.example/callback`.
    const MISSPELLINGS: &[&str] = &[
        "https://portal.example/callback/",
        "https://portal.example/callback?",
        "https://portal.example/callback#",
        "https://portal.example/callback?x=1",
        "https://portal.example/callback#x",
        "https://portal.example:443/callback",
        "https://portal.example:8443/callback",
        "https://portal.example/Callback",
        "https://PORTAL.example/callback",
        "HTTPS://portal.example/callback",
        "http://portal.example/callback",
        "https:/portal.example/callback",
        "https:portal.example/callback",
        "https:///portal.example/callback",
        "//portal.example/callback",
        "/callback",
        "callback",
        "",
        " https://portal.example/callback",
        "https://portal.example/callback ",
        "https://portal.example/callback\t",
        "https://portal.example/callback\n",
        "https://portal.example/callback\r\n",
        "https://portal.example/call\tback",
        "https://portal.example/call\nback",
        "https://portal.example//callback",
        "https://portal.example/./callback",
        "https://portal.example/x/../callback",
        "https://portal.example/callback/..",
        "https://portal.example/callback/../callback",
        "https://portal.example/..;/callback",
        "https://portal.example/callback;x",
        "https://portal.example/%63allback",
        "https://portal.example/callbac%6b",
        "https://portal.example/callback%2f",
        "https://portal.example/callback%2F..",
        "https://portal.example/%2e/callback",
        "https://portal.example/%2e%2e/callback",
        "https://portal.example/callback%00",
        "https://portal.example/callback%0a",
        "https://portal.example/callback%20",
        "https://portal.example/callback%252f",
        "https://portal.example\\callback",
        "https:\\\\portal.example\\callback",
        "https://portal.example/callback\\",
        "https://portal.example\\@evil.example/callback",
        "https://portal.example@evil.example/callback",
        "https://evil.example@portal.example/callback",
        "https://user:pass@portal.example/callback",
        "https://portal.example:pass@evil.example/callback",
        "https://portal.example.evil.example/callback",
        "https://evilportal.example/callback",
        "https://evil.example/callback",
        "https://evil.example/https://portal.example/callback",
        "https://evil.example?https://portal.example/callback",
        "https://evil.example#https://portal.example/callback",
        "https://evil.example/?u=https://portal.example/callback",
        "https://portal.example./callback",
        "https://portal%2eexample/callback",
        "https://portal。example/callback",
        "https://portal．example/callback",
        "https://pоrtal.example/callback",
        "https://portal.example%2fcallback",
        "https://portal.example%00.evil.example/callback",
        "https://portalxexample/callback",
        "https://portal.exampl/callback",
        "https://portal.example/callbac",
        "https://portal.example/callbackk",
        "https://portal.example/callback.html",
        "https://portal.example/callback/x",
        "https://portal.example/callback&x",
        "https://portal.example/callback?code=1",
        "https://portal.example/callback?#",
        "https://portal.example/callback?redirect=https://evil.example",
        "https://portal.example",
        "https://portal.example/",
        "https://portal.example/*",
        "https://*.example/callback",
        "https://*/callback",
        "*",
        "javascript:alert(1)",
        "javascript://portal.example/callback",
        "data:text/html,x",
        "vbscript:x",
        "file:///callback",
        "ftp://portal.example/callback",
        "blob:https://portal.example/callback",
        "view-source:https://portal.example/callback",
        "about:blank",
        "https://[::1]/callback",
        "https://127.0.0.1/callback",
        "https://localhost/callback",
        "https://0x7f000001/callback",
        "https://2130706433/callback",
        "https://portal.example:/callback",
        "https://portal.example:0/callback",
        "https://portal.example:0443/callback",
        "https://portal.example:443:443/callback",
        "https://portal.example/callback\u{0}",
        "https://portal.example/callback\u{200b}",
        "\u{feff}https://portal.example/callback",
        "https://portal.example/callback\u{a0}",
        "https://portal.example/ⅽallback",
        "https://portal.example/callback,https://evil.example",
        "https://portal.example/callback https://evil.example",
        "https://portal.example/callback%23",
        "https://portal.example/callback%3f",
        "https://portal.example/%2Fcallback",
        "https://portal.example/call%62ack",
        "https://portal.example/CALLBACK",
        "Https://Portal.Example/callback",
        "https://portal.example/callback\u{d}",
        "https://portal.example/callback\u{b}",
        "https://portal.example/callback'",
        "https://portal.example/callback\"",
        "https://portal.example/callback<",
        "https://portal.example/callback|",
        "https ://portal.example/callback",
        "https:// portal.example/callback",
        "https://portal.example /callback",
        "https://portal.example/ callback",
        "https://portal.example/callback\u{2028}",
        "https://portal.example/callback\u{85}",
    ];

    /// Those spellings, and one that is far too long.
    pub(crate) fn misspellings() -> Vec<String> {
        let long = format!("https://portal.example/callback{}", "a".repeat(2000));
        MISSPELLINGS.iter().map(|spelling| (*spelling).to_owned()).chain([long]).collect()
    }

    #[test]
    fn row_42_only_the_very_bytes_that_were_registered_are_accepted() {
        let web = client(ApplicationType::Web, "https://portal.example/callback");
        let native = client(ApplicationType::Native, "https://portal.example/callback");
        assert!(registered(&web, "https://portal.example/callback").is_some());
        let misspellings = misspellings();
        assert!(misspellings.len() >= 120, "{}", misspellings.len());
        for asked in misspellings {
            assert!(registered(&web, &asked).is_none(), "{asked:?}");
            assert!(registered(&native, &asked).is_none(), "{asked:?}");
        }
    }

    #[test]
    fn row_43_only_the_port_of_a_native_loopback_address_may_differ() {
        let native = client(ApplicationType::Native, "http://127.0.0.1/callback");
        for asked in
            ["http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback"]
        {
            assert!(registered(&native, asked).is_some(), "{asked}");
            let web = client(ApplicationType::Web, "http://127.0.0.1/callback");
            assert_eq!(registered(&web, asked).is_some(), asked == "http://127.0.0.1/callback");
        }
        for asked in [
            "http://127.0.0.1:1@evil.example/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:123456/callback",
            "http://127.0.0.1:+1/callback",
            "http://127.0.0.1:1/callback/",
            "http://127.0.0.1:1/callback?x",
            "http://127.0.0.1:1/callback#x",
            "http://127.0.0.1:1/Callback",
            "http://127.0.0.1:1",
            "http://127.0.0.1:1\\callback",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.10/callback",
            "http://127.0.0.2/callback",
            "http://127.1/callback",
            "http://0x7f000001/callback",
            "http://2130706433/callback",
            "http://017700000001/callback",
            "http://[::1]/callback",
            "http://[::1]:1/callback",
            "http://[::ffff:127.0.0.1]/callback",
            "http://localhost/callback",
            "http://localhost:1/callback",
            "http://localhost.evil.example/callback",
            "https://127.0.0.1/callback",
            "https://127.0.0.1:1/callback",
            "HTTP://127.0.0.1:1/callback",
            "http://127.0.0.1:1//callback",
            "http://127.0.0.1:1/./callback",
            "http://127.0.0.1:1/%63allback",
            "http://user@127.0.0.1:1/callback",
            "http://127.0.0.1:1:2/callback",
            "http://127.0.0.1:1 /callback",
            " http://127.0.0.1:1/callback",
            "http://127.0.0.1:1/callback ",
            "http://127.0.0.1:１/callback",
            "http://127.0.0.1\u{3002}evil/callback",
            "//127.0.0.1:1/callback",
            "http:127.0.0.1:1/callback",
            "http:///127.0.0.1:1/callback",
            "http://127.0.0.1:-1/callback",
        ] {
            assert!(registered(&native, asked).is_none(), "{asked}");
        }
        let six = client(ApplicationType::Native, "http://[::1]/callback");
        assert!(registered(&six, "http://[::1]:49152/callback").is_some());
        assert!(registered(&six, "http://127.0.0.1:49152/callback").is_none());
    }
}
