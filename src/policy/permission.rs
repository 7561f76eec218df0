//! What administrators may do: one table, and nothing that is not in it.
//!
//! **To add an action:** its line in the table, and [`allows`] asked at the beginning of its use case.

use crate::base::ClientId;
use crate::model::{Actor, Role};

/// How far a permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    No,
    /// To the services that somebody looks after.
    Own,
    All,
}

use Reach::{All, No, Own};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident: $owner:ident $services:ident $support:ident $auditor:ident, $scope:ident;)+) => {
        /// Something that an administrator can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Action { $($(#[$doc])* $name),+ }

        impl Action {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            /// How far it reaches for a role.
            pub(crate) const fn reach(self, role: Role) -> Reach {
                match (self, role) {
                    $(
                        (Self::$name, Role::Owner) => $owner,
                        (Self::$name, Role::Services) => $services,
                        (Self::$name, Role::Support) => $support,
                        (Self::$name, Role::Auditor) => $auditor,
                    )+
                }
            }

            /// The scope that a program needs for it; empty where no program may.
            pub(crate) const fn scope(self) -> &'static str {
                match self { $(Self::$name => scopes::$scope),+ }
            }
        }
    };
}

/// The scope values of the administration interface.
pub(crate) mod scopes {
    pub(crate) const PEOPLE_READ: &str = "admin:people.read";
    pub(crate) const PEOPLE: &str = "admin:people";
    pub(crate) const SERVICES_READ: &str = "admin:services.read";
    pub(crate) const SERVICES: &str = "admin:services";
    pub(crate) const SESSIONS: &str = "admin:sessions";
    pub(crate) const EVENTS: &str = "admin:events.read";
    pub(crate) const STATUS: &str = "admin:status.read";
    pub(crate) const KEYS: &str = "admin:keys";
    pub(crate) const SETTINGS_READ: &str = "admin:settings.read";
    pub(crate) const SETTINGS: &str = "admin:settings";
    /// What only people may do.
    pub(crate) const NONE: &str = "";

    /// What a client must have been given by an owner.
    pub(crate) const PREFIX: &str = "admin:";
    pub(crate) const EVERY: [&str; 10] = [
        PEOPLE_READ,
        PEOPLE,
        SERVICES_READ,
        SERVICES,
        SESSIONS,
        EVENTS,
        STATUS,
        KEYS,
        SETTINGS_READ,
        SETTINGS,
    ];
}

actions! {
    //                    owner services support auditor
    SeeStatus:              All   All      All     All,   STATUS;
    SeeServices:            All   Own      All     All,   SERVICES_READ;
    AddService:             All   No       No      No,    SERVICES;
    ChangeService:          All   Own      No      No,    SERVICES;
    RemoveService:          All   No       No      No,    SERVICES;
    InviteRegistration:     All   No       No      No,    SERVICES;
    /// Gives programs power over the provider itself.
    GiveScopes:             All   No       No      No,    NONE;
    SeePeople:              All   No       All     All,   PEOPLE_READ;
    InvitePeople:           All   No       All     No,    PEOPLE;
    /// With the passwords and the names under which services know them elsewhere.
    MoveAccounts:           All   No       No      No,    NONE;
    ChangePeople:           All   No       All     No,    PEOPLE;
    ExportPerson:           All   No       All     No,    PEOPLE;
    ReviewAccess:           All   No       All     No,    PEOPLE;
    ErasePerson:            All   No       No      No,    PEOPLE;
    SeeSessions:            All   No       All     All,   SESSIONS;
    EndSessions:            All   No       All     No,    SESSIONS;
    SeeEvents:              All   Own      All     All,   EVENTS;
    SeeKeys:                All   No       No      All,   STATUS;
    RotateKeys:             All   No       No      No,    KEYS;
    SeeSettings:            All   No       No      All,   SETTINGS_READ;
    ChangeSettings:         All   No       No      No,    SETTINGS;
    SeeMail:                All   No       All     All,   STATUS;
    SeeAdministrators:      All   No       No      All,   NONE;
    ChangeAdministrators:   All   No       No      No,    NONE;
}

