//! The what-if against a plain loop over decisions, its laws, and one customer counted by hand.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use playbook::decide::{Channel, Facts, Inputs, MoneyWords, OfferSettings, SeriesStates, Standing};
use playbook::reward::RewardCosts;
use playbook::simulate::{BadPeriod, InForce, Line, MAX_DAYS, NoShelf, Period, Scenario, Tally, simulate};
use playbook::{Language, Playbook, decide};
use proptest::prelude::*;
use segmentation::label::{Active, bring_up_to_date, dated};
use segmentation::{
    Activation, AxisCuts, Cause, ClosedStep, Cuts, Day, Entry, Flags, Groups, Law, Minor, Orders, Place, Profile,
    Window,
};

const START: i64 = 20_000;

fn day(n: i64) -> Day {
    Day::from_epoch_days(START + n)
}

fn cuts(recency: (i64, i64), frequency: (i64, i64), monetary: (i64, i64)) -> Cuts {
    let axis = |(c1, c2)| AxisCuts { c1, c2, law: Law::Fixed };
    Cuts { recency: axis(recency), frequency: axis(frequency), monetary: axis(monetary), window: Window::default() }
}

fn scenario(from: i64, until: i64) -> Scenario {
    let in_force = |number, from, cuts| InForce { from: day(from), activation: Activation(number), cuts };
    Scenario {
        period: Period::new(day(from), day(until)).unwrap(),
        cuts: vec![
            in_force(1, from, cuts((20, 60), (1, 4), (3_000, 9_000))),
            in_force(2, from + 20, cuts((25, 70), (1, 3), (2_000, 8_000))),
        ],
        groups: Groups::default(),
        settings: OfferSettings {
            costs: RewardCosts { delivery: Some(Minor(40)), points_percent: None },
            ..OfferSettings::default()
        },
        money: MoneyWords { code: "EUR".to_owned(), digits: 2 },
        campaigns: Vec::new(),
        paused: BTreeSet::new(),
        everyone_agrees: false,
    }
}

fn profile(orders: &[(i64, i64)]) -> Profile {
    let entry = |(n, net): &(i64, i64)| Entry { day: day(*n), net: Minor(*net), flags: Flags::none() };
    Profile { orders: orders.iter().map(entry).collect(), ..Profile::default() }
}

/// Any fixed number.
fn shift(series: &str) -> u32 {
    series.bytes().fold(7, |sum, byte| sum * 31 % 9_973 + u32::from(byte))
}

fn run(profile: &Profile, scenario: &Scenario) -> Tally {
    simulate(profile, scenario, Playbook::builtin(), &NoShelf, shift)
}

/// Histories of up to 12 orders over 200 days; the period lies in their second half.
fn histories() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((0..200_i64, 1..6_000_i64), 0..12)
}

/// What one day offered: the series, and of a promise its slot, step and time (empty as long as it is not earned).
struct Seen {
    series: String,
    promise: Option<(Day, u8, (Day, Day))>,
    /// The slot and the last day that using it closes; `None`: the day of the use.
    closes: Option<(Day, Day)>,
}

/// Everything that is asked of the plain loop.
#[derive(Debug, Default, PartialEq)]
struct Plain {
    customer_days: u64,
    shown: BTreeMap<(Place, String), u64>,
    promised: BTreeMap<(String, Day, u8), Place>,
    used: BTreeSet<(String, Day, u8)>,
}

