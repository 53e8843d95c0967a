//! What is read of a real profile on a day: own rhythm, arrivals, milestones, streak, favourites; and nothing of later days.

use playbook::decide::{Facts, Milestone, RhythmRule, Standing};
use playbook::mechanic::{Answer, Survey};
use segmentation::{
    Activation, Answered, AttributeUpdate, AxisCuts, Bought, BoughtLine, Cause, Choice, Cuts, Day, Entry, Flags,
    Groups, Law, Minor, Move, Place, Profile, Segment, Step, UsualDay, Window,
};

use crate::cast::{day, segment};

/// Recency 30 / 90 days, frequency 2 / 5 orders, money 100 / 500.
fn cuts() -> Cuts {
    let cut = |c1, c2| AxisCuts { c1, c2, law: Law::Fixed };
    Cuts { recency: cut(30, 90), frequency: cut(2, 5), monetary: cut(10_000, 50_000), window: Window::default() }
}

fn on_time() -> Day {
    day("2026-01-01")
}

/// Orders of 200.00 on days counted from the first of January.
fn profile(days: &[i64]) -> Profile {
    let mut profile = Profile::default();
    for days in days {
        let entry = Entry { day: on_time().plus(*days), net: Minor(20_000), flags: Flags::none() };
        profile.replace(None, Some(entry)).unwrap();
        profile.commit(None);
    }
    profile
}

/// The facts so many days after the first of January.
fn facts(profile: &Profile, days: i64) -> Facts {
    let (cuts, groups) = (cuts(), Groups::default());
    let standing = Standing { active: Some((Activation(1), &cuts)), groups: &groups, rhythm: RhythmRule::default() };
    Facts::of(profile, &standing, on_time().plus(days))
}

fn moved(profile: &mut Profile, days: i64, to: &str) {
    let from = profile.label().map_or(Place::NONE, |label| label.place);
    let step = Step { from, to: Place(Some(segment(to))), cause: Cause::Decay };
    profile.commit(Some(Move { day: on_time().plus(days), activation: Activation(1), steps: vec![step] }));
}

/// Six orders, ten days from one to the next, the last on the fiftieth day: f3m3.
fn vip() -> Profile {
    profile(&[0, 10, 20, 30, 40, 50])
}

fn reads(facts: &Facts) -> String {
    facts.reads_as.map_or_else(|| "by the cuts".to_owned(), |segment: Segment| segment.to_string())
}

#[test]
fn a_vip_is_late_above_one_and_a_half_of_the_usual_gap_and_gone_above_three() {
    let table = [(50, "r3f3m3"), (65, "r3f3m3"), (66, "r2f3m3"), (80, "r2f3m3"), (81, "r1f3m3")];
    for (on, reading) in table {
        let facts = facts(&vip(), on);
        assert_eq!((reads(&facts).as_str(), facts.usual_gap_days), (reading, Some(10.0)), "{} days late", on - 50);
    }
    assert_eq!(facts(&vip(), 66).segment, Some(segment("r3f3m3")), "by the cuts they are still recent");
}

#[test]
fn a_rule_of_tenths_is_read_to_the_day() {
    let groups = Groups::default();
    let cuts = cuts();
    let rhythm = RhythmRule { late_percent: 110, gone_percent: 230, min_gaps: 4 };
    let standing = Standing { active: Some((Activation(1), &cuts)), groups: &groups, rhythm };
    for (on, reading, arrived) in [(61, "r3f3m3", 0), (62, "r2f3m3", 62), (73, "r2f3m3", 62), (74, "r1f3m3", 74)] {
        let facts = Facts::of(&vip(), &standing, on_time().plus(on));
        assert_eq!(reads(&facts), reading, "on day {on}");
        assert_eq!(facts.here_since(), Some(on_time().plus(arrived)), "the day they came is the day the reading began");
    }
}

