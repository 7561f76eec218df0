//! What is good, and what each mistake earns.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::base::{Span, base64url};

const GOOD: &str = "issuer = \"https://login.example.gov.uk\"\n[mail]\nfrom = \"no-reply@example.gov.uk\"\n";

fn with(more: &str) -> String {
    format!("{GOOD}{more}\n")
}

/// Loads a file; what is said of it calls it `gatehouse.toml`.
fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gatehouse.toml");
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let above = format!("{}/", directory.path().display());
    Config::load(Some(&file), owned(environment)).map_err(|error| error.0.replace(&above, ""))
}

fn owned(environment: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
}

fn said(text: &str, environment: &[(&str, &str)]) -> String {
    match load(text, environment) {
        Ok(_) => panic!("nothing was wrong with\n{text}\n{environment:?}"),
        Err(said) => said,
    }
}

#[test]
fn the_defaults_are_those_of_the_documents() {
    let config = load(GOOD, &[]).unwrap();
    assert_eq!(config.issuer(), "https://login.example.gov.uk");
    assert_eq!(config.host(), "login.example.gov.uk");
    assert!(config.is_https());
    assert_eq!(config.settings.brand.home_url, "https://login.example.gov.uk");
    assert_eq!(config.settings.brand.safeguarding_url, "/contact");
    assert_eq!(config.keys.master_key_file, Path::new("keys/master.key"));
    assert_eq!(config.listen.address.to_string(), "127.0.0.1:8080");
    assert!(config.listen.tls.is_none() && !config.listen.sees_client_certificates());
    assert_eq!(config.settings.login.code, Span::minutes(15));
    assert_eq!(config.settings.login.password_min_length, 12);
    assert_eq!(config.settings.session.idle, Span::minutes(60));
    assert_eq!(config.settings.session.absolute, Span::hours(12));
    assert_eq!(config.tokens.code, Span::seconds(60));
    assert_eq!(config.settings.retention.events, Span::days(400));
    assert!(matches!(config.mail.transport, Transport::Smtp(Smtp { port: 587, .. })));
}

