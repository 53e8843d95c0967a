//! Survey answers: what a customer said last, per survey.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::day::Day;

/// A survey's question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Survey {
    /// Why did the purchases stop?
    Reason,
    /// How likely is a recommendation, 0 to 10 (Net Promoter Score)?
    Nps,
    /// How was the last purchase, 1 to 5?
    Purchase,
}

/// What an answer says, as far as a reward depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SurveyAnswer"))]
pub enum Answer {
    /// Reason: too expensive.
    Price,
    /// Reason: delivery.
    Delivery,
    /// Reason: quality.
    Quality,
    /// Reason: nothing new, or not what was looked for.
    Assortment,
    /// Reason: any other.
    Other,
    /// NPS 0 to 6, or a purchase rated 1 or 2.
    Detractor,
    /// NPS 7 or 8, or a purchase rated 3.
    Passive,
    /// NPS 9 or 10, or a purchase rated 4 or 5.
    Promoter,
}

/// The text names no survey.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is one of reason, nps, purchase")]
pub struct NotASurvey;

impl Survey {
    /// All of them.
    pub const ALL: [Survey; 3] = [Survey::Reason, Survey::Nps, Survey::Purchase];

    /// As it stands in paths and keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Survey::Reason => "reason",
            Survey::Nps => "nps",
            Survey::Purchase => "purchase",
        }
    }

    /// The least and the greatest score; `None` where it is answered in words.
    #[must_use]
    pub fn scores(self) -> Option<(u8, u8)> {
        match self {
            Survey::Reason => None,
            Survey::Nps => Some((0, 10)),
            Survey::Purchase => Some((1, 5)),
        }
    }

    /// What a score says; `None` outside the survey's scale.
    #[must_use]
    pub fn answer_of(self, score: u8) -> Option<Answer> {
        let (least, greatest) = self.scores()?;
        if !(least..=greatest).contains(&score) {
            return None;
        }
        // The two best marks, and the two (of five: one) below them.
        Some(match (self, greatest - score) {
            (_, 0..=1) => Answer::Promoter,
            (Survey::Nps, 2..=3) | (_, 2) => Answer::Passive,
            _ => Answer::Detractor,
        })
    }

    /// Can this be the survey's answer?
    #[must_use]
    pub fn takes(self, answer: Answer) -> bool {
        let of_a_score = matches!(answer, Answer::Detractor | Answer::Passive | Answer::Promoter);
        of_a_score == self.scores().is_some()
    }

    /// What its answers can say.
    #[must_use]
    pub fn answers(self) -> &'static [Answer] {
        match self {
            Survey::Reason => &[Answer::Price, Answer::Delivery, Answer::Quality, Answer::Assortment, Answer::Other],
            Survey::Nps | Survey::Purchase => &[Answer::Detractor, Answer::Passive, Answer::Promoter],
        }
    }
}

impl Answer {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Answer::Price => "price",
            Answer::Delivery => "delivery",
            Answer::Quality => "quality",
            Answer::Assortment => "assortment",
            Answer::Other => "other",
            Answer::Detractor => "detractor",
            Answer::Passive => "passive",
            Answer::Promoter => "promoter",
        }
    }
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Survey {
    type Err = NotASurvey;

    fn from_str(text: &str) -> Result<Survey, NotASurvey> {
        Survey::ALL.into_iter().find(|survey| survey.name() == text).ok_or(NotASurvey)
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answered {
    /// Unique for this customer and survey.
    pub id: String,
    /// To which survey.
    pub survey: Survey,
    /// What it says.
    pub answer: Answer,
    /// The score it was given as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// The shop day it came.
    pub day: Day,
    /// In a profile: the days of answers to the same survey before it, each day once, oldest first. So whoever answers again soon
    /// is known to have answered first then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Day>,
}

impl Answered {
    /// How many days of earlier answers are kept, the latest.
    pub const EARLIER: usize = 24;
    /// And for how many days: no campaign looks further back.
    pub const EARLIER_DAYS: i64 = 730;
}

/// The last answer of each survey, in the ledger's own sequence; sorted by survey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(Vec<Answered>);

impl Answers {
    /// Takes in an answer that was accepted, in the place of the one before.
    pub fn put(&mut self, mut answered: Answered) {
        match self.0.binary_search_by_key(&answered.survey, |held| held.survey) {
            Ok(at) => {
                let before = &self.0[at];
                let days: BTreeSet<Day> = before.earlier.iter().copied().chain([before.day]).collect();
                let kept = |day: &Day| *day != answered.day && answered.day.since(*day) <= Answered::EARLIER_DAYS;
                answered.earlier = days.into_iter().filter(kept).collect();
                answered.earlier.drain(..answered.earlier.len().saturating_sub(Answered::EARLIER));
                self.0[at] = answered;
            }
            Err(at) => self.0.insert(at, answered),
        }
    }

    /// The last answer to a survey.
    #[must_use]
    pub fn last(&self, survey: Survey) -> Option<&Answered> {
        self.0.iter().find(|held| held.survey == survey)
    }

    /// All of them, by survey.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Answered> {
        self.0.iter()
    }

    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_say_what_their_scales_say() {
        let told = |survey: Survey| (0..=11).map(|score| survey.answer_of(score)).collect::<Vec<_>>();
        let (d, p, b) = (Some(Answer::Detractor), Some(Answer::Passive), Some(Answer::Promoter));
        assert_eq!(told(Survey::Nps), [d, d, d, d, d, d, d, p, p, b, b, None]);
        assert_eq!(told(Survey::Purchase)[..7], [None, d, d, p, b, b, None]);
        assert_eq!(told(Survey::Reason), [None; 12]);
        assert!(Survey::Reason.takes(Answer::Price) && !Survey::Nps.takes(Answer::Price));
        assert!(Survey::ALL.iter().all(|survey| survey.name().parse() == Ok(*survey)));
    }

    #[test]
    fn the_last_accepted_answer_of_a_survey_stands() {
        let mut answers = Answers::default();
        let answered = |id: &str, survey: Survey, score| Answered {
            id: id.to_owned(),
            survey,
            answer: survey.answer_of(score).unwrap(),
            score: Some(score),
            day: Day::from_epoch_days(9),
            earlier: Vec::new(),
        };
        answers.put(answered("1", Survey::Purchase, 5));
        answers.put(answered("2", Survey::Nps, 3));
        answers.put(answered("3", Survey::Purchase, 1));
        assert_eq!(answers.iter().map(|held| held.id.as_str()).collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!(answers.last(Survey::Purchase).map(|held| held.answer), Some(Answer::Detractor));
        assert_eq!(answers.last(Survey::Reason), None);
    }

    #[test]
    fn a_survey_answered_again_keeps_the_days_before_and_no_more_than_are_asked_for() {
        let mut answers = Answers::default();
        let answered = |day: i64| Answered {
            id: day.to_string(),
            survey: Survey::Reason,
            answer: Answer::Price,
            score: None,
            day: Day::from_epoch_days(day),
            earlier: Vec::new(),
        };
        let days = |answers: &Answers| -> Vec<i32> {
            let last = answers.last(Survey::Reason);
            last.map_or_else(Vec::new, |last| last.earlier.iter().map(|day| day.epoch_days()).collect())
        };
        for day in [100, 100, 103, 102, 103] {
            answers.put(answered(day));
        }
        assert_eq!(days(&answers), [100, 102]);
        answers.put(answered(831));
        assert_eq!(days(&answers), [102, 103]);
        (840..900).for_each(|day| answers.put(answered(day)));
        assert_eq!(days(&answers), (875..899).collect::<Vec<i32>>());
    }
}
