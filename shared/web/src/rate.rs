//! How often a key may call: a bucket that fills at the rate and holds two seconds of it. It is one moment in memory: until when
//! what was taken is paid for (the generic cell rate algorithm, ITU-T I.371).
//!
//! Buckets live in one process each: a deployment has as many as it has environments at that time. The bound over all of them is the
//! gateway's throttle. A count in the store would be exact, and would be a write per request.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

/// How long a bucket that is empty takes to fill.
const HOLDS: Duration = Duration::from_secs(2);

/// Requests a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    each: Duration,
}

impl Rate {
    /// So many a second, twice as many at once.
    #[must_use]
    pub fn per_second(count: NonZeroU32) -> Rate {
        Rate { each: Duration::from_secs(1) / count.get() }
    }
}

/// What is left of a rate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    paid_until: Option<Instant>,
}

impl Bucket {
    /// Takes one, or says how long to wait for it.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let from = self.paid_until.map_or(now, |until| until.max(now));
        let until = from + rate.each;
        match until.checked_duration_since(now + HOLDS) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.paid_until = Some(until);
                Ok(())
            }
        }
    }

    /// Puts one back.
    pub(crate) fn give_back(&mut self, rate: Rate) {
        self.paid_until = self.paid_until.and_then(|until| until.checked_sub(rate.each));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_two_seconds_and_fills_at_its_rate() {
        let (rate, began) = (Rate::per_second(NonZeroU32::new(10).unwrap()), Instant::now());
        let mut bucket = Bucket::default();
        let taken = |bucket: &mut Bucket, at| (0..1000).take_while(|_| bucket.take(rate, at).is_ok()).count();
        assert_eq!(taken(&mut bucket, began), 20);
        assert_eq!(bucket.take(rate, began), Err(Duration::from_millis(100)), "a refusal costs nothing");
        assert_eq!(taken(&mut bucket, began + Duration::from_millis(350)), 3);
        assert_eq!(taken(&mut bucket, began + Duration::from_secs(60)), 20, "no more is saved up");
        bucket.give_back(rate);
        assert_eq!(taken(&mut bucket, began + Duration::from_secs(60)), 1);
    }
}
