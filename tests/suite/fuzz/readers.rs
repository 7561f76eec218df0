//! What reads text and needs nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::Url;

use super::read;
use crate::base::{ClientId, Kid, base64url, sha256, strict_json};
use crate::certificate::Certificate;
use crate::jose::{KeySet, Presented, PublicKeys, TokenType};
use crate::model::{Algorithm, ApplicationType, Client, ClientSettings, Email, SecurityProfile};
use crate::oidc::claims::ClaimsRequest;
use crate::oidc::params::Params;
use crate::policy::metadata::{self, Unfit};
use crate::policy::{pkce, redirect, registration, scope, user_code};
use crate::suite::client_assertion::{key_set, own_key};
use crate::suite::client_certificate::Sample;
use crate::suite::support::{NOON, REDIRECT};

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

fn client(application_type: ApplicationType, uri: &str) -> Client {
    let settings =
        ClientSettings { application_type, redirect_uris: vec![uri.to_owned()], ..ClientSettings::default() };
    let id = ClientId::parse("client").unwrap();
    let name = "Client".to_owned();
    Client { id, name, settings, created_at: NOON, updated_at: NOON, disabled_at: None }
}

#[tokio::test]
async fn a_form_is_read_once_and_the_same_again() {
    read(&["a=1&b=x+y%26&c=", "client_id=portal&state=%E2%82%AC", "=&a"], |input| {
        let Ok(params) = Params::parse(input) else { return format!("{:?}", Params::parse(input)) };
        let printed = params.to_query();
        assert_eq!(Params::parse(printed.as_bytes()).unwrap().to_query(), printed);
        let names = input.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).count();
        let kept = printed.split('&').filter(|pair| !pair.is_empty()).count();
        assert_eq!(names, kept, "no parameter is lost, and none is there twice");
        assert!(!printed.contains("%00"));
        format!("{kept} parameters")
    })
    .await;
}

#[tokio::test]
async fn an_address_is_registered_byte_for_byte_or_not_at_all() {
    const LOOPBACK: &str = "http://127.0.0.1:8080/callback?x=1";
    let (web, native) = (client(ApplicationType::Web, REDIRECT), client(ApplicationType::Native, LOOPBACK));
    read(&[REDIRECT, LOOPBACK, "http://127.0.0.1/callback?x=1", "http://[::1]:80/"], |input| {
        let asked = text(input);
        assert_eq!(redirect::registered(&web, &asked).is_some(), asked == REDIRECT);
        let Some(found) = redirect::registered(&native, &asked) else { return "refused".to_owned() };
        assert_eq!(found.as_str(), asked);
        let url = Url::parse(&asked).unwrap();
        assert_eq!((url.scheme(), url.host_str()), ("http", Some("127.0.0.1")));
        assert_eq!((url.path(), url.query(), url.fragment()), ("/callback", Some("x=1"), None));
        assert!(url.username().is_empty() && url.password().is_none());
        "taken".to_owned()
    })
    .await;
}

#[tokio::test]
async fn an_address_that_can_be_registered_says_the_same_to_every_reader() {
    let examples =
        [REDIRECT, "http://localhost:1/cb", "http://127.0.0.1:8080/callback?x=1", "com.example.app:/cb"];
    read(&examples, |input| {
        let asked = text(input);
        let mut answer = String::new();
        for application_type in [ApplicationType::Web, ApplicationType::Native] {
            let client = client(application_type, &asked);
            let problems = registration::judge(&client.name, &client.settings);
            if problems.is_empty() {
                let url = Url::parse(&asked).unwrap();
                let is_canonical = url.as_str() == asked || url.as_str() == format!("{asked}/");
                assert!(is_canonical, "it is in its one canonical spelling: {asked}");
                assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none());
                assert!(!matches!(url.scheme(), "javascript" | "data" | "file" | "blob" | "about"));
                let is_here = matches!(url.host_str(), Some("localhost" | "[::1]"))
                    || url.host_str().is_some_and(|host| host.starts_with("127."));
                assert!(url.scheme() != "http" || is_here, "{asked}");
            }
            let openings = problems.iter().flat_map(|(_, problem)| problem.split(' ').take(3));
            answer += &openings.filter(|word| !asked.contains(word)).collect::<String>();
        }
        answer
    })
    .await;
}

#[tokio::test]
async fn an_email_address_has_one_form_in_plain_ascii() {
    let examples = ["alex@school.example", " Alex.Example+tag@SCHOOL.example ", "sam@b\u{fc}cher.example"];
    read(&examples, |input| {
        let email = match Email::parse(&text(input)) {
            Ok(email) => email,
            Err(error) => return format!("{error:?}"),
        };
        let canonical = email.canonical();
        assert!(canonical.is_ascii() && !canonical.bytes().any(|b| b.is_ascii_uppercase() || b <= b' '));
        assert_eq!(canonical.matches('@').count(), 1);
        assert!(!canonical.contains(['<', '>', '"', '\\', '%', '!', ',', ';', ':', '(', ')']), "{canonical}");
        for again in [canonical, email.shown()] {
            assert_eq!(Email::parse(again).unwrap().canonical(), canonical);
        }
        lettre::Address::new(
            email.shown().rsplit_once('@').unwrap().0,
            canonical.rsplit_once('@').unwrap().1,
        )
        .expect("what is accepted can be written to");
        "taken".to_owned()
    })
    .await;
}

