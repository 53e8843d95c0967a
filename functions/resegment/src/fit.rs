//! fit: which activation the run applies. A due activation comes before assign, and a fit that changes nothing makes none.

use ledger::{Ledger, LedgerError, Partial, Pass, Run, ShopId};
use segmentation::fit::{fit_looked, to_look_at};
use segmentation::{FitPolicy, Looked, Survey};
use serde::de::DeserializeOwned;

use crate::steps::{RunError, StepAnswer, Steps};

impl Steps {
    /// Fits cuts where the plan says so, activates them where they differ from the active ones, and settles the run's
    /// activation in the same transaction.
    ///
    /// # Errors
    /// [`RunError::EmptyBase`] before the first order, [`RunError::Store`].
    pub(crate) async fn fit(&self, shop: &ShopId, run: Run) -> Result<StepAnswer, RunError> {
        if run.activation.is_some() {
            return Ok(settled(&run));
        }
        let Some(policy) = run.fitting else {
            return Ok(settled(&self.ledger.settle_activation(shop, &run, None).await?));
        };
        let survey = self.surveyed(shop, &run).await?;
        if survey.customers() == 0 && self.ledger.fresh_shop(shop).await?.is_none_or(|shop| shop.active.is_none()) {
            return Err(RunError::EmptyBase);
        }
        let Some(looked) = self.looked(shop, &run, &survey, &policy).await? else {
            return Ok(StepAnswer::Fit { look: true, wait: 0 });
        };
        let cuts = fit_looked(&survey, &policy, Some(&looked));
        tracing::info!(%shop, customers = survey.customers(), version = %cuts.version(), "fitted");
        Ok(settled(&self.ledger.settle_activation(shop, &run, Some((cuts, survey.customers()))).await?))
    }

    async fn surveyed(&self, shop: &ShopId, run: &Run) -> Result<Survey, RunError> {
        let merge = |all: Survey, one: Survey| all.merge(&one);
        let surveyed = self.all_of(shop, run, Pass::Survey, merge).await?;
        surveyed.ok_or_else(|| LedgerError::Damaged("a shard is not surveyed".to_owned()).into())
    }

    /// What a second look found; `None` where it has yet to be taken.
    async fn looked(
        &self,
        shop: &ShopId,
        run: &Run,
        survey: &Survey,
        policy: &FitPolicy,
    ) -> Result<Option<Looked>, RunError> {
        if run.looks_at.is_empty() {
            let buckets = to_look_at(survey, policy);
            if buckets.is_empty() {
                return Ok(Some(Looked::default()));
            }
            self.ledger.ask_for_look(shop, run, &buckets).await?;
            return Ok(None);
        }
        self.all_of(shop, run, Pass::Look, |all: Looked, one: Looked| all.merge(&one)).await
    }

    /// What all shards found, one in memory after the other; `None` where one of them is not done.
    async fn all_of<T: Default + DeserializeOwned>(
        &self,
        shop: &ShopId,
        run: &Run,
        pass: Pass,
        merge: impl Fn(T, T) -> T,
    ) -> Result<Option<T>, RunError> {
        let mut all = T::default();
        let mut renewal = self.renewal();
        for shard in 0..run.shards {
            let known = self.ledger.partial(shop, run.run, pass, shard).await?;
            let Some(partial) = known.filter(Partial::done) else { return Ok(None) };
            all = merge(all, self.ledger.partial_found(shop, run.run, (pass, shard), &partial).await?);
            self.renew(shop, run.run, &mut renewal).await?;
        }
        Ok(Some(all))
    }
}

/// As long as pointers are kept, and some seconds for a transaction that was under way.
fn settled(run: &Run) -> StepAnswer {
    let as_before = run.previous.map(|before| before.activation) == run.activation;
    StepAnswer::Fit { look: false, wait: if as_before { 0 } else { Ledger::CACHE_FOR.as_secs() + 5 } }
}
