//! The audit trail as it happens.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::thread::JoinHandle;

use super::support::Provider;
use crate::admin::users;
use crate::audit::feed::{Round, Target, round};
use crate::base::{Span, hex_lower, hmac_sha256};
use crate::config::{Config, SecretText, Syslog, Webhook};
use crate::jobs::keep_trail;
use crate::model::{Actor, Reason};

const SECRET: &str = "a secret that the receiver has as well";

fn here(config: &mut Config) {
    config.outgoing.allow_networks.push("127.0.0.0/8".parse().unwrap());
}

/// Answers one request with a status, and hands out what came in.
fn receiver(listener: &TcpListener, status: &'static str) -> JoinHandle<String> {
    let listener = listener.try_clone().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut text, mut buffer) = (String::new(), [0; 65_536]);
        loop {
            let read = stream.read(&mut buffer).unwrap();
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.to_lowercase().split("content-length: ").nth(1).unwrap().to_owned();
            let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
            if body.len() >= length {
                break;
            }
        }
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        text
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_posted_in_order_signed_and_again_until_they_were_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/events", listener.local_addr().unwrap());
    let provider = Provider::start_with(|config| {
        here(config);
        config.feed.webhook = Some(Webhook { address, secret: SecretText::new(SECRET) });
    })
    .await;
    let kit = provider.kit();
    keep_trail::round(kit).await.unwrap();
    assert_eq!(round(kit, Target::Webhook).await.unwrap(), Round::Idle, "the past is not sent");
    provider.add_person("one@school.example", "One").await;
    provider.add_person("two@school.example", "Two").await;
    assert_eq!(round(kit, Target::Webhook).await.unwrap(), Round::Idle, "not before they have their places");
    keep_trail::round(kit).await.unwrap();

    let asked = receiver(&listener, "503 Service Unavailable");
    let refused = round(kit, Target::Webhook).await.unwrap();
    assert!(matches!(refused, Round::Refused(_)), "{refused:?}");
    let first = asked.join().unwrap();
    let asked = receiver(&listener, "204 No Content");
    assert_eq!(round(kit, Target::Webhook).await.unwrap(), Round::Sent(2));
    let second = asked.join().unwrap();
    assert_eq!(round(kit, Target::Webhook).await.unwrap(), Round::Idle);

    let body = |text: &str| text.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(body(&first), body(&second));
    let head = second.to_lowercase();
    let signature =
        head.split("gatehouse-signature: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let (at, mac) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let expected = hmac_sha256(SECRET.as_bytes(), format!("{at}.{}", body(&second)).as_bytes());
    assert_eq!(mac, hex_lower(expected));
    let told: serde_json::Value = serde_json::from_str(&body(&second)).unwrap();
    assert_eq!(told["iss"], super::support::ISSUER);
    let places: Vec<i64> =
        told["events"].as_array().unwrap().iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert_eq!(places, [2, 3]);
    assert_eq!(told["events"][0]["kind"], "user.added");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_out_as_syslog() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let provider = Provider::start_with(|config| {
        config.feed.syslog = Some(Syslog { by_tcp: false, host: "127.0.0.1".to_owned(), port });
    })
    .await;
    let kit = provider.kit();
    keep_trail::round(kit).await.unwrap();
    round(kit, Target::Syslog).await.unwrap();
    let one = provider.add_person("one@school.example", "One").await;
    provider.advance(Span::seconds(1));
    let actor = Actor::Operator.because(Reason::parse("Left \"One\"").ok());
    users::set_active(kit, &actor, &one, false).await.unwrap();
    keep_trail::round(kit).await.unwrap();
    assert_eq!(round(kit, Target::Syslog).await.unwrap(), Round::Sent(2));
    let mut buffer = [0; 4_096];
    let read = socket.recv(&mut buffer).unwrap();
    let line = String::from_utf8_lossy(&buffer[..read]).into_owned();
    let starts = "<86>1 2026-11-22T12:00:00Z login.example.gov.uk gatehouse - user.added - {";
    assert!(line.starts_with(starts), "{line}");
    let read = socket.recv(&mut buffer).unwrap();
    let line = String::from_utf8_lossy(&buffer[..read]).into_owned();
    assert!(line.contains(r#""detail":null"#) && line.contains(r#""reason":"Left \"One\"""#), "{line}");
}