/// Day by day, with everything of a day computed from the orders before it; only for customers whose orders all lie in the
/// period, so that no move came before.
fn plain(orders: &[(i64, i64)], scenario: &Scenario) -> Plain {
    let mut plain = Plain::default();
    let mut profile = Profile::default();
    let mut times: BTreeMap<(String, Day, u8), (Day, Day)> = BTreeMap::new();
    let mut closes = BTreeMap::new();
    for today in scenario.period.days() {
        let on = |upto: Day| -> Orders {
            let all = orders.iter().map(|(n, net)| Entry { day: day(*n), net: Minor(*net), flags: Flags::none() });
            all.filter(|entry| entry.day <= upto).collect()
        };
        let (before, after) = (on(today.plus(-1)), on(today));
        let held = scenario.in_force(today).unwrap();
        let go = |profile: &mut Profile, after: &Orders, fact| {
            let yesterday = scenario.in_force(today.plus(-1)).unwrap().activation;
            let label = profile.label().map(|label| dated(label, today.plus(-1), yesterday));
            let known = label.map(|label| (label, &scenario.cuts[label.activation.0 as usize - 1].cuts));
            let active = Active { activation: held.activation, cuts: &held.cuts };
            let moved = bring_up_to_date(known, active, &before, after, today, fact).unwrap();
            moved.into_iter().for_each(|moved| profile.commit(Some(moved)));
        };
        if !before.is_empty() {
            go(&mut profile, &before, None);
            profile.orders = before.clone();
            plain.customer_days += 1;
            let standing = Standing {
                active: Some((held.activation, &held.cuts)),
                groups: &scenario.groups,
                rhythm: scenario.settings.rhythm,
            };
            let facts = Facts::of(&profile, &standing, today);
            let place = Place(facts.segment);
            let mut shown = BTreeSet::new();
            for seen in offers(facts, today, scenario, &profile) {
                shown.insert(seen.series.clone());
                if let Some((slot, step, time)) = seen.promise {
                    let name = (seen.series, slot, step);
                    plain.promised.entry(name.clone()).or_insert(place);
                    closes.entry(name.clone()).or_insert(seen.closes);
                    if time.0 <= time.1 {
                        times.insert(name, time);
                    }
                }
            }
            for series in shown {
                *plain.shown.entry((place, series)).or_default() += 1;
            }
        }
        if after.len() > before.len() {
            for (name, (from, until)) in &times {
                if *from <= today && today <= *until && plain.used.insert(name.clone()) {
                    let (slot, until) = closes[name].unwrap_or((today, today));
                    let (series, step, value) = (name.0.clone(), name.2, Minor::ZERO);
                    profile.closed.push(ClosedStep { series, slot, step, until, day: today, value });
                }
            }
            go(&mut profile, &after, Some(Cause::Order));
        }
    }
    plain
}

/// What is decided at checkout, and for a letter where that may be sent.
fn offers(facts: Facts, on: Day, scenario: &Scenario, profile: &Profile) -> Vec<Seen> {
    let playbook = Playbook::builtin();
    let channels = [Channel::Checkout, Channel::Mailing];
    let mut seen = Vec::new();
    for channel in channels {
        let mut inputs = Inputs {
            format: Inputs::FORMAT,
            day: on,
            language: Language::En,
            channel,
            customer: Facts { mailing_consent: scenario.everyone_agrees, ..facts.clone() },
            degraded: false,
            playbook: playbook.version().to_owned(),
            settings: scenario.settings.clone(),
            money: scenario.money.clone(),
            products: Vec::new(),
            low_band: None,
            cart: None,
            campaigns: Vec::new(),
            series: SeriesStates::default(),
        };
        let needed = inputs.series_needed(playbook).into_iter();
        inputs.series.shifts = needed.map(|series| (series.clone(), shift(&series))).collect();
        inputs.series.closed = SeriesStates::closed_of(profile, on);
        for offer in decide(&inputs, playbook).offers {
            let series = offer.reason.campaign;
            let closes = offer.open.filter(|_| offer.choice.is_none()).map(|slot| {
                let entry = playbook.entry(series.split('/').next().unwrap().parse().unwrap());
                let idea = entry.ideas.iter().find(|idea| idea.code == offer.idea).unwrap();
                (slot.first, idea.calendar.period_end(slot, shift(&series)))
            });
            let time = match (&offer.reward, &offer.choice) {
                (Some(given), _) if given.earned => Some((given.valid_from, given.valid_until)),
                (Some(_), _) => Some((Day::MAX, Day::MIN)),
                (None, Some(choice)) => Some((on, on.plus(i64::from(choice.days) - 1))),
                (None, None) => None,
            };
            let promise = time.map(|time| (offer.reason.slot.unwrap(), offer.reason.step, time));
            seen.push(Seen { series, promise, closes });
        }
    }
    seen
}

/// The tally's own numbers in the form of the plain loop.
fn counted(tally: &Tally) -> (u64, BTreeMap<(Place, String), u64>, u64, u64) {
    let series = tally
        .series
        .iter()
        .flat_map(|(place, lines)| lines.iter().map(move |(name, line)| ((*place, name.clone()), line)));
    let shown = series.filter(|(_, line)| line.line.days > 0).map(|(name, line)| (name, line.line.days)).collect();
    (tally.days, shown, tally.total.promises, tally.total.used)
}

