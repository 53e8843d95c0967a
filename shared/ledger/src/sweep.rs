//! What the scheduler's hourly look does for budgets: takes back what nobody needed meanwhile, and corrects what is marked as
//! spent.

use chrono::{DateTime, Utc};
use segmentation::Day;

use crate::budgets::BudgetId;
use crate::counters::{Counter, Left};
use crate::error::LedgerError;
use crate::shop::Shop;
use crate::store::Ledger;

impl Ledger {
    /// Takes back every reservation of the shop's budgets whose time is over, this month's and the last one's. How many there were.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; what was taken back until then stays so.
    pub async fn sweep_budgets(&self, shop: &Shop, today: Day, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        let mut found = 0;
        let mut known: Vec<BudgetId> = Vec::new();
        for limit in &shop.budgets.limits {
            let last_month = today.plus(-i64::from(today.day_of_month()));
            for day in [today, last_month] {
                let id = limit.id(day);
                if known.contains(&id) {
                    continue;
                }
                loop {
                    match self.take_back(shop, &id, limit.shards, now).await? {
                        0 => break,
                        n => found += n,
                    }
                }
                let counters = self.counters(&shop.id, &id, limit.shards).await?;
                let left: Left = counters.iter().flatten().map(|counter: &Counter| counter.left).sum();
                let spent = counters.iter().any(Option::is_some) && (left.amount <= 0 || left.count <= 0);
                match (spent, shop.current.exhausted.contains(&id)) {
                    (true, false) => self.mark_exhausted(&shop.id, &id).await?,
                    (false, true) => self.unmark_exhausted(&shop.id, &id).await?,
                    _ => {}
                }
                known.push(id);
            }
        }
        for id in shop.current.exhausted.iter().filter(|id| !known.contains(id)) {
            self.unmark_exhausted(&shop.id, id).await?;
        }
        Ok(found)
    }
}
