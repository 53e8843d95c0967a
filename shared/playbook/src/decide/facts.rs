//! What a decision needs to know of a customer, computed from the profile on a day. No id, no name, nothing secret.

use segmentation::answers::{Answer, Survey};
use segmentation::{
    Activation, AxisCuts, Cuts, Day, Groups, LoyaltyGroup, Minor, Profile, Rfm, Rhythm, Score, Segment, UsualDay,
};
use serde::{Deserialize, Serialize};

use crate::calendar::{Event, Happened};
use crate::decide::candidate::Candidate;
use crate::decide::inputs::RhythmRule;

/// A category a customer buys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Favourite {
    /// Its name.
    pub name: String,
    /// Orders that held something of it.
    pub orders: u32,
    /// The last of them.
    pub last: Day,
}

/// A round number of orders, and when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// How many.
    pub orders: u32,
    /// On which day.
    pub day: Day,
}

/// What the customer chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// Of which series.
    pub series: String,
    /// Which category.
    pub category: String,
    /// Which reward, by the code it was offered under.
    pub reward: String,
    /// From when
    pub made: Day,
    /// until when.
    pub until: Day,
}

/// The customer's last answer to a survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAnswer {
    /// To which survey.
    pub survey: Survey,
    /// What.
    pub answer: Answer,
    /// When.
    pub day: Day,
}

/// A customer on a day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Facts {
    /// By the active cuts; `None` without a counted order, or before the first cuts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// The segment's group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<LoyaltyGroup>,
    /// A VIP's segment by their own rhythm, where enough gaps are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads_as: Option<Segment>,
    /// Recency, frequency, monetary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Rfm>,
    /// Counted orders of the whole lifetime.
    pub orders: u32,
    /// Their sum, net of returns, in minor units.
    pub spent: Minor,
    /// The first counted order's day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_order: Option<Day>,
    /// Days of the last counted orders, oldest first: at most [`Facts::RECENT`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent_orders: Vec<Day>,
    /// How many of the last counted orders came without a gap longer than late.
    pub streak: u32,
    /// The last round number of orders reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<Milestone>,
    /// Median gap between purchases, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_gap_days: Option<f64>,
    /// The day on which they usually buy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_day: Option<UsualDay>,
    /// When they came into the segment the playbook is read for, oldest first, as far as known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arrived: Vec<Day>,
    /// Categories bought, most orders first, then the last bought: at most [`Facts::FAVOURITES`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Favourite>,
    /// What they pay for an item: the middle half, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_band: Option<(Minor, Minor)>,
    /// When they joined the loyalty programme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme_since: Option<Day>,
    /// May they be written to?
    pub mailing_consent: bool,
    /// What they chose, while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Chosen>,
    /// Last answers, one a survey.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<LastAnswer>,
}

/// What of a shop facts depend on.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The active cuts and their number.
    pub active: Option<(Activation, &'a Cuts)>,
    /// Which group each segment belongs to.
    pub groups: &'a Groups,
    /// How a VIP's rhythm is read.
    pub rhythm: RhythmRule,
}

impl Facts {
    /// Days of orders that are kept: enough for every challenge.
    pub const RECENT: usize = 24;
    /// Favourite categories that are kept.
    pub const FAVOURITES: usize = 5;

    /// The facts of a profile on the day `on`.
    #[must_use]
    pub fn of(profile: &Profile, standing: &Standing<'_>, on: Day) -> Facts {
        let mut facts = Facts::outside_orders(profile, on);
        let Some((activation, cuts)) = standing.active else { return facts };
        let counted = || profile.orders.iter().filter(|entry| entry.day <= on && cuts.window.counts(entry));
        let days: Vec<Day> = counted().map(|entry| entry.day).collect();
        let Some(values) = profile.orders.rfm(on, cuts.window) else { return facts };
        let segment = cuts.segment(&values);
        let group = standing.groups.of(segment);
        let rhythm = Rhythm::of(&profile.orders, on, cuts.window);
        facts.orders = u32::try_from(days.len()).unwrap_or(u32::MAX);
        facts.spent = counted().fold(Minor::ZERO, |mut sum, entry| {
            sum += entry.net;
            sum
        });
        facts.first_order = days.first().copied();
        facts.milestone = milestone(&days);
        facts.usual_gap_days = rhythm.usual_gap_days;
        facts.usual_day = rhythm.usual_day;
        facts.streak = streak(&days, rhythm.usual_gap_days.map(|gap| gap * ratio(standing.rhythm.late_percent)));
        facts.recent_orders = days[days.len().saturating_sub(Facts::RECENT)..].to_vec();
        let own = (group == LoyaltyGroup::Vip && rhythm.gaps >= standing.rhythm.min_gaps)
            .then(|| rhythm.usual_gap_days.zip(rhythm.overdue(values.recency_days)))
            .flatten();
        if let Some((gap, overdue)) = own {
            let r = standing.rhythm.score(overdue);
            facts.reads_as = Some(Segment { r, ..segment });
            facts.arrived = standing.rhythm.arrivals(&facts.recent_orders, gap, r, on);
        } else {
            facts.arrived = arrivals(profile, segment, activation, cuts, days.last().copied(), on);
        }
        (facts.values, facts.segment, facts.group) = (Some(values), Some(segment), Some(group));
        facts
    }

