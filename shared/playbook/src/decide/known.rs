//! The facts of a profile on a day: nothing that came after it, as far as a profile can tell.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use segmentation::{Activation, Cuts, Day, Groups, LoyaltyGroup, Minor, Profile, Rhythm, Score, Segment};

use crate::decide::arrivals;
use crate::decide::facts::{Chosen, Facts, Favourite, LastAnswer, Milestone};
use crate::decide::inputs::RhythmRule;

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
        facts.streak = streak(&days, rhythm.usual_gap_days.map(|gap| standing.rhythm.begins_after(gap, Score::Two)));
        facts.recent_orders = days[days.len().saturating_sub(Facts::RECENT)..].to_vec();
        let vip = |segment: Segment| standing.groups.of(segment) == LoyaltyGroup::Vip;
        let own = group == LoyaltyGroup::Vip && rhythm.gaps >= standing.rhythm.min_gaps;
        if let Some(gap) = rhythm.usual_gap_days.filter(|_| own) {
            let r = standing.rhythm.score(values.recency_days.into(), gap);
            facts.reads_as = Some(Segment { r, ..segment });
            facts.arrived = standing.rhythm.arrivals(&facts.recent_orders, gap, r, on);
            facts.left = standing.rhythm.left(&facts.recent_orders, gap, segment);
            // By the cuts the playbook was read for others than VIPs only.
            facts.left.extend(arrivals::left(profile, cuts, &days, on).into_iter().filter(|left| !vip(left.segment)));
        } else {
            facts.arrived = arrivals::by_moves(profile, segment, activation, cuts, days.last().copied(), on);
            facts.left = arrivals::left(profile, cuts, &days, on);
        }
        facts.left.retain(|left| left.day <= on && on.since(left.day) < Facts::LEFT_DAYS);
        facts.left.sort_by_key(|left| Reverse(left.day));
        let mut seen = BTreeSet::new();
        facts.left.retain(|left| seen.insert(left.segment.index()));
        facts.left.truncate(Facts::LEFT);
        (facts.values, facts.segment, facts.group) = (Some(values), Some(segment), Some(group));
        facts
    }

    fn outside_orders(profile: &Profile, on: Day) -> Facts {
        let mut categories: Vec<Favourite> = profile
            .tastes
            .categories()
            .iter()
            .filter(|taste| taste.first <= on)
            .map(|taste| Favourite { name: taste.name.clone(), orders: taste.orders, last: taste.last.min(on) })
            .collect();
        categories.sort_by(|a, b| (b.orders, b.last, &a.name).cmp(&(a.orders, a.last, &b.name)));
        categories.truncate(Facts::FAVOURITES);
        // The last accepted one.
        let choice = profile.choices.active(on).next().map(|choice| Chosen {
            series: choice.series.clone(),
            category: choice.category.clone(),
            reward: choice.reward.clone(),
            made: choice.made,
            until: choice.until,
        });
        Facts {
            categories,
            price_band: profile.tastes.price_band(),
            programme_since: profile.attributes.programme_since().filter(|since| *since <= on),
            mailing_consent: profile.attributes.consents(),
            choice,
            last_chosen: profile.choices.list.iter().filter(|choice| choice.made <= on).fold(
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
                .filter(|answered| answered.day <= on)
                .map(|answered| LastAnswer { survey: answered.survey, answer: answered.answer, day: answered.day })
                .collect(),
            referrals: {
                let days = profile.referrals.list.iter().map(|referral| referral.day);
                let mut days: Vec<Day> = days.filter(|day| *day <= on).collect();
                days.sort_unstable();
                days
            },
            answered_before: profile
                .answers
                .iter()
                .filter(|answered| answered.day <= on && !answered.earlier.is_empty())
                .map(|answered| (answered.survey, answered.earlier.clone()))
                .collect(),
            ..Facts::default()
        }
    }
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
