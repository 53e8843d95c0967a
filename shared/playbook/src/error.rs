//! Why a playbook was refused. Every message names the place in the file.

use segmentation::{LoyaltyGroup, Segment};

use crate::language::Language;

/// The text is no playbook that could answer for every segment in every group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaybookError {
    /// It is no TOML, or a field is missing, unknown, or of another form; the message has line and column.
    #[error("the playbook cannot be read: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// Neither the segment nor the group has an entry for this case.
    #[error("`group.{group}` has no entry for {segment}")]
    NoEntry {
        /// The group asked.
        group: LoyaltyGroup,
        /// The first segment it has no answer for.
        segment: Segment,
    },
    /// Two entries of a group fit a segment and name equally many axes.
    #[error("`{first}` and `{second}` fit {segment} equally well")]
    Ambiguous {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// The first segment both fit.
        segment: Segment,
    },
    /// A group's entry is never taken, as narrower ones fit every segment it fits.
    #[error("`{entry}` is never used")]
    Unreachable {
        /// The entry.
        entry: String,
    },
    /// A text is empty or blank.
    #[error("`{place}.{language}` is empty")]
    EmptyText {
        /// The text's place.
        place: String,
        /// The language it lacks.
        language: Language,
    },
    /// An idea's code is not in snake_case.
    #[error("`idea.{code}`: a code is snake_case: a-z, 0-9 and single underscores, a letter first")]
    NotSnakeCase {
        /// The code.
        code: String,
    },
    /// An entry has no idea.
    #[error("`{entry}.ideas` is empty")]
    NoIdeas {
        /// The entry.
        entry: String,
    },
    /// An entry names an idea that the file does not describe.
    #[error("`{entry}.ideas` names `{code}`, but there is no `idea.{code}`")]
    UnknownIdea {
        /// The entry.
        entry: String,
        /// The code.
        code: String,
    },
    /// An entry names an idea twice.
    #[error("`{entry}.ideas` names `{code}` twice")]
    DuplicateIdea {
        /// The entry.
        entry: String,
        /// The code.
        code: String,
    },
    /// No entry names this idea.
    #[error("`idea.{code}` is used by no entry")]
    UnusedIdea {
        /// The code.
        code: String,
    },
    /// An entry allows no reward and yet has an idea that gives one.
    #[error("`{entry}` allows no reward, but its idea `{code}` gives one")]
    RewardNotAllowed {
        /// The entry.
        entry: String,
        /// The idea.
        code: String,
    },
    /// An entry rewards after an answer only, and does not begin by asking.
    #[error("`{entry}` rewards after an answer only, so its first idea has to be a survey")]
    AsksNothing {
        /// The entry.
        entry: String,
    },
}
