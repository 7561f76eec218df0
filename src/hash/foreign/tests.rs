//! Hashes as the tools themselves made them: Django 5.2 with argon2-cffi and bcrypt, passlib, and, for ASP.NET Identity
//! and Keycloak, Python's hashlib in their published formats.

use super::*;
use crate::hash::{Hasher, Verdict};

const PASSWORD: &str = "purple otter drumming";

const MADE_ELSEWHERE: &[(&str, &str)] = &[
    (
        "Django PBKDF2 SHA-256",
        r#"pbkdf2_sha256$1200$Zk3vPq8sTn1xYb6w$NpQnrc9r7Kl/c064NCnMD1TYqko6kWfngkU1e4fBiWI="#,
    ),
    ("Django PBKDF2 SHA-1", r#"pbkdf2_sha1$1200$Zk3vPq8sTn1xYb6w$C//aJcLJeufDGxQOi8jSZAiRmrc="#),
    (
        "Django argon2",
        r#"argon2$argon2id$v=19$m=256,t=1,p=2$WmszdlBxOHNUbjF4WWI2dw$X3mIP+dW/KIRMa+o67c3OtSaRhcSh2N+klLydl4i6/s"#,
    ),
    ("Django bcrypt_sha256", r#"bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuii9xZgZuQnIqIEf3hfFJblDvTr7bir."#),
    ("Django bcrypt", r#"bcrypt$$2b$04$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu"#),
    (
        "Django scrypt",
        r#"scrypt$256$Zk3vPq8sTn1xYb6w$8$5$g2yBW4jpjo2XXILOax5x6v5ip8GTn+bGCYk+PO7E8iIygfwyy0B55obncKgNoh+DxUIwlHDNbqsoXbJ+DFEmZg=="#,
    ),
    (
        "argon2 I",
        r#"$argon2i$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$qMog/FBttXfRpfpev+9buOI/c8KlSJyDZ/ZqyuhcweM"#,
    ),
    (
        "argon2 D",
        r#"$argon2d$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$sMUF9tMO6uUYZ+A3pyYL4ru7hwMW5uf6lZHlQ39qc0k"#,
    ),
    (
        "argon2 ID",
        r#"$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BaYguZmFgKx6oOKJxZ6+SB5bDzLmYbq29qI/9ElLnV4"#,
    ),
    (
        "argon2 v16",
        r#"$argon2i$v=16$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$feeKtY/xxlECbRiACNzxieQjxK+xoFBSV0pFgMD/f7c"#,
    ),
    ("bcrypt 2a", r#"$2a$04$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu"#),
    ("bcrypt 2b", r#"$2b$04$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu"#),
    ("bcrypt 2y (htpasswd, PHP)", r#"$2y$04$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu"#),
    (
        "passlib scrypt PHC",
        r#"$scrypt$ln=8,r=8,p=1$orT2PieEMCYk5DznPKe0Vg$EQ1gyLID6mOufZQNuplVyyGCo5roMo4clP6FtdsetNc"#,
    ),
    ("ASP.NET Identity v2", r#"AAABAgMEBQYHCAkKCwwNDg8TrFYLTAVMPnVEskxACnZnBKTLWi7jBTkXpTslTDTt0w=="#),
    (
        "ASP.NET Identity v3 sha1",
        r#"AQAAAAAAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg8TrFYLTAVMPnVEskxACnZnBKTLWi7jBTkXpTslTDTt0w=="#,
    ),
    (
        "ASP.NET Identity v3 sha256",
        r#"AQAAAAEAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg/Ca2tcYrt/7EOZisiS82nAkic9/bAKsf9MMe5MD6FI9g=="#,
    ),
    (
        "ASP.NET Identity v3 sha512",
        r#"AQAAAAIAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg9TZbXV+KpJSXlvLlSfT6N5wtQJZ7FAtjNIKDpKDyfaIQ=="#,
    ),
    (
        "Keycloak credential pbkdf2",
        r#"{"type":"password","secretData":"{\"value\":\"E6xWC0wFTD51RLJMQAp2ZwSky1ou4wU5F6U7JUw07dMEoU25yz7dpp5epOD/bXDOZ7E5Tkh6wsBZ0KuX7z8PlA==\",\"salt\":\"AAECAwQFBgcICQoLDA0ODw==\",\"additionalParameters\":{}}","credentialData":"{\"hashIterations\":1000,\"algorithm\":\"pbkdf2\",\"additionalParameters\":{}}"}"#,
    ),
    (
        "Keycloak flat pbkdf2",
        r#"{"hashIterations":1000,"algorithm":"pbkdf2","salt":"AAECAwQFBgcICQoLDA0ODw==","value":"E6xWC0wFTD51RLJMQAp2ZwSky1ou4wU5F6U7JUw07dMEoU25yz7dpp5epOD/bXDOZ7E5Tkh6wsBZ0KuX7z8PlA=="}"#,
    ),
    (
        "compact pbkdf2",
        r#"imported:pbkdf2-sha1:1000:AAECAwQFBgcICQoLDA0ODw==:E6xWC0wFTD51RLJMQAp2ZwSky1ou4wU5F6U7JUw07dMEoU25yz7dpp5epOD/bXDOZ7E5Tkh6wsBZ0KuX7z8PlA=="#,
    ),
    (
        "Keycloak credential pbkdf2-sha256",
        r#"{"type":"password","secretData":"{\"value\":\"wmtrXGK7f+xDmYrIkvNpwJInPf2wCrH/TDHuTA+hSPbdNjpj+3gOdiH8mz+ULhP8Zo7A4QD7hzZGud9wEvv+Dg==\",\"salt\":\"AAECAwQFBgcICQoLDA0ODw==\",\"additionalParameters\":{}}","credentialData":"{\"hashIterations\":1000,\"algorithm\":\"pbkdf2-sha256\",\"additionalParameters\":{}}"}"#,
    ),
    (
        "Keycloak flat pbkdf2-sha256",
        r#"{"hashIterations":1000,"algorithm":"pbkdf2-sha256","salt":"AAECAwQFBgcICQoLDA0ODw==","value":"wmtrXGK7f+xDmYrIkvNpwJInPf2wCrH/TDHuTA+hSPbdNjpj+3gOdiH8mz+ULhP8Zo7A4QD7hzZGud9wEvv+Dg=="}"#,
    ),
    (
        "compact pbkdf2-sha256",
        r#"imported:pbkdf2-sha256:1000:AAECAwQFBgcICQoLDA0ODw==:wmtrXGK7f+xDmYrIkvNpwJInPf2wCrH/TDHuTA+hSPbdNjpj+3gOdiH8mz+ULhP8Zo7A4QD7hzZGud9wEvv+Dg=="#,
    ),
    (
        "Keycloak credential pbkdf2-sha512",
        r#"{"type":"password","secretData":"{\"value\":\"U2W11fiqSUl5by5Un0+jecLUCWexQLYzSCg6Sg8n2iG8isUipv4ZiVyuMIhmgU6t2yBGwBI/QPf4dk6owD8Xug==\",\"salt\":\"AAECAwQFBgcICQoLDA0ODw==\",\"additionalParameters\":{}}","credentialData":"{\"hashIterations\":1000,\"algorithm\":\"pbkdf2-sha512\",\"additionalParameters\":{}}"}"#,
    ),
    (
        "Keycloak flat pbkdf2-sha512",
        r#"{"hashIterations":1000,"algorithm":"pbkdf2-sha512","salt":"AAECAwQFBgcICQoLDA0ODw==","value":"U2W11fiqSUl5by5Un0+jecLUCWexQLYzSCg6Sg8n2iG8isUipv4ZiVyuMIhmgU6t2yBGwBI/QPf4dk6owD8Xug=="}"#,
    ),
    (
        "compact pbkdf2-sha512",
        r#"imported:pbkdf2-sha512:1000:AAECAwQFBgcICQoLDA0ODw==:U2W11fiqSUl5by5Un0+jecLUCWexQLYzSCg6Sg8n2iG8isUipv4ZiVyuMIhmgU6t2yBGwBI/QPf4dk6owD8Xug=="#,
    ),
    (
        "Keycloak argon2",
        r#"{"type":"password","secretData":"{\"value\":\"bqFEH7NNe+1PCB+na72AQ45AgOFyr0MyQ3t7/b/hnn8=\",\"salt\":\"AAECAwQFBgcICQoLDA0ODw==\",\"additionalParameters\":{}}","credentialData":"{\"hashIterations\":2,\"algorithm\":\"argon2\",\"additionalParameters\":{\"hashLength\":[\"32\"],\"memory\":[\"128\"],\"type\":[\"id\"],\"version\":[\"1.3\"],\"parallelism\":[\"1\"]}}"}"#,
    ),
];

fn hasher() -> Hasher {
    Hasher::new(Cost { memory: 64, passes: 1, lanes: 1 }, [1; 32], 2, 4)
}

async fn verdict(password: &str, stored: &str) -> Verdict {
    hasher().verify(password, Some(stored)).await.unwrap().unwrap()
}

#[tokio::test]
async fn each_form_is_kept_as_one_and_right_or_wrong_as_it_was_where_it_came_from() {
    for (name, text) in MADE_ELSEWHERE {
        let kept = adopt(text).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(kept.starts_with("imported:") && !kept.contains('$'), "{name}: {kept}");
        assert_eq!(adopt(&kept).unwrap(), kept, "{name}");
        assert_eq!(adopt(&format!(" {text}\n")).unwrap(), kept, "{name}");
        assert_eq!(verdict(PASSWORD, &kept).await, Verdict::RightButWeak, "{name}");
        for wrong in ["", "purple otter drummin", "purple otter drumming ", "Purple otter drumming"] {
            assert_eq!(verdict(wrong, &kept).await, Verdict::Wrong, "{name}: {wrong}");
        }
    }
}

#[tokio::test]
async fn a_hash_with_one_more_or_another_character_is_refused_or_wrong() {
    for (name, text) in MADE_ELSEWHERE {
        let places = (0..text.len()).step_by(7).filter(|at| text.is_char_boundary(*at));
        for at in places {
            let mut changed = (*text).to_owned();
            let other = if &text[at..=at] == "x" { "y" } else { "x" };
            changed.replace_range(at..=at, other);
            // Names of members of which nothing depends may be anything.
            if let Ok(kept) = adopt(&changed).map_err(drop)
                && kept != adopt(text).unwrap()
            {
                assert_eq!(verdict(PASSWORD, &kept).await, Verdict::Wrong, "{name}: {changed}");
            }
        }
    }
}

#[tokio::test]
async fn a_password_is_tried_as_it_was_typed_and_in_one_unicode_form() {
    let (apart, together) = ("cafe\u{301} au lait", "caf\u{e9} au lait");
    let of_apart =
        adopt("pbkdf2_sha256$1200$Zk3vPq8sTn1xYb6w$BJL0j7yYqEBxOhn3klN8u4503pMc21HDFUiIwNUsJRs=").unwrap();
    let of_together =
        adopt("pbkdf2_sha256$1200$Zk3vPq8sTn1xYb6w$0hhvH0YkQS5LgqqiCF3oKC5klUXqhafCSXPgd/thJDY=").unwrap();
    assert_eq!(verdict(apart, &of_apart).await, Verdict::RightButWeak);
    assert_eq!(verdict(together, &of_together).await, Verdict::RightButWeak);
    assert_eq!(verdict(apart, &of_together).await, Verdict::RightButWeak);
    assert_eq!(verdict(together, &of_apart).await, Verdict::Wrong, "which of many was meant, nobody knows");
}

#[tokio::test]
async fn bcrypt_hears_the_first_72_bytes_of_a_password() {
    let kept = adopt("$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe").unwrap();
    for (length, expected) in [
        (71, Verdict::Wrong),
        (72, Verdict::RightButWeak),
        (73, Verdict::RightButWeak),
        (1024, Verdict::RightButWeak),
    ] {
        assert_eq!(verdict(&"a".repeat(length), &kept).await, expected, "{length}");
    }
}

#[test]
fn what_would_keep_others_waiting_is_refused_with_the_most_that_is_accepted() {
    let argon2 = |costs: &str| {
        format!("$argon2id$v=19${costs}$MDEyMzQ1Njc4OWFiY2RlZg$BaYguZmFgKx6oOKJxZ6+SB5bDzLmYbq29qI/9ElLnV4")
    };
    let bcrypt = |cost: &str| format!("$2b${cost}$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu");
    let pbkdf2 = |rounds: u64| {
        format!("pbkdf2_sha256${rounds}$Zk3vPq8sTn1xYb6w$NpQnrc9r7Kl/c064NCnMD1TYqko6kWfngkU1e4fBiWI=")
    };
    let scrypt = |costs: &str| {
        format!("$scrypt${costs}$orT2PieEMCYk5DznPKe0Vg$EQ1gyLID6mOufZQNuplVyyGCo5roMo4clP6FtdsetNc")
    };
    for (text, most) in [
        (argon2("m=131073,t=1,p=1"), "131072"),
        (argon2("m=131072,t=9,p=1"), "1048576"),
        (argon2("m=4294967295,t=4294967295,p=1"), "131072"),
        (argon2("m=65536,t=1,p=17"), "16"),
        (bcrypt("15"), "14"),
        (bcrypt("31"), "14"),
        (bcrypt("99"), "14"),
        (pbkdf2(2_000_001), "2000000"),
        (scrypt("ln=20,r=8,p=1"), "1048576"),
        (scrypt("ln=63,r=4294967295,p=4294967295"), "1048576"),
        (scrypt("ln=200,r=8,p=1"), "1048576"),
        // Two blocks are twice the work.
        (format!("imported:pbkdf2-sha256:1000001:{}:{}", "A".repeat(22), "A".repeat(86)), "2000000"),
    ] {
        let why = adopt(&text).unwrap_err();
        assert!(
            why.contains("take too long") && why.ends_with(&format!("may be {most} at most")),
            "{text}: {why}"
        );
    }
    for dear in [argon2("m=102400,t=2,p=8"), bcrypt("14"), pbkdf2(2_000_000), scrypt("ln=17,r=8,p=1")] {
        assert!(adopt(&dear).is_ok(), "{dear}");
    }
}

#[test]
fn what_is_no_hash_is_refused() {
    let mut many: Vec<String> = [
        "",
        "imported:",
        "purple otter drumming",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.",
        "$2x$04$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu",
        "$2b$4$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu",
        "$2b$03$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAtu",
        "$2b$04$abcdefghijklmnopqrstuuDpVhDMjdZw/zH8jfibp/tIZtwS1QAt",
        "$2b$04$abcdefghijklmnopqrstu\u{fc}DpVhDMjdZw/zH8jfibp/tIZtwS1QAt",
        "$argon2id$v=18$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BaYguZmFgKx6oOKJxZ6+SB5bDzLmYbq29qI/9ElLnV4",
        "$argon2id$v=19$m=0,t=0,p=0$MDEyMzQ1Njc4OWFiY2RlZg$BaYguZmFgKx6oOKJxZ6+SB5bDzLmYbq29qI/9ElLnV4",
        "$argon2id$v=19$t=1,m=64,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BaYguZmFgKx6oOKJxZ6+SB5bDzLmYbq29qI/9ElLnV4",
        "$argon2id$v=19$m=64,t=1,p=1,keyid=Zm9v$MDEyMzQ1Njc4OWFiY2RlZg$BaYguZmFgKx6oOKJxZ6+SB5bDzLmYbq29qI/9ElLnV4",
        "$scrypt$ln=0,r=8,p=1$orT2PieEMCYk5DznPKe0Vg$EQ1gyLID6mOufZQNuplVyyGCo5roMo4clP6FtdsetNc",
        "$scrypt$ln=8,r=0,p=1$orT2PieEMCYk5DznPKe0Vg$EQ1gyLID6mOufZQNuplVyyGCo5roMo4clP6FtdsetNc",
        "scrypt$255$Zk3vPq8sTn1xYb6w$8$5$g2yBW4jpjo2XXILOax5x6v5ip8GTn+bGCYk+PO7E8iI=",
        "pbkdf2_sha256$0$Zk3vPq8sTn1xYb6w$NpQnrc9r7Kl/c064NCnMD1TYqko6kWfngkU1e4fBiWI=",
        "pbkdf2_sha256$-1$Zk3vPq8sTn1xYb6w$NpQnrc9r7Kl/c064NCnMD1TYqko6kWfngkU1e4fBiWI=",
        "pbkdf2_sha256$1200$$NpQnrc9r7Kl/c064NCnMD1TYqko6kWfngkU1e4fBiWI=",
        "pbkdf2_sha256$1200$Zk3vPq8sTn1xYb6w$NpQnrc9r7Kk=",
        "AQAAAAMAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg/Ca2tcYrt/7EOZisiS82nAkic9/bAKsf9MMe5MD6FI9g==",
        "AQAAAAEAAAPo/////wABAgMEBQYHCAkKCwwNDg/Ca2tcYrt/7EOZisiS82nAkic9/bAKsf9MMe5MD6FI9g==",
        "AgAAAAEAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg/Ca2tcYrt/7EOZisiS82nAkic9/bAKsf9MMe5MD6FI9g==",
        r#"{"algorithm":"pbkdf2-sha512"}"#,
        r#"{"hashIterations":1000,"hashIterations":1,"algorithm":"pbkdf2","salt":"AAECAwQFBgcICQoLDA0ODw==","value":"E6xWC0wFTD51RLJMQAp2ZwSky1ou4wU5F6U7JUw07dMEoU25yz7dpp5epOD/bXDOZ7E5Tkh6wsBZ0KuX7z8PlA=="}"#,
        "{}",
    ]
    .map(str::to_owned)
    .into();
    many.push("$".repeat(10_000));
    many.push(format!("{{\"a\":{}", "[".repeat(10_000)));
    for text in many {
        let kept = adopt(&text);
        assert!(kept.is_err(), "{text:.100}: {kept:?}");
    }
}

#[tokio::test]
async fn a_damaged_hash_in_the_database_is_a_fault_and_never_a_crash() {
    let salt = "A".repeat(22);
    for damaged in [
        "imported:bcrypt:31:AAAA:AAAA".to_owned(),
        format!("imported:bcrypt:99:{salt}:{}", "A".repeat(31)),
        format!("imported:scrypt:63,4294967295,4294967295:{salt}:{salt}"),
        format!("imported:argon2id:19,4294967295,1,1:{salt}:{salt}"),
    ] {
        assert!(hasher().verify(PASSWORD, Some(&damaged)).await.is_err(), "{damaged}");
    }
}

#[test]
fn a_wrong_password_is_answered_after_half_a_second() {
    let beat = Cost::STANDARD.beat().as_millis();
    assert!((450..550).contains(&beat), "{beat}");
}