#[tokio::test]
async fn a_scope_gives_nothing_that_was_not_asked_or_is_not_there() {
    read(&["openid profile email", "openid  offline_access phone", "openid cases:read openid"], |input| {
        let asked = text(input);
        let allowed = ["openid", "profile", "email", "cases:read"].map(str::to_owned);
        match scope::granted(&asked, Some(&allowed)) {
            Ok(granted) => {
                assert!(granted.iter().all(|value| asked.split(' ').any(|wanted| wanted == value)));
                assert!(granted.iter().all(|value| allowed.contains(value)), "{granted:?}");
                assert!(granted.iter().any(|value| value == "openid"));
                assert!((1..granted.len()).all(|n| !granted[..n].contains(&granted[n])), "{granted:?}");
                granted.join(" ")
            }
            Err(problem) => match problem {
                scope::Problem::Malformed => "malformed".to_owned(),
                scope::Problem::TooLong => "too long".to_owned(),
                scope::Problem::NotOpenId => "not openid".to_owned(),
            },
        }
    })
    .await;
}

#[tokio::test]
async fn the_claims_parameter_asks_for_what_it_names_and_is_kept_as_it_was() {
    let examples = [
        r#"{"userinfo":{"name":null,"email":{"essential":true}},"id_token":{"sub":{"value":"x"},"acr":null}}"#,
        r#"{"id_token":{"acr":{"essential":true,"values":["a","urn:gatehouse:acr:password-and-emailed-code"]}}}"#,
    ];
    read(&examples, |input| {
        let asked = text(input);
        let Some(read) = ClaimsRequest::parse(&asked) else { return "refused".to_owned() };
        let document: Value = serde_json::from_str(&asked).unwrap();
        for (place, names) in [("userinfo", &read.userinfo), ("id_token", &read.id_token)] {
            assert!(names.iter().all(|name| document[place].get(name).is_some()), "{names:?}");
        }
        let kept = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<ClaimsRequest>(&kept).unwrap(), read);
        format!(
            "{} {} {} {}",
            read.userinfo.len(),
            read.id_token.len(),
            read.subject.is_some(),
            read.unmet_acr
        )
    })
    .await;
}

#[tokio::test]
async fn json_is_read_as_others_read_it_or_not_at_all() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let examples =
        [r#"{"a":[1,-2.5e3,null,true,"\u00e9\ud83d\ude00"],"b":{"c":{}}}"#, r#"{"a":1,"a":2}"#, &deep];
    read(&examples, |input| {
        let asked = text(input);
        match (strict_json(&asked), serde_json::from_str::<Value>(&asked)) {
            (Some(strict), Ok(other)) => assert_eq!(strict, other),
            (None, Ok(_)) => return "stricter".to_owned(),
            (Some(strict), Err(_)) => panic!("only we read it: {strict}"),
            (None, Err(_)) => return "refused".to_owned(),
        }
        "read".to_owned()
    })
    .await;
}

#[tokio::test]
async fn a_token_of_ours_that_was_altered_is_no_hint() {
    let keys =
        [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256].map(|algorithm| own_key(algorithm).into());
    let tokens: Vec<String> =
        keys.iter().map(|key: &std::sync::Arc<_>| sign(key, "JWT", &json!({ "sub": "alex" }))).collect();
    let others =
        [sign(&keys[0], "logout+jwt", &json!({ "sub": "alex" })), sign(&keys[0], "at+jwt", &json!({}))];
    let set = KeySet::new(keys.to_vec());
    let examples: Vec<&str> = tokens.iter().chain(&others).map(String::as_str).collect();
    read(&examples, |input| {
        let hint = text(input);
        let verified = set.verify(TokenType::Id, &hint).is_some();
        assert_eq!(verified, tokens.contains(&hint), "{hint}");
        match Presented::read(&hint) {
            Some(token) => format!("{:?} {verified}", token.typ().map(|typ| typ == "JWT")),
            None => "no token".to_owned(),
        }
    })
    .await;
}

fn sign(key: &crate::jose::SigningKey, typ: &str, claims: &Value) -> String {
    key.sign(typ, claims).unwrap()
}

#[tokio::test]
async fn a_key_set_with_a_secret_in_it_is_refused_and_no_other_key_counts() {
    let (own, stranger) = (own_key(Algorithm::ES256), own_key(Algorithm::ES256));
    let rsa = own_key(Algorithm::RS256);
    let forged = sign(&stranger, "JWT", &json!({ "sub": "alex" }));
    let good = key_set(&[&own, &rsa]).to_string();
    let secret = json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }).to_string();
    let certificate = json!({ "keys": [Sample::new("Example", "portal.example", None).jwk()] }).to_string();
    let private = good.replacen("\"kty\"", "\"d\":\"AAAA\",\"kty\"", 1);
    read(&[&good, &secret, &certificate, &private], |input| {
        let Some(set) = strict_json(&text(input)) else { return "no JSON".to_owned() };
        let imported = match PublicKeys::import(&set) {
            Ok(imported) => imported,
            Err(why) => return why.rsplit(' ').take(2).collect(),
        };
        for key in set["keys"].as_array().unwrap() {
            assert!(
                ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().all(|name| key.get(name).is_none()),
                "{key}"
            );
        }
        let token = Presented::read(&forged).unwrap();
        assert!(imported.verify(&token, &Algorithm::ALL).is_err(), "a key that is not in the set");
        "taken".to_owned()
    })
    .await;
}

