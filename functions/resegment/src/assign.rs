//! assign: every customer of a shard gets the label of the run's day, with its move (laws 7 to 9).
//!
//! A page's counts are written into the shard's own item before that page's labels. Who comes after a crash reads that page
//! again, finishes its labels, counts nothing twice, and goes on.

use ledger::{ActiveCuts, BucketPage, Counts, Customer, LedgerError, ShardProgress};
use segmentation::label::{Active, bring_up_to_date, dated};
use segmentation::referrals::brought_by;
use segmentation::{Move, Place};
use tokio::task::JoinSet;

use crate::steps::{AssignInput, AssignOutput, RunError, Steps};

/// Labels of one shard written at the same time.
const WRITES_AT_ONCE: usize = 16;
/// How often a label is tried anew when orders keep coming for that customer: each of them brings the label up to date
/// itself, so what is left to write soon is nothing.
const TRIES: usize = 20;

/// Where a customer stood, where they stand, and the move between, if there is one.
struct Outcome {
    from: Place,
    to: Place,
    moved: Option<Move>,
}

impl Steps {
    /// Assigns one shard, from where it was left.
    ///
    /// # Errors
    /// [`RunError::Store`]; what was done until then stands, and the next call goes on from it.
    pub async fn assign(&self, input: &AssignInput) -> Result<AssignOutput, RunError> {
        let (shop, run, shard) = (&input.plan.shop, &input.plan.run, input.shard);
        let active = self.ledger.activated(shop, input.activation).await?;
        let mut output = AssignOutput::default();
        let known = self.ledger.shard_progress(shop, run.run, shard.index).await?;
        let mut progress = known.clone().unwrap_or_default();
        let measuring = self.measuring(input).await?;
        if let Some(last) = progress.page_to.clone() {
            let mut page = self.ledger.page(shop, shard, progress.page_from.as_ref()).await?;
            page.customers.retain(|customer| customer.key <= last);
            self.write_labels(input, &active, &page, &mut output).await?;
        }
        while known.is_none() && progress.version == 0 || progress.next.is_some() {
            let from = progress.next.clone();
            let page = self.ledger.page(shop, shard, from.as_ref()).await?;
            let mut counts = Counts { read_units: page.read_units, ..Counts::default() };
            for customer in &page.customers {
                let outcome = self.outcome(input, &active, customer).await?;
                let rfm = customer.profile.orders.rfm(run.day, active.cuts.window);
                counts.census.count(outcome.to, rfm.as_ref());
                counts.matrix.count(outcome.from, outcome.to);
                for step in outcome.moved.iter().flat_map(|moved| &moved.steps) {
                    *counts.steps.entry(step.cause).or_default() += 1;
                }
                if let Some(measuring) = &measuring {
                    measuring.add(&self.ledger, &mut counts.uplift, customer);
                }
            }
            let next = ShardProgress {
                page_from: from,
                page_to: page.customers.last().map(|customer| customer.key.clone()),
                next: page.next.clone(),
                counts: progress.counts.merge(&counts),
                ..progress
            };
            progress = self.ledger.write_progress(shop, run.run, shard.index, next, self.clock.now()).await?;
            self.write_labels(input, &active, &page, &mut output).await?;
        }
        output.counts = progress.counts;
        Ok(output)
    }

    /// Writes the labels of a page that are not up to date, several at a time.
    async fn write_labels(
        &self,
        input: &AssignInput,
        active: &ActiveCuts,
        page: &BucketPage,
        output: &mut AssignOutput,
    ) -> Result<(), RunError> {
        let mut tasks: JoinSet<Result<Option<f64>, RunError>> = JoinSet::new();
        let mut settle = |written: Option<f64>| {
            output.labels += u64::from(written.is_some());
            output.write_units += written.unwrap_or(0.0);
        };
        for customer in &page.customers {
            self.thank(input, active, customer).await?;
            let Some(moved) = self.outcome(input, active, customer).await?.moved else { continue };
            if tasks.len() >= WRITES_AT_ONCE
                && let Some(written) = tasks.join_next().await
            {
                settle(written??);
            }
            let (steps, input, customer) = (self.clone(), input.clone(), customer.clone());
            tasks.spawn(async move { steps.write_label(&input, customer, moved).await });
        }
        while let Some(written) = tasks.join_next().await {
            settle(written??);
        }
        Ok(())
    }

    /// What an order's own call left undone: thanks to who brought a customer that is new.
    async fn thank(&self, input: &AssignInput, active: &ActiveCuts, friend: &Customer) -> Result<(), RunError> {
        if brought_by(&friend.profile, active.cuts.window, input.plan.run.day).is_none() {
            return Ok(());
        }
        let Some(shop) = self.ledger.shop(&input.plan.shop).await? else { return Ok(()) };
        match self.ledger.earn_referral(&shop, friend, input.plan.run.day).await {
            Ok(_) => Ok(()),
            // The next run finds it again.
            Err(error) => {
                tracing::warn!(shop = %shop.id, %error, "a referral was not written");
                Ok(())
            }
        }
    }

    /// Writes one label; where the customer changed meanwhile, reads them again and decides anew.
    async fn write_label(
        &self,
        input: &AssignInput,
        mut customer: Customer,
        mut moved: Move,
    ) -> Result<Option<f64>, RunError> {
        let shop = &input.plan.shop;
        let active = self.ledger.activated(shop, input.activation).await?;
        for _ in 0..TRIES {
            if let Some(units) = self.ledger.write_label(shop, &customer, moved).await? {
                return Ok(Some(units));
            }
            let Some(now) = self.ledger.customer_now(shop, &customer.key).await? else { return Ok(None) };
            customer = now;
            match self.outcome(input, &active, &customer).await?.moved {
                Some(again) => moved = again,
                None => return Ok(None),
            }
        }
        Err(LedgerError::Busy.into())
    }

    /// A label that is already of a newer activation or a later day than the run's is left alone: neither goes back.
    async fn outcome(
        &self,
        input: &AssignInput,
        active: &ActiveCuts,
        customer: &Customer,
    ) -> Result<Outcome, RunError> {
        let day = input.plan.run.day;
        let orders = &customer.profile.orders;
        let stored = customer.profile.label();
        let from = stored.map_or(Place::NONE, |label| label.place);
        if stored.is_some_and(|label| label.activation > active.activation || label.day > day) {
            return Ok(Outcome { from, to: from, moved: None });
        }
        let label = stored.map(|label| match input.plan.run.previous {
            Some(run) => dated(label, run.day, run.activation),
            None => label,
        });
        let model = match label {
            // Models are immutable: the ledger reads each once.
            Some(label) => Some(self.ledger.activated(&input.plan.shop, label.activation).await?),
            None => None,
        };
        let active = Active { activation: active.activation, cuts: &active.cuts };
        let label = label.zip(model.as_ref().map(|model| &model.cuts));
        let moved = bring_up_to_date(label, active, orders, orders, day, None)
            .map_err(|stale| LedgerError::Damaged(stale.to_string()))?;
        let to = moved.as_ref().map_or(from, |moved| moved.label().place);
        Ok(Outcome { from, to, moved })
    }
}
