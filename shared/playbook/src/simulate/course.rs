//! One customer's course through the days.

use std::collections::{BTreeMap, BTreeSet};

use segmentation::label::{Active, bring_up_to_date, dated};
use segmentation::{Cause, Day, Entry, Label, Minor, Orders, Place, Profile};

use crate::calendar::Calendar;
use crate::decide::{Channel, Decision, Facts, Favourite, Inputs, SeriesStates, Standing, decide};
use crate::language::Language;
use crate::mechanic::Mechanic;
use crate::playbook::Playbook;
use crate::simulate::promises::{Moment, Promises, name};
use crate::simulate::tally::{Line, SeriesLine, Tally};
use crate::simulate::{InForce, Scenario, Shelf};

/// The tally of one customer: what the playbook would have shown and promised them on each day of the scenario. `shift` gives
/// the number by which a series' slots are shifted for them.
///
/// What is not dated in a profile is as it is now (price band, consent); attributes, answers, choices and moves count from their
/// days on, tastes from a category's first day on. Rewards used before the period are closed, later ones are not: they were
/// given by another playbook.
#[must_use]
pub fn simulate<S: Shelf>(
    profile: &Profile,
    scenario: &Scenario,
    playbook: &Playbook,
    shelf: &S,
    shift: impl Fn(&str) -> u32,
) -> Tally {
    let mut course = Course::new(profile, scenario, playbook, shelf, shift);
    let later: Vec<Entry> =
        profile.orders.iter().filter(|entry| entry.day >= scenario.period.from()).copied().collect();
    let mut later = later.as_slice();
    for day in scenario.period.days() {
        let (today, rest) = later.split_at(later.partition_point(|entry| entry.day <= day));
        course.morning(day);
        course.orders(day, today);
        later = rest;
    }
    course.tally()
}

/// So many orders before the period are replayed to see where a customer stood: as many as facts look back at.
const REPLAYED: usize = Facts::RECENT;

/// A heading under which a customer's days are counted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Heading {
    Total,
    Segment(Place),
    Mechanic(String),
    Series(Place, String),
}

struct Course<'a, S, F> {
    scenario: &'a Scenario,
    playbook: &'a Playbook,
    shelf: &'a S,
    shift: F,
    shifts: BTreeMap<String, u32>,
    /// The profile as it stood, with the orders so far.
    now: Profile,
    /// Of today, but what decisions change.
    inputs: Inputs,
    /// When the shelf was looked at last, and the favourites it told.
    looked: Option<Day>,
    favourites: Option<Vec<Favourite>>,
    promises: Promises,
    /// Of every series seen, its mechanic's name and its calendar.
    known: BTreeMap<String, (String, Calendar)>,
    days: BTreeMap<Heading, u64>,
    stood: BTreeSet<Place>,
    decided: u64,
}

impl<'a, S: Shelf, F: Fn(&str) -> u32> Course<'a, S, F> {
    fn new(profile: &Profile, scenario: &'a Scenario, playbook: &'a Playbook, shelf: &'a S, shift: F) -> Self {
        let from = scenario.period.from();
        let mut now = profile.clone();
        now.orders = profile.orders.iter().filter(|entry| entry.day < from).copied().collect();
        now.moves.list.retain(|moved| moved.moved.day < from);
        now.closed.list.retain(|closed| closed.day < from);
        let inputs = Inputs {
            format: Inputs::FORMAT,
            day: from,
            language: Language::default(),
            channel: Channel::Checkout,
            customer: Facts::default(),
            degraded: false,
            playbook: playbook.version().to_owned(),
            settings: scenario.settings.clone(),
            money: scenario.money.clone(),
            products: Vec::new(),
            low_band: shelf.low_band(),
            cart: None,
            series: SeriesStates { not_open: scenario.paused.clone(), ..SeriesStates::default() },
            campaigns: scenario.campaigns.clone(),
        };
        let mut course = Course {
            scenario,
            playbook,
            shelf,
            shift,
            shifts: BTreeMap::new(),
            now,
            inputs,
            looked: None,
            favourites: None,
            promises: Promises::default(),
            known: BTreeMap::new(),
            days: BTreeMap::new(),
            stood: BTreeSet::new(),
            decided: 0,
        };
        if course.now.moves.list.is_empty() {
            course.come_here();
        }
        course
    }

