//! What a profile tells of its customer on later days too, as long as nothing happens to them: the facts of every such day come
//! out of it, without the profile. Facts of a day are an outlook of that day, looked at at once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use segmentation::{Cuts, Day, Label, LoyaltyGroup, Minor, Profile, Rfm, Rhythm, Score, Segment};

use crate::decide::arrivals;
use crate::decide::facts::{Chosen, Facts, Favourite, LastAnswer, Left, Milestone};
use crate::decide::known::Standing;

/// A customer from a day on. What happens from then on, an order above all, is not in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// What no day changes. Fields that a day does change are as of nobody.
    pub lasting: Facts,
    /// Choices that hold on its first day or later, the last accepted one first.
    pub choices: Vec<Chosen>,
    /// `None` without a counted order, or before the shop's first cuts.
    pub course: Option<Course>,
}

/// Where days carry a customer with orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Counted orders inside the window, on the first day.
    pub frequency: u32,
    /// Their sum, net of returns.
    pub monetary: Minor,
    /// What leaves the window by the last day, by day.
    pub leaving: Vec<Leaving>,
    /// Gaps between purchases that are known.
    pub gaps: usize,
    /// Where the last moves ended, oldest first.
    pub labels: Vec<Label>,
    /// Segments that moves left, the last left first.
    pub left: Vec<Left>,
}

/// Orders that leave the window on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The first day on which they no longer count.
    pub day: Day,
    /// How many.
    pub orders: u32,
    /// Their sum.
    pub net: Minor,
}

impl Outlook {
    /// From the day `since`, with what leaves the window up to the day `until`: later ones cannot be asked for.
    #[must_use]
    pub fn of(profile: &Profile, standing: &Standing<'_>, since: Day, until: Day) -> Outlook {
        let (lasting, choices) = outside_orders(profile, since);
        let mut outlook = Outlook { lasting, choices, course: None };
        let Some((_, cuts)) = standing.active else { return outlook };
        let Some(values) = profile.orders.rfm(since, cuts.window) else { return outlook };
        let counted = || profile.orders.iter().filter(|entry| entry.day <= since && cuts.window.counts(entry));
        let days: Vec<Day> = counted().map(|entry| entry.day).collect();
        let rhythm = Rhythm::of(&profile.orders, since, cuts.window);
        let facts = &mut outlook.lasting;
        facts.orders = u32::try_from(days.len()).unwrap_or(u32::MAX);
        facts.spent = counted().map(|entry| entry.net).sum();
        facts.first_order = days.first().copied();
        facts.milestone = milestone(&days);
        facts.usual_gap_days = rhythm.usual_gap_days;
        facts.usual_day = rhythm.usual_day;
        facts.streak = streak(&days, rhythm.usual_gap_days.map(|gap| standing.rhythm.begins_after(gap, Score::Two)));
        facts.recent_orders = days[days.len().saturating_sub(Facts::RECENT)..].to_vec();
        let labels = profile.moves.list.iter().map(|versioned| versioned.moved.label());
        let mut left = arrivals::left(profile, cuts, &days, since);
        left.retain(|left| since.since(left.day) < Facts::LEFT_DAYS);
        outlook.course = Some(Course {
            frequency: values.frequency,
            monetary: values.monetary,
            leaving: leaving(counted().map(|entry| (entry.day, entry.net)), cuts, since, until),
            gaps: rhythm.gaps,
            labels: labels.filter(|label| label.day <= since).collect(),
            left,
        });
        outlook
    }

    /// The facts on a day, which is one of the outlook's.
    #[must_use]
    pub fn facts(&self, standing: &Standing<'_>, on: Day) -> Facts {
        let choice = self.choices.iter().find(|choice| (choice.made..=choice.until).contains(&on)).cloned();
        let mut facts = Facts { choice, ..self.lasting.clone() };
        let Some(((activation, cuts), course)) = standing.active.zip(self.course.as_ref()) else { return facts };
        let Some(values) = facts.last_order().and_then(|last| course.values(last, on)) else { return facts };
        let segment = cuts.segment(&values);
        let group = standing.groups.of(segment);
        let vip = |segment: Segment| standing.groups.of(segment) == LoyaltyGroup::Vip;
        let own = group == LoyaltyGroup::Vip && course.gaps >= standing.rhythm.min_gaps;
        if let Some(gap) = facts.usual_gap_days.filter(|_| own) {
            let r = standing.rhythm.score(values.recency_days.into(), gap);
            facts.reads_as = Some(Segment { r, ..segment });
            facts.arrived = standing.rhythm.arrivals(&facts.recent_orders, gap, r, on);
            facts.left = standing.rhythm.left(&facts.recent_orders, gap, segment);
            // By the cuts the playbook was read for others than VIPs only.
            facts.left.extend(course.left.iter().filter(|left| !vip(left.segment)));
        } else {
            facts.arrived = arrivals::by_labels(&course.labels, segment, activation, cuts, facts.last_order(), on);
            facts.left.clone_from(&course.left);
        }
        facts.left.retain(|left| left.day <= on && on.since(left.day) < Facts::LEFT_DAYS);
        facts.left.sort_by_key(|left| Reverse(left.day));
        let mut seen = BTreeSet::new();
        facts.left.retain(|left| seen.insert(left.segment.index()));
        facts.left.truncate(Facts::LEFT);
        (facts.values, facts.segment, facts.group) = (Some(values), Some(segment), Some(group));
        facts
    }
}

