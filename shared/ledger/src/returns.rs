//! Returns: each belongs to its order and lowers it on the order's own day (law 2).

use std::sync::Arc;

use segmentation::{Cause, Day, GivenBack, Minor};
use serde::Serialize;

use crate::error::{LedgerError, RecordError, Refusal};
use crate::give_back::change_of;
use crate::ids::{OrderId, ReturnId};
use crate::items::{Head, Sequence, StoryItem};
use crate::keys;
use crate::order::{AcceptedReturn, Asked, Order, Return, content_hash};
use crate::record::{Status, change};
use crate::shop::Shop;
use crate::store::{Backoff, Ledger, item};

/// What is answered to an accepted return: the same each time but for the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReturnReceipt {
    /// Stored now or before.
    pub status: Status,
    /// The return.
    #[serde(rename = "return")]
    pub id: ReturnId,
    /// Of which order.
    pub order: OrderId,
    /// An amount, or the whole.
    pub given_back: GivenBack,
}

impl Ledger {
    /// Records a return of an order that is known.
    ///
    /// # Errors
    /// [`RecordError::Refused`] with the reason, or [`RecordError::Store`]; in both cases nothing was changed.
    pub async fn record_return(
        &self,
        shop: &Arc<Shop>,
        today: Day,
        back: &Return,
    ) -> Result<ReturnReceipt, RecordError> {
        let unknown = || Refusal::OrderUnknown(back.order.to_string());
        let table = &self.tables().ledger;
        let hash = content_hash(back);
        let mut backoff = Backoff::default();
        loop {
            let mut head: Head =
                self.get(table, &keys::head(&shop.id, &back.order), true).await?.ok_or_else(unknown)?;
            if head.is_guests() {
                return Err(Refusal::OrderOfGuest(back.order.to_string()).into());
            }
            let owner = head.customer_key.clone().ok_or(Refusal::CustomerErased)?;
            let standing = self.standing(&shop.id, &owner).await?;
            let erased = standing.erased();
            if erased.is_some_and(|erased| back.time < erased.at || head.epoch < erased.version) {
                return Err(Refusal::CustomerErased.into());
            }
            let current = head.fold.current().ok_or_else(unknown)?;
            let key = keys::return_of(&shop.id, &owner, &back.order, &back.id);
            let receipt = |status, given_back| ReturnReceipt {
                status,
                id: back.id.clone(),
                order: back.order.clone(),
                given_back,
            };
            if let Some(StoryItem::Return { hash: stored, returned, .. }) = self.get(table, &key, true).await? {
                return if stored == hash {
                    Ok(receipt(Status::Duplicate, returned.given_back))
                } else {
                    Err(Refusal::OtherContent { what: "return", id: back.id.to_string() }.into())
                };
            }
            let before = standing.customer().cloned();
            let before = before.ok_or_else(|| LedgerError::damaged("an order's head without its customer"))?;
            let given_back = match &back.asked {
                Asked::Whole => GivenBack::Whole,
                Asked::Amount(amount) => GivenBack::Amount(*amount),
                Asked::Lines(lines) => {
                    let key = keys::revision(&shop.id, &owner, &back.order, &current.key);
                    match self.get(table, &key, true).await? {
                        Some(StoryItem::Order { order, .. }) => GivenBack::Amount(sum_of(lines, &order)?),
                        _ => return Err(LedgerError::damaged("an order's head without its revision").into()),
                    }
                }
            };
            let before_it = head.fold.clone();
            let old = before_it.entry();
            head.fold.give_back(given_back).map_err(Refusal::from)?;
            let mut after = before.clone();
            // `Err(None)`: head and profile were read at different moments, with a change in between.
            if let Err(refusal) = change(&mut after.profile, old, &head.fold) {
                if let Some(refusal) = refusal {
                    return Err(refusal.into());
                }
            } else {
                let read = head.read_version();
                head.version += 1;
                let sequence = Sequence { version: before.profile.version + 1, place: 0 };
                let returned = AcceptedReturn { sent: back.clone(), given_back };
                let story = StoryItem::Return { sequence, hash: hash.clone(), returned }.to_item(key)?;
                let mut writes = vec![self.put_new(table, story)?, self.put_as_read(table, item(&head)?, read)?];
                writes.extend(standing.check(self)?);
                let mut rewards = Vec::new();
                let mut place = 1;
                if let Some(change) = change_of(&before_it, &head.fold) {
                    let first = Sequence { version: before.profile.version + 1, place };
                    let back =
                        self.giving_back(shop, (&before, &back.order), change, &mut after.profile, first).await?;
                    place += back.facts;
                    writes.extend(back.writes);
                    rewards = back.given_back;
                }
                writes.extend(self.profile_writes(shop, &before, after, today, Cause::Return, place).await?);
                if self.transact(writes).await? {
                    self.after_giving_back(shop, &rewards).await?;
                    return Ok(receipt(Status::Recorded, given_back));
                }
            }
            backoff.wait().await?;
        }
    }
}

/// What the lines asked for come to.
fn sum_of(lines: &[(crate::LineId, Option<Minor>)], order: &Order) -> Result<Minor, Refusal> {
    let mut sum = Minor::ZERO;
    for (id, asked) in lines {
        let line = order.lines.iter().find(|line| line.id == *id);
        let line = line.ok_or_else(|| Refusal::LineUnknown { order: order.id.to_string(), line: id.to_string() })?;
        let asked = asked.unwrap_or(line.amount);
        if asked > line.amount {
            return Err(Refusal::ReturnExceedsLine { line: id.to_string(), amount: line.amount, asked });
        }
        sum += asked;
    }
    if sum > Minor::ZERO { Ok(sum) } else { Err(Refusal::NothingToReturn) }
}
