//! When a campaign is open (law 12). A cooldown is a calendar, so nobody has to remember what was shown.

use segmentation::{Day, UsualDay};
use serde::{Deserialize, Serialize};

/// When an idea is open for a customer. Days are shop days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Calendar {
    /// Every day. For messages only: a reward has to have a slot.
    #[default]
    Always,
    /// Slots of `every` days, shifted per customer and series, open in the first `open` days of each.
    Slots {
        /// P: days from one slot to the next, 1 to 730.
        every: u16,
        /// V: open days of each, 1 to P.
        open: u16,
    },
    /// The shop's sale periods, from the settings; a slot begins with the sale.
    Sale,
    /// The final days of the shop's sale periods, from the settings.
    FinalDays,
    /// The calendar month.
    Month,
    /// Something that happened to this customer: open V days from it, and at most once in P.
    Event {
        /// What happened.
        on: Event,
        /// V: open days from it.
        open: u16,
        /// P: not again within so many days.
        every: u16,
    },
}

/// What happens to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CalendarEvent"))]
pub enum Event {
    /// A year in the programme, or another one.
    Anniversary,
    /// A product bought before is about to run out.
    RunOut,
    /// The day of the week or month on which they usually buy.
    UsualDay,
    /// A round number of orders: 10, 25, 50, 100, and each further 100.
    Achievement,
    /// They came into this segment.
    Move,
    /// Their first order.
    FirstOrder,
    /// They answered the survey that the idea goes by; where it goes by none, any.
    Answer,
    /// A friend they brought ordered. Each of them counts: one that comes too soon waits for its turn.
    Referral,
}

/// A time in which an idea is open for a customer. It is named by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slot {
    /// First day: the slot's name.
    pub first: Day,
    /// Last day on which it is open.
    pub last: Day,
}

impl Slot {
    /// Is the day one of its open ones?
    #[must_use]
    pub fn contains(&self, day: Day) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

/// A sale of the shop.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sale {
    /// First day.
    pub from: Day,
    /// Last day.
    pub until: Day,
    /// How many of its last days are its final ones.
    #[serde(default)]
    pub final_days: u16,
}

/// What happened to a customer, as far as a calendar asks.
pub trait Happened {
    /// The days on which it happened or will happen next, oldest first; none: it does not happen to this customer.
    /// [`Event::UsualDay`] is not asked for: it comes back for ever, see [`Happened::usual_day`].
    fn days(&self, event: Event) -> Vec<Day>;
    /// The day of the week or month on which they usually buy.
    fn usual_day(&self) -> Option<UsualDay>;
}

/// Is it open?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// In this slot.
    In(Slot),
    /// Not today; again on this day, where that is known.
    Closed(Option<Day>),
}

impl Calendar {
    /// Do its slots begin on other days for other customers?
    #[must_use]
    pub fn is_shifted(&self) -> bool {
        matches!(self, Calendar::Slots { .. } | Calendar::Event { on: Event::UsualDay, .. })
    }

    /// Is it open on `day` for the customer to whom this `happened`? `shift` is any number that is fixed for customer and
    /// series; only its remainder by P counts.
    pub fn on(&self, day: Day, shift: u32, sales: &[Sale], happened: &impl Happened) -> Open {
        match *self {
            Calendar::Always => Open::In(Slot { first: day, last: day }),
            Calendar::Slots { every, open } => {
                let first = slot_start(day, every, shift);
                open_from(first, open, day).map_or(Open::Closed(Some(first.plus(i64::from(every)))), Open::In)
            }
            Calendar::Sale => sales_on(day, sales, sale_begins),
            Calendar::FinalDays => sales_on(day, sales, final_days_begin),
            Calendar::Month => Open::In(month(day)),
            Calendar::Event { on: Event::UsualDay, open, every } => {
                let Some(usual) = happened.usual_day() else { return Open::Closed(None) };
                let start = slot_start(day, every, shift);
                let first = next_usual_day(usual, start);
                let again = next_usual_day(usual, start.plus(i64::from(every)));
                open_from(first, open, day)
                    .map_or(Open::Closed(Some(if day < first { first } else { again })), Open::In)
            }
            Calendar::Event { on, open, every } => {
                let mut accepted: Option<Day> = None;
                for happened in happened.days(on) {
                    let happened = match accepted {
                        Some(last) if on == Event::Referral => happened.max(last.plus(i64::from(every))),
                        _ => happened,
                    };
                    let soon = accepted.is_some_and(|last| happened.since(last) < i64::from(every));
                    if soon {
                        continue;
                    }
                    if happened > day {
                        return accepted
                            .and_then(|first| open_from(first, open, day))
                            .map_or(Open::Closed(Some(happened)), Open::In);
                    }
                    accepted = Some(happened);
                }
                accepted.and_then(|first| open_from(first, open, day)).map_or(Open::Closed(None), Open::In)
            }
        }
    }
}

