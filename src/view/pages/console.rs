//! The pages of the console. They come in a few shapes, so that every list, record and form looks and works alike.
//!
//! **To add a page:** fill one of the shapes in `web::console`; a new shape only where none will do.

mod samples;

use serde::Serialize;

use super::FieldError;
use crate::view::TimeText;

/// What every page of the console has around its content.
#[derive(Clone, Serialize)]
pub(crate) struct Frame {
    pub(crate) menu: Vec<MenuItem>,
    /// "Olivia Owner, Owner"
    pub(crate) who: String,
    pub(crate) token: String,
    pub(crate) errors: Vec<FieldError>,
    /// What has just been done.
    pub(crate) banner: Option<String>,
}

#[derive(Clone, Serialize)]
pub(crate) struct MenuItem {
    pub(crate) text: &'static str,
    pub(crate) href: &'static str,
    pub(crate) is_here: bool,
}

/// One value of a table or record.
#[derive(Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Cell {
    Text {
        text: String,
    },
    Time {
        time: TimeText,
    },
    Link {
        text: String,
        href: String,
    },
    /// The word for a state.
    Tag {
        text: String,
    },
    Code {
        text: String,
    },
    Lines {
        lines: Vec<String>,
    },
    /// What was done, and beneath it why.
    Done {
        text: &'static str,
        reason: String,
    },
    /// A moment and, under it, a form of one button. `unseen` tells those of several rows apart for screen readers.
    Button {
        time: TimeText,
        action: String,
        name: &'static str,
        value: String,
        text: &'static str,
        unseen: String,
    },
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    pub(crate) fn tag(text: impl Into<String>) -> Self {
        Self::Tag { text: text.into() }
    }

    pub(crate) fn code(text: impl Into<String>) -> Self {
        Self::Code { text: text.into() }
    }

    pub(crate) fn link(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self::Link { text: text.into(), href: href.into() }
    }

    /// A moment, or words where there is none.
    pub(crate) fn time(time: Option<TimeText>, otherwise: &str) -> Self {
        time.map_or_else(|| Self::text(otherwise), |time| Self::Time { time })
    }
}

#[derive(Clone, Serialize)]
pub(crate) struct Column {
    pub(crate) text: &'static str,
    /// Where the list is in the order of this column.
    pub(crate) sort_url: Option<String>,
    /// `ascending` or `descending`, where the list is.
    pub(crate) sorted: Option<&'static str>,
}

impl Column {
    pub(crate) const fn plain(text: &'static str) -> Self {
        Self { text, sort_url: None, sorted: None }
    }
}

/// A table, or a sentence where it has no rows.
#[derive(Clone, Serialize)]
pub(crate) struct Table {
    pub(crate) id: &'static str,
    pub(crate) caption: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    pub(crate) empty: &'static str,
}

impl Table {
    pub(crate) fn new(
        id: &'static str,
        caption: impl Into<String>,
        columns: &[&'static str],
        rows: Vec<Vec<Cell>>,
        empty: &'static str,
    ) -> Self {
        let columns = columns.iter().map(|text| Column::plain(text)).collect();
        Self { id, caption: caption.into(), columns, rows, empty }
    }
}

/// A link to something that can be done.
#[derive(Clone, Serialize)]
pub(crate) struct Action {
    pub(crate) text: String,
    pub(crate) href: String,
    pub(crate) is_main: bool,
}

/// A field of a form.
#[derive(Clone, Serialize)]
pub(crate) struct Field {
    /// `text`, `email`, `date`, `area`, `file`, `select`, `radios`, `checks`, `hidden`, or `heading` for what stands
    /// over the fields after it.
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: Option<String>,
    /// Of a file, the kinds that it may be of.
    pub(crate) value: String,
    pub(crate) options: Vec<Choice>,
}

#[derive(Clone, Serialize)]
pub(crate) struct Choice {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) text: String,
    pub(crate) is_chosen: bool,
}

impl Field {
    pub(crate) fn new(kind: &'static str, name: &'static str, label: &'static str) -> Self {
        Self { kind, name, label, hint: None, value: String::new(), options: Vec::new() }
    }

    /// What the fields after it have in common.
    pub(crate) fn heading(text: &'static str) -> Self {
        Self::new("heading", "", text)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// Choices of which one is made, each with its value and words.
    pub(crate) fn one_of<'a>(mut self, options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (name, chosen) = (self.name, self.value.clone());
        self.options = options
            .into_iter()
            .map(|(value, text)| Choice {
                id: format!("{name}-{value}"),
                name: name.to_owned(),
                value: value.to_owned(),
                text: text.to_owned(),
                is_chosen: value == chosen,
            })
            .collect();
        self
    }

    /// Choices of which any can be made, each with a name of its own, its words and whether it is.
    pub(crate) fn any_of(mut self, options: impl IntoIterator<Item = (String, String, bool)>) -> Self {
        self.options = options
            .into_iter()
            .map(|(name, text, is_chosen)| Choice {
                id: name.clone(),
                name,
                value: "yes".to_owned(),
                text,
                is_chosen,
            })
            .collect();
        self
    }
}

