//! Finding people and looking after them.

use serde_json::json;

use super::administrators::hold_roles;
use super::{Page, Refusal, bad_cursor, check, cursor, users};
use crate::accounts::guard::{self, Standing};
use crate::accounts::{letters, session};
use crate::audit::Entry;
use crate::base::{Error, Fault, Timestamp, UserId};
use crate::kit::Kit;
use crate::model::{Actor, Email, EventKind, Invitation, Role, Session, User};
use crate::outbox;
use crate::policy::lifetime;
use crate::policy::permission::Action;
use crate::store::people::{self, Order, Written};
use crate::store::words::Search;
use crate::store::{
    Conn, Tx, administrators, challenges, facts, invitations, services, sessions, users as user_rows,
};

/// Rows on one page of a list.
pub(crate) const ROWS: i64 = 50;

/// Whether and how somebody can log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    /// Invited, and has chosen no password yet.
    Invited,
    /// Has no password and no invitation that could still be used.
    InvitationOver,
    /// Wrong passwords have paused logging in.
    Locked {
        /// `None` until they reset the password, or somebody unlocks the account.
        until: Option<Timestamp>,
    },
    Deactivated,
}

impl Status {
    /// The word that people see.
    pub(crate) const fn shown(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Invited => "Invited",
            Self::InvitationOver => "Invitation over",
            Self::Locked { .. } => "Locked",
            Self::Deactivated => "Deactivated",
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    /// Words of a name, an email or an organisation; everybody where it is empty.
    pub(crate) words: String,
    /// Where nothing is searched for.
    pub(crate) order: Order,
    pub(crate) last_login: LastLogin,
    /// The cursor of the page before.
    pub(crate) after: Option<String>,
}

/// Whose last login is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LastLogin {
    #[default]
    Whenever,
    /// Of those who have logged in, but not since; the longest ago first.
    Before(Timestamp),
    Never,
}

impl Query {
    fn wants(&self, user: &User) -> bool {
        match self.last_login {
            LastLogin::Whenever => true,
            LastLogin::Before(since) => user.last_login_at.is_some_and(|at| at < since),
            LastLogin::Never => user.last_login_at.is_none(),
        }
    }

    fn order(&self) -> Order {
        match self.last_login {
            LastLogin::Whenever => self.order,
            LastLogin::Before(_) => Order::LastLogin,
            LastLogin::Never => Order::Never,
        }
    }
}

/// Somebody in a list.
pub(crate) struct Listed {
    pub(crate) user: User,
    pub(crate) status: Status,
    pub(crate) role: Option<Role>,
}

/// A page of people.
pub(crate) async fn list(
    kit: &Kit,
    actor: &Actor,
    query: &Query,
    limit: i64,
) -> Result<Page<Listed>, Error<Refusal>> {
    check(actor, Action::SeePeople, None)?;
    let name = format!("people {:?} {}", query.order(), query.words);
    let place = match &query.after {
        Some(after) => cursor::open(kit, &name, after).ok_or_else(bad_cursor)?,
        None => Default::default(),
    };
    let place = (place.0.as_str(), place.1.as_str());
    let mut conn = kit.store.read().await?;
    let found = match (Search::of(&query.words), query.words.trim().is_empty()) {
        (Some(search), _) => {
            let rows = people::search(&mut conn, &search, place, limit + 1).await?;
            let page =
                Page::cut(rows, limit, |(user, word)| cursor::seal(kit, &name, (word, user.id.as_str())));
            page.map(|(user, _)| user)
        }
        // What has no letters in it is in nobody's name.
        (None, false) => Page { rows: Vec::new(), next: None },
        (None, true) => {
            let order = query.order();
            let mut rows = people::list(&mut conn, order, place, limit + 1).await?;
            rows.retain(|user| query.wants(user));
            Page::cut(rows, limit, |user| {
                let (key, id) = people::place(order, user);
                cursor::seal(kit, &name, (&key, &id))
            })
        }
    };
    let ids: Vec<&UserId> = found.rows.iter().map(|user| &user.id).collect();
    let mut roles = administrators::roles(&mut conn, &ids).await?;
    let mut rows = Vec::with_capacity(found.rows.len());
    for user in found.rows.into_iter().filter(|user| query.wants(user)) {
        let invitation = match user.password {
            None => invitations::of_user(&mut conn, &user.id).await?,
            Some(_) => None,
        };
        let status = status(kit, &mut conn, &user, invitation.as_ref()).await?;
        rows.push(Listed { status, role: roles.remove(&user.id), user });
    }
    Ok(Page { rows, next: found.next })
}