/// The first usual day on or after `from`. A month without a 31st (or 30th, 29th) ends on its last day.
pub(crate) fn next_usual_day(usual: UsualDay, from: Day) -> Day {
    let is_usual = |day: &Day| match usual {
        UsualDay::Weekday(weekday) => day.weekday() == weekday,
        UsualDay::DayOfMonth(number) => {
            let last_of_month = day.plus(1).day_of_month() == 1;
            day.day_of_month() == number || (last_of_month && day.day_of_month() < number)
        }
    };
    (0..=31).map(|days| from.plus(days)).find(is_usual).unwrap_or(from)
}

pub(crate) fn slot_start(day: Day, every: u16, shift: u32) -> Day {
    let every = i64::from(every.max(1));
    let into = (i64::from(day.epoch_days()) + i64::from(shift) % every) % every;
    day.plus(-into)
}

pub(crate) fn open_from(first: Day, open: u16, day: Day) -> Option<Slot> {
    let last = first.plus(i64::from(open) - 1);
    (first..=last).contains(&day).then_some(Slot { first, last })
}

pub(crate) fn month(day: Day) -> Slot {
    let first = day.plus(1 - i64::from(day.day_of_month()));
    let later = first.plus(31);
    Slot { first, last: later.plus(-i64::from(later.day_of_month())) }
}

pub(crate) fn sale_begins(sale: &Sale) -> Option<Day> {
    Some(sale.from)
}

pub(crate) fn final_days_begin(sale: &Sale) -> Option<Day> {
    let days = i64::from(sale.final_days);
    (days > 0).then(|| sale.from.max(sale.until.plus(1 - days)))
}

