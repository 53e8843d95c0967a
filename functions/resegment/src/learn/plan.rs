//! plan: into how many shards and parts a learning is split; both are fixed when it begins.

use chrono::{DateTime, Utc};
use ledger::{BeginLearningError, Learning, LearningStatus, Ledger, Shard, ShopId};
use segmentation::Day;

use crate::SHARDS;
use crate::learn::LearnPlan;
use crate::steps::{RunError, Steps};

/// Into how many parts products are split, by how many the shop has published; a shop may name products in orders and publish none.
///
/// Pairs grow with the square of the products at worst. 16 parts of 5,000 products hold at most 780,000 pairs each, 64 of
/// 20,000 products 3 million, and what customers really bought is a fifth of that: Online Retail has 2.2 million pairs of 3,665
/// products, that is, 140,000 in each of 16 parts, about half a megabyte. More parts than needed cost items: at least one per shard
/// and part. The lists are the same whatever their number.
#[must_use]
pub fn parts_for(products: Option<u64>) -> u16 {
    match products {
        Some(0..=5_000) => 16,
        Some(5_001..=20_000) | None => 64,
        Some(_) => 256,
    }
}

/// Begins a learning of a shop, or takes over one that broke off.
///
/// # Errors
/// [`BeginLearningError`].
pub async fn begin(
    ledger: &Ledger,
    shop: &ShopId,
    day: Day,
    now: DateTime<Utc>,
) -> Result<Learning, BeginLearningError> {
    let current = ledger.read_current(shop).await?.unwrap_or_default();
    let parts = parts_for(ledger.published_products(shop, &current).await?);
    ledger.begin_learning(shop, day, SHARDS, parts, now).await
}

impl Steps {
    /// Plans a learning that was begun. One that was taken over keeps its day, shards and parts.
    ///
    /// # Errors
    /// [`RunError::NoLearning`] when it is not the shop's last one or at its end; [`RunError::Store`].
    pub async fn plan_learning(&self, shop: &ShopId, number: u64) -> Result<LearnPlan, RunError> {
        let learning = self.running_learning(shop, number).await?;
        let Learning { number, day, parts, shards, .. } = learning;
        Ok(LearnPlan { shop: shop.clone(), number, day, parts, shards: Shard::all(shards) })
    }

    pub(crate) async fn running_learning(&self, shop: &ShopId, number: u64) -> Result<Learning, RunError> {
        let last = self.ledger.learning(shop).await?;
        last.filter(|last| last.number == number && last.status == LearningStatus::Running)
            .ok_or_else(|| RunError::NoLearning { shop: shop.clone(), number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_grow_with_the_products_and_are_powers_of_two() {
        let parts = [None, Some(0), Some(5_000), Some(5_001), Some(20_000), Some(100_000)].map(parts_for);
        assert_eq!(parts, [64, 16, 16, 64, 64, 256]);
    }
}
