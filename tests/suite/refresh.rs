//! Refresh tokens, tokens of a client's own, introspection and revocation (RFC 6749, sections 4.4 and 6; RFC 7009;
//! RFC 7662; RFC 9700, section 4.14.2).

use http::StatusCode;
use serde_json::Value;

use super::portal::{Portal, claims_of};
use super::support::{Browser, PASSWORD, Page, Provider, basic};
use crate::admin::{clients, users};
use crate::base::Span;
use crate::model::{Actor, ClientAuthentication, ClientSettings, GrantType};

fn may_refresh(settings: &mut ClientSettings) {
    settings.grant_types.push(GrantType::RefreshToken);
}

fn may_stay(settings: &mut ClientSettings) {
    may_refresh(settings);
    let scopes = ["openid", "profile", "email", "offline_access"];
    settings.scopes = Some(scopes.map(str::to_owned).to_vec());
}

async fn post(provider: &Provider, path: &str, client: (&str, &str), fields: &[(&str, &str)]) -> Page {
    let header = basic(client.0, client.1);
    provider.browser().call(path, fields, &[("authorization", &header)]).await
}

impl Portal {
    async fn refresh(&self, token: &str) -> Page {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        post(&self.provider, "/token", ("portal", &self.secret), &fields).await
    }

    async fn refreshed(&self, token: &str) -> Value {
        self.refresh(token).await.expect(StatusCode::OK).json()
    }

    async fn introspected(&self, token: &str) -> Value {
        let page = post(&self.provider, "/introspect", ("portal", &self.secret), &[("token", token)]).await;
        assert_eq!(page.header("cache-control"), "no-store");
        page.expect(StatusCode::OK).json()
    }

    async fn revoke(&self, token: &str) -> Page {
        post(&self.provider, "/revoke", ("portal", &self.secret), &[("token", token)]).await
    }
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}"))
}