#[derive(Serialize)]
pub(crate) struct SearchForm {
    pub(crate) action: &'static str,
    pub(crate) fields: Vec<Field>,
    pub(crate) button: &'static str,
}

/// A list, a page at a time.
#[derive(Serialize)]
pub(crate) struct ListPage {
    #[serde(flatten)]
    pub(crate) frame: Frame,
    pub(crate) title: String,
    pub(crate) lead: Option<String>,
    pub(crate) actions: Vec<Action>,
    pub(crate) search: Option<SearchForm>,
    pub(crate) table: Table,
    pub(crate) previous: Option<String>,
    pub(crate) next: Option<String>,
}

#[derive(Clone, Serialize)]
pub(crate) struct Fact {
    pub(crate) label: &'static str,
    pub(crate) value: Cell,
}

impl Fact {
    pub(crate) const fn new(label: &'static str, value: Cell) -> Self {
        Self { label, value }
    }
}

#[derive(Serialize)]
pub(crate) struct Part {
    pub(crate) heading: &'static str,
    pub(crate) table: Table,
}

/// One thing: what is known of it, what can be done, and tables of what belongs to it.
#[derive(Serialize)]
pub(crate) struct RecordPage {
    #[serde(flatten)]
    pub(crate) frame: Frame,
    pub(crate) title: String,
    pub(crate) facts: Vec<Fact>,
    pub(crate) actions: Vec<Action>,
    pub(crate) tables: Vec<Part>,
}

/// A form; with no field but that for the reason, the question whether somebody is sure.
#[derive(Serialize)]
pub(crate) struct ConsoleForm {
    #[serde(flatten)]
    pub(crate) frame: Frame,
    pub(crate) title: String,
    pub(crate) lead: Vec<String>,
    pub(crate) table: Option<Table>,
    pub(crate) action: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) button: String,
    pub(crate) cancel: String,
    /// Links that stand before the form.
    pub(crate) links: Vec<Action>,
    pub(crate) is_upload: bool,
    /// Whether the button does what cannot be undone.
    pub(crate) is_warning: bool,
    /// Where to log in again, where that was too long ago for a change.
    pub(crate) log_in_url: Option<String>,
}

impl ConsoleForm {
    /// A form with nothing in it yet: where it is sent by which button, and where it leads if it is not.
    pub(crate) fn new(
        frame: Frame,
        title: impl Into<String>,
        (action, button): (String, impl Into<String>),
        cancel: impl Into<String>,
    ) -> Self {
        Self {
            frame,
            title: title.into(),
            lead: Vec::new(),
            table: None,
            action,
            fields: Vec::new(),
            button: button.into(),
            cancel: cancel.into(),
            links: Vec::new(),
            is_upload: false,
            is_warning: false,
            log_in_url: None,
        }
    }

    /// Has what is wrong stand in the order of the fields. What is no field's fault leads to the page as a whole.
    pub(crate) fn in_order(mut self) -> Self {
        let fields = &self.fields;
        let place = |error: &FieldError| {
            fields.iter().position(|field| field.kind != "heading" && field.name == error.field)
        };
        for error in &mut self.frame.errors {
            if place(error).is_none() {
                error.field = "main";
            }
        }
        self.frame.errors.sort_by_key(|error| place(error).unwrap_or(usize::MAX));
        self
    }
}

/// A client secret, shown this once.
#[derive(Serialize)]
pub(crate) struct SecretPage {
    #[serde(flatten)]
    pub(crate) frame: Frame,
    pub(crate) title: String,
    /// "client secret"
    pub(crate) what: &'static str,
    /// "secret", where it is clear which.
    pub(crate) word: &'static str,
    /// `None` for a service that has none, and where it was shown before.
    pub(crate) secret: Option<String>,
    /// Where to make another, where this one was shown before.
    pub(crate) again_url: Option<String>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) next_url: String,
    /// The words of that link, where no secret has to be saved first.
    pub(crate) next: &'static str,
}

/// One day of the chart, in its units.
#[derive(Serialize)]
pub(crate) struct Bar {
    pub(crate) x: i64,
    pub(crate) done: i64,
    pub(crate) failed: i64,
}

/// How things stand.
#[derive(Serialize)]
pub(crate) struct DashboardPage {
    #[serde(flatten)]
    pub(crate) frame: Frame,
    pub(crate) title: String,
    pub(crate) attention: Vec<String>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) bars: Vec<Bar>,
    /// The days at the beginning, in the middle and at the end of the chart.
    pub(crate) days: Vec<String>,
    /// What the chart shows, in words.
    pub(crate) chart_text: String,
    pub(crate) table: Table,
}

/// Something that cannot be done, and why.
#[derive(Serialize)]
pub(crate) struct ConsoleRefusedPage {
    #[serde(flatten)]
    pub(crate) frame: Frame,
    pub(crate) title: String,
    pub(crate) say: String,
    pub(crate) back: String,
    pub(crate) back_text: String,
}
