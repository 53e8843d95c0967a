//! How a reservation ends: confirmed, released by the shop, or taken back when its time is over; each in one transaction.

use chrono::{DateTime, Utc};

use crate::counters::{Back, Left};
use crate::error::{LedgerError, Refusal};
use crate::items::{Sequence, StoryItem};
use crate::keys;
use crate::record::Status;
use crate::redemption::{NotRedeemed, RedeemError, Redemption, RedemptionKey, RedemptionState};
use crate::shop::Shop;
use crate::store::{Backoff, Ledger};

impl Ledger {
    /// Confirms: the reward is used. Also after its time, as long as nobody has taken it back. The same again changes nothing.
    ///
    /// # Errors
    /// [`RedeemError`] with the reason; nothing was changed then.
    pub async fn confirm(
        &self,
        shop: &Shop,
        key: &RedemptionKey,
        now: DateTime<Utc>,
    ) -> Result<(Status, Redemption), RedeemError> {
        self.settle(shop, key, RedemptionState::Confirmed, now).await
    }

    /// Releases: the reward may be used elsewhere. The same again changes nothing.
    ///
    /// # Errors
    /// [`RedeemError`] with the reason; nothing was changed then.
    pub async fn release(
        &self,
        shop: &Shop,
        key: &RedemptionKey,
        now: DateTime<Utc>,
    ) -> Result<(Status, Redemption), RedeemError> {
        self.settle(shop, key, RedemptionState::Released, now).await
    }

    pub(crate) async fn settle(
        &self,
        shop: &Shop,
        key: &RedemptionKey,
        to: RedemptionState,
        now: DateTime<Utc>,
    ) -> Result<(Status, Redemption), RedeemError> {
        let mut backoff = Backoff::default();
        loop {
            let stored = self.redemption(shop, key).await?.ok_or(NotRedeemed::Unknown)?;
            match (stored.state, to) {
                (RedemptionState::Reserved, _) => {}
                (RedemptionState::Confirmed | RedemptionState::GivenBack, RedemptionState::Confirmed)
                | (RedemptionState::Released | RedemptionState::Lapsed, RedemptionState::Released | RedemptionState::Lapsed)
                // Somebody confirmed what was about to be taken back.
                | (RedemptionState::Confirmed | RedemptionState::GivenBack, RedemptionState::Lapsed) => return Ok((Status::Duplicate, stored)),
                (state, _) => return Err(NotRedeemed::Settled(state.name()).into()),
            }
            if to == RedemptionState::Lapsed && !stored.is_over(now) {
                return Ok((Status::Duplicate, stored));
            }
            let settled = Redemption { state: to, settled_at: Some(now), ..stored.clone() };
            let (mut order, mut uses) = self.read_rewards(shop, key).await?;
            let mut writes = Vec::new();
            for charge in &stored.charged {
                writes.push(self.delete(&self.tables().shops, &keys::hold(&shop.id, charge, &stored))?);
            }
            let mut sequence = None;
            if to == RedemptionState::Confirmed {
                if order.cancelled {
                    return Err(NotRedeemed::OrderCancelled(key.order.clone()).into());
                }
                order.confirm(key);
                if !uses.confirm(&stored) {
                    // Taken back between the two reads.
                    backoff.wait().await?;
                    continue;
                }
                let standing = self.standing(&shop.id, &key.customer_key).await?;
                if standing.epoch() > stored.epoch {
                    return Err(Refusal::CustomerErased.into());
                }
                writes.extend(standing.check(self)?);
                let before = standing.or_new(&stored.customer);
                let mut after = before.clone();
                after.profile.closed.push(stored.closes());
                after.profile.commit(None);
                sequence = Some(Sequence { version: after.profile.version, place: 0 });
                writes.push(self.put_as_read(
                    &self.tables().customers,
                    after.to_item(&shop.id)?,
                    before.read_version(),
                )?);
            } else {
                order.free(key);
                uses.free(&stored);
                let back = Left { amount: stored.value.0, count: 1 };
                let how = if to == RedemptionState::Lapsed { Back::Lapsed } else { Back::Released };
                for charge in &stored.charged {
                    writes.push(self.credit(&shop.id, charge, back, how)?);
                }
            }
            writes.extend(self.rewards_writes(order, uses)?);
            let story = StoryItem::Redemption { sequence, version: 2, redemption: settled.clone() };
            let story = story.to_item(keys::redemption(&shop.id, key))?;
            writes.push(self.put_as_read(&self.tables().ledger, story, Some(1))?);
            if self.transact(writes).await? {
                if to != RedemptionState::Confirmed {
                    self.unmark_charged(shop, &stored).await?;
                }
                return Ok((Status::Recorded, settled));
            }
            backoff.wait().await?;
        }
    }

    /// Something of what it was taken from is left again.
    pub(crate) async fn unmark_charged(&self, shop: &Shop, redemption: &Redemption) -> Result<(), LedgerError> {
        for charge in redemption.charged.iter().filter(|charge| shop.current.exhausted.contains(&charge.budget)) {
            self.unmark_exhausted(&shop.id, &charge.budget).await?;
        }
        Ok(())
    }
}
