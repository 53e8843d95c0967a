//! Orders and their revisions into the ledger, exactly once (law 2).
//!
//! A change reads profile, heads and any earlier copy consistently, decides, and commits all of it in one transaction on
//! condition that each is still as read. Who loses the race reads again and decides anew.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use segmentation::order::Revised;
use segmentation::orders::OrdersError;
use segmentation::referrals::brought_by;
use segmentation::{Cause, Day, OrderFold, Profile, RevisionKey};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::error::{LedgerError, RecordError, Refusal};
use crate::give_back::change_of;
use crate::ids::{CustomerId, OrderId};
use crate::items::{Customer, Head, Sequence, StoryItem};
use crate::keys::{self, CustomerKey, Key};
use crate::order::{Order, content_hash};
use crate::shop::Shop;
use crate::standing::Standing;
use crate::store::{Backoff, Ledger, item, parse};

/// The most orders of one customer in one transaction: two items each, beside the profile, its move and an alias.
pub const MAX_ORDERS_PER_TRANSACTION: usize = 45;
/// The most bytes of orders in one transaction, well under the store's 4 MB.
pub const MAX_BYTES_PER_TRANSACTION: usize = 3 * 1024 * 1024;
/// Customers of one batch recorded at the same time.
const CUSTOMERS_AT_ONCE: usize = 16;

/// Was it stored now, or was it there before?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Status {
    /// Stored by this call.
    Recorded,
    /// Stored before, with the same content; nothing was written.
    Duplicate,
}

/// What is answered to an accepted order: the same each time but for the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderReceipt {
    /// Stored now or before.
    pub status: Status,
    /// The order.
    pub order: OrderId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Which revision.
    pub revision: RevisionKey,
    /// Its shop day.
    pub day: Day,
    /// Its total before refunds, in minor units.
    pub total: segmentation::Minor,
}

type Decided = Result<OrderReceipt, Refusal>;

/// What the store holds of an order before the change.
struct Known {
    head: Head,
    copy: Option<StoredCopy>,
    /// Who stands under the key in whose story it lies, where that is not the one it was sent under.
    owner: Option<Standing>,
}

#[derive(Deserialize)]
struct StoredCopy {
    #[serde(flatten)]
    key: Key,
    hash: String,
}

