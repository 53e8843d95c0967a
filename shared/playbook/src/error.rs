//! Why a playbook was refused. Every message names the place, in dotted form.

use segmentation::Segment;

use crate::language::Language;
use crate::template::{TemplateError, TemplateFault};

/// The data is no playbook that could answer for every segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaybookError {
    /// It is no TOML; the message has line and column.
    #[error("the playbook cannot be read: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// A field is missing, unknown, or of another form.
    #[error("`{place}`: {message}")]
    Form {
        /// The nearest place that could be read.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A segment has no entry.
    #[error("there is no `segment.{segment}`")]
    NoEntry {
        /// The first without one.
        segment: Segment,
    },
    /// A text is empty or blank.
    #[error("`{place}.{language}` is empty")]
    EmptyText {
        /// The text's place.
        place: String,
        /// The language it lacks.
        language: Language,
    },
    /// A text is longer than it may be.
    #[error("`{place}.{language}` has more than {most} characters")]
    LongText {
        /// The text's place.
        place: String,
        /// The language.
        language: Language,
        /// The limit.
        most: usize,
    },
    /// A code has no text.
    #[error("there is no `{place}`")]
    MissingText {
        /// Where it should stand.
        place: String,
    },
    /// A text's braces are wrong, or hold no placeholder's name.
    #[error("`{place}.{language}`: {fault}")]
    Template {
        /// The text's place.
        place: String,
        /// The language.
        language: Language,
        /// What is wrong.
        fault: TemplateFault,
    },
    /// A text names a placeholder that its mechanic cannot fill.
    #[error("`{place}.{language}` names `{{{name}}}`, which this idea's mechanic does not know")]
    ForeignPlaceholder {
        /// The text's place.
        place: String,
        /// The language.
        language: Language,
        /// The placeholder.
        name: &'static str,
    },
    /// A reward's words do not name its amount once, or name another.
    #[error("`{place}`: a discount or cashback names {{percent}} once, points {{times}} once, free delivery neither")]
    WrongAmount {
        /// The text's place.
        place: String,
    },
    /// An idea's code is not in snake_case.
    #[error(
        "`idea.{code}`: a code is snake_case: a-z, 0-9 and single underscores, a letter first, at most 60 characters"
    )]
    NotSnakeCase {
        /// The code.
        code: String,
    },
    /// A number is too small or too large.
    #[error("`{place}` has to be from {least} to {most}")]
    OutOfRange {
        /// Its place.
        place: String,
        /// The smallest.
        least: usize,
        /// The largest.
        most: usize,
    },
    /// An idea gives what does not fit its mechanic.
    #[error("`{place}` {wants}")]
    WrongReward {
        /// The idea.
        place: String,
        /// What it should give.
        wants: &'static str,
    },
    /// An idea that gives nothing has conditions.
    #[error("`{place}.conditions` may stand beside a reward only")]
    WrongConditions {
        /// The idea.
        place: String,
    },
    /// An idea by answer says nothing for one of them.
    #[error("`{place}.by_answer` has to hold exactly the survey's answers: {answers}")]
    WrongAnswers {
        /// The idea.
        place: String,
        /// The survey's answers.
        answers: String,
    },
    /// An idea that gives something is open every day, or a mechanic that counts orders has no slots to count in.
    #[error("`{place}.calendar` {wants}")]
    WrongCalendar {
        /// The idea.
        place: String,
        /// What it should be.
        wants: &'static str,
    },
    /// An entry has no idea.
    #[error("`{entry}.ideas` is empty")]
    NoIdeas {
        /// The entry.
        entry: String,
    },
    /// There are too many ideas.
    #[error("`{place}` holds more than {most}")]
    TooManyIdeas {
        /// Where.
        place: String,
        /// The limit.
        most: usize,
    },
    /// An entry names an idea that is not described.
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
    /// An entry rewards for a weighty reason only, and an idea gives something without one.
    #[error("`{entry}` rewards rarely, so its idea `{code}` needs an event for a calendar")]
    NeedsOccasion {
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
    /// An idea goes by the answer to a survey that the entry does not hold before it.
    #[error("`{entry}.ideas` names `{code}`, but no survey before it that asks for its answer")]
    Unasked {
        /// The entry.
        entry: String,
        /// The idea.
        code: String,
    },
}

impl PlaybookError {
    pub(crate) fn template(place: &str, error: TemplateError) -> PlaybookError {
        let TemplateError { language, fault } = error;
        PlaybookError::Template { place: place.to_owned(), language, fault }
    }
}

impl PlaybookError {
    /// The place, in dotted form: every message names it first, between backticks. `None` for what is no TOML at all.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        if let PlaybookError::Unreadable(_) = self {
            return None;
        }
        self.to_string().split('`').nth(1).map(str::to_owned)
    }
}
