//! Of a slot that is known by its name: until when it is open, and until when a reward of it that was used closes its series
//! (law 12).

use segmentation::Day;

use crate::calendar::{
    Calendar, Event, Open, Sale, Slot, final_days_begin, month, open_from, sale_begins, sales_on, slot_start,
};

impl Calendar {
    /// The slot that begins on the day, for whomever it does; `None` where no slot can: the calendar has none, or the shop knows
    /// of no such date.
    #[must_use]
    pub fn slot_from(&self, first: Day, sales: &[Sale]) -> Option<Slot> {
        let dated = |open: Open| match open {
            Open::In(slot) if slot.first == first => Some(slot),
            _ => None,
        };
        match *self {
            Calendar::Always => None,
            Calendar::Slots { open, .. } | Calendar::Event { open, .. } => open_from(first, open, first),
            Calendar::Sale => dated(sales_on(first, sales, sale_begins)),
            Calendar::FinalDays => dated(sales_on(first, sales, final_days_begin)),
            Calendar::Month => dated(Open::In(month(first))),
        }
    }

    /// The last day of the slot's period: a reward of the slot that was used closes the series up to then (law 12). `shift` as
    /// for [`Calendar::on`].
    #[must_use]
    pub fn period_end(&self, slot: Slot, shift: u32) -> Day {
        let period = |first: Day, every: u16| first.plus(i64::from(every) - 1).max(slot.first);
        match *self {
            Calendar::Always | Calendar::Sale | Calendar::FinalDays | Calendar::Month => slot.last,
            // The usual day comes some days into its period.
            Calendar::Event { on: Event::UsualDay, every, .. } => period(slot_start(slot.first, every, shift), every),
            Calendar::Slots { every, .. } | Calendar::Event { every, .. } => period(slot.first, every),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;
    use proptest::prelude::*;
    use segmentation::UsualDay;

    use super::*;
    use crate::calendar::Happened;

    /// The days of an event, and Saturdays.
    struct Life(Vec<Day>);

    impl Happened for Life {
        fn days(&self, _: Event) -> Vec<Day> {
            self.0.clone()
        }

        fn usual_day(&self) -> Option<UsualDay> {
            Some(UsualDay::Weekday(Weekday::Sat))
        }
    }

    fn calendars() -> impl Strategy<Value = Calendar> {
        let days = (1..90_u16, 1..90_u16).prop_map(|(a, b)| (a.min(b), a.max(b)));
        prop_oneof![
            days.clone().prop_map(|(open, every)| Calendar::Slots { every, open }),
            days.clone().prop_map(|(open, every)| Calendar::Event { on: Event::Move, open, every }),
            days.prop_map(|(open, every)| Calendar::Event { on: Event::UsualDay, open, every }),
            Just(Calendar::Month),
            Just(Calendar::Sale),
            Just(Calendar::FinalDays),
        ]
    }

    proptest! {
        #[test]
        fn a_slot_is_known_by_its_name_and_the_next_begins_after_its_period(
            calendar in calendars(), shift: u32, moves in prop::collection::btree_set(20_000..20_300_i64, 0..12),
        ) {
            let life = Life(moves.into_iter().map(Day::from_epoch_days).collect());
            let sale = |from: i64| Sale { from: Day::from_epoch_days(from), until: Day::from_epoch_days(from + 20), final_days: 4 };
            let sales = [sale(20_010), sale(20_100)];
            let mut slots: Vec<Slot> = Vec::new();
            for day in (20_000..20_400).map(Day::from_epoch_days) {
                if let Open::In(slot) = calendar.on(day, shift, &sales, &life) {
                    slots.extend((slots.last() != Some(&slot)).then_some(slot));
                }
            }
            for slot in &slots {
                prop_assert_eq!(calendar.slot_from(slot.first, &sales), Some(*slot));
                prop_assert!(calendar.period_end(*slot, shift) >= slot.first);
            }
            for pair in slots.windows(2) {
                let end = calendar.period_end(pair[0], shift);
                prop_assert!(pair[1].first > end);
                let shifted = matches!(calendar, Calendar::Slots { .. });
                prop_assert!(!shifted || pair[1].first == end.plus(1), "shifted slots leave no day out");
            }
        }
    }

    #[test]
    fn no_slot_begins_on_a_day_without_one() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let sales = [Sale { from: day("2026-01-10"), until: day("2026-01-31"), final_days: 3 }];
        let from = |calendar: Calendar, on: &str| calendar.slot_from(day(on), &sales).map(|slot| slot.last);
        assert_eq!(from(Calendar::Sale, "2026-01-10"), Some(day("2026-01-31")));
        assert_eq!(from(Calendar::Sale, "2026-01-11"), None);
        assert_eq!(from(Calendar::FinalDays, "2026-01-29"), Some(day("2026-01-31")));
        assert_eq!(from(Calendar::FinalDays, "2026-01-10"), None);
        assert_eq!(from(Calendar::Month, "2026-02-01"), Some(day("2026-02-28")));
        assert_eq!(from(Calendar::Month, "2026-02-02"), None);
        assert_eq!(from(Calendar::Always, "2026-02-02"), None);
    }
}
