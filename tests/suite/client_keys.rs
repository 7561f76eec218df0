//! Keys that clients publish at an address (OpenID Connect Core 1.0, section 10.1.1; PROTOCOL.md, section 3.3,
//! `oidcc-registration-jwks-uri` and `oidcc-refresh-token-rp-key-rotation`).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::client_assertion::{assert_believed, assert_not_believed, claims, key_set, own_key, present};
use super::http::Log;
use super::support::{ISSUER, Page, Provider};
use crate::base::Span;
use crate::jose::SigningKey;
use crate::model::{Algorithm, ClientAuthentication};

/// A client's own server, which publishes its keys.
pub(crate) struct Publisher {
    pub(crate) port: u16,
    pub(crate) document: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (document, asked) = (Arc::new(Mutex::new(String::new())), Arc::new(AtomicUsize::new(0)));
        let (published, counter) = (Arc::clone(&document), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 2048]).await;
                let body = published.lock().unwrap().clone();
                let status = if body.is_empty() { "404 Not Found" } else { "200 OK" };
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        Self { port, document, asked }
    }

    fn publish(&self, keys: &[&SigningKey]) {
        *self.document.lock().unwrap() = key_set(keys).to_string();
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A provider that may reach this machine, with the client `portal` whose keys are published there.
async fn with_publisher(publisher: &Publisher) -> Provider {
    let local = "127.0.0.1/32".parse().unwrap();
    let provider = Provider::start_with(|config| config.outgoing.allow_networks = vec![local]).await;
    let uri = format!("http://127.0.0.1:{}/keys", publisher.port);
    provider
        .add_client("portal", |settings| {
            settings.authentication = ClientAuthentication::PrivateKeyJwt;
            settings.jwks_uri = Some(uri);
        })
        .await;
    provider
}

async fn present_by(provider: &Provider, key: &SigningKey) -> Page {
    present(provider, &key.sign("JWT", &claims(provider, "portal", ISSUER)).unwrap()).await
}

#[tokio::test]
async fn a_client_changes_its_keys_and_is_believed_a_minute_later() {
    let (publisher, old, new) =
        (Publisher::start().await, own_key(Algorithm::ES256), own_key(Algorithm::PS256));
    let provider = with_publisher(&publisher).await;
    publisher.publish(&[&old]);
    for _ in 0..3 {
        assert_believed(&present_by(&provider, &old).await, "the published key");
    }
    assert_eq!(publisher.asked(), 1, "keys are kept");
    publisher.publish(&[&new]);
    for _ in 0..3 {
        assert_not_believed(&present_by(&provider, &new).await, "a minute has not passed");
    }
    assert_eq!(publisher.asked(), 1, "nobody can make us ask all the time");
    provider.advance(Span::seconds(60));
    assert_believed(&present_by(&provider, &new).await, "the new key");
    assert_eq!(publisher.asked(), 2);
    assert_not_believed(&present_by(&provider, &old).await, "the old one is gone");
    provider.advance(Span::hours(1));
    assert_believed(&present_by(&provider, &new).await, "the new key still");
    assert_eq!(publisher.asked(), 3, "an hour later they are asked for again");
}

#[tokio::test]
async fn many_who_come_at_once_with_a_new_key_are_all_believed() {
    let (publisher, key) = (Publisher::start().await, own_key(Algorithm::ES256));
    let provider = Arc::new(with_publisher(&publisher).await);
    publisher.publish(&[&key]);
    let key = Arc::new(key);
    let all = (0..8).map(|_| {
        let (provider, key) = (Arc::clone(&provider), Arc::clone(&key));
        tokio::spawn(async move { present_by(&provider, &key).await })
    });
    for one in all.collect::<Vec<_>>() {
        assert_believed(&one.await.unwrap(), "one of many");
    }
    assert_eq!(publisher.asked(), 1);
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_cost_the_client_its_word_and_the_log_says_why() {
    let (publisher, key) = (Publisher::start().await, own_key(Algorithm::ES256));
    let provider = with_publisher(&publisher).await;
    let (log, guard) = Log::keep();
    for (document, why) in [
        ("", "answered with status 404"),
        ("<html>", "leads to something that is not JSON"),
        ("{}", "has no list of keys"),
        (r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, "is a secret one"),
    ] {
        document.clone_into(&mut publisher.document.lock().unwrap());
        let before = publisher.asked();
        assert_not_believed(&present_by(&provider, &key).await, document);
        assert_not_believed(&present_by(&provider, &key).await, document);
        assert_eq!(publisher.asked(), before + 1, "a failure is not tried again at once");
        let said = log.requests().pop().unwrap()["note"].clone();
        let said = said.as_str().unwrap();
        assert!(said.contains("client portal: jwks_uri http://127.0.0.1:") && said.contains(why), "{said}");
        provider.advance(Span::seconds(10));
    }
    drop(guard);
    publisher.publish(&[&key]);
    assert_believed(&present_by(&provider, &key).await, "and is forgotten ten seconds later");
}

#[tokio::test]
async fn row_75_keys_at_an_address_of_our_own_network_are_never_asked_for() {
    let (publisher, key) = (Publisher::start().await, own_key(Algorithm::ES256));
    publisher.publish(&[&key]);
    let provider = Provider::start().await;
    let uri = format!("https://127.0.0.1:{}/keys", publisher.port);
    provider
        .add_client("portal", |settings| {
            settings.authentication = ClientAuthentication::PrivateKeyJwt;
            settings.jwks_uri = Some(uri);
        })
        .await;
    assert_not_believed(&present_by(&provider, &key).await, "an address of this machine");
    assert_eq!(publisher.asked(), 0);
}
