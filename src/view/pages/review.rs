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
    /// Who was struck.
    pub(crate) struck: Vec<ReviewRow>,
    /// How many are left, those on the page included.
    pub(crate) left: i64,
    pub(crate) confirmed: i64,
    /// How many were struck, those who are not shown included.
    pub(crate) struck_count: i64,
}

/// A review that is over, for whoever comes back to it.
#[derive(Serialize)]
pub(crate) struct ReviewOverPage {
    pub(crate) organisation: String,
    /// Whether the sponsor has finished it; else it was called off.
    pub(crate) is_finished: bool,
}

/// Somebody on the list.
#[derive(Clone, Serialize)]
pub(crate) struct ReviewRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) last_login: Option<TimeText>,
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
        let shown = |people: &[ReviewRow], struck: &[ReviewRow]| Self {
            token: sample::TOKEN.into(),
            banner: None,
            action: "/account/reviews/rev_0123456789abcdef0123456789abcdef".into(),
            organisation: "Example Primary School".into(),
            due: "3:57pm on 22 November 2026".into(),
            people: people.to_vec(),
            struck: struck.to_vec(),
            left: 2,
            confirmed: 12,
            struck_count: 1,
        };
        vec![
            shown(&[one, two.clone()], &[]),
            Self { banner: Some("Your answers are saved.".into()), ..shown(&[], &[two]) },
            Self { struck_count: 0, ..shown(&[], &[]) },
        ]
    }
}

impl Page for ReviewOverPage {
    const FILE: &'static str = "pages/review_over.html";

    fn samples() -> Vec<Self> {
        [true, false]
            .map(|is_finished| Self { organisation: "Example Primary School".into(), is_finished })
            .into()
    }
}
