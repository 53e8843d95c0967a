//! assign: every customer of a shard gets the label of the run's day, with its move (laws 7 to 9).
//!
//! A shard is read in stretches: pages until enough labels are to be written. What a stretch counts is written into the
//! shard's own item before those labels. Who comes after a crash reads that stretch again, finishes its labels, counts nothing
//! twice, and goes on. So memory, and what a crash costs, are the same for any base, and a quiet shard costs one write.

use std::sync::Arc;

use ledger::{ActiveCuts, Assigned, Counts, Cursor, Customer, LedgerError, Run, Shard, ShardProgress, ShopId, Touched};
use segmentation::movement;
use segmentation::referrals::brought_by;

use crate::beacon;
use crate::labels::{Outcome, ToWrite, Writes};
use crate::measure::Measuring;
use crate::steps::{RunError, Steps, Until};
use crate::touched::Touching;

/// So many labels and other things to write end a stretch,
const WRITES: usize = 256;
/// and so many pages, of at most 1 MB each.
const PAGES: usize = 128;

/// What assigning a shard rests on.
struct Work<'a> {
    shop: &'a ShopId,
    run: &'a Run,
    shard: Shard,
    active: Arc<ActiveCuts>,
    measuring: Option<Measuring>,
    touching: Option<Touching>,
}

/// Some pages, counted, and what is to be written of them.
#[derive(Default)]
struct Stretch {
    counts: Counts,
    to_label: Vec<ToWrite>,
    to_thank: Vec<Customer>,
    to_upgrade: Vec<Customer>,
    touched: Vec<Touched>,
    /// The last customer.
    to: Option<Cursor>,
    /// Where the next one begins; `None` at the shard's end.
    next: Option<Cursor>,
}

impl Stretch {
    /// What is to be written of a customer; a label that is written leaves no older layout.
    fn take(&mut self, customer: Customer, Outcome { moved, alert, .. }: Outcome, is_owed_thanks: bool) {
        if is_owed_thanks {
            self.to_thank.push(customer.clone());
        }
        if moved.is_some() || alert.is_some() {
            self.to_label.push(ToWrite { customer, moved, alert });
        } else if customer.is_outdated() {
            self.to_upgrade.push(customer);
        }
    }

    fn writes(&self) -> usize {
        self.to_label.len() + self.to_thank.len() + self.to_upgrade.len()
    }
}

impl Steps {
    /// Assigns one shard, from where it was left. `false`: the call had to return before its end.
    ///
    /// # Errors
    /// [`RunError::Store`]; what was done until then stands, and the next call goes on from it.
    pub(crate) async fn assign(&self, shop: &ShopId, run: &Run, shard: Shard, until: Until) -> Result<bool, RunError> {
        let mut progress = self.ledger.shard_progress(shop, run.run, shard.index).await?.unwrap_or_default();
        if progress.done {
            return Ok(true);
        }
        let activation =
            run.activation.ok_or_else(|| LedgerError::Damaged("a run without its activation".to_owned()))?;
        let active = self.ledger.activated(shop, activation).await?;
        let (measuring, touching) = (self.measuring(shop, run).await?, self.touching(shop, run, shard).await?);
        let work = Work { shop, run, shard, active, measuring, touching };
        if let Some(to) = progress.to.clone() {
            self.finish_stretch(&work, &mut progress, &to).await?;
        }
        let mut got_on = false;
        loop {
            let at_end = progress.version > 0 && progress.next.is_none();
            if at_end || (got_on && until.has_come(self.clock)) {
                progress.done = at_end;
                self.note(&work, progress, &[]).await?;
                return Ok(at_end);
            }
            got_on = true;
            let stretch = self.read_stretch(&work, progress.next.clone(), until).await?;
            let quiet = stretch.writes() == 0;
            let done = quiet && stretch.next.is_none();
            let assigned =
                Assigned { counts: progress.assigned.counts.merge(&stretch.counts), ..progress.assigned.clone() };
            let (from, to) = if quiet { (None, None) } else { (progress.next, stretch.to.clone()) };
            let next = stretch.next.clone();
            let known = ShardProgress { from, to, next, done, assigned, ..progress };
            progress = self.note(&work, known, &stretch.touched).await?;
            if done {
                return Ok(true);
            }
            self.write_stretch(&work, &mut progress, stretch).await?;
        }
    }

    async fn note(
        &self,
        work: &Work<'_>,
        progress: ShardProgress,
        touched: &[Touched],
    ) -> Result<ShardProgress, RunError> {
        let (shop, run, shard) = (work.shop, work.run.run, work.shard.index);
        Ok(self.ledger.write_progress(shop, run, shard, progress, touched, self.clock.now()).await?)
    }

