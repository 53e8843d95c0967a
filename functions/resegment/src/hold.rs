//! Long work under a lease, made of parts that are noted when they are done: the lease is renewed beside it, and a call that
//! must return before its end stops between two parts or in the middle of one, which then is done anew.

use ledger::LedgerError;
use tokio::task::JoinSet;
use tokio::time::Instant;
use web::Clock;

use crate::renewal::third;
use crate::steps::{RunError, Until};

/// Does the work, and says every third of its lease that it goes on. `renew` gives `false` where there is nothing to renew any
/// more: the work is at its end but for some tidying, or another's, and finds that out itself.
///
/// # Errors
/// Those of both; the work is dropped where its lease cannot be renewed.
pub(crate) async fn held<T, F>(
    work: impl Future<Output = Result<T, RunError>>,
    renew: impl Fn() -> F,
) -> Result<T, RunError>
where
    F: Future<Output = Result<bool, LedgerError>>,
{
    tokio::pin!(work);
    let mut renewal = tokio::time::interval_at(Instant::now() + third(), third());
    loop {
        tokio::select! {
            ended = &mut work => return ended,
            _ = renewal.tick() => if !renew().await? {
                return work.await;
            },
        }
    }
}

/// Parts that nobody has done yet, done a few at once until a call must return.
pub(crate) struct Parts {
    pub(crate) at_once: usize,
    pub(crate) until: Until,
    pub(crate) clock: Clock,
}

impl Parts {
    /// Does all parts, and stops at the first error. `told` hears how many are done. `false`: the call must return before the
    /// last one is done. It does at least one, so calling again always gets on, and a part that is longer than a whole call
    /// fails like any call that is stopped.
    ///
    /// # Errors
    /// The parts' and those of `told`; parts at work are dropped.
    pub(crate) async fn each<F, G>(
        &self,
        parts: impl IntoIterator<Item = F>,
        mut told: impl FnMut(usize) -> G,
    ) -> Result<bool, RunError>
    where
        F: Future<Output = Result<(), RunError>> + Send + 'static,
        G: Future<Output = Result<(), RunError>>,
    {
        let (mut tasks, mut done, mut waiting) = (JoinSet::new(), 0, parts.into_iter());
        loop {
            while tasks.len() < self.at_once
                && let Some(next) = waiting.next()
            {
                tasks.spawn(next);
            }
            let ended = tokio::select! {
                biased;
                ended = tasks.join_next() => ended,
                () = self.must_return(), if done > 0 => return Ok(false),
            };
            let Some(one) = ended else { return Ok(true) };
            one??;
            done += 1;
            told(done).await?;
        }
    }

    async fn must_return(&self) {
        match self.until.moment() {
            Some(moment) => {
                tokio::time::sleep((moment - self.clock.now()).to_std().unwrap_or_default()).await;
            }
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use chrono::TimeDelta;

    use super::*;

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn parts(at_once: usize, after: Option<TimeDelta>) -> Parts {
        let now = NOW.parse().unwrap();
        Parts { at_once, until: after.map_or(Until::done(), |after| Until::at(now + after)), clock: Clock::At(now) }
    }

    fn of_seconds(
        count: usize,
        seconds: u64,
        done: &Arc<AtomicUsize>,
    ) -> Vec<impl Future<Output = Result<(), RunError>> + use<>> {
        let part = |done: Arc<AtomicUsize>| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            done.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        (0..count).map(|_| part(Arc::clone(done))).collect()
    }

    async fn quiet(_: usize) -> Result<(), RunError> {
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_stops_at_its_deadline_but_never_before_one_part_is_done() {
        for (at_once, after, all, some) in [
            (1, None, true, 5),
            (1, Some(TimeDelta::seconds(-1)), false, 1),
            (2, Some(TimeDelta::seconds(0)), false, 1),
            (1, Some(TimeDelta::seconds(1_000)), true, 5),
        ] {
            let done = Arc::new(AtomicUsize::new(0));
            let ended = parts(at_once, after).each(of_seconds(5, 10, &done), quiet).await.unwrap();
            assert_eq!(ended, all, "{after:?}");
            let done = done.load(Ordering::Relaxed);
            assert!(done >= some && (all || done < 5), "{done} with {after:?}");
        }
        assert!(parts(1, Some(TimeDelta::seconds(-1))).each(of_seconds(0, 10, &Arc::default()), quiet).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_fails_ends_the_others() {
        let work = (0..4).map(|n| async move { if n == 1 { Err(RunError::NoBaskets) } else { Ok(()) } });
        assert!(matches!(parts(1, None).each(work, quiet).await, Err(RunError::NoBaskets)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_renewed_until_there_is_nothing_to_renew() {
        let work = |thirds: u32| async move {
            tokio::time::sleep(third() * thirds + Duration::from_secs(1)).await;
            Ok(thirds)
        };
        let renewed = AtomicUsize::new(0);
        let renew = |last: usize| {
            let before = renewed.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok(before + 1 < last))
        };
        assert_eq!(held(work(5), || renew(usize::MAX)).await.unwrap(), 5);
        assert_eq!(renewed.swap(0, Ordering::Relaxed), 5);
        assert_eq!(held(work(5), || renew(2)).await.unwrap(), 5, "the work goes on without");
        assert_eq!(renewed.swap(0, Ordering::Relaxed), 2);
        let lost = || std::future::ready(Err(LedgerError::Busy));
        assert!(matches!(held(work(5), lost).await, Err(RunError::Store(LedgerError::Busy))));
    }
}
