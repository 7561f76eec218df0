//! The shapes as pages: their templates, and samples of what they hold.

use super::{
    Action, Bar, Cell, Column, ConsoleForm, ConsoleRefusedPage, DashboardPage, Fact, Field, Frame, ListPage,
    MenuItem, Part, RecordPage, SearchForm, SecretPage, Table,
};
use crate::view::pages::{FieldError, Page, sample};

fn frame() -> Frame {
    let item = |text, href, is_here| MenuItem { text, href, is_here };
    Frame {
        menu: vec![item("Dashboard", "/admin", false), item("Services", "/admin/services", true)],
        who: "Olivia Owner, Owner".into(),
        token: sample::TOKEN.into(),
        errors: Vec::new(),
        banner: None,
    }
}

fn table() -> Table {
    let row = |name: &str| {
        vec![
            Cell::link(name, "/admin/services/portal"),
            Cell::code("portal"),
            Cell::Time { time: sample::time(0) },
            Cell::tag("Active"),
            Cell::Button {
                time: sample::time(5),
                action: "/admin/sessions".into(),
                name: "end",
                value: "ses_1".into(),
                text: "Log out",
                unseen: name.into(),
            },
        ]
    };
    let columns = ["Name", "Client ID", "Started", "Status", "Last used"];
    let mut table = Table::new("services", "Services", &columns, vec![row("One"), row("Two")], "None.");
    if let Some(first) = table.columns.first_mut() {
        *first = Column {
            text: "Name",
            sort_url: Some("/admin/services?sort=name".into()),
            sorted: Some("ascending"),
        };
    }
    table
}

/// What was done to somebody, with a reason and without.
fn happened() -> Table {
    let rows = vec![
        vec![Cell::Done { text: "Person deactivated", reason: "Left the school".into() }],
        vec![Cell::text("Person added")],
    ];
    Table::new("events", "The last 20 events", &["Event"], rows, "Nothing has happened yet.")
}

impl Page for ListPage {
    const FILE: &'static str = "console/list.html";

    fn samples() -> Vec<Self> {
        let full = || Self {
            frame: frame(),
            title: "Services".into(),
            lead: Some("These services let people log in here.".into()),
            actions: vec![Action {
                text: "Add a service".into(),
                href: "/admin/services/new".into(),
                is_main: true,
            }],
            search: Some(SearchForm {
                action: "/admin/services",
                fields: vec![
                    Field::new("text", "q", "Name or client ID").value("one"),
                    Field::new("select", "kind", "Event")
                        .value("a")
                        .one_of([("a", "Logged in"), ("b", "Other")]),
                ],
                button: "Search",
            }),
            table: table(),
            previous: Some("/admin/services?after=1".into()),
            next: Some("/admin/services?after=2".into()),
        };
        let empty = Self {
            frame: Frame { banner: Some("Service removed.".into()), ..frame() },
            lead: None,
            actions: Vec::new(),
            search: None,
            table: Table { rows: Vec::new(), ..table() },
            previous: None,
            next: None,
            ..full()
        };
        vec![full(), empty]
    }
}

impl Page for RecordPage {
    const FILE: &'static str = "console/record.html";

    fn samples() -> Vec<Self> {
        let lines = Cell::Lines { lines: vec!["https://a.example/cb".into(), "https://b.example/cb".into()] };
        vec![Self {
            frame: Frame { banner: Some("Changes saved.".into()), ..frame() },
            title: "Children's Services Portal".into(),
            facts: vec![Fact::new("Client ID", Cell::code("portal")), Fact::new("Redirect addresses", lines)],
            actions: vec![Action {
                text: "Change".into(),
                href: "/admin/services/portal/edit".into(),
                is_main: false,
            }],
            tables: vec![
                Part { heading: "Recent refusals", table: table() },
                Part { heading: "What happened", table: happened() },
            ],
        }]
    }
}

impl Page for ConsoleForm {
    const FILE: &'static str = "console/form.html";

