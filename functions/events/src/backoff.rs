//! When a delivery that failed is tried again, and when it is given up.
//!
//! Both depend on how long the event has waited, and on nothing that would have to be counted: a queue counts how often it handed a message
//! over, also where that waited only for the one before it. So each wait is as long as all before it together: 5 seconds, 5, 10, 20 …
//! up to an hour. An event behind one that failed for a day is tried once at least before it is given up too.

use chrono::TimeDelta;

/// The first wait.
pub const FIRST: TimeDelta = TimeDelta::seconds(5);
/// The longest wait.
pub const LONGEST: TimeDelta = TimeDelta::hours(1);
/// An event that waited for so long and fails once more is given up.
pub const GIVE_UP: TimeDelta = TimeDelta::hours(24);

/// How long to wait after a failure, where the event has waited for `age` already; `None`: no longer.
#[must_use]
pub fn next_try(age: TimeDelta) -> Option<TimeDelta> {
    (age < GIVE_UP).then(|| age.clamp(FIRST, LONGEST))
}

/// How long a receiver is left alone that could not be reached, where that has been so for `down`.
#[must_use]
pub fn rest(down: TimeDelta) -> TimeDelta {
    down.clamp(FIRST, LONGEST)
}

/// The same wait and up to a tenth more, so that what failed together does not come back together.
#[must_use]
pub(crate) fn spread(wait: TimeDelta) -> TimeDelta {
    wait + TimeDelta::milliseconds(fastrand::i64(0..=wait.num_milliseconds().max(0) / 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_end_after_a_day() {
        let (mut age, mut waits) = (TimeDelta::zero(), Vec::new());
        while let Some(wait) = next_try(age) {
            waits.push(wait.num_seconds());
            age += wait;
        }
        assert_eq!(waits[..5], [5, 5, 10, 20, 40]);
        assert_eq!((waits.iter().max(), waits.len()), (Some(&3600), 34));
        assert!(age >= GIVE_UP && age < GIVE_UP + LONGEST);
        // A clock that went back makes nobody wait for ever.
        assert_eq!(next_try(TimeDelta::seconds(-9)), Some(FIRST));
    }

    #[test]
    fn what_is_spread_waits_no_less_and_a_tenth_more_at_most() {
        for _ in 0..100 {
            let wait = spread(TimeDelta::seconds(100)).num_milliseconds();
            assert!((100_000..=110_000).contains(&wait), "{wait}");
        }
    }
}