    /// Reads and counts from a cursor on, at least one page.
    async fn read_stretch(
        &self,
        work: &Work<'_>,
        mut cursor: Option<Cursor>,
        until: Until,
    ) -> Result<Stretch, RunError> {
        let mut stretch = Stretch::default();
        let mut renewal = self.renewal();
        for _ in 0..PAGES {
            let page = self.page(work.shop, work.shard, cursor.as_ref()).await?;
            stretch.counts.read_units += page.read_units;
            for customer in page.customers {
                stretch.to = Some(position(&customer));
                let outcome = self.count_customer(work, &mut stretch.counts, &customer).await?;
                if let Some(touching) = &work.touching {
                    stretch.touched.extend(touching.compare(work.run, &customer, outcome.moved.as_ref()));
                }
                let thanks = is_owed_thanks(work, &customer);
                stretch.take(customer, outcome, thanks);
            }
            cursor = page.next;
            let full = stretch.writes() >= WRITES || stretch.touched.len() >= WRITES;
            if cursor.is_none() || full || until.has_come(self.clock) {
                break;
            }
            self.renew(work.shop, work.run.run, &mut renewal).await?;
        }
        stretch.counts.touched = work.touching.as_ref().map(|_| stretch.touched.len() as u64);
        stretch.next = cursor;
        Ok(stretch)
    }

    async fn count_customer(
        &self,
        work: &Work<'_>,
        counts: &mut Counts,
        customer: &Customer,
    ) -> Result<Outcome, RunError> {
        let outcome = self.outcome(work.shop, work.run, &work.active, customer).await?;
        let rfm = customer.profile.orders.rfm(work.run.day, work.active.cuts.window);
        counts.census.count(outcome.to, rfm.as_ref());
        counts.matrix.count(outcome.from, outcome.to);
        if let Some(rfm) = &rfm {
            counts.spread.count(rfm);
        }
        let previous = work.run.previous.map(|previous| previous.day);
        if let Some(step) = movement::since(&customer.profile.moves, previous, outcome.moved.as_ref()) {
            counts.movement.count(step);
        }
        counts.responses.count(&customer.profile, work.run.day);
        for step in outcome.moved.iter().flat_map(|moved| &moved.steps) {
            *counts.steps.entry(step.cause).or_default() += 1;
        }
        if let Some(terms) = &work.run.beacon {
            beacon::count(terms, counts, work.run, &work.active.cuts, customer, outcome.to);
        }
        if let Some(measuring) = &work.measuring {
            measuring.add(&self.ledger, &mut counts.uplift, customer);
        }
        Ok(outcome)
    }

    /// Writes what a stretch found, several labels at a time.
    async fn write_stretch(
        &self,
        work: &Work<'_>,
        progress: &mut ShardProgress,
        stretch: Stretch,
    ) -> Result<(), RunError> {
        for friend in &stretch.to_thank {
            self.thank(work, friend).await?;
        }
        for outdated in &stretch.to_upgrade {
            // Who changed it meanwhile wrote it anew.
            self.ledger.upgrade(work.shop, outdated).await?;
        }
        let mut writes = Writes::default();
        for to_write in stretch.to_label {
            let (steps, shop, run, active) =
                (self.clone(), work.shop.clone(), work.run.clone(), Arc::clone(&work.active));
            let moves = to_write.moved.is_some();
            writes.begin(moves, async move { steps.write_label(&shop, &run, &active, to_write).await }).await?;
        }
        writes.finish().await?;
        progress.assigned.labels += writes.labels;
        progress.assigned.write_units += writes.units;
        (progress.from, progress.to) = (None, None);
        Ok(())
    }

    /// What a call that was cut off left of its last stretch: counted already, and some labels not written.
    async fn finish_stretch(&self, work: &Work<'_>, progress: &mut ShardProgress, to: &Cursor) -> Result<(), RunError> {
        let mut cursor = progress.from.clone();
        loop {
            let page = self.page(work.shop, work.shard, cursor.as_ref()).await?;
            let mut left = Stretch::default();
            for customer in page.customers.into_iter().filter(|customer| position(customer) <= *to) {
                let outcome = self.outcome(work.shop, work.run, &work.active, &customer).await?;
                let thanks = is_owed_thanks(work, &customer);
                left.take(customer, outcome, thanks);
            }
            self.write_stretch(work, progress, left).await?;
            cursor = page.next;
            if cursor.as_ref().is_none_or(|next| next >= to) {
                return Ok(());
            }
        }
    }

    /// What an order's own call left undone: thanks to who brought a customer that is new.
    async fn thank(&self, work: &Work<'_>, friend: &Customer) -> Result<(), RunError> {
        let Some(shop) = self.ledger.shop(work.shop).await? else { return Ok(()) };
        if let Err(error) = self.ledger.earn_referral(&shop, friend, work.run.day).await {
            // The next run finds it again.
            tracing::warn!(shop = %shop.id, %error, "a referral was not written");
        }
        Ok(())
    }
}

fn is_owed_thanks(work: &Work<'_>, customer: &Customer) -> bool {
    brought_by(&customer.profile, work.active.cuts.window, work.run.day).is_some()
}

fn position(customer: &Customer) -> Cursor {
    Cursor { bucket: customer.key.bucket(), after: Some(customer.key.clone()) }
}
