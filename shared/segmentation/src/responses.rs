//! What customers made of what they were offered, as their profiles keep it: rewards used, by series, and answers to surveys. A run
//! counts it in its own pass; what shards counted merges in any order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::answers::{Answer, Survey};
use crate::day::Day;
use crate::money::Minor;
use crate::profile::Profile;

/// Rewards of one series that were used and not given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsedRewards {
    /// Customers who used one.
    pub customers: u64,
    /// How many were used.
    pub rewards: u64,
    /// What they were worth, in minor units.
    pub value: Minor,
    /// How many of them lately.
    pub lately: u64,
    /// What those were worth.
    pub lately_value: Minor,
}

impl UsedRewards {
    fn merge(self, other: UsedRewards) -> UsedRewards {
        UsedRewards {
            customers: self.customers + other.customers,
            rewards: self.rewards + other.rewards,
            value: self.value + other.value,
            lately: self.lately + other.lately,
            lately_value: self.lately_value + other.lately_value,
        }
    }
}

/// Customers whose last answer to a survey is this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answering {
    /// How many.
    pub customers: u64,
    /// How many of them answered lately.
    pub lately: u64,
}

/// The counts. Stored as lines of text in one order: equal counts are equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Responses {
    used: BTreeMap<String, UsedRewards>,
    /// Are there further series?
    more: bool,
    answers: BTreeMap<(Survey, Answer), Answering>,
    /// Uses that profiles no longer hold.
    dropped: u64,
}

/// A line is none that counts wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no line of responses")]
pub struct NotResponses(String);

impl Responses {
    /// At most so many series are counted, the first ones by name, so that the counts fit an item of the store. A series that is among
    /// the first of all is among the first of each shard, so what is kept of it is whole.
    pub const MOST_SERIES: usize = 1_000;
    /// Lately is within so many days up to the run's.
    pub const LATELY_DAYS: i64 = 30;

    /// Takes in a customer, as of a day: what came later is left out.
    pub fn count(&mut self, profile: &Profile, day: Day) {
        let is_late = |of: Day| day.since(of) < Responses::LATELY_DAYS;
        let mut own: BTreeMap<&str, UsedRewards> = BTreeMap::new();
        for step in profile.closed.up_to(day) {
            let used = own.entry(&step.series).or_default();
            used.customers = 1;
            used.rewards += 1;
            used.value += step.value;
            if is_late(step.day) {
                used.lately += 1;
                used.lately_value += step.value;
            }
        }
        for (series, used) in own {
            self.add(series, used);
        }
        self.dropped += profile.closed.dropped;
        for answered in profile.answers.iter().filter(|answered| answered.day <= day) {
            let counted = self.answers.entry((answered.survey, answered.answer)).or_default();
            counted.customers += 1;
            counted.lately += u64::from(is_late(answered.day));
        }
    }

    fn add(&mut self, series: &str, used: UsedRewards) {
        if let Some(known) = self.used.get_mut(series) {
            *known = known.merge(used);
            return;
        }
        self.used.insert(series.to_owned(), used);
        if self.used.len() > Responses::MOST_SERIES {
            self.used.pop_last();
            self.more = true;
        }
    }

    /// What was used of a series; `None` where that was not counted.
    #[must_use]
    pub fn used(&self, series: &str) -> Option<UsedRewards> {
        let beyond = || self.more && self.used.last_key_value().is_some_and(|(last, _)| last.as_str() < series);
        match self.used.get(series) {
            Some(used) => Some(*used),
            None => (!beyond()).then(UsedRewards::default),
        }
    }

    /// Who gave this answer last.
    #[must_use]
    pub fn answering(&self, survey: Survey, answer: Answer) -> Answering {
        self.answers.get(&(survey, answer)).copied().unwrap_or_default()
    }

    /// Uses that profiles no longer hold, and that are in no count: each profile holds the last of its customer.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Both together; associative and commutative.
    #[must_use]
    pub fn merge(mut self, other: &Responses) -> Responses {
        for (series, used) in &other.used {
            self.add(series, *used);
        }
        for (said, answering) in &other.answers {
            let counted = self.answers.entry(*said).or_default();
            counted.customers += answering.customers;
            counted.lately += answering.lately;
        }
        self.more |= other.more;
        self.dropped += other.dropped;
        self
    }