#[tokio::test]
async fn a_certificate_in_a_header_is_the_one_that_its_bytes_are() {
    let sample = Sample::new("Example, \"North\"", "portal.example", None);
    let escaped: String = form_urlencoded::byte_serialize(sample.pem().as_bytes()).collect();
    read(&[&format!(":{}:", sample.base64()), &sample.base64(), &escaped], |input| {
        let Some(read) = Certificate::from_header(&text(input)) else { return "refused".to_owned() };
        let der = read.der().unwrap();
        let again = Certificate::from_header(&format!(":{}:", STANDARD.encode(&der))).unwrap();
        assert_eq!(again.der().unwrap(), der);
        assert_eq!(again.subject(), read.subject());
        format!("{:?} {}", read.subject().map(|name| name.len()), read.names_host("portal.example"))
    })
    .await;
}

#[tokio::test]
async fn a_challenge_is_answered_by_its_verifier_alone() {
    let verifier = "a-verifier-that-is-long-enough-for-rfc-7636-to-like";
    let challenge = base64url(sha256(verifier));
    read(&[verifier, &challenge, &verifier.repeat(3)], |input| {
        let given = text(input);
        assert_eq!(pkce::answers(Some(&challenge), Some(&given)), given == verifier);
        let is_own = pkce::answers(Some(&base64url(sha256(&given))), Some(&given));
        assert!(
            !is_own || (43..=128).contains(&given.len()) && !given.contains(['+', '/', '=', ' ', '%', '\0'])
        );
        format!("{is_own} {}", pkce::is_challenge(&given))
    })
    .await;
}

#[tokio::test]
async fn identifiers_are_kept_as_they_came_or_not_at_all() {
    read(&["portal", "gh_se_e8rWXeLkcsE78d2qRASNvJCGTmOB-prlVQUCL0di78c", "a.b-c_d~"], |input| {
        let asked = text(input);
        let client = ClientId::parse(&asked);
        let kid = Kid::parse(&asked);
        assert!(
            client
                .as_ref()
                .is_none_or(|id| id.as_str() == asked && !asked.contains([' ', '\0', '\n', '<', '"']))
        );
        assert!(kid.as_ref().is_none_or(|id| id.as_str() == asked));
        format!("{} {}", client.is_some(), kid.is_some())
    })
    .await;
}

#[tokio::test]
async fn a_registration_means_the_same_when_it_is_said_back() {
    let examples = [
        r#"{"redirect_uris":["https://a.example/cb"],"client_name":"Rota","scope":"openid email offline_access",
            "grant_types":["authorization_code","refresh_token","implicit"],"response_types":["code","id_token token"]}"#,
        r#"{"redirect_uris":["com.example.app:/cb"],"application_type":"native","token_endpoint_auth_method":"none",
            "contacts":["a@b.example"],"jwks_uri":"https://a.example/keys","default_max_age":60,"x":1}"#,
        r#"{"redirect_uris":["https://a.example/#x"],"profile":"fapi2"}"#,
    ];
    read(&examples, |input| {
        let Some(Value::Object(document)) = strict_json(&text(input)) else { return "no object".to_owned() };
        let (name, settings) = match metadata::read(&document) {
            Ok(read) => read,
            Err(Unfit::Redirect(_)) => return "redirect".to_owned(),
            Err(Unfit::Metadata(why)) => return why.chars().take(20).collect(),
        };
        assert!(!settings.introspects && settings.profile == SecurityProfile::Oidc, "row 60: {document:?}");
        assert!(
            settings.redirect_uris.iter().all(|uri| !uri.contains('#') && !uri.starts_with("javascript:"))
        );
        let named = client(ApplicationType::Web, REDIRECT);
        let client = Client { name: name.unwrap_or_default(), settings, ..named };
        let again = metadata::read(&metadata::write(&client)).unwrap().1;
        assert_eq!(again, client.settings);
        "registered".to_owned()
    })
    .await;
}

#[tokio::test]
async fn a_device_code_is_eight_letters_however_it_is_typed() {
    read(&["WDJB-MJHT", "wdjb mjht", "\u{2013}w d-jbmjht", "WDJB-MJH1"], |input| {
        let typed = text(input);
        let Some(letters) = user_code::typed(&typed) else { return "refused".to_owned() };
        assert_eq!(user_code::typed(&user_code::shown(&letters)), Some(letters.clone()));
        assert!(letters.len() == 8 && letters.bytes().all(|byte| byte.is_ascii_uppercase()), "{typed:?}");
        "read".to_owned()
    })
    .await;
}