async fn status(
    kit: &Kit,
    conn: &mut Conn,
    user: &User,
    invitation: Option<&Invitation>,
) -> Result<Status, Fault> {
    if !user.is_active() {
        return Ok(Status::Deactivated);
    }
    if user.password.is_none() {
        let open = invitation.is_some_and(|invitation| invitation.is_open(kit.now()));
        return Ok(if open { Status::Invited } else { Status::InvitationOver });
    }
    let standing = guard::standing(kit, conn, &user.email).await?;
    Ok(match standing {
        Standing::Open => Status::Active,
        Standing::PausedUntil(until) => Status::Locked { until: Some(until) },
        Standing::Shut => Status::Locked { until: None },
    })
}

/// Everything that the page of one person shows.
pub(crate) struct Detail {
    pub(crate) user: User,
    pub(crate) status: Status,
    pub(crate) invitation: Option<Invitation>,
    pub(crate) role: Option<Role>,
    /// The newest first.
    pub(crate) sessions: Vec<Session>,
}

/// One person.
pub(crate) async fn detail(kit: &Kit, actor: &Actor, id: &UserId) -> Result<Detail, Error<Refusal>> {
    let user = find(kit, actor, id).await?;
    let mut conn = kit.store.read().await?;
    let invitation = invitations::of_user(&mut conn, id).await?;
    let mut sessions = sessions::of_user(&mut conn, id).await?;
    sessions.retain(|session| lifetime::session_is_live(session, kit.settings().session.idle, kit.now()));
    Ok(Detail {
        status: status(kit, &mut conn, &user, invitation.as_ref()).await?,
        role: administrators::find(&mut conn, id).await?.map(|(role, _)| role),
        user,
        invitation,
        sessions,
    })
}

/// The person with an identifier.
pub(crate) async fn find(kit: &Kit, actor: &Actor, id: &UserId) -> Result<User, Error<Refusal>> {
    check(actor, Action::SeePeople, None)?;
    known(kit, id).await
}

async fn known(kit: &Kit, id: &UserId) -> Result<User, Error<Refusal>> {
    let found = user_rows::by_id(&mut *kit.store.read().await?, id).await?;
    found.ok_or_else(|| Error::Refused(Refusal::Unknown("there is no such person".to_owned())))
}

/// The same for whoever may see sessions, which name people too.
pub(crate) async fn find_for_sessions(kit: &Kit, actor: &Actor, id: &UserId) -> Result<User, Error<Refusal>> {
    check(actor, Action::SeeSessions, None)?;
    known(kit, id).await
}

/// Support looks after people, but not after those who could give it a role. Nobody gets one before the transaction ends.
pub(super) async fn check_on(
    tx: &mut Tx,
    actor: &Actor,
    action: Action,
    user: &UserId,
) -> Result<(), Error<Refusal>> {
    check(actor, action, None)?;
    hold_roles(tx).await?;
    match administrators::find(tx, user).await? {
        Some(_) => check(actor, Action::ChangeAdministrators, None),
        None => Ok(()),
    }
}

/// New details of a person.
pub(crate) struct Details {
    pub(crate) email: Email,
    pub(crate) name: String,
    pub(crate) organisation: Option<String>,
}