impl Course {
    /// The three values on a day; `None` before the last order.
    fn values(&self, last: Day, on: Day) -> Option<Rfm> {
        let recency_days = u32::try_from(on.since(last)).ok()?;
        let values = Rfm { recency_days, frequency: self.frequency, monetary: self.monetary };
        let gone = self.leaving.iter().filter(|leaving| leaving.day <= on);
        Some(gone.fold(values, |values, leaving| Rfm {
            frequency: values.frequency.saturating_sub(leaving.orders),
            monetary: values.monetary - leaving.net,
            ..values
        }))
    }
}

/// Of orders by day, oldest first, those that the window still holds on `since` and no longer on `until`.
fn leaving(orders: impl Iterator<Item = (Day, Minor)>, cuts: &Cuts, since: Day, until: Day) -> Vec<Leaving> {
    let Some(days) = cuts.window.days else { return Vec::new() };
    let mut leaving: Vec<Leaving> = Vec::new();
    for (day, net) in orders {
        let leaves = day.plus(i64::from(days) + 1);
        if leaves > until {
            break;
        }
        if leaves <= since {
            continue;
        }
        match leaving.last_mut() {
            Some(last) if last.day == leaves => {
                last.orders += 1;
                last.net += net;
            }
            _ => leaving.push(Leaving { day: leaves, orders: 1, net }),
        }
    }
    leaving
}

fn outside_orders(profile: &Profile, since: Day) -> (Facts, Vec<Chosen>) {
    let mut categories: Vec<Favourite> = profile
        .tastes
        .categories()
        .iter()
        .filter(|taste| taste.first <= since)
        .map(|taste| Favourite { name: taste.name.clone(), orders: taste.orders, last: taste.last.min(since) })
        .collect();
    categories.sort_by(|a, b| (b.orders, b.last, &a.name).cmp(&(a.orders, a.last, &b.name)));
    categories.truncate(Facts::FAVOURITES);
    let choices = profile.choices.list.iter().rev().filter(|choice| choice.until >= since);
    let choices = choices.map(|choice| Chosen {
        series: choice.series.clone(),
        category: choice.category.clone(),
        reward: choice.reward.clone(),
        made: choice.made,
        until: choice.until,
    });
    let facts = Facts {
        categories,
        price_band: profile.tastes.price_band(),
        programme_since: profile.attributes.programme_since().filter(|joined| *joined <= since),
        mailing_consent: profile.attributes.consents(),
        last_chosen: profile.choices.list.iter().filter(|choice| choice.made <= since).fold(
            BTreeMap::new(),
            |mut last, choice| {
                let day = last.entry(choice.series.clone()).or_insert(choice.made);
                *day = choice.made.max(*day);
                last
            },
        ),
        answers: profile
            .answers
            .iter()
            .filter(|answered| answered.day <= since)
            .map(|answered| LastAnswer { survey: answered.survey, answer: answered.answer, day: answered.day })
            .collect(),
        referrals: {
            let days = profile.referrals.list.iter().map(|referral| referral.day);
            let mut days: Vec<Day> = days.filter(|day| *day <= since).collect();
            days.sort_unstable();
            days
        },
        answered_before: profile
            .answers
            .iter()
            .filter(|answered| answered.day <= since && !answered.earlier.is_empty())
            .map(|answered| (answered.survey, answered.earlier.clone()))
            .collect(),
        ..Facts::default()
    };
    (facts, choices.collect())
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

/// How many orders at the end came one after the other without `late` days between two of them.
fn streak(days: &[Day], late: Option<i64>) -> u32 {
    let Some(late) = late else { return u32::from(!days.is_empty()) };
    let unbroken = days.windows(2).rev().take_while(|pair| pair[1].since(pair[0]) < late).count();
    u32::try_from(unbroken + 1).unwrap_or(u32::MAX)
}
