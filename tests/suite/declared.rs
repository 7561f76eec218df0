//! Services and administrators as a file.

use super::console::OLIVIA;
use super::support::Provider;
use crate::admin::clients;
use crate::admin::declared::{self, Declared};
use crate::base::Error;
use crate::model::{Actor, Role};

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

[administrators."olivia@council.example"]
role = "owner"
"#;

impl Provider {
    async fn with_an_owner() -> Self {
        let provider = Self::start().await;
        provider.administrator(OLIVIA, Role::Owner, &[]).await;
        provider
    }
}

async fn refused(provider: &Provider, file: &str, prune: bool) -> String {
    let planned = declared::plan(provider.kit(), &Actor::Operator, &read(file), prune).await;
    let Err(Error::Refused(refusal)) = planned else { panic!("{file}") };
    refusal.to_string()
}

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
    let provider = Provider::with_an_owner().await;
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
    let provider = Provider::with_an_owner().await;
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
    assert!(planned(&provider, &Declared::default(), false).await.is_empty());
    let file = "[services]\n[administrators.\"olivia@council.example\"]\nrole = \"owner\"\n";
    assert_eq!(planned(&provider, &read(file), true).await.len(), 3);
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
            "there is no service \"none\"",
        ),
        ("[administrators.'alex@school.example']\nrole = 'services'", "name at least one service"),
        ("[services.a]\nname = ''\n[services.'b c']\nname = 'x'", "cannot be the identifier"),
        ("[services.'b c']\nname = 'x'\n[services.a]\nname = 'x'", "services.a: Enter at least one redirect"),
    ] {
        let refusal = refused(&provider, text, false).await;
        assert!(refusal.contains(says), "{text}: {refusal}");
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM clients").await, 1);
}

#[tokio::test]
async fn pruning_by_a_file_that_lacks_a_section_is_refused_before_anything_is_done() {
    let provider = Provider::with_an_owner().await;
    applied(&provider, &read(FILE), false).await;
    let said = refused(&provider, "", true).await;
    assert!(said.contains("The file has no [services]") && said.contains("this leaves no owner"), "{said}");
    assert!(refused(&provider, "[services]", true).await.contains("this leaves no owner"));
}

#[tokio::test]
async fn owners_take_turns_in_one_file() {
    let provider = Provider::with_an_owner().await;
    let swap = read(
        "[administrators.'alex@school.example']\nrole = 'auditor'\n\
         [administrators.'olivia@council.example']\nrole = 'auditor'\n\
         [administrators.'sam@school.example']\nrole = 'owner'\n",
    );
    provider.add_person("sam@school.example", "Sam Sample").await;
    assert_eq!(
        planned(&provider, &swap, false).await,
        [
            "~ administrator sam@school.example: owner",
            "~ administrator alex@school.example: auditor",
            "~ administrator olivia@council.example: auditor"
        ]
    );
    applied(&provider, &swap, false).await;
    let last = "[administrators.'sam@school.example']\nrole = 'auditor'";
    assert!(refused(&provider, last, false).await.contains("this leaves no owner"));
}

#[tokio::test]
async fn two_services_with_one_name_are_refused_by_the_plan() {
    let provider = Provider::with_an_owner().await;
    applied(&provider, &read(FILE), false).await;
    let again = FILE.replace("services.reading", "services.other").replace("[\"reading\"]", "[\"other\"]");
    let said = refused(&provider, &again, false).await;
    assert!(said.contains("services.other: reading has the name \"Reading\" as well"), "{said}");
    let said = refused(&provider, &FILE.replace("Children's Services Portal", "Reading"), false).await;
    assert!(said.contains("services.portal: reading has the name \"Reading\" as well"), "{said}");
    let swapped = FILE.replace("\"Reading\"", "\"x\"").replace("Children's Services Portal", "Reading");
    let said = refused(&provider, &swapped.replace("\"x\"", "\"Children's Services Portal\""), false).await;
    assert!(said.contains("services.portal: reading has the name \"Reading\" as well"), "{said}");
}

#[tokio::test]
async fn an_export_leaves_out_who_looks_after_no_service_any_more() {
    let provider = Provider::with_an_owner().await;
    applied(&provider, &read(FILE), false).await;
    let reading = clients::find(provider.kit(), &Actor::Operator, "reading").await.unwrap();
    clients::remove(provider.kit(), &Actor::Operator, &reading).await.unwrap();
    let exported = declared::export(provider.kit(), &Actor::Operator).await.unwrap();
    assert!(!exported.administrators.contains_key("alex@school.example"));
    assert!(planned(&provider, &exported, false).await.is_empty());
}

#[tokio::test]
async fn the_trail_names_the_settings_of_a_service_that_were_changed() {
    let provider = Provider::with_an_owner().await;
    applied(&provider, &read(FILE), false).await;
    applied(&provider, &read(&FILE.replace("/callback", "/cb").replace("\"Reading\"", "\"Books\"")), false)
        .await;
    let named = "SELECT COUNT(*) FROM events WHERE kind = 'client.updated' AND client_id = 'portal'
        AND detail = '{\"fields\":[\"redirect_uris\"]}'";
    assert_eq!(provider.number(named).await, 1);
    let named = "SELECT COUNT(*) FROM events WHERE kind = 'client.updated' AND client_id = 'reading'
        AND detail = '{\"fields\":[\"name\"]}'";
    assert_eq!(provider.number(named).await, 1);
}