    /// Nothing counted?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Responses::default()
    }
}

const USED: &str = "used";
const SAID: &str = "said";
const MORE: &str = "more";
const DROPPED: &str = "dropped";

impl From<Responses> for Vec<String> {
    fn from(responses: Responses) -> Vec<String> {
        let used = responses.used.iter().map(|(series, used)| {
            let UsedRewards { customers, rewards, value, lately, lately_value } = used;
            format!("{USED} {series} {customers} {rewards} {value} {lately} {lately_value}")
        });
        let said = responses.answers.iter().map(|((survey, answer), answering)| {
            let Answering { customers, lately } = answering;
            format!("{SAID} {survey} {} {customers} {lately}", answer.name())
        });
        let more = responses.more.then(|| MORE.to_owned());
        let dropped = (responses.dropped > 0).then(|| format!("{DROPPED} {}", responses.dropped));
        used.chain(said).chain(more).chain(dropped).collect()
    }
}

impl TryFrom<Vec<String>> for Responses {
    type Error = NotResponses;

    fn try_from(lines: Vec<String>) -> Result<Responses, NotResponses> {
        let mut responses = Responses::default();
        for line in lines {
            responses.read(&line).ok_or(NotResponses(line))?;
        }
        Ok(responses)
    }
}

impl Responses {
    fn read(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| word.parse::<u64>().ok();
        let money = |word: &str| word.parse().ok().map(Minor);
        match words[..] {
            [USED, series, customers, rewards, value, lately, lately_value] => {
                let used = UsedRewards {
                    customers: number(customers)?,
                    rewards: number(rewards)?,
                    value: money(value)?,
                    lately: number(lately)?,
                    lately_value: money(lately_value)?,
                };
                self.used.insert(series.to_owned(), used);
            }
            [SAID, survey, answer, customers, lately] => {
                let survey: Survey = survey.parse().ok()?;
                let answer = survey.answers().iter().copied().find(|known| known.name() == answer)?;
                let answering = Answering { customers: number(customers)?, lately: number(lately)? };
                self.answers.insert((survey, answer), answering);
            }
            [MORE] => self.more = true,
            [DROPPED, dropped] => self.dropped = number(dropped)?,
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::answers::Answered;
    use crate::closed::ClosedStep;

    fn day(days: i64) -> Day {
        Day::from_epoch_days(20_000 + days)
    }

    fn profile(used: &[(&str, i64, i64)], said: &[(Survey, Answer, i64)]) -> Profile {
        let mut profile = Profile::default();
        for (series, on, value) in used {
            let closed = ClosedStep {
                series: (*series).to_owned(),
                slot: day(*on),
                step: 1,
                until: day(*on + 6),
                day: day(*on),
                value: Minor(*value),
            };
            profile.closed.push(closed);
        }
        for (survey, answer, on) in said {
            let answered = Answered {
                id: "1".to_owned(),
                survey: *survey,
                answer: *answer,
                score: None,
                day: day(*on),
                earlier: Vec::new(),
            };
            profile.answers.put(answered);
        }
        profile
    }

    #[test]
    fn what_was_used_and_answered_is_counted_up_to_the_day() {
        let mut responses = Responses::default();
        let said = [(Survey::Reason, Answer::Price, -40), (Survey::Nps, Answer::Promoter, 0)];
        responses.count(&profile(&[("a", -30, 100), ("a", -29, 50), ("b", 0, 7), ("b", 1, 9)], &said), day(0));
        responses.count(&profile(&[("a", 0, 1)], &[(Survey::Reason, Answer::Price, -1)]), day(0));
        responses.count(&profile(&[], &[(Survey::Nps, Answer::Promoter, 1)]), day(0));
        let used = |customers, rewards, value, lately, lately_value| UsedRewards {
            customers,
            rewards,
            value: Minor(value),
            lately,
            lately_value: Minor(lately_value),
        };
        assert_eq!(responses.used("a"), Some(used(2, 3, 151, 2, 51)));
        assert_eq!(responses.used("b"), Some(used(1, 1, 7, 1, 7)));
        assert_eq!(responses.used("never"), Some(UsedRewards::default()));
        assert_eq!(responses.answering(Survey::Reason, Answer::Price), Answering { customers: 2, lately: 1 });
        assert_eq!(responses.answering(Survey::Nps, Answer::Promoter), Answering { customers: 1, lately: 1 });
        assert_eq!(responses.answering(Survey::Nps, Answer::Passive), Answering::default());
        assert_eq!(responses.dropped(), 0);
    }

    #[test]
    fn what_profiles_dropped_is_told() {
        let mut responses = Responses::default();
        let used: Vec<_> = (0..40).map(|on| ("a", -on, 1)).collect();
        responses.count(&profile(&used, &[]), day(0));
        assert_eq!((responses.dropped(), responses.used("a").map(|used| used.rewards)), (8, Some(32)));
    }

    proptest! {
        #[test]
        fn shards_in_any_order_come_to_what_one_pass_counts(
            sent in prop::collection::vec((0..1_300_u32, -60..2_i64, 0..9_999_i64, 0..3_usize), 0..400), shards in 1..5_usize,
        ) {
            let customers: Vec<Profile> = sent.chunks(3).map(|part| {
                let used: Vec<(String, i64, i64)> =
                    part.iter().map(|(series, on, value, _)| (format!("s{series}"), *on, *value)).collect();
                let used: Vec<(&str, i64, i64)> = used.iter().map(|(s, on, value)| (s.as_str(), *on, *value)).collect();
                let said: Vec<_> =
                    part.iter().map(|(_, on, _, nth)| (Survey::Nps, Survey::Nps.answers()[*nth], *on)).collect();
                profile(&used, &said)
            }).collect();
            let mut whole = Responses::default();
            customers.iter().for_each(|customer| whole.count(customer, day(0)));
            let mut parts = vec![Responses::default(); shards];
            for (nth, customer) in customers.iter().enumerate() {
                parts[nth % shards].count(customer, day(0));
            }
            let forward = parts.iter().fold(Responses::default(), Responses::merge);
            let backward = parts.iter().rev().fold(Responses::default(), Responses::merge);
            prop_assert_eq!(&forward, &whole);
            prop_assert_eq!(&backward, &whole);
            let lines: Vec<String> = whole.clone().into();
            prop_assert_eq!(Responses::try_from(lines), Ok(whole));
        }
    }

    #[test]
    fn beyond_so_many_series_the_first_ones_by_name_are_whole_and_the_others_not_told() {
        let name = |nth: usize| format!("s{nth:05}");
        let most = Responses::MOST_SERIES;
        let of = |names: &mut dyn Iterator<Item = usize>| {
            let mut responses = Responses::default();
            names.for_each(|nth| responses.count(&profile(&[(&name(nth), 0, 1)], &[]), day(0)));
            responses
        };
        let left = of(&mut (0..most + 200).rev());
        let right = of(&mut (0..most + 200).filter(|nth| nth % 2 == 0));
        let both = left.clone().merge(&right);
        assert_eq!(both, right.merge(&left));
        let used = |nth: usize| both.used(&name(nth)).map(|used| used.rewards);
        assert_eq!(
            (used(0), used(1), used(most - 1), used(most), used(most + 199)),
            (Some(2), Some(1), Some(1), None, None)
        );
        let lines: Vec<String> = both.clone().into();
        assert_eq!(lines.len(), most + 1);
        assert_eq!(Responses::try_from(lines), Ok(both));
    }

    #[test]
    fn a_line_that_counts_did_not_write_is_refused() {
        for line in [
            "",
            "used a 1 2 3 4",
            "used a 1 2 x 4 5",
            "said nps price 1 1",
            "said nothing price 1 1",
            "dropped -1",
            "other",
        ] {
            assert_eq!(Responses::try_from(vec![line.to_owned()]), Err(NotResponses(line.to_owned())), "{line}");
        }
    }
}