#[test]
fn with_fewer_than_four_gaps_a_vip_is_read_by_the_cuts() {
    // Six orders on four days are three gaps.
    let few = profile(&[0, 0, 10, 10, 20, 30]);
    let facts = facts(&few, 60);
    assert_eq!((facts.segment, facts.reads_as), (Some(segment("r3f3m3")), None));
}

#[test]
fn only_vips_are_read_by_their_own_rhythm() {
    let mut small = Profile::default();
    for n in 0..6 {
        let entry = Entry { day: on_time().plus(n * 10), net: Minor(100), flags: Flags::none() };
        small.replace(None, Some(entry)).unwrap();
    }
    let facts = facts(&small, 80);
    assert_eq!((facts.segment, facts.reads_as), (Some(segment("r3f3m1")), None));
}

#[test]
fn by_rhythm_they_came_on_the_day_their_silence_became_too_long() {
    let since = |on| facts(&vip(), on).here_since();
    assert_eq!(since(70), Some(on_time().plus(66)), "late since more than 15 days");
    assert_eq!(since(99), Some(on_time().plus(81)), "gone since more than 30 days");
    assert_eq!(since(55), Some(on_time()), "on time since the first order");
    let returned = profile(&[0, 10, 20, 30, 40, 60, 70]);
    assert_eq!(facts(&returned, 75).here_since(), Some(on_time().plus(60)), "back from twenty days of silence");
    assert_eq!(
        facts(&returned, 90).arrived,
        [on_time().plus(56), on_time().plus(86)],
        "late twice, once before they returned"
    );
}

#[test]
fn by_the_cuts_they_came_with_a_move_that_ended_there() {
    let mut customer = profile(&[0, 1, 2]);
    moved(&mut customer, 2, "r3f2m3");
    moved(&mut customer, 40, "r2f2m3");
    assert_eq!(facts(&customer, 50).arrived, [on_time().plus(40)]);
    moved(&mut customer, 55, "r3f2m3");
    assert_eq!(facts(&customer, 50).arrived, [on_time().plus(40)], "a later move is not known on that day");
}

#[test]
fn by_the_cuts_time_carries_them_over_before_a_run_has_labelled_it() {
    let mut customer = profile(&[0, 1, 2]);
    moved(&mut customer, 2, "r3f2m3");
    assert_eq!(facts(&customer, 32).arrived, [on_time().plus(2)]);
    assert_eq!(facts(&customer, 50).arrived, [on_time().plus(33)], "31 days after the last order recency is 2");
    assert_eq!(facts(&profile(&[0, 1, 2]), 120).arrived, [on_time().plus(93)], "no label at all");
    let mut elsewhere = profile(&[0, 1, 2]);
    moved(&mut elsewhere, 45, "r2f1m3");
    assert_eq!(facts(&elsewhere, 50).arrived, [on_time().plus(45)], "on day 45 they stood elsewhere");
}

#[test]
fn a_milestone_is_the_last_round_number_and_the_day_it_was_reached() {
    let reached = |orders: i64| facts(&profile(&(0..orders).collect::<Vec<_>>()), 500).milestone;
    let at = |orders: u32| Some(Milestone { orders, day: on_time().plus(i64::from(orders) - 1) });
    let table = [
        (9, None),
        (10, at(10)),
        (24, at(10)),
        (25, at(25)),
        (50, at(50)),
        (99, at(50)),
        (100, at(100)),
        (307, at(300)),
    ];
    for (orders, milestone) in table {
        assert_eq!(reached(orders), milestone, "{orders} orders");
    }
}

#[test]
fn a_streak_breaks_at_a_gap_longer_than_late() {
    let streak = |days: &[i64]| facts(&profile(days), 500).streak;
    assert_eq!(streak(&[]), 0);
    assert_eq!(streak(&[7]), 1);
    assert_eq!(streak(&[0, 10, 20, 30, 40]), 5);
    assert_eq!(streak(&[0, 10, 20, 30, 45]), 5, "15 days at a usual gap of 10 are on time");
    assert_eq!(streak(&[0, 10, 20, 30, 46]), 1);
    assert_eq!(streak(&[0, 10, 26, 36, 46]), 3);
}

