//! What each mistake earns.

use super::*;

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let name = format!("{}: ", file.path().display());
    Config::load(Some(file.path()), environment).map_err(|error| error.0.replace(&name, ""))
}

const GOOD: &str = "issuer = \"https://login.example.gov.uk\"\n[mail]\nfrom = \"no-reply@example.gov.uk\"\n";

#[test]
fn the_defaults_are_those_of_the_documents() {
    let config = load(GOOD, &[]).unwrap();
    assert_eq!(config.issuer(), "https://login.example.gov.uk");
    assert_eq!(config.host(), "login.example.gov.uk");
    assert_eq!(config.login.code, Span::minutes(15));
    assert_eq!(config.login.password_min_length, 12);
    assert_eq!(config.session.absolute, Span::hours(12));
    assert_eq!(config.tokens.code, Span::seconds(60));
}

#[test]
fn the_environment_counts_before_the_file() {
    let environment = [
        ("GATEHOUSE_DATABASE_URL", "postgres://db/gatehouse"),
        ("GATEHOUSE_LOGIN_CODE_MINUTES", "10"),
        ("GATEHOUSE_LOGIN_WELCOME_PAGE", "false"),
        ("GATEHOUSE_LISTEN_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
        ("GATEHOUSE_CONFIG", "elsewhere"),
        ("PATH", "/bin"),
    ];
    let config = load(&format!("{GOOD}[login]\ncode_minutes = 20\n"), &environment).unwrap();
    assert_eq!(config.database.url, "postgres://db/gatehouse");
    assert_eq!(config.login.code, Span::minutes(10));
    assert!(!config.login.welcome_page);
    assert_eq!(config.listen.trusted_proxies.len(), 2);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let found = load(&format!("{GOOD}trasnport = \"smtp\"\n"), &[]).unwrap_err();
    assert_eq!(found, "unknown key \"mail.trasnport\"; did you mean \"mail.transport\"?");
    let found = load(GOOD, &[("GATEHOUSE_DATABASE_ULR", "x")]).unwrap_err();
    assert!(found.ends_with("did you mean \"GATEHOUSE_DATABASE_URL\"?"), "{found}");
    assert!(load("login = 5", &[]).unwrap_err().contains("[login]"));
}

#[test]
fn each_mistake_is_named_with_what_to_do() {
    for (line, expected) in [
        ("[login]\ncode_minutes = 60", "login.code_minutes is 60; it must be 5 to 30"),
        ("[login]\npassword_min_length = 6", "login.password_min_length is 6; it must be 8 to 64"),
        ("[database]\nurl = \"mysql://x\"", "database.url must begin with sqlite: or postgres://"),
        (
            "[mail.smtp]\nsecurity = \"none\"\nhost = \"mail.example\"",
            "mail.smtp.security none is for a server on this machine",
        ),
        ("[mail.smtp]\nusername = \"u\"", "mail.smtp.username and its password go together"),
        ("[listen]\naddress = \"here\"", "listen.address \"here\" is not an address and port"),
        ("[listen]\ntrusted_proxies = [\"x\"]", "listen.trusted_proxies: \"x\" is not a network"),
        ("[log]\nlevel = \"loud\"", "log.level is \"loud\"; it must be"),
        ("[tokens]\ncode_seconds = 600", "tokens.code_seconds is 600; it must be 10 to 60"),
        ("[keys]\nrsa_bits = 1024", "keys.rsa_bits is 1024; it must be 2048, 3072 or 4096"),
        ("[brand]\nfooter_links = [\"x\"]", "brand.footer_links: write \"x\" as"),
        ("[brand]\nlogo = \"/no/such.svg\"", "brand.logo /no/such.svg cannot be read"),
    ] {
        let found = load(&format!("{GOOD}{line}\n"), &[]).unwrap_err();
        assert!(found.starts_with(expected), "{line}\n{found}");
    }
    for bad in [
        "http://login.example",
        "https://login.example/",
        "https://login.example/x",
        "login.example",
        "https://login.example?x",
    ] {
        let found = load(&GOOD.replace("https://login.example.gov.uk", bad), &[]).unwrap_err();
        assert!(found.starts_with("issuer"), "{bad}: {found}");
    }
    assert!(load(&GOOD.replace("https://login.example.gov.uk", "http://localhost:8080"), &[]).is_ok());
    assert!(load("[mail]\nfrom = \"a@b.example\"", &[]).unwrap_err().contains("issuer"));
    assert!(load("issuer = ", &[]).unwrap_err().starts_with("is not TOML"));
}

#[test]
fn row_98_a_file_with_a_secret_in_it_must_be_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{GOOD}[mail.smtp]\nusername = \"u\"\npassword = \"hunter2\"\n"))
        .unwrap();
    for (mode, readable) in [(0o600, true), (0o640, false), (0o604, false), (0o660, false)] {
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let loaded = Config::load(Some(file.path()), std::iter::empty());
        assert_eq!(loaded.is_ok(), readable, "{mode:o}");
        if let Ok(config) = loaded {
            assert!(!format!("{config:?}").contains("hunter2"));
        }
    }
}

#[test]
fn the_reference_is_up_to_date_and_can_be_loaded() {
    let written = include_str!("../../docker/gatehouse.toml");
    assert!(
        written == Config::reference(),
        "docker/gatehouse.toml is out of date: run cargo run -- config > docker/gatehouse.toml"
    );
    load(written, &[]).unwrap();
}
