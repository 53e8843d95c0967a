//! fit: which activation the run applies. A due activation comes before assign, and a fit that changes nothing makes none.

use ledger::Run;
use segmentation::{Survey, fit};

use crate::steps::{FitInput, RunError, Steps};

impl Steps {
    /// Fits cuts where the plan says so, activates them where they differ from the active ones, and settles the run's
    /// activation in the same transaction.
    ///
    /// # Errors
    /// [`RunError::EmptyBase`] before the first order, [`RunError::Store`].
    pub async fn fit(&self, input: &FitInput) -> Result<Run, RunError> {
        let plan = &input.plan;
        if plan.run.activation.is_some() {
            return Ok(plan.run.clone());
        }
        let fitted = if plan.fit {
            let shop = self.ledger.fresh_shop(&plan.shop).await?.ok_or_else(|| RunError::NoShop(plan.shop.clone()))?;
            let survey = input.surveys.iter().fold(Survey::default(), |sum, shard| sum.merge(&shard.survey));
            if survey.customers() == 0 && shop.active.is_none() {
                return Err(RunError::EmptyBase);
            }
            let cuts = fit(&survey, &shop.settings.changeable.segmentation);
            tracing::info!(shop = %plan.shop, customers = survey.customers(), version = %cuts.version(), "fitted");
            Some((cuts, survey.customers()))
        } else {
            None
        };
        Ok(self.ledger.settle_activation(&plan.shop, &plan.run, fitted).await?)
    }
}
