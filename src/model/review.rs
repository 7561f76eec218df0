//! Access reviews: who of an organisation still needs to log in.

use crate::base::{ReviewId, Timestamp, UserId};

/// The people of an organisation, as somebody who knows them is asked to look through.
#[derive(Clone, Debug)]
pub(crate) struct Review {
    pub(crate) id: ReviewId,
    pub(crate) organisation: String,
    /// Who is asked; `None` where they have been erased since.
    pub(crate) sponsor_id: Option<UserId>,
    pub(crate) state: ReviewState,
    pub(crate) created_at: Timestamp,
    pub(crate) due_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$about:meta])* $name:ident = $stored:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $type { $($(#[$about])* $name),+ }

        impl $type {
            /// The word that is stored.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $stored),+ }
            }

            pub(crate) fn parse(text: &str) -> Option<Self> {
                [$(Self::$name),+].into_iter().find(|word| word.name() == text)
            }
        }
    };
}

words! {
    /// How far a review has come.
    ReviewState {
        Open = "open",
        /// The sponsor has said of everybody what is to become of them.
        Finished = "finished",
        /// An administrator has called it off.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// What a sponsor says of somebody.
    ReviewAnswer {
        /// They still need to log in.
        Confirmed = "confirmed",
        /// They do not, and are deactivated when the review is finished.
        Struck = "struck",
    }
}

/// How many of a review's people have which answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReviewTally {
    /// Everybody on the list.
    pub(crate) people: i64,
    pub(crate) confirmed: i64,
    pub(crate) struck: i64,
}

/// What is left to do in a review, and what finishing it would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReviewOutlook {
    /// Those without an answer who are still the sponsor's to answer for.
    pub(crate) unanswered: i64,
    /// Those who would be deactivated if the sponsor finished now.
    pub(crate) ending: i64,
}

/// Who is asked to do a review.
#[derive(Clone, Debug)]
pub(crate) struct ReviewSponsor {
    pub(crate) name: String,
    pub(crate) email: String,
}