    /// The moves of the last orders before the period, for a profile that remembers none: without them everyone would have come
    /// into their segment on the first day.
    fn come_here(&mut self) {
        let orders = std::mem::take(&mut self.now.orders);
        let entries: Vec<Entry> = orders.iter().copied().collect();
        let first = entries.len().saturating_sub(REPLAYED);
        self.now.orders = entries[..first].iter().copied().collect();
        for same_day in entries[first..].chunk_by(|one, next| one.day == next.day) {
            let day = same_day[0].day;
            self.fall_silent(day);
            let after: Orders = self.now.orders.iter().chain(same_day).copied().collect();
            self.move_on(day, Some(&after));
            self.now.orders = after;
        }
        self.fall_silent(self.scenario.period.from());
    }

    /// The moves that silence brings between the last order and a day.
    fn fall_silent(&mut self, until: Day) {
        let Some(last) = self.now.orders.iter().next_back().map(|entry| entry.day) else { return };
        let Some(cuts) = self.scenario.in_force(last).map(|held| held.cuts.recency) else { return };
        for day in [cuts.c1, cuts.c2].map(|silence| last.plus(silence + 1)).into_iter().filter(|day| *day < until) {
            self.move_on(day, None);
        }
    }

    /// What is decided on a day before its orders.
    fn morning(&mut self, day: Day) {
        if self.now.orders.is_empty() {
            return;
        }
        self.decided += 1;
        self.move_on(day, None);
        self.facts(day);
        let place = Place(self.inputs.customer.segment);
        self.stood.insert(place);
        let mut headings = BTreeSet::new();
        self.inputs.channel = Channel::Checkout;
        self.see(&decide(&self.inputs, self.playbook), place, &mut headings);
        if self.inputs.customer.mailing_consent {
            self.inputs.channel = Channel::Mailing;
            self.see(&decide(&self.inputs, self.playbook), place, &mut headings);
        }
        for heading in headings {
            *self.days.entry(heading).or_default() += 1;
        }
    }

    fn facts(&mut self, day: Day) {
        let scenario = self.scenario;
        let standing = Standing {
            active: scenario.in_force(day).map(|cuts| (cuts.activation, &cuts.cuts)),
            groups: &scenario.groups,
            rhythm: scenario.settings.rhythm,
        };
        self.inputs.day = day;
        self.inputs.customer = Facts::of(&self.now, &standing, day);
        if self.looked.is_none_or(|looked| day.since(looked) >= S::EVERY) {
            self.looked = Some(day);
            (self.inputs.products, self.favourites) = self.shelf.look(&self.now, day);
        }
        if let Some(favourites) = &self.favourites {
            self.inputs.customer.categories.clone_from(favourites);
        }
        self.inputs.customer.mailing_consent |= scenario.everyone_agrees;
        let needed = self.inputs.series_needed(self.playbook);
        let shifts = needed.into_iter().map(|series| {
            let shift = *self.shifts.entry(series.clone()).or_insert_with(|| (self.shift)(&series));
            (series, shift)
        });
        self.inputs.series.shifts = shifts.collect();
        self.inputs.series.closed = SeriesStates::closed_of(&self.now, day);
    }

    fn see(&mut self, decision: &Decision, place: Place, headings: &mut BTreeSet<Heading>) {
        let moment = Moment {
            on: decision.day,
            place,
            usual_order: self.inputs.customer.average_order().unwrap_or(Minor::ZERO),
            costs: &self.scenario.settings.costs,
        };
        for offer in &decision.offers {
            let series = &offer.reason.campaign;
            if !self.known.contains_key(series) {
                let calendar = self.calendar(series).unwrap_or_default();
                self.known.insert(series.clone(), (name(offer.mechanic), calendar));
            }
            let (mechanic, calendar) = &self.known[series];
            headings.extend([Heading::Total, Heading::Segment(place)]);
            headings.insert(Heading::Mechanic(mechanic.clone()));
            headings.insert(Heading::Series(place, series.clone()));
            let shift = self.shifts.get(series).copied().unwrap_or(0);
            let period_end = offer.open.map_or(decision.day, |slot| match offer.mechanic {
                // What was chosen closes the day on which it was made.
                Mechanic::Choose => slot.first,
                _ => calendar.period_end(slot, shift),
            });
            self.promises.see(offer, &moment, period_end);
        }
    }

