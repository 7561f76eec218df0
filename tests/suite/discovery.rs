//! The discovery documents, as they were agreed (OpenID Connect Discovery 1.0; RFC 8414).

use http::{StatusCode, header};
use serde_json::Value;

use super::support::{ISSUER, Provider};
use crate::base::paths;

const AGREED: &str = include_str!("discovery.json");

async fn document(path: &str) -> Value {
    let page = Provider::start().await.browser().open(path).await.expect(StatusCode::OK);
    assert_eq!(page.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(page.header(header::CACHE_CONTROL), "public, max-age=3600");
    assert_eq!(page.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    page.json()
}

#[tokio::test]
async fn the_document_is_the_agreed_one_under_both_its_names() {
    let found = document(paths::OPENID_CONFIGURATION).await;
    assert_eq!(document(paths::OAUTH_METADATA).await, found);
    let pretty = serde_json::to_string_pretty(&found).unwrap() + "\n";
    if std::env::var_os("GATEHOUSE_WRITE_SNAPSHOTS").is_some() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/discovery.json");
        std::fs::write(file, &pretty).unwrap();
    } else {
        let differing: Vec<&str> = pretty.lines().filter(|line| !AGREED.contains(line)).collect();
        assert!(
            pretty == AGREED,
            "the document is not the one in tests/suite/discovery.json; new: {differing:#?}\n\
             Where the change is meant, run GATEHOUSE_WRITE_SNAPSHOTS=1 cargo test discovery and read the diff"
        );
    }
}

#[tokio::test]
async fn scopes_of_services_own_are_named_where_that_is_wanted() {
    let own = "cases:read".to_owned();
    let provider = Provider::start_with(|config| config.tokens.advertised_scopes = vec![own]).await;
    let found = provider.browser().open(paths::OPENID_CONFIGURATION).await.json();
    let scopes = found["scopes_supported"].as_array().unwrap();
    assert!(scopes.contains(&"openid".into()) && scopes.contains(&"cases:read".into()), "{scopes:?}");
}

#[tokio::test]
async fn every_address_in_it_is_ours_and_answers() {
    let provider = Provider::start().await;
    let found = document(paths::OPENID_CONFIGURATION).await;
    assert_eq!(found["issuer"], ISSUER);
    for (name, value) in found.as_object().unwrap() {
        if !(name.ends_with("_endpoint") || name.ends_with("_uri") || name == "service_documentation") {
            continue;
        }
        let path = value.as_str().unwrap().strip_prefix(ISSUER).expect("it is ours, and on https");
        let page = provider.browser().open(path).await;
        assert_ne!(page.status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn who_has_the_document_is_not_sent_it_again() {
    let provider = Provider::start().await;
    let etag = provider.browser().open(paths::OPENID_CONFIGURATION).await.header(header::ETAG).to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
    for (tags, status) in [
        (etag.clone(), StatusCode::NOT_MODIFIED),
        (format!("\"other\", {etag}"), StatusCode::NOT_MODIFIED),
        ("\"other\"".to_owned(), StatusCode::OK),
    ] {
        let mut knowing = provider.browser();
        knowing.extra.push(("if-none-match", tags));
        knowing.open(paths::OPENID_CONFIGURATION).await.expect(status);
    }
}