/// Writes new details, unless they were changed since `user` was read. Where the email is another one, both addresses are
/// told, everything that was sent to the old one works no more, an invitation too, and every session ends: services are
/// told that an email is verified, and it is by the code of the next log-in.
pub(crate) async fn change(
    kit: &Kit,
    actor: &Actor,
    user: &User,
    details: Details,
) -> Result<User, Error<Refusal>> {
    users::check_name(&details.name).map_err(|flaw| Error::Refused(Refusal::Unfit(vec![flaw])))?;
    let email_changes = details.email.canonical() != user.email.canonical();
    let now = kit.now().after(user.updated_at);
    let changed =
        User { email: details.email, name: details.name, organisation: details.organisation, ..user.clone() };
    let mut tx = kit.store.begin().await?;
    check_on(&mut tx, actor, Action::ChangePeople, &user.id).await?;
    match people::update(&mut tx, &changed, now).await? {
        Written::Done => {}
        Written::Taken => {
            let say = format!("{} already has an account", changed.email);
            return Err(Error::Refused(Refusal::unfit("email", say)));
        }
        Written::Stale => {
            let say = "Somebody else has changed this person meanwhile; look again";
            return Err(Error::Refused(Refusal::Conflict(say.to_owned())));
        }
    }
    if email_changes {
        // Whoever is logged in, or has the invitation, has shown nothing of the new mailbox.
        challenges::kill_of_user(&mut tx, &user.id).await?;
        session::end_everything(kit, &mut tx, &user.id).await?;
        invitations::withdraw(&mut tx, &user.id, now).await?;
        for (to, is_new) in [(&user.email, false), (&changed.email, true)] {
            let content = letters::email_changed(kit, is_new);
            let service = &kit.service_name();
            let expires_at = now + outbox::NOTICE_LIFE;
            outbox::queue(kit, &mut tx, outbox::Draft { to, service, content, expires_at }).await?;
        }
    }
    let fields = [
        ("email", email_changes),
        ("name", changed.name != user.name),
        ("organisation", changed.organisation != user.organisation),
    ];
    let named: Vec<&str> = fields.iter().filter(|(_, changes)| *changes).map(|(name, _)| *name).collect();
    record(kit, &mut tx, actor, (EventKind::UserChanged, &user.id), Some(json!({ "fields": named }))).await?;
    tx.commit().await?;
    kit.mail_bell.notify_one();
    kit.logout_bell.notify_one();
    Ok(User { updated_at: now, ..changed })
}

async fn record(
    kit: &Kit,
    tx: &mut Tx,
    actor: &Actor,
    (kind, user): (EventKind, &UserId),
    detail: Option<serde_json::Value>,
) -> Result<(), Fault> {
    let entry = Entry::by(kind, actor).user(Some(user));
    match detail {
        Some(detail) => entry.detail(detail),
        None => entry,
    }
    .record(kit, tx)
    .await
}

/// Lets somebody log in again at once whom wrong passwords have paused.
pub(crate) async fn unlock(kit: &Kit, actor: &Actor, user: &User) -> Result<(), Error<Refusal>> {
    let mut tx = kit.store.begin().await?;
    check_on(&mut tx, actor, Action::ChangePeople, &user.id).await?;
    guard::pardon(kit, &mut tx, &user.email).await?;
    record(kit, &mut tx, actor, (EventKind::UserUnlocked, &user.id), None).await?;
    Ok(tx.commit().await?)
}

/// Has somebody choose a new password the next time they log in, and logs them out so that this is now.
pub(crate) async fn ask_new_password(kit: &Kit, actor: &Actor, user: &User) -> Result<(), Error<Refusal>> {
    let mut tx = kit.store.begin().await?;
    check_on(&mut tx, actor, Action::ChangePeople, &user.id).await?;
    people::ask_new_password(&mut tx, &user.id, kit.now()).await?;
    session::end_everything(kit, &mut tx, &user.id).await?;
    challenges::kill_of_user(&mut tx, &user.id).await?;
    record(kit, &mut tx, actor, (EventKind::NewPasswordAsked, &user.id), None).await?;
    tx.commit().await?;
    kit.logout_bell.notify_one();
    Ok(())
}

/// Logs somebody out everywhere.
pub(crate) async fn log_out(kit: &Kit, actor: &Actor, user: &User) -> Result<(), Error<Refusal>> {
    check(actor, Action::EndSessions, None)?;
    let mut tx = kit.store.begin().await?;
    check_on(&mut tx, actor, Action::ChangePeople, &user.id).await?;
    session::end_everything(kit, &mut tx, &user.id).await?;
    record(kit, &mut tx, actor, (EventKind::SessionsEnded, &user.id), None).await?;
    tx.commit().await?;
    kit.logout_bell.notify_one();
    Ok(())
}

/// Has everybody and every service be found who is not yet: those of before there was a search.
pub(crate) async fn index_missing(kit: &Kit) -> Result<(), Fault> {
    const BATCH: i64 = 500;
    const FACT: &str = "words are written";
    if facts::find(&mut *kit.store.read().await?, FACT).await?.is_some() {
        return Ok(());
    }
    let mut after = String::new();
    loop {
        let missing = people::without_words(&mut *kit.store.read().await?, &after, BATCH).await?;
        let Some(last) = missing.last() else { break };
        after = last.id.as_str().to_owned();
        let mut tx = kit.store.begin().await?;
        for user in &missing {
            people::index(&mut tx, user).await?;
        }
        tx.commit().await?;
    }
    let mut tx = kit.store.begin().await?;
    services::index_missing(&mut tx).await?;
    facts::set_once(&mut tx, FACT, "yes").await?;
    tx.commit().await
}
