//! An access review, as its sponsor sees it.

use serde::Serialize;

use super::{Page, sample};
use crate::view::TimeText;

/// The people of whom nothing was said yet, a few at a time; when there are none left, what was said, to be confirmed.
#[derive(Serialize)]
pub(crate) struct ReviewPage {
    pub(crate) token: String,
    /// What has just been done.
    pub(crate) banner: Option<String>,
    /// The address of the review, to which forms go.
    pub(crate) action: String,
    pub(crate) organisation: String,
    /// "3:57pm on 22 November 2026"
    pub(crate) due: String,
    /// The next ones to say something of.
    pub(crate) people: Vec<ReviewRow>,
    /// What was said, those who were struck first.
    pub(crate) answers: Vec<AnswerRow>,
    /// The first page of the answers, where this is another one.
    pub(crate) first_url: Option<String>,
    pub(crate) next_url: Option<String>,
    /// How many are left, those on the page included.
    pub(crate) left: i64,
    /// How many cannot log in any more when the review is finished.
    pub(crate) ending: i64,
}

/// A review that is over, for whoever comes back to it.
#[derive(Serialize)]
pub(crate) struct ReviewOverPage {
    pub(crate) organisation: String,
    /// Whether the sponsor has finished it; else it was called off.
    pub(crate) is_finished: bool,
    /// Whether anybody was struck.
    pub(crate) any_struck: bool,
}

/// Somebody on the list.
#[derive(Clone, Serialize)]
pub(crate) struct ReviewRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) last_login: Option<TimeText>,
}

/// Somebody of whom something was said.
#[derive(Clone, Serialize)]
pub(crate) struct AnswerRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) is_struck: bool,
}

impl Page for ReviewPage {
    const FILE: &'static str = "pages/review.html";

    fn samples() -> Vec<Self> {
        let row = |number: u8, name: &str, last_login| ReviewRow {
            id: format!("usr_0000000000000000000000000000000{number}"),
            name: name.into(),
            email: sample::EMAIL.into(),
            last_login,
        };
        let (one, two) = (row(1, "Alex Example", Some(sample::time(0))), row(2, "Nina New", None));
        let answer = |number: u8, name: &str, is_struck| AnswerRow {
            id: format!("usr_0000000000000000000000000000000{number}"),
            name: name.into(),
            email: sample::EMAIL.into(),
            is_struck,
        };
        let shown = |people: Vec<ReviewRow>, answers: Vec<AnswerRow>| Self {
            token: sample::TOKEN.into(),
            banner: None,
            action: "/account/reviews/rev_0123456789abcdef0123456789abcdef".into(),
            organisation: "Example Primary School".into(),
            due: "3:57pm on 22 November 2026".into(),
            people,
            answers,
            first_url: None,
            next_url: None,
            left: 2,
            ending: 1,
        };
        let (struck, confirmed) = (answer(2, "Nina New", true), answer(1, "Alex Example", false));
        vec![
            shown(vec![one, two], Vec::new()),
            Self {
                banner: Some("Your answers are saved.".into()),
                ..shown(Vec::new(), vec![struck, confirmed.clone()])
            },
            Self {
                ending: 0,
                first_url: Some("/account/reviews/rev_1".into()),
                next_url: Some("/account/reviews/rev_1?after=2".into()),
                ..shown(Vec::new(), vec![confirmed])
            },
        ]
    }
}

impl Page for ReviewOverPage {
    const FILE: &'static str = "pages/review_over.html";

    fn samples() -> Vec<Self> {
        [(true, true), (true, false), (false, false)]
            .map(|(is_finished, any_struck)| Self {
                organisation: "Example Primary School".into(),
                is_finished,
                any_struck,
            })
            .into()
    }
}