#[test]
fn the_environment_counts_before_the_file_and_the_file_before_the_defaults() {
    let environment = [
        ("GATEHOUSE_DATABASE_URL", "postgres://db/gatehouse"),
        ("GATEHOUSE_LOGIN_CODE_MINUTES", "10"),
        ("GATEHOUSE_LOGIN_WELCOME_PAGE", "false"),
        ("GATEHOUSE_LISTEN_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
        ("GATEHOUSE_BRAND_FOOTER_LINKS", "[{ text = \"News\", href = \"https://www.example.gov.uk/news\" }]"),
        ("GATEHOUSE_CONFIG", "elsewhere"),
        ("GATEHOUSE_LOG", "debug"),
        ("PATH", "/bin"),
    ];
    let config = load(&with("[login]\ncode_minutes = 20\nflow_minutes = 30"), &environment).unwrap();
    assert_eq!(config.database.url, "postgres://db/gatehouse");
    assert_eq!(config.settings.login.code, Span::minutes(10));
    assert_eq!(config.settings.login.flow, Span::minutes(30));
    assert_eq!(config.settings.login.code_resend, Span::seconds(30));
    assert!(!config.settings.login.welcome_page);
    assert_eq!(config.listen.trusted_proxies.0.len(), 2);
    assert_eq!(config.settings.brand.footer_links.first().unwrap().text, "News");
}

#[test]
fn the_environment_is_enough() {
    let environment = [("GATEHOUSE_ISSUER", "https://login.example"), ("GATEHOUSE_MAIL_FROM", "a@b.example")];
    let config = Config::load(None, owned(&environment)).unwrap();
    assert_eq!(config.issuer(), "https://login.example");
    let found = Config::load(None, std::iter::empty()).unwrap_err().0;
    assert_eq!(
        found,
        "issuer is missing; give it in a file that --config names, or as GATEHOUSE_ISSUER\n\
         mail.from is missing; give it in a file that --config names, or as GATEHOUSE_MAIL_FROM"
    );
}

#[test]
fn the_minimum_keeps_its_mail_in_memory() {
    let config = Config::minimal("http://localhost:8080", "sqlite:x.db").unwrap();
    assert_eq!(config.issuer(), "http://localhost:8080");
    assert!(!config.is_https());
    assert!(matches!(config.mail.transport, Transport::Memory));
    let found = Config::minimal("http://login.example", "sqlite:x.db").unwrap_err().0;
    assert!(found.starts_with("issuer is \"http://login.example\"; it must begin with https://"), "{found}");
}

#[test]
fn every_setting_has_the_variable_that_its_place_promises() {
    for leaf in layers::leaves() {
        let promised = format!("GATEHOUSE_{}", leaf.path.replace('.', "_").to_uppercase());
        assert_eq!(leaf.variable, promised, "{}", leaf.path);
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    for (text, expected) in [
        ("trasnport = \"smtp\"", "unknown key \"mail.trasnport\"; did you mean \"mail.transport\"?"),
        ("[emial]\nfrom = \"x\"", "unknown key \"emial\"; did you mean \"mail\"?"),
        ("password = \"x\"", "unknown key \"mail.password\"; did you mean \"mail.smtp.password\"?"),
        ("[login.code]\nminutes = 5", "unknown key \"login.code\"; did you mean"),
    ] {
        let found = said(&with(text), &[]);
        assert!(found.starts_with(&format!("gatehouse.toml: {expected}")), "{found}");
        assert!(!found.contains('\n'), "{found}");
    }
    assert_eq!(
        said(GOOD, &[("GATEHOUSE_DATABASE_ULR", "postgres://user:hunter2@db/x")]),
        "unknown environment variable \"GATEHOUSE_DATABASE_ULR\"; did you mean \"GATEHOUSE_DATABASE_URL\"? \
         Unset it if it is not meant for Gatehouse"
    );
}

/// What is added to a good file, and the sentence that it earns.
const MISTAKES: &[(&str, &str)] = &[
    ("[listen]\naddress = \"here\"", "listen.address is \"here\"; it must be an address and a port"),
    ("[listen]\ntrusted_proxies = [\"x\"]", "listen.trusted_proxies has \"x\"; each must be a network"),
    ("[listen]\ntrusted_proxies = [\"::/0\"]", "listen.trusted_proxies has \"::/0\", which is everybody"),
    (
        "[listen]\nclient_certificate_header = \"client-cert\"",
        "listen.client_certificate_header is believed of trusted proxies only",
    ),
    ("[listen]\nclient_authorities_file = \"x\"", "listen.client_authorities_file is of no use without"),
    (
        "[listen]\ncertificate_origin = \"https://m.example\"",
        "listen.certificate_origin is of no use without",
    ),
    (
        "[listen]\ncertificate_origin = \"https://m.example/x\"",
        "listen.certificate_origin is \"https://m.example/x\"; write it as https://m.example",
    ),
    ("[registration]\nper_hour = 0", "registration.per_hour"),
    (
        "[tokens]\nrefresh_days = 20\nrefresh_idle_days = 20\n[retention]\ndormant_days = 29",
        "retention.dormant_days",
    ),
    ("[tokens]\nadvertised_scopes = [\"openid\"]", "tokens.advertised_scopes names \"openid\""),
    ("[retention]\ndormant_days = 30", "retention.dormant_days must be more than tokens.refresh_days"),
    (
        "[listen]\ncertificate_origin = \"https://192.0.2.1\"",
        "listen.certificate_origin is \"https://192.0.2.1\"; it must have a host name",
    ),
    (
        "[listen]\nclient_certificate_header = \"client-cert\"\ntrusted_proxies = [\"10.0.0.0/8\"]\ncertificate_origin = \"https://login.example.gov.uk:8443\"",
        "listen.certificate_origin must have another host name than the issuer",
    ),
    ("[listen]\ncertificate_file = \"x\"", "listen.certificate_file needs listen.key_file"),
    ("[listen]\nkey_file = \"x\"", "listen.key_file needs listen.certificate_file"),
    ("[listen]\nask_client_certificates = true", "listen.ask_client_certificates is of no use without"),
    ("[outgoing]\nallow_networks = [\"x\"]", "outgoing.allow_networks has \"x\"; each must be a network"),
    (
        "[outgoing]\nallow_networks = [\"0.0.0.0/0\"]",
        "outgoing.allow_networks has \"0.0.0.0/0\", which is everything",
    ),
    ("[listen]\ntrusted_proxies = [5]", "invalid type: integer `5`, expected a string"),
    ("[listen]\nforwarded_header = \"a b\"", "listen.forwarded_header is \"a b\"; it must be the name"),
    ("[listen]\nforwarded_header = \"Forwarded\"", "listen.forwarded_header is \"forwarded\", which is not"),
    ("[database]\nurl = \"mysql://u:hunter2@x\"", "database.url must be sqlite: and a path, or begin with"),
    ("[database]\nurl = \"sqlite:\"", "database.url must be sqlite: and a path"),
    ("[database]\nconnections = 1", "database.connections is 1; it must be 2 to 200"),
    ("[keys]\nmaster_key = \"hunter2\"", "keys.master_key must be 32 bytes in base64url"),
    ("[keys]\nrsa_bits = 1024", "keys.rsa_bits is 1024; it must be 2048, 3072 or 4096"),
    ("[keys]\nrotate_after_days = 1", "keys.announce_hours is 24, as long as a key signs (1 days)"),
    ("transport = \"pigeon\"", "mail.transport is \"pigeon\"; it must be smtp or directory"),
    ("transport = \"directory\"", "mail.transport is \"directory\", so mail.directory must say which"),
    ("reply_to = \"help\"", "mail.reply_to is \"help\"; it must be an email address"),
    ("reply_to = \"a@b.example\\nBcc:c@d.example\"", "mail.reply_to is"),
    ("reply_to = \"Sam <sam@b.example>\"", "mail.reply_to is"),
    (
        "[mail.smtp]\nsecurity = \"none\"\nhost = \"mail.example\"",
        "mail.smtp.security is \"none\", but mail.example",
    ),
    ("[mail.smtp]\nsecurity = \"ssl\"", "mail.smtp.security is \"ssl\"; it must be starttls, tls or none"),
    ("[mail.smtp]\nport = 70000", "mail.smtp.port is 70000; it must be 1 to 65535"),
    ("[mail.smtp]\nusername = \"u\"", "mail.smtp.username and the password go together"),
    ("[mail.smtp]\npassword_file = \"/no/such\"", "mail.smtp.password_file /no/such cannot be read"),
    (
        "[mail.smtp]\npassword = \"hunter2\"\npassword_file = \"x\"",
        "mail.smtp.password and mail.smtp.password_file are both",
    ),
    ("[brand]\ncouncil = \"\"", "brand.council must be 1 to 64 characters on one line"),
    ("[brand]\nservice = \"a\\nb\"", "brand.service must be 1 to 64 characters on one line"),
    ("[brand]\nhome_url = \"javascript:x\"", "brand.home_url is \"javascript:x\"; it must be a web address"),
    ("[brand]\nlogo = \"/no/such.svg\"", "brand.logo /no/such.svg cannot be read"),
    ("[brand]\nlogo = \"logo.gif\"", "brand.logo logo.gif must be an .svg, .png or .webp file"),
    ("[brand]\naction = \"green\"", "brand.action is \"green\"; it must be a colour such as"),
    (
        "[brand]\nfooter_links = [{ text = \"x\", href = \"x\" }]",
        "brand.footer_links has \"x\" to \"x\"; give it",
    ),
    (
        "[listen]\nother_hosts = [\"https://gatehouse\"]",
        "listen.other_hosts has \"https://gatehouse\"; each must be a host name, with its port where it has one",
    ),
    (
        "[brand]\nfooter_links = [{ text = \"x\", url = \"x\" }]",
        "unknown field `url`, expected `text` or `href`",
    ),
    ("[login]\ncode_minutes = 60", "login.code_minutes is 60; it must be 5 to 30"),
    ("[login]\ncode_minutes = \"10\"", "login.code_minutes must be a whole number, without quotes"),
    ("[login]\ncode_minutes = -1", "login.code_minutes must be a whole number"),
    (
        "[login]\nflow_minutes = 10",
        "login.flow_minutes is 10; it must be no less than login.code_minutes, 15",
    ),
    ("[login]\npassword_min_length = 7", "login.password_min_length is 7; it must be 8 to 64"),
    ("[login]\nwelcome_page = \"no\"", "login.welcome_page must be true or false, without quotes"),
    ("[session]\nidle_minutes = 1441", "session.idle_minutes is 1441; it must be 5 to 1440"),
    ("[session]\nhours = 721", "session.hours is 721; it must be 1 to 720"),
    ("[tokens]\ncode_seconds = 600", "tokens.code_seconds is 600; it must be 10 to 60"),
    ("[tokens]\naccess_minutes = 0", "tokens.access_minutes is 0; it must be 1 to 60"),
    ("[limits]\nhash_queue = 0", "limits.hash_queue is 0; it must be 1 to 1000"),
    ("[retention]\nevent_days = 0", "retention.event_days is 0; it must be 30 to 4000"),
    ("[log]\nlevel = \"loud\"", "log.level is \"loud\"; it must be error, warn, info, debug or trace"),
    ("[log]\nformat = \"xml\"", "log.format is \"xml\"; it must be json or text"),
    ("[templates]\ndirectory = \"/no/such\"", "templates.directory is /no/such, which is no directory"),
];

#[test]
fn each_mistake_is_named_with_what_to_do() {
    for (text, expected) in MISTAKES {
        let found = said(&with(text), &[]);
        assert!(found.starts_with(&format!("gatehouse.toml: {expected}")), "{text}\n{found}");
        assert!(!found.contains('\n') && !found.contains("hunter2"), "{found}");
    }
    assert_eq!(
        said("login = 5", &[]).lines().next().unwrap(),
        "gatehouse.toml: login is a section: write [login] above its settings"
    );
}

#[test]
fn a_mistake_in_the_environment_names_the_variable() {
    for (variable, value, expected) in [
        ("GATEHOUSE_LOGIN_CODE_MINUTES", "60", "login.code_minutes is 60; it must be 5 to 30"),
        ("GATEHOUSE_LOGIN_CODE_MINUTES", "ten", "login.code_minutes must be a whole number, without quotes"),
        ("GATEHOUSE_LOGIN_WELCOME_PAGE", "yes", "login.welcome_page must be true or false, without quotes"),
        ("GATEHOUSE_BRAND_FOOTER_LINKS", "[{", "brand.footer_links must be a list, in square brackets"),
    ] {
        assert_eq!(said(GOOD, &[(variable, value)]), format!("{variable}: {expected}"));
    }
}

#[test]
fn several_mistakes_are_named_together() {
    let found = said(&with("[login]\ncode_minutes = 60\n[session]\nhours = 0"), &[]);
    assert_eq!(found.lines().count(), 2, "{found}");
}

#[test]
fn the_issuer_is_a_bare_origin_with_https() {
    let issuer = |text: &str| load(&GOOD.replace("https://login.example.gov.uk", text), &[]);
    for good in ["https://login.example:8443", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:1"]
    {
        assert_eq!(issuer(good).unwrap().issuer(), good);
    }
    for (bad, expected) in [
        ("http://login.example", "it must begin with https://"),
        ("ftp://localhost", "it must begin with https://"),
        ("login.example", "no web address"),
        ("https://login.example/", "write it as https://login.example,"),
        ("https://login.example/x", "write it as https://login.example,"),
        ("https://login.example?x", "write it as https://login.example,"),
        ("https://login.example#x", "write it as https://login.example,"),
        ("https://Login.example:443", "write it as https://login.example,"),
        ("https://alex@login.example", "write it as https://login.example,"),
    ] {
        let found = issuer(bad).unwrap_err();
        assert!(
            found.starts_with("gatehouse.toml: issuer is ") && found.contains(expected),
            "{bad}: {found}"
        );
    }
}

#[test]
fn who_speaks_https_says_so_in_the_issuer() {
    let tls = "[listen]\ncertificate_file = \"x\"\nkey_file = \"y\"\nask_client_certificates = true";
    assert!(load(&with(tls), &[]).unwrap().listen.sees_client_certificates());
    let found = said(&with(tls), &[("GATEHOUSE_ISSUER", "http://localhost")]);
    assert!(found.starts_with("GATEHOUSE_ISSUER: issuer must begin with https://, because"), "{found}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_without_what_stands_in_it() {
    let found = said(&with("[mail.smtp]\npassword = \"hunter2"), &[]);
    assert!(found.starts_with("gatehouse.toml: line 5 is not TOML: "), "{found}");
    assert!(!found.contains("hunter2") && !found.contains('\n'), "{found}");
    let found = Config::load(Some(Path::new("/no/such.toml")), std::iter::empty()).unwrap_err().0;
    assert!(found.starts_with("/no/such.toml: cannot be read: "), "{found}");
}

#[test]
fn row_98_a_file_with_a_secret_in_it_must_be_its_owners_alone() {
    let key = format!("[keys]\nmaster_key = \"{}\"", base64url([7; 32]));
    let file = tempfile::NamedTempFile::new().unwrap();
    for (text, is_secret) in [
        ("[mail.smtp]\nusername = \"u\"\npassword = \"hunter2\"", true),
        (key.as_str(), true),
        ("[database]\nurl = \"postgres://u:hunter2@db/x\"", true),
        ("[database]\nurl = \"postgres://db/x?user=u&password=hunter2\"", true),
        ("[database]\nurl = \"postgres://db/x\"", false),
    ] {
        std::fs::write(file.path(), with(text)).unwrap();
        for mode in [0o600, 0o400, 0o640, 0o604, 0o660] {
            std::fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
            let loaded = Config::load(Some(file.path()), std::iter::empty());
            let shown = file.path().display();
            match loaded {
                Ok(_) => assert!(!is_secret || mode & 0o077 == 0, "{text} {mode:o}"),
                Err(error) => {
                    assert!(is_secret && mode & 0o077 != 0, "{text} {mode:o} {}", error.0);
                    assert!(error.0.starts_with(&format!("{shown}: has a secret")), "{}", error.0);
                    assert!(error.0.ends_with(&format!("run chmod 600 {shown}")), "{}", error.0);
                }
            }
        }
    }
}

#[test]
fn secrets_are_not_printed() {
    let key = base64url([7; 32]);
    let environment = [
        ("GATEHOUSE_KEYS_MASTER_KEY", key.as_str()),
        ("GATEHOUSE_DATABASE_URL", "postgres://u:hunter2@db/x"),
        ("GATEHOUSE_MAIL_SMTP_USERNAME", "u"),
        ("GATEHOUSE_MAIL_SMTP_PASSWORD", "hunter2"),
    ];
    let config = load(GOOD, &environment).unwrap();
    let printed = format!("{config:?}");
    assert!(!printed.contains("hunter2") && !printed.contains(&key), "{printed}");
    assert_eq!(config.keys.master_key.unwrap().reveal(), key);
}

#[test]
fn a_password_file_is_read_without_its_line_end() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "hunter2 \r\n").unwrap();
    let text = with(&format!("[mail.smtp]\nusername = \"u\"\npassword_file = {:?}", file.path()));
    let Transport::Smtp(smtp) = load(&text, &[]).unwrap().mail.transport else { panic!("not SMTP") };
    assert_eq!(smtp.password.unwrap().reveal(), "hunter2 ");
}

#[test]
fn a_logo_is_small() {
    let file = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    let text = with(&format!("[brand]\nlogo = {:?}", file.path()));
    for (size, is_good) in [(8_000, true), (8_001, false)] {
        file.as_file().set_len(size).unwrap();
        assert_eq!(load(&text, &[]).is_ok(), is_good, "{size}");
    }
}

#[test]
fn the_reference_is_up_to_date_and_can_be_loaded() {
    let checked_in = include_str!("../../docker/gatehouse.toml");
    assert!(
        checked_in == Config::reference(),
        "docker/gatehouse.toml is out of date: run `cargo run -- config > docker/gatehouse.toml`"
    );
    load(checked_in, &[]).unwrap();
}
