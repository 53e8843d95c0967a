//! survey and look: what a shard's customers are like, and how many lie where in some buckets. Both are one pass over the
//! shard, which goes on where an earlier call had to return.

use ledger::{Customer, Partial, Pass, Run, Shard, ShopId};
use segmentation::fit::Surveyor;
use segmentation::{Looked, Survey, Window};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::steps::{RunError, Steps, Until};

impl Steps {
    /// Surveys one shard: exact counts of days and orders, money in buckets where it has very many values.
    pub(crate) async fn survey(&self, shop: &ShopId, run: &Run, shard: Shard, until: Until) -> Result<bool, RunError> {
        let window = window(run);
        let add = |survey: Survey, customers: &[Customer]| {
            let mut surveyor = Surveyor::from(survey);
            customers.iter().for_each(|customer| surveyor.add(&customer.profile.orders, run.day, window));
            surveyor.finish()
        };
        self.pass(Pass::Survey, shop, run, shard, until, add).await
    }

    /// Counts one shard's money exactly inside the buckets that the fit asked for.
    pub(crate) async fn look(&self, shop: &ShopId, run: &Run, shard: Shard, until: Until) -> Result<bool, RunError> {
        let window = window(run);
        let add = |looked: Looked, customers: &[Customer]| {
            let in_base =
                |customer: &Customer| customer.profile.orders.rfm(run.day, window).filter(segmentation::Rfm::in_base);
            let money = customers.iter().filter_map(in_base).map(|rfm| rfm.monetary.0);
            looked.merge(&Looked::of(money, &run.looks_at))
        };
        self.pass(Pass::Look, shop, run, shard, until, add).await
    }

    async fn pass<T: Default + Serialize + DeserializeOwned>(
        &self,
        pass: Pass,
        shop: &ShopId,
        run: &Run,
        shard: Shard,
        until: Until,
        add: impl Fn(T, &[Customer]) -> T,
    ) -> Result<bool, RunError> {
        let at = (pass, shard.index);
        let known = self.ledger.partial(shop, run.run, pass, shard.index).await?;
        if known.as_ref().is_some_and(Partial::done) {
            return Ok(true);
        }
        let mut found = match &known {
            Some(partial) => self.ledger.partial_found(shop, run.run, at, partial).await?,
            None => T::default(),
        };
        let (mut cursor, mut read_units) = (known.as_ref().and_then(|known| known.next.clone()), 0.0);
        let mut renewal = self.renewal();
        loop {
            let page = self.page(shop, shard, cursor.as_ref()).await?;
            read_units += page.read_units;
            found = add(found, &page.customers);
            cursor = page.next;
            if cursor.is_none() || until.has_come(self.clock) {
                break;
            }
            self.renew(shop, run.run, &mut renewal).await?;
        }
        let done = cursor.is_none();
        let now = self.clock.now();
        self.ledger.write_partial(shop, run.run, at, known.as_ref(), (&found, cursor, read_units), now).await?;
        Ok(done)
    }
}

fn window(run: &Run) -> Window {
    run.fitting.map_or(Window::default(), |policy| policy.window)
}
