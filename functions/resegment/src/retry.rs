//! What is tried again, and when: the same here as in the state machine's file, which a test compares.

use std::time::Duration;

use crate::steps::RunError;

/// How often a failed call is made again: pauses grow by a factor up to a bound, and are spread over their whole length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// The first pause, in seconds.
    pub interval_seconds: u32,
    /// Each further one is so many times as long,
    pub backoff_rate: f64,
    /// and at most of so many seconds.
    pub max_delay_seconds: u32,
    /// Calls made again, at most.
    pub max_attempts: u32,
}

impl Retry {
    /// The store throttles or does not answer: that passes.
    pub const UNAVAILABLE: Retry =
        Retry { interval_seconds: 2, backoff_rate: 2.0, max_delay_seconds: 60, max_attempts: 10 };
    /// Anything else: another worker at the same shard, a crash. What cannot be mended by going on is failed at again.
    pub const OTHER: Retry = Retry { interval_seconds: 5, backoff_rate: 2.0, max_delay_seconds: 60, max_attempts: 3 };

    /// What stands for an error of this type ([`RunError::kind`]); `None`: it is not tried again.
    #[must_use]
    pub fn of(kind: &str) -> Option<Retry> {
        match kind {
            "Run.Unavailable" => Some(Retry::UNAVAILABLE),
            "Run.EmptyBase" | "Run.NotFound" => None,
            _ => Some(Retry::OTHER),
        }
    }

    /// The pause before the `attempt`-th call made again, counted from 0: anything up to this.
    #[must_use]
    pub fn longest_pause(&self, attempt: u32) -> Duration {
        let grown =
            f64::from(self.interval_seconds) * self.backoff_rate.powi(i32::try_from(attempt).unwrap_or(i32::MAX));
        Duration::from_secs_f64(grown.min(f64::from(self.max_delay_seconds)))
    }
}

/// Makes a call until it succeeds or has failed too often, for each kind of failure.
///
/// # Errors
/// The last one's.
pub async fn retried<T, F>(mut call: impl FnMut() -> F) -> Result<T, RunError>
where
    F: Future<Output = Result<T, RunError>>,
{
    let (mut unavailable, mut other) = (0, 0);
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let Some(retry) = Retry::of(error.kind()) else { return Err(error) };
        let attempts = if retry == Retry::UNAVAILABLE { &mut unavailable } else { &mut other };
        if *attempts >= retry.max_attempts {
            return Err(error);
        }
        tracing::warn!(%error, attempts, "a step failed and is tried again");
        tokio::time::sleep(retry.longest_pause(*attempts).mul_f64(fastrand::f64())).await;
        *attempts += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_bound() {
        let pauses = [0, 1, 4, 5, 60].map(|attempt| Retry::UNAVAILABLE.longest_pause(attempt).as_secs());
        assert_eq!(pauses, [2, 4, 32, 60, 60]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_tried_again_and_what_does_not_is_not() {
        let failing = |error: fn() -> RunError| async move {
            let mut calls = 0;
            let ended = retried(|| {
                calls += 1;
                async move { Err::<(), _>(error()) }
            });
            assert!(ended.await.is_err());
            calls
        };
        assert_eq!(failing(|| RunError::EmptyBase).await, 1);
        assert_eq!(failing(|| RunError::Store(ledger::LedgerError::Busy)).await, 11);
        assert_eq!(failing(|| RunError::Store(ledger::LedgerError::Changed("it"))).await, 4);
    }
}