#[test]
fn recent_orders_are_bounded_and_all_are_counted() {
    let facts = facts(&profile(&(0..40).collect::<Vec<_>>()), 60);
    assert_eq!((facts.orders, facts.spent, facts.recent_orders.len()), (40, Minor(800_000), Facts::RECENT));
    assert_eq!((facts.first_order, facts.last_order()), (Some(on_time()), Some(on_time().plus(39))));
    assert_eq!(facts.average_order(), Some(Minor(20_000)));
}

fn bought(days: i64, category: &str, price: i64) -> Bought {
    let line =
        BoughtLine { category: Some(category.to_owned()), unit_price: Some(Minor(price)), ..BoughtLine::default() };
    Bought { day: on_time().plus(days), lines: vec![line] }
}

#[test]
fn favourites_are_by_orders_then_by_the_last_then_by_name() {
    let mut customer = profile(&[0]);
    let orders = [(1, "Hats"), (1, "Coats"), (2, "Shoes"), (3, "Shoes"), (5, "Belts"), (1, "Aprons"), (1, "Gloves")];
    orders.iter().for_each(|(days, category)| customer.remember(&bought(*days, category, 2_000)));
    let facts = facts(&customer, 10);
    let names: Vec<&str> = facts.categories.iter().map(|favourite| favourite.name.as_str()).collect();
    assert_eq!(names, ["Shoes", "Belts", "Aprons", "Coats", "Gloves"], "at most five");
    assert_eq!((facts.categories[0].orders, facts.categories[0].last), (2, on_time().plus(3)));
    let (low, high) = facts.price_band.unwrap();
    assert!(low <= Minor(2_000) && Minor(2_000) <= high, "{low} {high}");
}

#[test]
fn attributes_answers_and_the_last_accepted_choice_are_read() {
    let mut customer = vip();
    let since = Some(Some(on_time()));
    let update = AttributeUpdate {
        updated_at: 1,
        programme_since: since,
        mailing_consent: Some(Some(true)),
        ..AttributeUpdate::default()
    };
    customer.attributes.update(&update, 1);
    let choice = |id: &str, category: &str, made: i64| Choice {
        id: id.to_owned(),
        series: "r2f3m3/choose_reward".to_owned(),
        category: category.to_owned(),
        reward: "discount-8".to_owned(),
        made: on_time().plus(made),
        until: on_time().plus(made + 29),
    };
    customer.choices.push(choice("1", "Shoes", 40));
    customer.choices.push(choice("2", "Coats", 45));
    let facts = facts(&customer, 60);
    assert_eq!((facts.programme_since, facts.mailing_consent), (Some(on_time()), true));
    assert_eq!(facts.choice.map(|chosen| chosen.category).as_deref(), Some("Coats"));
    assert_eq!(self::facts(&customer, 42).choice.map(|chosen| chosen.category).as_deref(), Some("Shoes"));
    assert_eq!(self::facts(&customer, 75).choice, None, "both have ended");
}

#[test]
fn nothing_of_a_later_day_leaks_in() {
    let mut later = profile(&[0, 10, 20, 70, 80, 90]);
    let mut until_then = profile(&[0, 10, 20]);
    for customer in [&mut later, &mut until_then] {
        customer.remember(&bought(20, "Shoes", 2_000));
        moved(customer, 20, "r3f2m3");
    }
    later.remember(&bought(70, "Coats", 2_000));
    later.answers.put(Answered {
        id: "a".to_owned(),
        survey: Survey::Nps,
        answer: Answer::Passive,
        score: Some(7),
        day: on_time().plus(70),
        earlier: Vec::new(),
    });
    let joined = Some(Some(on_time().plus(70)));
    later
        .attributes
        .update(&AttributeUpdate { updated_at: 1, programme_since: joined, ..AttributeUpdate::default() }, 1);
    moved(&mut later, 60, "r1f2m3");
    moved(&mut later, 70, "r3f2m3");
    for on in [20, 45, 59] {
        assert_eq!(facts(&later, on), facts(&until_then, on), "on day {on}");
    }
    later.remember(&bought(70, "Shoes", 2_000));
    let shoes = facts(&later, 45).categories.remove(0);
    assert_eq!((shoes.name.as_str(), shoes.last), ("Shoes", on_time().plus(45)), "no last day that is still to come");
}

