//! By what name a provider is asked, and for whom: what stands in front of it.

use std::net::SocketAddr;

use axum::Extension;
use http::{Method, StatusCode};

use super::http::Log;
use super::support::{Browser, Page, Provider};
use crate::web::PeerAddress;

async fn asked_as(provider: &Provider, hosts: &[&str], path: &str) -> Page {
    let named: Vec<(&str, &str)> = hosts.iter().map(|host| ("host", *host)).collect();
    provider.browser().send(Method::GET, path, None, &named).await
}

#[tokio::test]
async fn row_12_a_request_for_another_host_is_refused_wherever_it_asks() {
    let provider = Provider::start_with(|config| {
        config.listen.certificate_origin = Some("https://mtls.login.example.gov.uk".parse().unwrap());
        config.listen.other_hosts = vec!["gatehouse:8080".to_owned()];
    })
    .await;
    for host in [
        "login.example.gov.uk",
        "LOGIN.example.gov.uk:443",
        "mtls.login.example.gov.uk",
        "gatehouse:8080",
        "localhost:8080",
        "127.0.0.1",
        "[::1]:8080",
    ] {
        asked_as(&provider, &[host], "/help").await.expect(StatusCode::OK);
    }
    let others = [
        "evil.example",
        "login.example.gov.uk.evil.example",
        "login.example.gov.uk:8443",
        "evil.example#login.example.gov.uk",
        "gatehouse",
        "10.0.0.1",
        "localhost.evil.example",
    ];
    for (host, path) in
        others.iter().flat_map(|host| ["/login", "/reset", "/jwks", "/nowhere"].map(|path| (host, path)))
    {
        let page = asked_as(&provider, &[host], path).await;
        assert!(matches!(page.status.as_u16(), 400 | 421), "{host} {path}: {}", page.status);
        assert!(!page.body.contains("evil") && page.headers.get("set-cookie").is_none(), "{host} {path}");
    }
    let told = asked_as(&provider, &["evil.example"], "/jwks").await.expect(StatusCode::MISDIRECTED_REQUEST);
    assert!(told.body.contains("https://login.example.gov.uk"), "{}", told.body);
    let both = ["login.example.gov.uk", "evil.example"];
    asked_as(&provider, &both, "/help").await.expect(StatusCode::BAD_REQUEST);
    // What watches over the process knows it by its address.
    asked_as(&provider, &["10.0.0.1:8080"], "/healthz").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn row_12_a_proxy_of_ours_may_ask_by_an_inner_name() {
    let provider = Provider::start_with(|config| {
        config.listen.trusted_proxies.0 = vec!["10.0.0.0/8".parse().unwrap()];
    })
    .await;
    for (peer, expected) in
        [("10.0.0.1:4711", StatusCode::OK), ("192.0.2.1:4711", StatusCode::MISDIRECTED_REQUEST)]
    {
        let peer: SocketAddr = peer.parse().unwrap();
        let mut browser = Browser::at(provider.router.clone().layer(Extension(PeerAddress(peer))));
        browser.send(Method::GET, "/help", None, &[("host", "upstream")]).await.expect(expected);
    }
}

#[tokio::test]
async fn row_84_only_a_proxy_of_ours_is_believed_about_the_visitors_address() {
    let provider = Provider::start_with(|config| {
        config.listen.trusted_proxies.0 = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
    })
    .await;
    let forms: [(&[(&str, &str)], &str); 12] = [
        (&[], "10.0.0.1"),
        (&[("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
        (&[("x-forwarded-for", "203.0.113.9, 198.51.100.7")], "198.51.100.7"),
        (&[("x-forwarded-for", "198.51.100.7, 10.1.2.3")], "198.51.100.7"),
        (&[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
        (&[("x-forwarded-for", "::ffff:198.51.100.7")], "198.51.100.7"),
        (&[("x-forwarded-for", "2001:db8::7")], "2001:db8::7"),
        (&[("x-forwarded-for", "10.9.9.9")], "10.0.0.1"),
        (&[("x-forwarded-for", "198.51.100.7, unknown")], "10.0.0.1"),
        (&[("x-forwarded-for", "\"198.51.100.7\"")], "10.0.0.1"),
        (&[("x_forwarded_for", "198.51.100.7"), ("forwarded", "for=198.51.100.7")], "10.0.0.1"),
        (&[("x-real-ip", "198.51.100.7"), ("client-ip", "198.51.100.7")], "10.0.0.1"),
    ];
    let (log, guard) = Log::keep();
    for (peer, trusted) in [("10.0.0.1:4711", true), ("192.0.2.1:4711", false)] {
        let peer: SocketAddr = peer.parse().unwrap();
        let router = provider.router.clone().layer(Extension(PeerAddress(peer)));
        for (headers, behind_proxy) in forms {
            Browser::at(router.clone()).send(Method::GET, "/healthz", None, headers).await;
            let logged = log.requests().pop().unwrap();
            let expected = if trusted { behind_proxy } else { "192.0.2.1" };
            assert_eq!(logged["address"], expected, "{headers:?}");
        }
    }
    drop(guard);
}
