//! What happened to a customer, and when: all that a calendar asks of the facts.

use segmentation::answers::Survey;
use segmentation::{Day, UsualDay};

use crate::calendar::{Event, Happened};
use crate::decide::candidate::Candidate;
use crate::decide::facts::Facts;

/// Facts with what may run out: all that a calendar asks.
pub(crate) struct Life<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) products: &'a [Candidate],
    pub(crate) on: Day,
    /// The survey that the idea goes by; without one, any answer is one.
    pub(crate) survey: Option<Survey>,
}

impl Happened for Life<'_> {
    fn days(&self, event: Event) -> Vec<Day> {
        match event {
            Event::Anniversary => {
                self.facts.programme_since.map_or_else(Vec::new, |since| anniversaries(since, self.on))
            }
            Event::RunOut => {
                let mut days: Vec<Day> =
                    self.products.iter().filter_map(|product| product.runs_out).map(|out| out.from).collect();
                days.sort_unstable();
                days
            }
            Event::Achievement => self.facts.milestone.map(|milestone| milestone.day).into_iter().collect(),
            Event::Move => self.facts.arrived.clone(),
            Event::FirstOrder => self.facts.first_order.into_iter().collect(),
            Event::Answer => {
                let asked = |survey| self.survey.is_none_or(|by| by == survey);
                let answers = self.facts.answers.iter().filter(|answer| asked(answer.survey));
                let before = |survey| self.facts.answered_before.get(survey).into_iter().flatten().copied();
                let mut days: Vec<Day> =
                    answers.flat_map(|answer| before(&answer.survey).chain([answer.day])).collect();
                days.sort_unstable();
                days
            }
            Event::Referral => self.facts.referrals.clone(),
            Event::UsualDay => Vec::new(),
        }
    }

    fn usual_day(&self) -> Option<UsualDay> {
        self.facts.usual_day
    }
}

/// The last anniversary up to `on`, if there was one, and the next. Who joined on 29 February has it on the 28th in other years.
fn anniversaries(since: Day, on: Day) -> Vec<Day> {
    (full_years(since, on)..).take(2).filter(|years| *years > 0).filter_map(|years| anniversary(since, years)).collect()
}

fn anniversary(since: Day, years: u32) -> Option<Day> {
    since.date().checked_add_months(chrono::Months::new(years * 12)).and_then(Day::from_date)
}

/// Full years from `since` to `on`.
pub(crate) fn full_years(since: Day, on: Day) -> u32 {
    let years = u32::try_from((on.month_number() - since.month_number()) / 12).unwrap_or(0);
    match anniversary(since, years) {
        Some(day) if day > on => years.saturating_sub(1),
        _ => years,
    }
}