/// Whether somebody may do something: to one service, where one is named, else to all of them.
pub(crate) fn allows(actor: &Actor, action: Action, service: Option<&ClientId>) -> bool {
    match actor {
        Actor::Operator => true,
        Actor::Administrator { administrator, .. } => match action.reach(administrator.role) {
            All => true,
            Own => service.is_some_and(|service| administrator.services.contains(service)),
            No => false,
        },
        Actor::Program { scopes, .. } => {
            let wanted = action.scope();
            let covers = |scope: &String| scope == wanted || wanted.strip_suffix(".read") == Some(scope);
            !wanted.is_empty() && scopes.iter().any(covers)
        }
        Actor::Retention | Actor::Sponsor { .. } => false,
        Actor::Because { actor, .. } => allows(actor, action, service),
    }
}

/// Whether somebody may do something at all, if only to some services.
pub(crate) fn reaches(actor: &Actor, action: Action) -> Reach {
    match actor {
        Actor::Administrator { administrator, .. } => action.reach(administrator.role),
        Actor::Because { actor, .. } => reaches(actor, action),
        _ if allows(actor, action, None) => All,
        _ => No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SeededRandom, Timestamp, UserId};
    use crate::model::{Administrator, Reason, Visit};

    fn administrator(role: Role, services: &[&str]) -> Actor {
        let user_id = UserId::generate(Timestamp::from_millis(0), &SeededRandom::new(1));
        let services = services.iter().filter_map(|id| ClientId::parse(id)).collect();
        let administrator = Administrator { user_id, role, services };
        Actor::Administrator { administrator, visit: Visit::default() }
    }

    fn program(scopes: &[&str]) -> Actor {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Actor::Program { client_id: ClientId::parse("tool").unwrap(), scopes, visit: Visit::default() }
    }

    #[test]
    fn row_41_an_owner_may_everything_and_an_auditor_changes_nothing() {
        for action in Action::ALL {
            assert_eq!(action.reach(Role::Owner), All, "{action:?}");
            let reads = format!("{action:?}").starts_with("See");
            assert_eq!(action.reach(Role::Auditor), if reads { All } else { No }, "{action:?}");
        }
    }

    #[test]
    fn row_41_who_looks_after_some_services_has_no_say_in_others_nor_over_people() {
        let own = ClientId::parse("portal").unwrap();
        let other = ClientId::parse("library").unwrap();
        let actor = administrator(Role::Services, &["portal"]);
        assert!(allows(&actor, Action::ChangeService, Some(&own)));
        assert!(!allows(&actor, Action::ChangeService, Some(&other)));
        assert!(!allows(&actor, Action::ChangeService, None));
        assert!(!allows(&actor, Action::RemoveService, Some(&own)));
        assert!(!allows(&actor, Action::SeePeople, None));
        let who_says_why = actor.because(Reason::parse("Asked to").ok());
        assert!(allows(&who_says_why, Action::ChangeService, Some(&own)));
        assert!(!allows(&who_says_why, Action::ChangeService, Some(&other)));
        assert!(reaches(&who_says_why, Action::ChangeService) == Own, "and no further");
    }

    #[test]
    fn row_41_support_looks_after_people_and_never_makes_itself_an_administrator() {
        let actor = administrator(Role::Support, &[]);
        assert!(allows(&actor, Action::ChangePeople, None));
        for action in [
            Action::ChangeService,
            Action::ChangeAdministrators,
            Action::GiveScopes,
            Action::ErasePerson,
            Action::RotateKeys,
        ] {
            assert!(!allows(&actor, action, None), "{action:?}");
        }
    }

    #[test]
    fn a_program_may_what_its_scopes_say_and_no_scope_gives_power_over_administrators() {
        let reader = program(&[scopes::PEOPLE_READ]);
        assert!(allows(&reader, Action::SeePeople, None));
        assert!(!allows(&reader, Action::ChangePeople, None));
        let keeper = program(&[scopes::PEOPLE]);
        assert!(allows(&keeper, Action::SeePeople, None) && allows(&keeper, Action::ChangePeople, None));
        assert!(!allows(&keeper, Action::SeeServices, None));
        let everything = program(&scopes::EVERY);
        for action in [Action::GiveScopes, Action::ChangeAdministrators, Action::SeeAdministrators] {
            assert!(!allows(&everything, action, None), "{action:?}");
        }
        assert!(!allows(&program(&[""]), Action::ChangeAdministrators, None));
    }

    #[test]
    fn row_41_a_sponsor_may_nothing_that_administrators_may() {
        let user_id = UserId::generate(Timestamp::from_millis(0), &SeededRandom::new(1));
        let sponsor = Actor::Sponsor { user_id, visit: Visit::default() };
        for action in Action::ALL {
            assert!(!allows(&sponsor, *action, None) && reaches(&sponsor, *action) == No, "{action:?}");
        }
    }
}