impl Ledger {
    /// Records revisions of orders, of any customers, in the order given; a first POST is revision 0. Each gets its own
    /// answer, in the same place: one bad order does not sink the rest.
    pub async fn record_orders(
        &self,
        shop: &Arc<Shop>,
        today: Day,
        orders: Vec<Order>,
    ) -> Vec<Result<OrderReceipt, RecordError>> {
        let mut by_customer: HashMap<CustomerId, Vec<(usize, Order)>> = HashMap::new();
        let count = orders.len();
        for (at, order) in orders.into_iter().enumerate() {
            by_customer.entry(order.customer.clone()).or_default().push((at, order));
        }
        let mut answers: Vec<Option<Result<OrderReceipt, RecordError>>> = (0..count).map(|_| None).collect();
        let mut tasks = JoinSet::new();
        let mut waiting = by_customer.into_iter();
        loop {
            while tasks.len() < CUSTOMERS_AT_ONCE
                && let Some((customer, orders)) = waiting.next()
            {
                let (ledger, shop) = (self.clone(), Arc::clone(shop));
                tasks.spawn(async move { ledger.record_for(&shop, today, &customer, orders).await });
            }
            match tasks.join_next().await {
                Some(Ok(answered)) => answered.into_iter().for_each(|(at, answer)| answers[at] = Some(answer)),
                Some(Err(failed)) => tracing::error!(%failed, "a recording task ended"),
                None => break,
            }
        }
        let lost = || Err(RecordError::Store(Arc::new(LedgerError::damaged("a recording task ended"))));
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    async fn record_for(
        &self,
        shop: &Arc<Shop>,
        today: Day,
        customer: &CustomerId,
        orders: Vec<(usize, Order)>,
    ) -> Vec<(usize, Result<OrderReceipt, RecordError>)> {
        let key = self.customer_key(&shop.id, customer);
        let mut answered = Vec::with_capacity(orders.len());
        for chunk in transactions_of(orders) {
            let decided = self.commit_chunk(shop, today, customer, &key, &chunk).await;
            match decided {
                Ok(decided) => {
                    let places = chunk.into_iter().map(|(at, _)| at);
                    answered.extend(places.zip(decided.into_iter().map(|one| one.map_err(RecordError::Refused))));
                }
                Err(error) => {
                    let error = Arc::new(error);
                    answered.extend(chunk.into_iter().map(|(at, _)| (at, Err(RecordError::Store(Arc::clone(&error))))));
                }
            }
        }
        answered
    }

    async fn commit_chunk(
        &self,
        shop: &Arc<Shop>,
        today: Day,
        customer: &CustomerId,
        key: &CustomerKey,
        chunk: &[(usize, Order)],
    ) -> Result<Vec<Decided>, LedgerError> {
        let orders: Vec<(&Order, String)> = chunk.iter().map(|(_, order)| (order, content_hash(order))).collect();
        let mut backoff = Backoff::default();
        loop {
            let known = self.read_known(shop, key, &orders).await?;
            let standing = self.standing(&shop.id, key).await?;
            let before = standing.or_new(customer);
            let mut writes = Vec::new();
            let mut after = before.clone();
            let mut cause = Cause::Order;
            let mut decided = Vec::with_capacity(orders.len());
            let mut place = 0;
            let mut given_back = Vec::new();
            for ((order, hash), mut known) in orders.iter().zip(known) {
                let answer = decide(shop, &standing, order, hash, &known);
                if matches!(&answer, Ok(receipt) if receipt.status == Status::Recorded) {
                    let before_it = known.head.fold.clone();
                    let old = before_it.entry();
                    let revised = known.head.fold.revise(order.fold(shop.settings.time_zone));
                    if revised == Revised::Current {
                        match change(&mut after.profile, old, &known.head.fold) {
                            Ok(()) => {}
                            Err(Some(refusal)) => {
                                decided.push(Err(refusal));
                                continue;
                            }
                            // Head and profile were read at different moments, with a change in between.
                            Err(None) => break,
                        }
                    }
                    if before_it.current().is_some() {
                        cause = Cause::Correction;
                    } else if let Some(bought) = order.bought(shop.settings.time_zone) {
                        after.profile.remember(&bought);
                    }
                    let sequence = (revised == Revised::Current).then(|| {
                        place += 1;
                        Sequence { version: before.profile.version + 1, place: place - 1 }
                    });
                    if let Some(change) = change_of(&before_it, &known.head.fold) {
                        let first = Sequence { version: before.profile.version + 1, place };
                        let back =
                            self.giving_back(shop, (&before, &order.id), change, &mut after.profile, first).await?;
                        place += back.facts;
                        writes.extend(back.writes);
                        given_back.extend(back.given_back);
                    }
                    let read = known.head.read_version();
                    if before_it.current().is_none() {
                        known.head.epoch = standing.epoch();
                    }
                    known.head.version += 1;
                    let story = StoryItem::Order { sequence, hash: hash.clone(), order: (*order).clone() };
                    // A revision follows its order, whatever id it was sent under.
                    let owner = known.head.customer_key.as_ref().unwrap_or(key);
                    let story = story.to_item(keys::revision(&shop.id, owner, &order.id, &order.revision))?;
                    writes.push(self.put_new(&self.tables().ledger, story)?);
                    writes.push(self.put_as_read(&self.tables().ledger, item(&known.head)?, read)?);
                }
                decided.push(answer);
            }
            if decided.len() == orders.len() {
                let friend = brought_by(&after.profile, shop.window(), today).is_some().then(|| after.clone());
                if !writes.is_empty() {
                    writes.extend(standing.check(self)?);
                }
                if place > 0 {
                    writes.extend(self.profile_writes(shop, &before, after, today, cause, place).await?);
                }
                if writes.is_empty() || self.transact(writes).await? {
                    self.after_giving_back(shop, &given_back).await?;
                    if let Some(friend) = friend {
                        self.thank_for(shop, &friend, today).await;
                    }
                    return Ok(decided);
                }
            }
            backoff.wait().await?;
        }
    }

    /// Heads and earlier copies of these orders, in their order; a head not stored yet has version 0.
    async fn read_known(
        &self,
        shop: &Shop,
        key: &CustomerKey,
        orders: &[(&Order, String)],
    ) -> Result<Vec<Known>, LedgerError> {
        let heads: Vec<Key> = orders.iter().map(|(order, _)| keys::head(&shop.id, &order.id)).collect();
        let copies = orders.iter().map(|(order, _)| keys::revision(&shop.id, key, &order.id, &order.revision));
        let wanted: Vec<Key> = heads.iter().cloned().chain(copies.clone()).collect();
        // An order can have 350 KB: only what a decision needs is read of it.
        let only = "#pk, #sk, #hash, #customer_key, #epoch, #fold, #version";
        let found = self.batch_get(&self.tables().ledger, &wanted, true, Some(only)).await?;
        let (mut stored_heads, mut stored_copies) = (HashMap::new(), HashMap::new());
        for item in found {
            // A revision has its place in its sequence, a head counts its writes.
            if item.contains_key("version") {
                let head: Head = parse(item)?;
                stored_heads.insert(head.key.clone(), head);
            } else {
                let copy: StoredCopy = parse(item)?;
                stored_copies.insert(copy.key.clone(), copy);
            }
        }
        let unknown = |head: Key| Head {
            key: head,
            customer_key: Some(key.clone()),
            epoch: 0,
            fold: OrderFold::default(),
            version: 0,
        };
        let pair = |(head, copy): (Key, Key)| Known {
            head: match stored_heads.remove(&head) {
                // Its version stays: what is written takes the place of what was read.
                Some(guests) if guests.is_guests() => Head { customer_key: Some(key.clone()), ..guests },
                known => known.unwrap_or_else(|| unknown(head)),
            },
            copy: stored_copies.remove(&copy),
            owner: None,
        };
        let mut known: Vec<Known> = heads.into_iter().zip(copies).map(pair).collect();
        for (known, (order, _)) in known.iter_mut().zip(orders) {
            let Some(owner) = known.head.customer_key.as_ref().filter(|owner| *owner != key) else { continue };
            // Another id of the same customer, or somebody else: rare, and then worth two reads.
            let copy = keys::revision(&shop.id, owner, &order.id, &order.revision);
            known.copy = self.get(&self.tables().ledger, &copy, true).await?;
            known.owner = Some(self.standing(&shop.id, owner).await?);
        }
        Ok(known)
    }

    /// Profile and move of a transaction that changes a customer's orders: its items before these took `place` places.
    pub(crate) async fn profile_writes(
        &self,
        shop: &Arc<Shop>,
        before: &Customer,
        mut after: Customer,
        today: Day,
        cause: Cause,
        place: u32,
    ) -> Result<Vec<aws_sdk_dynamodb::types::TransactWriteItem>, LedgerError> {
        let moved = self.move_for(shop, &before.profile, &after.profile.orders, today, Some(cause)).await?;
        after.profile.commit(moved.clone());
        let version = after.profile.version;
        let mut writes =
            vec![self.put_as_read(&self.tables().customers, after.to_item(&shop.id)?, before.read_version())?];
        if let Some(moved) = moved {
            let sequence = Sequence { version, place };
            let story = StoryItem::Move { sequence, previous: before.profile.last_event(), moved, alert: None };
            let key = keys::move_of(&shop.id, &before.key, version);
            writes.push(self.put_new(&self.tables().ledger, story.to_item(key)?)?);
        }
        Ok(writes)
    }
}

/// Splits a customer's orders so that each part fits one transaction and holds no order id twice.
fn transactions_of(orders: Vec<(usize, Order)>) -> Vec<Vec<(usize, Order)>> {
    let mut parts: Vec<Vec<(usize, Order)>> = Vec::new();
    let (mut ids, mut bytes) = (HashSet::new(), 0);
    for (at, order) in orders {
        let size = order.size();
        let full = parts.last().is_none_or(|part| part.len() >= MAX_ORDERS_PER_TRANSACTION);
        // A cancelled order may bring all its rewards' items with it.
        let full =
            full || order.cancelled || parts.last().is_some_and(|part| part.iter().any(|(_, one)| one.cancelled));
        if full || bytes + size > MAX_BYTES_PER_TRANSACTION || ids.contains(&order.id) {
            parts.push(Vec::new());
            ids.clear();
            bytes = 0;
        }
        ids.insert(order.id.clone());
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push((at, order));
        }
    }
    parts
}

