//! The fold of whole stories into a profile: the definition that a stored profile must equal byte for byte (law 1).
//!
//! The stories of a customer's several ids are folded together by (version, customer key, place). Moves and alerts are those of
//! the customer's own key alone: an id that was somebody's before tells where that one stood.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use segmentation::moves::VersionedMove;
use segmentation::{Bought, OrderFold, Profile};

use crate::error::LedgerError;
use crate::ids::{CustomerId, OrderId, ShopId};
use crate::items::{Customer, StoryItem};
use crate::keys::{self, CustomerKey};
use crate::shop::Shop;
use crate::standing::Held;
use crate::store::Ledger;

/// What lies under one key.
pub(crate) struct Story {
    pub(crate) key: CustomerKey,
    /// The version of its last marker: what is not above it is gone, or about to go.
    pub(crate) epoch: u64,
    pub(crate) items: Vec<StoryItem>,
}

/// Where an item stands among those of several stories.
type Place = (u64, CustomerKey, u32);

/// Folds stories; `own` is the customer's own key.
pub(crate) fn fold(zone: Tz, own: &CustomerKey, stories: Vec<Story>) -> Result<Profile, LedgerError> {
    let mut folds: BTreeMap<OrderId, OrderFold> = BTreeMap::new();
    let mut first_accepted: BTreeMap<OrderId, (Place, Option<Bought>)> = BTreeMap::new();
    let (mut returns, mut moves, mut facts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut version = 0;
    for Story { key, epoch, items } in stories {
        for item in items {
            let place = item.sequence().map(|at| (at.version, key.clone(), at.place));
            if place.as_ref().is_some_and(|(version, ..)| *version <= epoch) {
                continue;
            }
            version = version.max(place.as_ref().map_or(0, |(version, ..)| *version));
            match (item, place) {
                (StoryItem::Order { order, .. }, place) => {
                    folds.entry(order.id.clone()).or_default().revise(order.fold(zone));
                    // A lower revision has no place in the sequence, and is never the first.
                    let Some(place) = place else { continue };
                    if first_accepted.get(&order.id).is_none_or(|(known, _)| place < *known) {
                        first_accepted.insert(order.id.clone(), (place, order.bought(zone)));
                    }
                }
                (_, None) => {}
                (StoryItem::Return { returned, .. }, Some(place)) => {
                    returns.insert(place, returned);
                }
                (item @ (StoryItem::Move { .. } | StoryItem::Alert { .. }), Some(place)) => {
                    if key == *own {
                        if let StoryItem::Move { moved, .. } = &item {
                            moves.insert(place.clone(), moved.clone());
                        }
                        facts.insert(place, item);
                    }
                }
                (item, Some(place)) => {
                    facts.insert(place, item);
                }
            }
        }
    }
    // Of an order that was erased a lower revision may still be there.
    folds.retain(|order, _| first_accepted.contains_key(order));
    // After the revisions, since a return may rest on any of them; in sequence, so that the whole comes last.
    for returned in returns.into_values() {
        let fold = folds.entry(returned.sent.order.clone()).or_default();
        fold.give_back(returned.given_back).map_err(LedgerError::damaged)?;
    }
    let mut profile =
        Profile { version, orders: folds.values().filter_map(OrderFold::entry).collect(), ..Profile::default() };
    let bought: BTreeMap<Place, Option<Bought>> = first_accepted.into_values().collect();
    bought.values().flatten().for_each(|bought| profile.remember(bought));
    facts.values().for_each(|fact| fact.fold_into(&mut profile));
    for ((version, ..), moved) in moves {
        profile.moves.push(VersionedMove { version, moved });
    }
    Ok(profile)
}

impl Ledger {
    /// Folds a customer's whole story anew, under all their ids: the result equals the stored profile byte for byte.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails, or the story contradicts itself.
    pub async fn rebuild(&self, shop: &Shop, customer: &CustomerId) -> Result<Option<Profile>, LedgerError> {
        let standing = self.standing(&shop.id, &self.customer_key(&shop.id, customer)).await?;
        match standing.customer() {
            Some(customer) => self.refold(shop, customer).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same of a customer as they were read.
    pub(crate) async fn refold(&self, shop: &Shop, customer: &Customer) -> Result<Profile, LedgerError> {
        let mut stories = vec![self.story(&shop.id, &customer.key, customer.erased.map_or(0, |e| e.version)).await?];
        for key in &customer.aliases {
            stories.push(self.story_of_alias(&shop.id, key).await?);
        }
        fold(shop.settings.time_zone, &customer.key, stories)
    }

    /// What lies under a key.
    pub(crate) async fn story(&self, shop: &ShopId, key: &CustomerKey, epoch: u64) -> Result<Story, LedgerError> {
        let items = self.query_all(&self.tables().ledger, &keys::story(shop, key)).await?;
        Ok(Story { key: key.clone(), epoch, items })
    }

    pub(crate) async fn story_of_alias(&self, shop: &ShopId, key: &CustomerKey) -> Result<Story, LedgerError> {
        let epoch = match self.held_under(shop, key, true).await? {
            Held::Alias(alias) => alias.erased.map_or(0, |erased| erased.version),
            _ => 0,
        };
        self.story(shop, key, epoch).await
    }
}