    /// The calendar of a series: of the playbook's own, or of the shop's campaigns.
    fn calendar(&self, series: &str) -> Option<Calendar> {
        let Some((entry, code)) = series.split_once('/') else {
            let own = self.scenario.campaigns.iter().find(|own| own.series == series);
            return own.map(|own| own.idea.calendar);
        };
        let entry = self.playbook.entry(entry.parse().ok()?);
        entry.ideas.iter().find(|idea| idea.code == code).map(|idea| idea.calendar)
    }

    /// Takes in a day's orders; the first counted one uses what was promised.
    fn orders(&mut self, day: Day, today: &[Entry]) {
        if today.is_empty() {
            return;
        }
        let counts = |entry: &Entry| self.scenario.in_force(day).is_none_or(|cuts| cuts.cuts.window.counts(entry));
        if today.iter().any(counts) {
            for closed in self.promises.use_on(day) {
                self.now.closed.push(closed);
            }
        }
        let after: Orders = self.now.orders.iter().chain(today).copied().collect();
        self.move_on(day, Some(&after));
        self.now.orders = after;
    }

    /// Brings the label up to date: as the nightly run does, or as an order does that leads to the orders `after`.
    fn move_on(&mut self, day: Day, after: Option<&Orders>) {
        let Some(InForce { activation, cuts, .. }) = self.scenario.in_force(day) else { return };
        let label = self.now.label().map(|label| self.as_run(label, day));
        let known = label.and_then(|label| Some((label, &self.scenario.numbered(label.activation)?.cuts)));
        let active = Active { activation: *activation, cuts };
        // A label under cuts that came later stands as it is: it was made after this day.
        let (before, fact) = (&self.now.orders, after.map(|_| Cause::Order));
        if let Ok(Some(moved)) = bring_up_to_date(known, active, before, after.unwrap_or(before), day, fact) {
            self.now.commit(Some(moved));
        }
    }

    /// The label as the run of the day before left it.
    fn as_run(&self, label: Label, day: Day) -> Label {
        let before = day.plus(-1);
        self.scenario.in_force(before).map_or(label, |cuts| dated(label, before, cuts.activation))
    }

    fn tally(self) -> Tally {
        let mechanic = |series: &str| self.known.get(series).map(|(mechanic, _)| mechanic.clone()).unwrap_or_default();
        let mut lines: BTreeMap<Heading, Line> = BTreeMap::new();
        for (heading, days) in self.days {
            lines.insert(heading, Line { customers: 1, days, ..Line::default() });
        }
        for ((series, ..), promise) in &self.promises.0 {
            let mechanic = mechanic(series);
            let headings = [
                Heading::Total,
                Heading::Segment(promise.place),
                Heading::Mechanic(mechanic),
                Heading::Series(promise.place, series.clone()),
            ];
            let (used, used_cost) = if promise.used { (1, promise.cost) } else { (0, Minor::ZERO) };
            let one = Line { promises: 1, ceiling: promise.cost, used, used_cost, ..Line::default() };
            for heading in headings {
                let line = lines.entry(heading).or_default();
                *line = Line { rewarded: 1, ..line.plus(&one) };
            }
        }
        let mut tally = Tally {
            customers: u64::from(self.decided > 0),
            days: self.decided,
            standing: self.stood.into_iter().map(|place| (place, 1)).collect(),
            ..Tally::default()
        };
        for (heading, line) in lines {
            match heading {
                Heading::Total => tally.total = line,
                Heading::Segment(place) => drop(tally.segments.insert(place, line)),
                Heading::Mechanic(mechanic) => drop(tally.mechanics.insert(mechanic, line)),
                Heading::Series(place, series) => {
                    let mechanic = mechanic(&series);
                    tally.series.entry(place).or_default().insert(series, SeriesLine { mechanic, line });
                }
            }
        }
        tally
    }
}