fn decide(shop: &Shop, standing: &Standing, order: &Order, hash: &str, known: &Known) -> Decided {
    if known.head.customer_key.is_none() {
        return Err(Refusal::CustomerErased);
    }
    // The same customer is who has the same root.
    if known.owner.as_ref().is_some_and(|owner| owner.root != standing.root) {
        return Err(Refusal::OrderOfAnotherCustomer(order.id.to_string()));
    }
    let owner = known.owner.as_ref().unwrap_or(standing);
    let before = |standing: &Standing| standing.erased().is_some_and(|erased| order.time < erased.at);
    if before(standing) || before(owner) || (known.head.fold.current().is_some() && known.head.epoch < owner.epoch()) {
        return Err(Refusal::CustomerErased);
    }
    let status = match &known.copy {
        Some(copy) if copy.hash == hash => Status::Duplicate,
        Some(_) => return Err(Refusal::OtherContent { what: "order", id: order.id.to_string() }),
        None => Status::Recorded,
    };
    Ok(OrderReceipt {
        status,
        order: order.id.clone(),
        customer: order.customer.clone(),
        revision: order.revision.clone(),
        day: order.day(shop.settings.time_zone),
        total: order.total,
    })
}

/// Puts an order's new entry in the place of its old one. `Err(None)`: head and profile do not belong together.
pub(crate) fn change(
    profile: &mut Profile,
    old: Option<segmentation::Entry>,
    fold: &OrderFold,
) -> Result<(), Option<Refusal>> {
    profile.replace(old, fold.entry()).map_err(|error| match error {
        OrdersError::Full => Some(Refusal::CustomerFull),
        OrdersError::NoSuchEntry(_) => None,
    })
}