fn sums(lines: impl Iterator<Item = Line>) -> (u64, Minor, u64, Minor) {
    lines.fold((0, Minor::ZERO, 0, Minor::ZERO), |(promises, ceiling, used, cost), line| {
        (promises + line.promises, ceiling + line.ceiling, used + line.used, cost + line.used_cost)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_simulation_is_a_plain_loop_over_decisions(orders in histories(), everyone_agrees: bool) {
        let scenario = Scenario { everyone_agrees, ..scenario(0, 200) };
        let expected = plain(&orders, &scenario);
        let tally = run(&profile(&orders), &scenario);
        let (promises, used) = (expected.promised.len() as u64, expected.used.len() as u64);
        prop_assert_eq!(counted(&tally), (expected.customer_days, expected.shown, promises, used));
        for (place, line) in &tally.segments {
            let here = expected.promised.values().filter(|stood| *stood == place).count() as u64;
            prop_assert_eq!(line.promises, here, "{}", place);
        }
    }

    #[test]
    fn every_heading_adds_up_to_the_total(orders in histories(), from in 0..150_i64, days in 0..100_i64) {
        let scenario = Scenario { everyone_agrees: true, ..scenario(from, from + days) };
        let tally = run(&profile(&orders), &scenario);
        let total = sums([tally.total].into_iter());
        prop_assert_eq!(sums(tally.segments.values().copied()), total);
        prop_assert_eq!(sums(tally.mechanics.values().copied()), total);
        prop_assert_eq!(sums(tally.series.values().flat_map(|lines| lines.values().map(|line| line.line))), total);
        prop_assert!(tally.total.used <= tally.total.promises && tally.total.used_cost <= tally.total.ceiling);
        prop_assert!(tally.customers <= 1 && tally.total.customers <= 1 && tally.total.days <= tally.days);
    }

    #[test]
    fn tallies_add_up_to_the_same_bytes_in_any_order(base in prop::collection::vec(histories(), 2..6), turn in any::<prop::sample::Index>()) {
        let scenario = scenario(100, 160);
        let tallies: Vec<Tally> = base.iter().map(|orders| run(&profile(orders), &scenario)).collect();
        let add = |parts: &[Tally]| parts.iter().fold(Tally::default(), |mut sum, part| { sum.merge(part); sum });
        let mut turned = tallies.clone();
        turned.rotate_left(turn.index(tallies.len()));
        turned.reverse();
        let (first, second) = turned.split_at(turned.len() / 2);
        let mut halves = add(second);
        halves.merge(&add(first));
        prop_assert_eq!(serde_json::to_vec(&halves).unwrap(), serde_json::to_vec(&add(&tallies)).unwrap());
    }

    #[test]
    fn what_was_bought_after_the_last_day_changes_nothing(orders in histories(), until in 0..150_i64) {
        let scenario = scenario(0, until);
        let early: Vec<(i64, i64)> = orders.iter().copied().filter(|(n, _)| *n <= until).collect();
        prop_assert_eq!(run(&profile(&orders), &scenario), run(&profile(&early), &scenario));
    }
}

#[test]
fn a_period_ends_after_it_begins_and_within_a_year() {
    assert_eq!(Period::new(day(1), day(0)), Err(BadPeriod::Backwards));
    assert_eq!(Period::new(day(0), day(MAX_DAYS)), Err(BadPeriod::TooLong));
    assert_eq!(Period::new(day(0), day(MAX_DAYS - 1)).unwrap().days().count() as i64, MAX_DAYS);
    assert_eq!(Period::new(day(5), day(5)).unwrap().days().collect::<Vec<Day>>(), [day(5)]);
}

#[test]
fn a_tally_reads_back() {
    let tally = run(&profile(&[(0, 500), (40, 900), (80, 4_000)]), &scenario(10, 120));
    let json = serde_json::to_string(&tally).unwrap();
    assert!(tally.total.promises > 0, "{json}");
    assert_eq!(serde_json::from_str::<Tally>(&json).unwrap(), tally);
}