    fn samples() -> Vec<Self> {
        let form = |errors| Self {
            frame: Frame { errors, ..frame() },
            title: "Add a service".into(),
            lead: vec!["People see its name when they log in.".into()],
            table: None,
            action: "/admin/services/new".into(),
            fields: vec![
                Field::new("hidden", "version", "").value("1"),
                Field::new("text", "name", "Name").hint("People see this on the login pages").value("Portal"),
                Field::new("radios", "kind", "Type").value("web").one_of([("web", "Web"), ("native", "App")]),
                Field::heading("Addresses"),
                Field::new("area", "redirect_uris", "Redirect addresses").hint("One on each line"),
                Field::new("checks", "services", "Services").hint("Choose any").any_of([(
                    "service-portal".to_owned(),
                    "Portal".to_owned(),
                    true,
                )]),
                Field::new("file", "file", "CSV file").value(".csv,text/csv"),
            ],
            button: "Add service".into(),
            cancel: "/admin/services".into(),
            links: vec![Action {
                text: "Download an example".into(),
                href: "/admin/people/import/example.csv".into(),
                is_main: false,
            }],
            is_upload: true,
            is_warning: false,
            log_in_url: None,
        };
        let wrong = ["name", "kind", "redirect_uris", "services", "file"]
            .map(|field| FieldError::new(field, "Enter it").leading_to("/admin/services".into()));
        let confirm = Self {
            title: "Deactivate Alex Example?".into(),
            fields: Vec::new(),
            table: Some(table()),
            is_upload: false,
            is_warning: true,
            log_in_url: Some("/admin/login?fresh=1".into()),
            ..form(Vec::new())
        };
        vec![form(Vec::new()), form(wrong.into()), confirm]
    }
}

impl Page for SecretPage {
    const FILE: &'static str = "console/secret.html";

    fn samples() -> Vec<Self> {
        let shown = |title: &str, secret: Option<&str>, banner: Option<&str>| Self {
            frame: Frame { banner: banner.map(str::to_owned), ..frame() },
            title: title.into(),
            what: "client secret",
            word: "secret",
            secret: secret.map(str::to_owned),
            again_url: banner.is_none().then(|| "/admin/services/portal/secret".into()),
            facts: vec![Fact::new("Client ID", Cell::code("portal"))],
            next_url: "/admin/services/portal".into(),
            next: "Go to the service",
        };
        vec![
            shown("Children's Services Portal", Some("gh_cs_example"), Some("Service added.")),
            shown("Children's Services Portal", None, Some("Service added.")),
            shown("Children's Services Portal", None, None),
        ]
    }
}

impl Page for DashboardPage {
    const FILE: &'static str = "console/dashboard.html";

    fn samples() -> Vec<Self> {
        let full = || Self {
            frame: frame(),
            title: "Dashboard".into(),
            attention: vec!["3 emails could not be sent today. Look at Email.".into()],
            facts: vec![Fact::new("People", Cell::text("412 active"))],
            bars: vec![Bar { x: 0, done: 120, failed: 12 }, Bar { x: 50, done: 180, failed: 0 }],
            days: vec!["9 November".into(), "16 November".into(), "22 November".into()],
            chart_text: "The highest day was Monday 23 November with 31 logins.".into(),
            table: Table::new(
                "logins",
                "Logins",
                &["Day", "Logged in", "Failed"],
                vec![vec![Cell::text("Monday 23 November"), Cell::text("31"), Cell::text("2")]],
                "None.",
            ),
        };
        vec![full(), Self { attention: Vec::new(), bars: Vec::new(), ..full() }]
    }
}

impl Page for ConsoleRefusedPage {
    const FILE: &'static str = "console/refused.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            frame: frame(),
            title: "You cannot do this".into(),
            say: "Your role does not allow it.".into(),
            back: "/admin".into(),
            back_text: "Go to the dashboard".into(),
        }]
    }
}
