//! What a shop is told at once: an answer that says something is wrong, or a best customer who slips.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::answers::{Answer, Answered, Survey};
use crate::day::Day;

/// Why the shop is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AlertCause {
    /// A customer stopped buying because of the quality.
    Quality,
    /// A customer would not recommend the shop: NPS 0 to 6.
    Detractor,
    /// A VIP has been silent for longer than their own rhythm: told once, until they order again.
    VipSlipping,
    /// A VIP moved to where the long silent ones are: the day on which to ask why.
    VipLost,
}

impl fmt::Display for AlertCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            AlertCause::Quality => "quality",
            AlertCause::Detractor => "detractor",
            AlertCause::VipSlipping => "vip_slipping",
            AlertCause::VipLost => "vip_lost",
        })
    }
}

/// Something that a shop is told at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alert {
    /// Why.
    pub cause: AlertCause,
    /// The shop day it came.
    pub day: Day,
    /// To which survey, where it is an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<Survey>,
    /// The answer's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The score it was given as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// Days since the last order, where it is a VIP's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recency_days: Option<u32>,
    /// Those in percent of the customer's usual gap, where enough gaps are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_percent: Option<u32>,
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
            survey: Some(answered.survey),
            answer: Some(answered.id.clone()),
            score: answered.score,
            recency_days: None,
            overdue_percent: None,
        })
    }

    /// The alert that a VIP's silence is on a day.
    #[must_use]
    pub fn of_vip(cause: AlertCause, day: Day, recency_days: u32, overdue_percent: Option<u32>) -> Alert {
        let recency_days = Some(recency_days);
        Alert { cause, day, survey: None, answer: None, score: None, recency_days, overdue_percent }
    }

    /// The day from which on a slip is known, where it tells of one.
    #[must_use]
    pub fn slip(&self) -> Option<Day> {
        (self.cause == AlertCause::VipSlipping).then_some(self.day)
    }
}