#[test]
fn without_cuts_or_orders_there_is_no_segment() {
    let groups = Groups::default();
    let standing = Standing { active: None, groups: &groups, rhythm: RhythmRule::default() };
    assert_eq!(Facts::of(&vip(), &standing, on_time().plus(60)).segment, None);
    assert_eq!(facts(&profile(&[30]), 29).segment, None, "the first order is still to come");
    assert_eq!(facts(&profile(&[30]), 30).segment, Some(segment("r3f1m2")));
}

#[test]
fn the_usual_day_is_a_habit_seen_in_the_orders() {
    let mondays = profile(&[4, 11, 25, 39, 46]);
    assert_eq!(facts(&mondays, 60).usual_day, Some(UsualDay::Weekday("mon".parse().unwrap())));
}

#[test]
fn the_last_choice_of_each_series_is_known_also_when_it_is_over_and_none_of_later_days() {
    let mut profile = vip();
    for (id, series, made) in [("1", "a", 10), ("2", "b", 12), ("3", "a", 20), ("4", "a", 60)] {
        let text = |text: &str| text.to_owned();
        let day = on_time().plus(made);
        profile.choices.push(Choice {
            id: text(id),
            series: text(series),
            category: text("tea"),
            reward: text("discount-5"),
            made: day,
            until: day,
        });
    }
    let facts = facts(&profile, 50);
    let last: Vec<(&str, Day)> = facts.last_chosen.iter().map(|(series, day)| (series.as_str(), *day)).collect();
    assert_eq!(last, [("a", on_time().plus(20)), ("b", on_time().plus(12))]);
}

#[test]
fn segments_left_in_the_last_ninety_days_are_known_the_last_left_first_and_since_when() {
    let mut profile = profile(&[0, 50]);
    moved(&mut profile, 0, "r3f1m1");
    let step =
        |from: &str, to: &str, cause| Step { from: Place(Some(segment(from))), to: Place(Some(segment(to))), cause };
    let steps = vec![step("r3f1m1", "r2f1m1", Cause::Decay), step("r2f1m1", "r3f1m2", Cause::Order)];
    profile.commit(Some(Move { day: on_time().plus(50), activation: Activation(1), steps }));
    let left = |on| {
        let left = facts(&profile, on).left;
        left.iter()
            .map(|l| (l.segment.to_string(), l.since.unwrap().since(on_time()), l.day.since(on_time())))
            .collect::<Vec<_>>()
    };
    let known = [("r2f1m1".to_owned(), 31, 50), ("r3f1m1".to_owned(), 0, 50)];
    assert_eq!(left(50), known, "late after thirty days, and that was written down with the order");
    assert_eq!(left(139), known);
    assert_eq!(left(140), []);
    assert_eq!(left(49), [], "nothing of later days");
}

#[test]
fn a_vip_left_the_silence_of_their_own_rhythm_with_the_order_that_ended_it() {
    let profile = profile(&[0, 10, 20, 30, 40, 70]);
    let facts = facts(&profile, 72);
    assert_eq!(reads(&facts), "r3f3m3");
    let left: Vec<(String, i64, i64)> = facts
        .left
        .iter()
        .map(|left| (left.segment.to_string(), left.since.unwrap().since(on_time()), left.day.since(on_time())))
        .collect();
    assert_eq!(left, [("r2f3m3".to_owned(), 56, 70)]);
}
