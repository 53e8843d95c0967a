//! What a shop is told at once: an answer that says something is wrong.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::answers::{Answer, Answered, Survey};
use crate::day::Day;

/// Why the shop is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertCause {
    /// A customer stopped buying because of the quality.
    Quality,
    /// A customer would not recommend the shop: NPS 0 to 6.
    Detractor,
}

impl fmt::Display for AlertCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            AlertCause::Quality => "quality",
            AlertCause::Detractor => "detractor",
        })
    }
}

/// Something that a shop is told at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Why.
    pub cause: AlertCause,
    /// The shop day it came.
    pub day: Day,
    /// To which survey.
    pub survey: Survey,
    /// The answer's id.
    pub answer: String,
    /// The score it was given as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
}

impl Alert {
    /// The alert that an answer is, if it is one.
    #[must_use]
    pub fn of(answered: &Answered) -> Option<Alert> {
        let cause = match (answered.survey, answered.answer) {
            (Survey::Reason, Answer::Quality) => AlertCause::Quality,
            (Survey::Nps, Answer::Detractor) => AlertCause::Detractor,
            _ => return None,
        };
        Some(Alert {
            cause,
            day: answered.day,
            survey: answered.survey,
            answer: answered.id.clone(),
            score: answered.score,
        })
    }
}