/// `first`: the first day of what is asked for of a sale; `None`: it has none of it.
pub(crate) fn sales_on(day: Day, sales: &[Sale], first: impl Fn(&Sale) -> Option<Day>) -> Open {
    let slots = || sales.iter().filter_map(|sale| first(sale).map(|first| Slot { first, last: sale.until }));
    match slots().find(|slot| (slot.first..=slot.last).contains(&day)) {
        Some(slot) => Open::In(slot),
        None => Open::Closed(slots().map(|slot| slot.first).filter(|first| *first > day).min()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;
    use proptest::prelude::*;

    use super::*;

    struct Life(Vec<Day>, Option<UsualDay>);

    impl Happened for Life {
        fn days(&self, _: Event) -> Vec<Day> {
            self.0.clone()
        }

        fn usual_day(&self) -> Option<UsualDay> {
            self.1
        }
    }

    const NOBODY: Life = Life(Vec::new(), None);

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn shifted_slots_are_open_v_of_every_p_days(every in 1..120_u16, open in 1..120_u16, shift: u32, start in 18_000..24_000_i64) {
            let open = open.min(every);
            let calendar = Calendar::Slots { every, open };
            let period = i64::from(every);
            for whole in 0..(366 / period) {
                let days = (0..period).map(|n| Day::from_epoch_days(start + whole * period + n));
                let opened = days.filter(|day| matches!(calendar.on(*day, shift, &[], &NOBODY), Open::In(_))).count();
                prop_assert_eq!(opened, usize::from(open));
            }
        }

        #[test]
        fn a_slot_is_named_by_its_first_day_on_each_of_its_days(every in 1..120_u16, open in 1..120_u16, shift: u32, at in 18_000..24_000_i64) {
            let calendar = Calendar::Slots { every, open: open.min(every) };
            let today = Day::from_epoch_days(at);
            match calendar.on(today, shift, &[], &NOBODY) {
                Open::In(slot) => prop_assert_eq!(calendar.on(slot.first, shift, &[], &NOBODY), Open::In(slot)),
                Open::Closed(again) => {
                    let again = again.unwrap();
                    prop_assert!(again > today);
                    prop_assert!(matches!(calendar.on(again, shift, &[], &NOBODY), Open::In(slot) if slot.first == again));
                }
            }
        }

        #[test]
        fn an_event_opens_at_most_once_in_p(days in prop::collection::btree_set(18_000..18_400_i64, 0..20), every in 1..90_u16, open in 1..30_u16) {
            let life = Life(days.into_iter().map(Day::from_epoch_days).collect(), None);
            let calendar = Calendar::Event { on: Event::Move, open: open.min(every), every };
            let mut firsts: Vec<Day> = (18_000..18_500)
                .filter_map(|n| match calendar.on(Day::from_epoch_days(n), 0, &[], &life) {
                    Open::In(slot) => Some(slot.first),
                    Open::Closed(_) => None,
                })
                .collect();
            firsts.dedup();
            prop_assert_eq!(firsts.is_empty(), life.0.is_empty());
            prop_assert!(firsts.windows(2).all(|pair| pair[1].since(pair[0]) >= i64::from(every)));
        }
    }

    #[test]
    fn over_customers_shifted_slots_are_spread_evenly() {
        let calendar = Calendar::Slots { every: 30, open: 6 };
        for n in 0..365 {
            let today = day("2026-01-01").plus(n);
            let open = (0..30_000_u32)
                // A multiplicative hash stands in for the HMAC.
                .map(|customer| customer.wrapping_mul(2_654_435_761) >> 3)
                .filter(|shift| matches!(calendar.on(today, *shift, &[], &NOBODY), Open::In(_)))
                .count();
            assert!((5_700..=6_300).contains(&open), "{today}: {open} of 30,000");
        }
    }

    #[test]
    fn a_sale_is_open_to_all_while_it_lasts_and_its_final_days_at_its_end() {
        let sales = [Sale { from: day("2026-01-10"), until: day("2026-01-31"), final_days: 3 }];
        let table = [
            (Calendar::Sale, "2026-01-09", Open::Closed(Some(day("2026-01-10")))),
            (Calendar::Sale, "2026-01-10", Open::In(Slot { first: day("2026-01-10"), last: day("2026-01-31") })),
            (Calendar::Sale, "2026-02-01", Open::Closed(None)),
            (Calendar::FinalDays, "2026-01-28", Open::Closed(Some(day("2026-01-29")))),
            (Calendar::FinalDays, "2026-01-31", Open::In(Slot { first: day("2026-01-29"), last: day("2026-01-31") })),
            (Calendar::Month, "2026-02-11", Open::In(Slot { first: day("2026-02-01"), last: day("2026-02-28") })),
        ];
        for (calendar, on, open) in table {
            assert_eq!(calendar.on(day(on), 7, &sales, &NOBODY), open, "{calendar:?} on {on}");
        }
    }

    #[test]
    fn a_sale_without_final_days_announces_none() {
        let sales = [Sale { from: day("2026-01-10"), until: day("2026-01-31"), final_days: 0 }];
        for on in ["2026-01-09", "2026-01-31", "2026-02-01"] {
            assert_eq!(Calendar::FinalDays.on(day(on), 0, &sales, &NOBODY), Open::Closed(None), "on {on}");
        }
    }

    #[test]
    fn the_usual_day_comes_once_in_a_slot_and_a_31st_in_every_month() {
        let saturdays = Life(Vec::new(), Some(UsualDay::Weekday(Weekday::Sat)));
        let calendar = Calendar::Event { on: Event::UsualDay, open: 1, every: 28 };
        let open: Vec<Day> = (0..56)
            .map(|n| day("2026-01-01").plus(n))
            .filter(|day| matches!(calendar.on(*day, 3, &[], &saturdays), Open::In(_)))
            .collect();
        assert_eq!(open.len(), 2);
        assert!(open.iter().all(|day| day.weekday() == Weekday::Sat));
        assert_eq!(next_usual_day(UsualDay::DayOfMonth(31), day("2026-02-03")), day("2026-02-28"));
        assert_eq!(next_usual_day(UsualDay::DayOfMonth(31), day("2026-03-03")), day("2026-03-31"));
    }
}
