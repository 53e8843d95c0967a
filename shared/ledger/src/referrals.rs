//! Thanks for friends: earned once, at the friend's first counted order, in one transaction of `referral#FRIEND` under who
//! brought them and that one's profile.
//!
//! It follows the friend's own transaction and is repeated by any order of theirs in the days after, and by the run: a call that
//! broke off in between is finished by the next, and the item says to all later ones that nothing is left to do.

use segmentation::referrals::brought_by;
use segmentation::{Day, Referral};
use serde::{Deserialize, Serialize};

use crate::error::{RecordError, Refusal};
use crate::facts::Fact;
use crate::items::{Customer, StoryItem};
use crate::keys::{self, CustomerKey, Key};
use crate::order::shop_day;
use crate::record::Status;
use crate::shop::Shop;
use crate::store::{Ledger, item};

/// Who was thanked for a friend.
#[derive(Serialize, Deserialize)]
struct Thanked {
    #[serde(flatten)]
    key: Key,
    by: CustomerKey,
}

impl Ledger {
    /// Thanks who brought this customer, if somebody did and the first counted order is new. `None`: there is nobody to thank.
    ///
    /// # Errors
    /// [`RecordError::Store`]; nothing was written, and the same call may be made again.
    pub async fn earn_referral(
        &self,
        shop: &Shop,
        friend: &Customer,
        today: Day,
    ) -> Result<Option<Status>, RecordError> {
        let Some(by) = brought_by(&friend.profile, shop.window(), today) else { return Ok(None) };
        let Some(by) = CustomerKey::read(by) else { return Ok(None) };
        // Nobody brings themselves, and who is not known here has nothing to be told.
        let Some(by) = self.customer_now(&shop.id, &by).await?.filter(|by| by.key != friend.key) else {
            return Ok(None);
        };
        // Whoever was thanked first stays so, whatever the shop says later.
        let marker = Thanked { key: keys::thanked(&shop.id, &friend.key), by: by.key.clone() };
        let thanked: Option<Thanked> = self.get(&self.tables().ledger, &marker.key, true).await?;
        if thanked.is_some_and(|thanked| thanked.by != marker.by) {
            return Ok(None);
        }
        let referral = Referral { friend: friend.key.as_str().to_owned(), day: today };
        let fact = Fact {
            customer: &by.id,
            what: ("referral", referral.friend.clone()),
            key: keys::referral(&shop.id, &by.key, &friend.key),
            hash: &referral.friend,
            before: &|erased| today < shop_day(erased, shop.settings.time_zone),
            allowed: &|_| Ok(()),
            story: &|sequence| StoryItem::Referral { sequence, referral: referral.clone() },
            beside: Some(item(&marker)?),
        };
        match self.record_fact(shop, fact).await {
            Ok((status, _)) => Ok(Some(status)),
            Err(RecordError::Refused(Refusal::CustomerErased)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same after a write of the friend's that has succeeded, and stays so: what fails here is done by the next call.
    pub(crate) async fn thank_for(&self, shop: &Shop, friend: &Customer, today: Day) {
        if let Err(error) = self.earn_referral(shop, friend, today).await {
            tracing::warn!(shop = %shop.id, %error, "a referral was not written; the next order or the run does it");
        }
    }
}
