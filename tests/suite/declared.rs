//! Services and administrators as a file.

use super::support::Provider;
use crate::admin::declared::{self, Declared};
use crate::base::Error;
use crate::model::Actor;

const FILE: &str = r#"
[services.portal]
name = "Children's Services Portal"

[services.portal.settings]
redirect_uris = ["https://portal.example/callback"]

[services.reading]
name = "Reading"
active = false

[services.reading.settings]
redirect_uris = ["https://library.example/cb"]
token_endpoint_auth_method = "none"
require_pkce = true

[administrators."alex@school.example"]
role = "services"
services = ["reading"]
"#;

fn read(text: &str) -> Declared {
    toml::from_str(text).unwrap()
}

async fn planned(provider: &Provider, file: &Declared, prune: bool) -> Vec<String> {
    let changes = declared::plan(provider.kit(), &Actor::Operator, file, prune).await.unwrap();
    changes.iter().map(ToString::to_string).collect()
}

async fn applied(provider: &Provider, file: &Declared, prune: bool) -> Vec<Option<String>> {
    let mut secrets = Vec::new();
    for change in declared::plan(provider.kit(), &Actor::Operator, file, prune).await.unwrap() {
        let secret = declared::apply(provider.kit(), &Actor::Operator, change).await.unwrap();
        secrets.push(secret.map(|secret| secret.reveal().to_owned()));
    }
    secrets
}

#[tokio::test]
async fn applying_twice_changes_nothing_and_an_export_says_how_things_are() {
    let provider = Provider::start().await;
    let file = read(FILE);
    let plan = planned(&provider, &file, false).await;
    assert_eq!(
        plan,
        [
            "+ service portal: Children's Services Portal",
            "+ service reading: Reading",
            "~ administrator alex@school.example: services reading"
        ]
    );
    let secrets = applied(&provider, &file, false).await;
    assert!(secrets[1].is_none() && secrets[0].as_ref().unwrap().starts_with("gh_cs_"));
    assert!(planned(&provider, &file, true).await.is_empty());
    let exported = declared::export(provider.kit(), &Actor::Operator).await.unwrap();
    let text = toml::to_string(&exported).unwrap();
    assert!(!text.contains("gh_cs_") && text.contains("https://library.example/cb"), "{text}");
    assert_eq!(read(&text), exported);
    assert!(planned(&provider, &read(&text), true).await.is_empty());
}

#[tokio::test]
async fn what_differs_is_named_and_only_pruning_removes() {
    let provider = Provider::start().await;
    applied(&provider, &read(FILE), false).await;
    let changed =
        read(&FILE.replace("portal.example/callback", "portal.example/cb").replace("active = false", ""));
    assert_eq!(
        planned(&provider, &changed, false).await,
        [
            "~ service portal\n    redirect_uris: [\"https://portal.example/callback\"] -> [\"https://portal.example/cb\"]",
            "~ service reading: switched on"
        ]
    );
    let nothing = Declared::default();
    assert!(planned(&provider, &nothing, false).await.is_empty());
    assert_eq!(planned(&provider, &nothing, true).await.len(), 3);
    provider.administrator("olivia@council.example", crate::model::Role::Owner, &[]).await;
    let file = "[administrators.\"olivia@council.example\"]\nrole = \"owner\"\n";
    applied(&provider, &read(file), true).await;
    assert_eq!(provider.number("SELECT COUNT(*) FROM clients").await, 1);
    assert_eq!(provider.number("SELECT COUNT(*) FROM administrators").await, 1);
}

#[tokio::test]
async fn a_file_that_is_not_understood_changes_nothing() {
    let provider = Provider::start().await;
    for (text, says) in [
        ("[service.portal]\nname = 'x'", "unknown field `service`"),
        ("[services.portal]\nname = 'x'\ncolour = 'red'", "unknown field `colour`"),
        ("[administrators.'a@b.example']\nrole = 'king'", "unknown variant `king`"),
    ] {
        let why = toml::from_str::<Declared>(text).unwrap_err().to_string();
        assert!(why.contains(says), "{why}");
    }
    for (text, says) in [
        ("[services.'a b']\nname = 'x'", "cannot be the identifier"),
        ("[services.gatehouse-console]\nname = 'x'", "cannot be the identifier"),
        ("[services.a]\nname = 'x'", "services.a: Enter at least one redirect address"),
        (
            "[services.a]\nname = 'x'\nsettings.redirect_uri = ['https://a.example/']",
            "unknown field `redirect_uri`",
        ),
        ("[administrators.'nobody@b.example']\nrole = 'owner'", "nobody has the email"),
        (
            "[administrators.'alex@school.example']\nrole = 'services'\nservices = ['none']",
            "there is no client none",
        ),
    ] {
        let refused = declared::plan(provider.kit(), &Actor::Operator, &read(text), false).await;
        let Err(Error::Refused(refusal)) = refused else { panic!("{text}") };
        assert!(refusal.to_string().contains(says), "{text}: {refusal}");
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM clients").await, 1);
}