#[track_caller]
fn assert_gone(page: Page) {
    assert_eq!(page.expect(StatusCode::BAD_REQUEST).json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_about_the_same_log_in() {
    let portal = Portal::open_with(may_refresh).await;
    let first = portal.tokens(&portal.ask).await;
    portal.provider.advance(Span::minutes(9));
    let second = portal.refreshed(text(&first, "refresh_token")).await;
    for name in ["access_token", "refresh_token", "id_token"] {
        assert_ne!(first[name], second[name], "{name}");
    }
    let (before, after) = (claims_of(text(&first, "id_token")), claims_of(text(&second, "id_token")));
    for name in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert!(after["iat"].as_i64() > before["iat"].as_i64());
    assert!(after.get("nonce").is_none(), "{after}");
    portal.userinfo(text(&second, "access_token")).await.expect(StatusCode::OK);
    portal.refreshed(text(&second, "refresh_token")).await;
}

#[tokio::test]
async fn a_client_that_was_not_registered_for_it_has_none_and_may_not_try() {
    let portal = Portal::open().await;
    let tokens = portal.tokens(&portal.ask).await;
    assert!(tokens.get("refresh_token").is_none());
    let refused = portal.refresh("gh_rt_0000000000000000000000000000000000000000000").await;
    assert_eq!(refused.expect(StatusCode::BAD_REQUEST).json()["error"], "unauthorized_client");
}

#[tokio::test]
async fn row_53_an_answer_that_was_lost_can_be_had_again_for_ten_seconds() {
    let portal = Portal::open_with(may_refresh).await;
    let first = portal.tokens(&portal.ask).await;
    let old = text(&first, "refresh_token");
    let lost = portal.refreshed(old).await;
    portal.provider.advance(Span::seconds(9));
    let again = portal.refreshed(old).await;
    assert_eq!(lost["refresh_token"], again["refresh_token"]);
    assert_ne!(lost["access_token"], again["access_token"]);
    portal.refreshed(text(&again, "refresh_token")).await;
    // Somebody has the new one: whoever has the old one has a copy, and both are out.
    assert_gone(portal.refresh(old).await);
    assert_gone(portal.refresh(text(&again, "refresh_token")).await);
}

#[tokio::test]
async fn row_52_a_copy_that_is_used_later_ends_everything_that_was_granted() {
    let portal = Portal::open_with(may_refresh).await;
    let first = portal.tokens(&portal.ask).await;
    let second = portal.refreshed(text(&first, "refresh_token")).await;
    portal.provider.advance(Span::seconds(11));
    assert_gone(portal.refresh(text(&first, "refresh_token")).await);
    assert_gone(portal.refresh(text(&second, "refresh_token")).await);
    portal.userinfo(text(&second, "access_token")).await.expect(StatusCode::UNAUTHORIZED);
    let recorded = "SELECT COUNT(*) FROM events WHERE kind = 'grant.refresh_replayed'";
    assert_eq!(portal.provider.number(recorded).await, 1);
}

#[tokio::test]
async fn row_53_of_sixty_four_uses_at_once_every_answer_has_the_same_successor() {
    let portal = Portal::open_with(may_refresh).await;
    let first = portal.tokens(&portal.ask).await;
    let other_node = portal.provider.second_node().await;
    let header = basic("portal", &portal.secret);
    let tries: Vec<_> = (0..64)
        .map(|turn| {
            let node = if turn % 2 == 0 { portal.provider.router.clone() } else { other_node.clone() };
            let (header, token) = (header.clone(), text(&first, "refresh_token").to_owned());
            tokio::spawn(async move {
                let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
                Browser::at(node).call("/token", &fields, &[("authorization", &header)]).await
            })
        })
        .collect();
    let mut successors = Vec::new();
    for attempt in tries {
        let page = attempt.await.unwrap().expect(StatusCode::OK);
        successors.push(text(&page.json(), "refresh_token").to_owned());
    }
    let generation = "SELECT MAX(refresh_generation) FROM grants";
    assert_eq!(portal.provider.number(generation).await, 1);
    successors.dedup();
    assert_eq!(successors.len(), 1, "never a fork");
    assert_eq!(portal.provider.number("SELECT COUNT(*) FROM refresh_tokens").await, 2);
    portal.refreshed(&successors[0]).await;
}

#[tokio::test]
async fn a_token_is_of_use_to_its_own_client_only() {
    let portal = Portal::open_with(may_refresh).await;
    let other = portal.provider.add_client("other", may_refresh).await.unwrap();
    let tokens = portal.tokens(&portal.ask).await;
    let token = text(&tokens, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    assert_gone(post(&portal.provider, "/token", ("other", &other), &fields).await);
    for name in ["refresh_token", "access_token"] {
        let fields = [("token", text(&tokens, name))];
        assert_gone(post(&portal.provider, "/revoke", ("other", &other), &fields).await);
        let known = post(&portal.provider, "/introspect", ("other", &other), &fields).await;
        assert_eq!(known.expect(StatusCode::OK).json(), serde_json::json!({ "active": false }));
    }
    portal.refreshed(token).await;
}

#[tokio::test]
async fn row_55_a_refresh_may_ask_for_less_and_never_for_more() {
    let portal = Portal::open_with(may_refresh).await;
    let tokens = portal.tokens(&portal.ask.clone().with("scope", "openid email")).await;
    let ask = async |token: &str, scope: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        post(&portal.provider, "/token", ("portal", &portal.secret), &fields).await
    };
    let more = ask(text(&tokens, "refresh_token"), "openid email profile").await;
    assert_eq!(more.expect(StatusCode::BAD_REQUEST).json()["error"], "invalid_scope");
    let less = ask(text(&tokens, "refresh_token"), "openid").await.expect(StatusCode::OK).json();
    assert_eq!(less["scope"], "openid");
    let told = portal.userinfo(text(&less, "access_token")).await.expect(StatusCode::OK).json();
    assert!(told.get("email").is_none(), "{told}");
    let whole = portal.refreshed(text(&less, "refresh_token")).await;
    assert_eq!(whole["scope"], "openid email");
}

#[tokio::test]
async fn row_55_a_refresh_gives_what_the_client_may_have_now() {
    let portal = Portal::open_with(may_refresh).await;
    let kit = portal.provider.kit();
    let tokens = portal.tokens(&portal.ask.clone().with("scope", "openid email profile")).await;
    let change = async |adjust: &dyn Fn(&mut ClientSettings)| {
        let mut client = clients::find(kit, &Actor::Operator, "portal").await.unwrap();
        adjust(&mut client.settings);
        clients::update(kit, &Actor::Operator, client).await.unwrap();
    };
    change(&|settings| settings.scopes = Some(["openid", "profile"].map(str::to_owned).into())).await;
    let narrower = portal.refreshed(text(&tokens, "refresh_token")).await;
    assert_eq!(narrower["scope"], "openid profile");
    let told = portal.userinfo(text(&narrower, "access_token")).await.expect(StatusCode::OK).json();
    assert!(told.get("email").is_none() && told.get("name").is_some(), "{told}");
    // Nobody has agreed to anything yet.
    change(&|settings| settings.asks_consent = true).await;
    assert_gone(portal.refresh(text(&narrower, "refresh_token")).await);
}

#[tokio::test]
async fn row_30_a_refresh_ends_with_the_session_the_person_and_their_password() {
    for end in ["session", "person", "password"] {
        let portal = Portal::open_with(may_refresh).await;
        let kit = portal.provider.kit();
        let tokens = portal.tokens(&portal.ask).await;
        let alex = users::find(kit, &Actor::Operator, "alex@school.example").await.unwrap();
        match end {
            "session" => log_out(&portal).await,
            "person" => assert!(users::set_active(kit, &Actor::Operator, &alex, false).await.unwrap()),
            _ => users::set_password(kit, &Actor::Operator, &alex, "another otter drumming").await.unwrap(),
        }
        assert_gone(portal.refresh(text(&tokens, "refresh_token")).await);
    }
}

async fn log_out(portal: &Portal) {
    let mut browser = portal.alex.clone();
    let ask = browser.open("/logout").await.expect(StatusCode::OK);
    browser.submit_to(&ask, "/logout", &[]).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn without_offline_access_it_lasts_as_long_as_the_session_and_with_it_longer() {
    let portal = Portal::open_with(may_stay).await;
    let with_session = portal.tokens(&portal.ask).await;
    let stays = portal.tokens(&portal.ask.clone().with("scope", "openid offline_access")).await;
    assert_eq!(stays["scope"], "openid offline_access");
    let alex = users::find(portal.provider.kit(), &Actor::Operator, "alex@school.example").await.unwrap();
    portal.provider.advance(Span::hours(11));
    let with_session = portal.refreshed(text(&with_session, "refresh_token")).await;
    portal.provider.advance(Span::hours(1));
    assert_gone(portal.refresh(text(&with_session, "refresh_token")).await);
    let stays = portal.refreshed(text(&stays, "refresh_token")).await;
    portal.userinfo(text(&stays, "access_token")).await.expect(StatusCode::OK);
    assert!(users::set_active(portal.provider.kit(), &Actor::Operator, &alex, false).await.unwrap());
    assert_gone(portal.refresh(text(&stays, "refresh_token")).await);
}

#[tokio::test]
async fn logging_out_ends_what_belongs_to_the_session_and_leaves_what_was_allowed_beyond_it() {
    let portal = Portal::open_with(may_stay).await;
    let with_session = portal.tokens(&portal.ask).await;
    let stays = portal.tokens(&portal.ask.clone().with("scope", "openid offline_access")).await;
    log_out(&portal).await;
    assert_gone(portal.refresh(text(&with_session, "refresh_token")).await);
    portal.refreshed(text(&stays, "refresh_token")).await;
}

#[tokio::test]
async fn it_ends_after_seven_idle_days_and_after_thirty_whatever_happens() {
    let portal = Portal::open_with(may_stay).await;
    let ask = portal.ask.clone().with("scope", "openid offline_access");
    let (idle, mut busy) = (portal.tokens(&ask).await, portal.tokens(&ask).await);
    for _ in 0..4 {
        portal.provider.advance(Span::hours(7 * 24 - 1));
        busy = portal.refreshed(text(&busy, "refresh_token")).await;
    }
    assert_gone(portal.refresh(text(&idle, "refresh_token")).await);
    portal.provider.advance(Span::days(3));
    assert_gone(portal.refresh(text(&busy, "refresh_token")).await);
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_what_came_with_it_and_an_access_token_itself() {
    let portal = Portal::open_with(may_refresh).await;
    let one = portal.tokens(&portal.ask).await;
    portal.revoke(text(&one, "access_token")).await.expect(StatusCode::OK);
    portal.userinfo(text(&one, "access_token")).await.expect(StatusCode::UNAUTHORIZED);
    let two = portal.refreshed(text(&one, "refresh_token")).await;
    portal.revoke(text(&two, "refresh_token")).await.expect(StatusCode::OK);
    portal.userinfo(text(&two, "access_token")).await.expect(StatusCode::UNAUTHORIZED);
    assert_gone(portal.refresh(text(&two, "refresh_token")).await);
    for unknown in [text(&two, "refresh_token"), "nonsense", "gh_at_short"] {
        portal.revoke(unknown).await.expect(StatusCode::OK);
    }
    let missing = post(&portal.provider, "/revoke", ("portal", &portal.secret), &[]).await;
    assert_eq!(missing.expect(StatusCode::BAD_REQUEST).json()["error"], "invalid_request");
    let stranger = post(&portal.provider, "/revoke", ("portal", "wrong"), &[("token", "x")]).await;
    stranger.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn introspection_says_what_a_token_is_worth_while_it_is_worth_something() {
    let portal = Portal::open_with(may_refresh).await;
    let tokens = portal.tokens(&portal.ask).await;
    let token = text(&tokens, "access_token");
    let known = portal.introspected(token).await;
    assert_eq!((&known["active"], &known["client_id"]), (&true.into(), &"portal".into()));
    assert_eq!(known["sub"], claims_of(text(&tokens, "id_token"))["sub"]);
    assert_eq!(known["exp"].as_i64().unwrap() - known["iat"].as_i64().unwrap(), 600);
    assert_eq!(known["scope"], tokens["scope"]);
    let nothing = serde_json::json!({ "active": false });
    assert_eq!(portal.introspected(text(&tokens, "refresh_token")).await, nothing);
    assert_eq!(portal.introspected("nonsense").await, nothing);
    portal.provider.advance(Span::minutes(10));
    assert_eq!(portal.introspected(token).await, nothing);
}

#[tokio::test]
async fn a_service_that_accepts_tokens_may_ask_about_those_of_others() {
    let portal = Portal::open().await;
    let tokens = portal.tokens(&portal.ask).await;
    let secret = portal.provider.add_client("records", |settings| settings.introspects = true).await.unwrap();
    let fields = [("token", text(&tokens, "access_token"))];
    let known = post(&portal.provider, "/introspect", ("records", &secret), &fields).await;
    assert_eq!(known.expect(StatusCode::OK).json()["client_id"], "portal");
    portal.provider.add_client("app", |s| s.authentication = ClientAuthentication::None).await;
    let fields = [("client_id", "app"), ("token", text(&tokens, "access_token"))];
    let public = portal.provider.browser().call("/introspect", &fields, &[]).await;
    assert_eq!(public.expect(StatusCode::BAD_REQUEST).json()["error"], "unauthorized_client");
}

#[tokio::test]
async fn a_client_that_acts_for_itself_has_its_own_scopes_and_is_nobody_at_userinfo() {
    let provider = Provider::start().await;
    let register = |settings: &mut ClientSettings| {
        settings.grant_types = vec![GrantType::ClientCredentials];
        settings.redirect_uris.clear();
        settings.scopes = Some(["cases:read", "cases:write"].map(str::to_owned).to_vec());
    };
    let secret = provider.add_client("nightly", register).await.unwrap();
    let ask = async |scope: Option<&str>| {
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(scope.map(|scope| ("scope", scope)));
        post(&provider, "/token", ("nightly", &secret), &fields).await
    };
    let tokens = ask(None).await.expect(StatusCode::OK).json();
    assert_eq!(tokens["scope"], "cases:read cases:write");
    assert!(tokens.get("id_token").is_none() && tokens.get("refresh_token").is_none(), "{tokens}");
    let fewer = ask(Some("cases:read")).await.expect(StatusCode::OK).json();
    assert_eq!(fewer["scope"], "cases:read");
    for unknown in ["openid", "cases:remove"] {
        let refused = ask(Some(unknown)).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.json()["error"], "invalid_scope", "{unknown}");
    }
    let token = text(&tokens, "access_token");
    let known = post(&provider, "/introspect", ("nightly", &secret), &[("token", token)]).await.json();
    assert_eq!((&known["sub"], &known["active"]), (&"nightly".into(), &true.into()));
    let bearer = format!("Bearer {token}");
    let nobody = provider.browser().call("/userinfo", &[], &[("authorization", &bearer)]).await;
    nobody.expect(StatusCode::UNAUTHORIZED);
    // RFC 6749, appendix A.4: there is no scope without a value.
    let bare = provider
        .add_client("bare", |settings| {
            register(settings);
            settings.scopes = None;
        })
        .await
        .unwrap();
    let fields = [("grant_type", "client_credentials")];
    let tokens = post(&provider, "/token", ("bare", &bare), &fields).await.expect(StatusCode::OK).json();
    assert!(tokens["access_token"].is_string() && tokens.get("scope").is_none(), "{tokens}");
}

#[tokio::test]
async fn row_56_a_refresh_token_that_was_cut_changed_or_lengthened_is_none() {
    let portal = Portal::open_with(may_refresh).await;
    let tokens = portal.tokens(&portal.ask).await;
    let token = text(&tokens, "refresh_token");
    let changed = |at: usize| {
        let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &token[..at], &token[at + 1..])
    };
    let cut = (1..token.len()).step_by(7).map(|end| token[..end].to_owned());
    let longer = [".", " ", "\0", "A"].map(|more| format!("{token}{more}"));
    for bad in cut.chain((6..token.len()).step_by(5).map(changed)).chain(longer) {
        portal.refresh(&bad).await.expect(StatusCode::BAD_REQUEST);
    }
    portal.refreshed(token).await;
}

#[tokio::test]
async fn what_was_allowed_beyond_a_session_ends_with_the_password_and_with_logging_out_elsewhere() {
    for page in ["/account/password", "/account/sessions"] {
        let portal = Portal::open_with(may_stay).await;
        let mut here = portal.alex.clone();
        let offline = portal.ask.clone().with("scope", "openid offline_access");
        // A thief has a session of their own, one that nobody used for an hour, and what they allowed from this browser.
        let mut thief = portal.provider.browser();
        let code = portal.provider.code_for(&mut thief, &portal.ask, "alex@school.example").await;
        let theirs = portal.redeem(&code).await.expect(StatusCode::OK).json();
        let again = thief.open(&offline.url()).await.location_param("code").unwrap();
        let stays = portal.redeem(&again).await.expect(StatusCode::OK).json();
        let planted = portal.tokens(&offline).await;
        let own = portal.tokens(&portal.ask).await;
        portal.provider.advance(Span::minutes(61));
        portal.provider.log_in(&mut here, &portal.ask, "alex@school.example").await.expect(StatusCode::OK);
        let form = here.open(page).await.expect(StatusCode::OK);
        let new = "velvet kettle thunder";
        let done = match page {
            "/account/password" => {
                let fields = [("password", PASSWORD), ("new_password", new), ("confirm_password", new)];
                here.submit(&form, &fields).await
            }
            _ => here.submit(&form, &[("end", "others")]).await,
        };
        done.expect(StatusCode::SEE_OTHER);
        for gone in [&theirs, &stays, &planted, &own] {
            assert_gone(portal.refresh(text(gone, "refresh_token")).await);
        }
    }
}

#[tokio::test]
async fn row_55_what_may_not_outlive_the_session_any_more_ends_with_it() {
    let portal = Portal::open_with(may_stay).await;
    let stays = portal.tokens(&portal.ask.clone().with("scope", "openid offline_access")).await;
    let kit = portal.provider.kit();
    let mut client = clients::find(kit, &Actor::Operator, "portal").await.unwrap();
    client.settings.scopes = Some(["openid", "profile"].map(str::to_owned).into());
    clients::update(kit, &Actor::Operator, client).await.unwrap();
    let next = portal.refreshed(text(&stays, "refresh_token")).await;
    assert_eq!(next["scope"], "openid");
    log_out(&portal).await;
    assert_gone(portal.refresh(text(&next, "refresh_token")).await);
}

/// RFC 9470, section 6.2.
#[tokio::test]
async fn a_service_can_tell_how_and_when_the_person_behind_a_token_logged_in() {
    let portal = Portal::open().await;
    portal.provider.advance(Span::minutes(5));
    let tokens = portal.tokens(&portal.ask).await;
    let (known, claims) =
        (portal.introspected(text(&tokens, "access_token")).await, claims_of(text(&tokens, "id_token")));
    assert!(claims["auth_time"].is_i64() && claims["auth_time"] != claims["iat"]);
    for name in ["auth_time", "acr"] {
        assert_eq!(known[name], claims[name], "{name}");
    }
}

#[tokio::test]
async fn row_63_where_the_database_fails_nothing_is_said_to_be_revoked_and_trying_again_works() {
    let portal = Portal::open().await;
    let tokens = portal.tokens(&portal.ask).await;
    let token = text(&tokens, "access_token");
    let call = async |statement: &'static str| {
        let mut tx = portal.provider.kit().store.begin().await.unwrap();
        sqlx::query(statement).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    call("ALTER TABLE access_tokens RENAME TO away").await;
    let failed = portal.revoke(token).await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((failed.header("retry-after"), &failed.json()["error"]), ("5", &"server_error".into()));
    call("ALTER TABLE away RENAME TO access_tokens").await;
    portal.userinfo(token).await.expect(StatusCode::OK);
    portal.revoke(token).await.expect(StatusCode::OK);
    portal.userinfo(token).await.expect(StatusCode::UNAUTHORIZED);
}