    fn outside_orders(profile: &Profile, on: Day) -> Facts {
        let mut categories: Vec<Favourite> = profile
            .tastes
            .categories()
            .iter()
            .filter(|taste| taste.first <= on)
            .map(|taste| Favourite { name: taste.name.clone(), orders: taste.orders, last: taste.last })
            .collect();
        categories.sort_by(|a, b| (b.orders, b.last, &a.name).cmp(&(a.orders, a.last, &b.name)));
        categories.truncate(Facts::FAVOURITES);
        let choice = profile.choices.active(on).last().map(|choice| Chosen {
            series: choice.series.clone(),
            category: choice.category.clone(),
            reward: choice.reward.clone(),
            made: choice.made,
            until: choice.until,
        });
        Facts {
            categories,
            price_band: profile.tastes.price_band(),
            programme_since: profile.attributes.programme_since(),
            mailing_consent: profile.attributes.consents(),
            choice,
            answers: profile
                .answers
                .iter()
                .filter(|answered| answered.day <= on)
                .map(|answered| LastAnswer { survey: answered.survey, answer: answered.answer, day: answered.day })
                .collect(),
            ..Facts::default()
        }
    }

    /// The last counted order's day.
    #[must_use]
    pub fn last_order(&self) -> Option<Day> {
        self.recent_orders.last().copied()
    }

    /// When they came here last, as far as known.
    #[must_use]
    pub fn here_since(&self) -> Option<Day> {
        self.arrived.last().copied()
    }

    /// Counted orders since that day, as far as the recent ones tell.
    #[must_use]
    pub fn orders_since(&self, first: Day) -> u32 {
        let recent = self.recent_orders.iter().filter(|day| **day >= first).count();
        u32::try_from(recent).unwrap_or(u32::MAX)
    }

    /// What an order usually comes to.
    #[must_use]
    pub fn average_order(&self) -> Option<Minor> {
        (self.orders > 0).then(|| Minor(self.spent.0 / i64::from(self.orders)))
    }

    /// The last answer to a survey.
    #[must_use]
    pub fn answer(&self, survey: Survey) -> Option<LastAnswer> {
        self.answers.iter().find(|answer| answer.survey == survey).copied()
    }
}

impl RhythmRule {
    fn score(&self, overdue: f64) -> Score {
        if overdue <= ratio(self.late_percent) {
            Score::Three
        } else if overdue <= ratio(self.gone_percent) {
            Score::Two
        } else {
            Score::One
        }
    }

    /// Days of silence after which the score begins.
    fn begins_after(&self, gap: f64, score: Score) -> i64 {
        let percent = match score {
            Score::Three => return 0,
            Score::Two => self.late_percent,
            Score::One => self.gone_percent,
        };
        // The first whole day on which the ratio is above.
        (ratio(percent) * gap).floor() as i64 + 1
    }

    /// The days, up to `on`, on which silence after an order led to the score.
    fn arrivals(&self, orders: &[Day], gap: f64, score: Score, on: Day) -> Vec<Day> {
        let silence = self.begins_after(gap, score);
        let ends = orders.iter().skip(1).copied().chain([Day::MAX]);
        let mut arrivals: Vec<Day> = orders
            .iter()
            .zip(ends)
            .map(|(from, until)| (from.plus(silence), until))
            .filter(|(arrived, until)| arrived < until && *arrived <= on)
            .map(|(arrived, _)| arrived)
            .collect();
        if score == Score::Three {
            // Back from a silence, or here since the first order known: not anew with every order.
            let late = self.begins_after(gap, Score::Two);
            let returns = orders.windows(2).filter(|pair| pair[1].since(pair[0]) >= late).map(|pair| pair[1]);
            arrivals = orders.first().copied().into_iter().chain(returns).collect();
        }
        arrivals
    }
}

fn ratio(percent: u16) -> f64 {
    f64::from(percent) / 100.0
}

/// When the customer came into the segment: by the moves that ended in it, and by the cut that time has carried them over
/// since the last label.
fn arrivals(
    profile: &Profile,
    segment: Segment,
    activation: Activation,
    cuts: &Cuts,
    last_order: Option<Day>,
    on: Day,
) -> Vec<Day> {
    let ended_here = |place: segmentation::Place| place.0 == Some(segment);
    let moves = profile.moves.list.iter().map(|versioned| &versioned.moved);
    let mut days: Vec<Day> =
        moves.filter(|moved| moved.day <= on && ended_here(moved.label().place)).map(|moved| moved.day).collect();
    let labelled = profile.label().is_some_and(|label| label.activation <= activation && ended_here(label.place));
    if !labelled && let Some(last) = last_order {
        let AxisCuts { c1, c2, .. } = cuts.recency;
        let silence = match segment.r {
            Score::Three => 0,
            Score::Two => c1 + 1,
            Score::One => c2 + 1,
        };
        days.push(last.plus(silence).min(on));
    }
    days.sort_unstable();
    days
}

/// 10, 25, 50, 100 and each further 100.
fn milestone(days: &[Day]) -> Option<Milestone> {
    let count = days.len();
    let reached = match count {
        0..10 => return None,
        10..25 => 10,
        25..50 => 25,
        50..100 => 50,
        _ => count / 100 * 100,
    };
    Some(Milestone { orders: u32::try_from(reached).ok()?, day: days[reached - 1] })
}

/// How many orders at the end came one after the other within `longest` days.
fn streak(days: &[Day], longest: Option<f64>) -> u32 {
    let Some(longest) = longest else { return u32::from(!days.is_empty()) };
    let unbroken = days.windows(2).rev().take_while(|pair| pair[1].since(pair[0]) as f64 <= longest).count();
    u32::try_from(unbroken + 1).unwrap_or(u32::MAX)
}

/// Facts with what may run out: all that a calendar asks.
pub(crate) struct Life<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) products: &'a [Candidate],
    pub(crate) on: Day,
    /// The survey that the idea goes by.
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
                let answer = self.survey.and_then(|survey| self.facts.answer(survey));
                answer.map(|answer| answer.day).into_iter().collect()
            }
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
