//! A label's write, and what it is to be: every move has its cause (laws 7 and 8).

use ledger::{ActiveCuts, Customer, LedgerError, Run, RunMark, ShopId};
use segmentation::label::{Active, bring_up_to_date, dated};
use segmentation::{Alert, Day, Move, Place};
use tokio::task::JoinSet;

use crate::beacon;
use crate::steps::{RunError, Steps};

/// Labels of one shard written at the same time.
const WRITES_AT_ONCE: usize = 16;
/// How often a label is tried anew when orders keep coming for that customer: each of them brings the label up to date
/// itself, so what is left to write soon is nothing.
const TRIES: u32 = 20;

/// Where a customer stood, where they stand, and the move between, if there is one.
pub(crate) struct Outcome {
    pub(crate) from: Place,
    pub(crate) to: Place,
    pub(crate) moved: Option<Move>,
    /// What the shop is to be told of them at once.
    pub(crate) alert: Option<Alert>,
}

/// What is to be written of a customer: a move, an alert, or both.
pub(crate) struct ToWrite {
    pub(crate) customer: Customer,
    pub(crate) moved: Option<Move>,
    pub(crate) alert: Option<Alert>,
}

/// Labels being written, several at a time.
#[derive(Default)]
pub(crate) struct Writes {
    tasks: JoinSet<Result<(bool, Option<f64>), RunError>>,
    /// Labels written; an alert alone is none.
    pub(crate) labels: u64,
    /// Write units of those.
    pub(crate) units: f64,
}

impl Writes {
    /// Begins one, once there is room for it.
    pub(crate) async fn begin(
        &mut self,
        is_label: bool,
        write: impl Future<Output = Result<Option<f64>, RunError>> + Send + 'static,
    ) -> Result<(), RunError> {
        if self.tasks.len() >= WRITES_AT_ONCE {
            self.settle_one().await?;
        }
        self.tasks.spawn(async move { Ok((is_label, write.await?)) });
        Ok(())
    }

    /// Waits for all of them.
    pub(crate) async fn finish(&mut self) -> Result<(), RunError> {
        while !self.tasks.is_empty() {
            self.settle_one().await?;
        }
        Ok(())
    }

    async fn settle_one(&mut self) -> Result<(), RunError> {
        let Some(written) = self.tasks.join_next().await else { return Ok(()) };
        let (is_label, written) = written??;
        self.labels += u64::from(is_label && written.is_some());
        self.units += written.unwrap_or(0.0);
        Ok(())
    }
}

impl Steps {
    /// Writes one label; where the customer changed meanwhile, reads them again and decides anew.
    pub(crate) async fn write_label(
        &self,
        shop: &ShopId,
        run: &Run,
        active: &ActiveCuts,
        to_write: ToWrite,
    ) -> Result<Option<f64>, RunError> {
        let ToWrite { mut customer, mut moved, mut alert } = to_write;
        for tried in 0..TRIES {
            if tried > 0 {
                // Others are at it, or the store throttles: both pass.
                let bound = 10 << tried.min(6);
                tokio::time::sleep(std::time::Duration::from_millis(fastrand::u64(1..=bound))).await;
            }
            if let Some(units) = self.ledger.write_label(shop, &customer, moved, alert).await? {
                return Ok(Some(units));
            }
            let now = self.ledger.customer_now(shop, &customer.key).await?;
            // Erased or merged meanwhile: then there is no label of that key any more.
            let Some(now) = now.filter(|now| now.key == customer.key) else { return Ok(None) };
            customer = now;
            let again = self.outcome(shop, run, active, &customer).await?;
            if again.moved.is_none() && again.alert.is_none() {
                return Ok(None);
            }
            (moved, alert) = (again.moved, again.alert);
        }
        Err(LedgerError::Busy.into())
    }

    /// What a run makes of a customer.
    pub(crate) async fn outcome(
        &self,
        shop: &ShopId,
        run: &Run,
        active: &ActiveCuts,
        customer: &Customer,
    ) -> Result<Outcome, RunError> {
        let outcome = self.outcome_on(shop, (run.day, run.previous), active, customer).await?;
        let alert = run
            .beacon
            .as_ref()
            .and_then(|terms| beacon::alert(terms, &active.cuts, run.day, customer, (outcome.from, outcome.to)));
        Ok(Outcome { alert, ..outcome })
    }

    /// What a run of a day makes of a customer, or would make, after the run published before it. A label that is already of a
    /// newer activation or a later day is left alone: neither goes back.
    pub(crate) async fn outcome_on(
        &self,
        shop: &ShopId,
        (day, previous): (Day, Option<RunMark>),
        active: &ActiveCuts,
        customer: &Customer,
    ) -> Result<Outcome, RunError> {
        let orders = &customer.profile.orders;
        let stored = customer.profile.label();
        let from = stored.map_or(Place::NONE, |label| label.place);
        if stored.is_some_and(|label| label.activation > active.activation || label.day > day) {
            return Ok(Outcome { from, to: from, moved: None, alert: None });
        }
        let label = stored.map(|label| match previous {
            Some(before) => dated(label, before.day, before.activation),
            None => label,
        });
        let model = match label {
            // Models are immutable: the ledger reads each once.
            Some(label) => Some(self.ledger.activated(shop, label.activation).await?),
            None => None,
        };
        let active = Active { activation: active.activation, cuts: &active.cuts };
        let label = label.zip(model.as_ref().map(|model| &model.cuts));
        let moved = bring_up_to_date(label, active, orders, orders, day, None)
            .map_err(|stale| LedgerError::Damaged(stale.to_string()))?;
        let to = moved.as_ref().map_or(from, |moved| moved.label().place);
        Ok(Outcome { from, to, moved, alert: None })
    }
}
