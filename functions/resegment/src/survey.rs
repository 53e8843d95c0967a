//! plan and survey: what a run has to do, and what a shard's customers are like.

use ledger::{Ledger, RunStatus, Shard, ShopId};
use segmentation::fit::Surveyor;

use crate::steps::{Plan, RunError, Steps, SurveyInput, SurveyOutput};

impl Steps {
    /// Plans a run that was begun: whether a fit is due, and its shards. A run that was taken over keeps what it settled.
    ///
    /// # Errors
    /// [`RunError`] when shop or run are not there.
    pub async fn plan(&self, shop: &ShopId, run: u64) -> Result<Plan, RunError> {
        let known = self.ledger.fresh_shop(shop).await?.ok_or_else(|| RunError::NoShop(shop.clone()))?;
        let run = self
            .ledger
            .run(shop, run)
            .await?
            .filter(|run| run.status == RunStatus::Running)
            .ok_or_else(|| RunError::NoRun { shop: shop.clone(), run })?;
        let due = run.refit || Ledger::fit_due(known.settings.changeable.refit, &known.current, run.day);
        let fit = run.activation.is_none() && due;
        Ok(Plan { shop: shop.clone(), shards: Shard::all(run.shards), run, fit })
    }

    /// Surveys one shard: exact counts on every axis, and the orders' amounts.
    ///
    /// # Errors
    /// [`RunError::Store`].
    pub async fn survey(&self, input: &SurveyInput) -> Result<SurveyOutput, RunError> {
        let shop =
            self.ledger.shop(&input.plan.shop).await?.ok_or_else(|| RunError::NoShop(input.plan.shop.clone()))?;
        let window = shop.settings.changeable.segmentation.window;
        let (mut surveyor, mut read_units, mut cursor) = (Surveyor::default(), 0.0, None);
        loop {
            let page = self.ledger.page(&shop.id, input.shard, cursor.as_ref()).await?;
            read_units += page.read_units;
            for customer in &page.customers {
                surveyor.add(&customer.profile.orders, input.plan.run.day, window);
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(SurveyOutput { survey: surveyor.finish(), read_units });
            }
        }
    }
}
