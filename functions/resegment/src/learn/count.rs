//! count: what one shard's customers bought together, part by part.

use affinity::Collector;
use ledger::CountedShard;

use crate::learn::CountInput;
use crate::steps::{RunError, Steps};

impl Steps {
    /// Counts one shard, unless that is noted. Products have the categories of the shop's published catalogue as it is now.
    ///
    /// # Errors
    /// [`RunError::Store`]; nothing holds then, and the next call counts anew.
    pub async fn count(&self, input: &CountInput) -> Result<CountedShard, RunError> {
        let CountInput { plan, shard } = input;
        if let Some(counted) = self.ledger.counted_shard(&plan.shop, plan.number, shard.index).await? {
            return Ok(counted);
        }
        let shop = self.ledger.fresh_shop(&plan.shop).await?.ok_or_else(|| RunError::NoShop(plan.shop.clone()))?;
        let catalogue = self.ledger.whole_catalogue(&shop).await?;
        let mut collector = Collector::new(plan.terms());
        let (mut customers, mut cursor) = (0, None);
        loop {
            let page = self.ledger.page(&plan.shop, *shard, cursor.as_ref()).await?;
            for customer in &page.customers {
                let baskets = customer.profile.baskets.as_slice();
                customers += u64::from(!baskets.is_empty());
                collector.add(baskets, |product| catalogue.get(product)?.category());
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let counts = tokio::task::spawn_blocking(move || collector.into_parts()).await?;
        let mut parts = Vec::with_capacity(counts.len());
        for part in counts {
            let (number, of_part, of_shard) = (plan.number, part.part(), Some(shard.index));
            let (bytes, now) = (part.to_bytes(), self.clock.now());
            parts.push(self.ledger.put_counts(&plan.shop, number, of_part, of_shard, bytes, now).await?);
        }
        let counted = CountedShard { shard: shard.index, customers, parts };
        Ok(self.ledger.note_counted(&plan.shop, plan.number, counted, self.clock.now()).await?)
    }
}
