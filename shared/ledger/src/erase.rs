//! A person goes (law 17): markers take the place of the profile and its aliases in one transaction, and everything that was
//! known up to then is deleted after it. Every step may be repeated: what is gone already stays so, and what came after the
//! marker stays.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use chrono::{DateTime, TimeDelta, Utc};
use segmentation::{Cause, Day, Orders};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::LedgerError;
use crate::ids::{CustomerId, OrderId, ShopId};
use crate::items::{Erased, Head, Sequence, StoryItem};
use crate::jobs::{BeginJobError, Job, JobKind, NewJob};
use crate::keys::{self, CustomerKey, Key};
use crate::order::shop_day;
use crate::pieces::PARTIALS;
use crate::redemption::{NotRedeemed, RedeemError, Redemption, RedemptionState};
use crate::shop::{Keyed, Shop};
use crate::standing::{Held, Marker, Standing};
use crate::store::{Backoff, Item, Ledger, item, parse};

/// Items of a story looked at together.
const PAGE: i32 = 500;

/// What a job works on.
#[derive(Serialize, Deserialize)]
struct Blueprint {
    customer: CustomerKey,
    /// What is dated before is refused for good.
    at: DateTime<Utc>,
    /// The shop day of the job.
    day: Day,
}

/// Markers that were put: of whom, and which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The customer's key and those of their aliases.
    pub keys: Vec<CustomerKey>,
    /// What is dated before is refused for good.
    pub at: DateTime<Utc>,
    /// What has a version up to this goes.
    pub version: u64,
}

/// The same as it is noted, in the very transaction that puts the markers: they do not name each other.
#[derive(Serialize, Deserialize)]
struct Noted {
    #[serde(flatten)]
    erasure: Erasure,
    expires_at: i64,
}

impl Ledger {
    /// Begins the erasure of a customer, known or not, with all their ids. Asked again while nothing came since, it is the same
    /// job. `true`: it is to be set going. `at`: what is dated before goes for good.
    ///
    /// # Errors
    /// [`BeginJobError`].
    pub async fn begin_erasure(
        &self,
        shop: &Shop,
        customer: &CustomerId,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(Job, bool), BeginJobError> {
        let key = self.customer_key(&shop.id, customer);
        let standing = self.standing(&shop.id, &key).await?;
        let known = standing.customer().map_or(1, |customer| customer.keys().count());
        let blueprint = Blueprint { customer: key.clone(), at, day: shop_day(at, shop.settings.time_zone) };
        let new = NewJob {
            kind: JobKind::Erase,
            asked: json!({ "customer_key": key }),
            input: serde_json::to_vec(&blueprint).map_err(LedgerError::damaged)?,
            of: u32::try_from(known + 1).unwrap_or(u32::MAX),
        };
        let gone = standing.alias.is_none() && standing.customer().is_none() && standing.erased().is_some();
        self.begin_customer_job(&shop.id, &key, new, |_| gone, now).await
    }

    /// The first step: markers in the place of the customer and their aliases, and a move, in one transaction.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn put_markers(&self, shop: &Arc<Shop>, job: &Job, now: DateTime<Utc>) -> Result<Erasure, LedgerError> {
        let blueprint: Blueprint =
            serde_json::from_slice(&self.job_input(&shop.id, job).await?).map_err(LedgerError::damaged)?;
        let note = keys::job_settled(&shop.id, job.number);
        let mut pause = Backoff::default();
        loop {
            if let Some(Noted { erasure, .. }) = self.get(&self.tables().shops, &note, true).await? {
                return Ok(erasure);
            }
            let standing = self.standing(&shop.id, &blueprint.customer).await?;
            if let Some((erasure, mut writes)) = self.markers(shop, &standing, &blueprint).await? {
                let noted = Noted { erasure: erasure.clone(), expires_at: (now + PARTIALS).timestamp() };
                let noted = item(&Keyed { key: note.clone(), value: &noted })?;
                writes.push(self.put_new(&self.tables().shops, noted)?);
                if self.transact(writes).await? {
                    return Ok(erasure);
                }
            }
            pause.wait().await?;
        }
    }

    /// The writes of the first step; `None`: somebody merged or parted them meanwhile.
    async fn markers(
        &self,
        shop: &Arc<Shop>,
        standing: &Standing,
        Blueprint { at, day, .. }: &Blueprint,
    ) -> Result<Option<(Erasure, Vec<TransactWriteItem>)>, LedgerError> {
        let keys: Vec<CustomerKey> = match standing.customer() {
            Some(customer) => customer.keys().cloned().collect(),
            None => vec![standing.root.clone()],
        };
        let mut held = vec![standing.held().clone()];
        for alias in keys.iter().skip(1) {
            match self.held_under(&shop.id, alias, true).await? {
                alias @ Held::Alias(_) => held.push(alias),
                _ => return Ok(None),
            }
        }
        let version = held.iter().filter_map(Held::version).max().unwrap_or(0) + 1;
        // Who is erased twice is erased up to the later moment.
        let before = held.iter().filter_map(Held::erased).map(|erased| erased.at + TimeDelta::milliseconds(1));
        let at = before.fold(*at, DateTime::max);
        let mut writes = Vec::with_capacity(held.len() + 2);
        for (key, held) in keys.iter().zip(&held) {
            let marker = Marker::new(&shop.id, key, Erased { at, version });
            writes.push(self.put_as_read(&self.tables().customers, item(&marker)?, held.version())?);
        }
        if let Some(customer) = standing.customer() {
            let none = Orders::default();
            if let Some(moved) = self.move_for(shop, &customer.profile, &none, *day, Some(Cause::Erase)).await? {
                let sequence = Sequence { version, place: 0 };
                let story = StoryItem::Move { sequence, previous: customer.profile.last_event(), moved, alert: None };
                let key = keys::move_of(&shop.id, &customer.key, version);
                writes.push(self.put_new(&self.tables().ledger, story.to_item(key)?)?);
            }
        }
        Ok(Some((Erasure { keys, at, version }, writes)))
    }

    /// A later step: deletes what lies under one of the keys and came before the marker, and blanks the heads of its orders.
    /// `false`: the call must return before its end. It gets on by at least a page.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; what was deleted until then is gone, and the same call goes on.
    pub async fn erase_story(
        &self,
        shop: &Shop,
        erasure: &Erasure,
        customer: &CustomerKey,
        now: DateTime<Utc>,
        must_return: &(dyn Fn() -> bool + Sync),
    ) -> Result<bool, LedgerError> {
        let (table, pk) = (&self.tables().ledger, keys::story(&shop.id, customer));
        let mut start = None;
        loop {
            let (page, next) = self.query_page(table, &pk, start, PAGE).await?;
            self.erase_page(shop, erasure, customer, page, now).await?;
            match next {
                Some(sk) if !must_return() => start = Some(Key { pk: pk.clone(), sk }),
                Some(_) => return Ok(false),
                None => break,
            }
        }
        self.delete_all(table, vec![keys::thanked(&shop.id, customer)]).await?;
        self.delete_partition(&self.tables().shops, &keys::wrong_codes_of(&shop.id, customer)).await?;
        self.erase_export(&shop.id, customer, now).await?;
        Ok(true)
    }

    async fn erase_page(
        &self,
        shop: &Shop,
        erasure: &Erasure,
        customer: &CustomerKey,
        page: Vec<Item>,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let (mut orders, mut redemptions, mut gone) = (BTreeSet::new(), Vec::new(), Vec::new());
        for stored in page {
            let key: Key = parse(stored.clone())?;
            let story: StoryItem = parse(stored)?;
            match story {
                StoryItem::Order { order, .. } => {
                    orders.insert(order.id);
                }
                StoryItem::Redemption { redemption, .. } if redemption.epoch < erasure.version => {
                    redemptions.push(redemption);
                }
                StoryItem::Redemption { .. } => {}
                story => {
                    let Some(at) = story.sequence().filter(|at| at.version <= erasure.version) else { continue };
                    if let StoryItem::Alert { alert, .. } | StoryItem::Move { alert: Some(alert), .. } = &story {
                        gone.push(keys::alert(&shop.id, alert.day, customer, at.version));
                    }
                    gone.push(key);
                }
            }
        }
        for redemption in redemptions {
            self.erase_redemption(shop, redemption, now).await?;
        }
        // Blanked before its revisions are read again: a lower one writes no profile, and what comes later finds the head blank.
        for order in self.blank_heads(shop, erasure, customer, orders).await? {
            let (pk, begins) = (keys::story(&shop.id, customer), keys::revisions(&order));
            let revisions = self.query_all_from(&self.tables().ledger, &pk, &begins).await?;
            gone.extend(revisions.into_iter().map(parse::<Key>).collect::<Result<Vec<Key>, _>>()?);
        }
        self.delete_all(&self.tables().ledger, gone).await
    }

    /// Blanks the heads of those of these orders that came before the marker, and gives them, with those that are blank already.
    async fn blank_heads(
        &self,
        shop: &Shop,
        erasure: &Erasure,
        customer: &CustomerKey,
        orders: BTreeSet<OrderId>,
    ) -> Result<Vec<OrderId>, LedgerError> {
        let table = &self.tables().ledger;
        let mut waiting: BTreeMap<String, OrderId> =
            orders.into_iter().map(|order| (keys::head(&shop.id, &order).pk, order)).collect();
        let mut blank = Vec::new();
        let mut pause = Backoff::default();
        loop {
            let wanted: Vec<Key> = waiting.values().map(|order| keys::head(&shop.id, order)).collect();
            let found = self.batch_get(table, &wanted, true, None).await?;
            let mut heads: HashMap<String, Head> = HashMap::new();
            for head in found {
                let head: Head = parse(head)?;
                heads.insert(head.key.pk.clone(), head);
            }
            let mut changed = BTreeMap::new();
            for (pk, order) in waiting {
                match heads.remove(&pk) {
                    Some(head) if head.customer_key.as_ref() == Some(customer) && head.epoch < erasure.version => {
                        let read = head.read_version();
                        let next = Head { version: head.version + 1, ..head.blank() };
                        if self.put_one(table, item(&next)?, read).await? {
                            blank.push(order);
                        } else {
                            changed.insert(pk, order);
                        }
                    }
                    Some(head) if head.customer_key.is_some() => {}
                    Some(_) | None => blank.push(order),
                }
            }
            if changed.is_empty() {
                return Ok(blank);
            }
            waiting = changed;
            pause.wait().await?;
        }
    }

    /// Takes a redemption away, with the use it made of its series and its place on the order. What it holds of budgets is given
    /// back first; what was used stays counted there, without a name.
    async fn erase_redemption(
        &self,
        shop: &Shop,
        redemption: Redemption,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let key = &redemption.key;
        if redemption.state == RedemptionState::Reserved {
            match self.release(shop, key, now).await {
                Ok(_) | Err(RedeemError::Not(NotRedeemed::Settled(_) | NotRedeemed::Unknown)) => {}
                Err(error) => return Err(error.into_store()),
            }
        }
        let (table, story) = (&self.tables().ledger, keys::redemption(&shop.id, key));
        let mut pause = Backoff::default();
        loop {
            if self.get_item(table, &story, true).await?.is_none() {
                return Ok(());
            }
            let (mut order, mut uses) = self.read_rewards(shop, key).await?;
            let mut writes = vec![self.delete(table, &story)?];
            let read = order.clone();
            order.free(key);
            if read.list.len() != order.list.len() {
                writes.push(if order.list.is_empty() && !order.cancelled {
                    self.delete_as_read(table, &order.key, read.version)?
                } else {
                    order.version += 1;
                    self.put_as_read(table, item(&order)?, Some(read.version))?
                });
            }
            let read = uses.clone();
            uses.free(&redemption);
            if uses != read {
                writes.push(if uses.is_empty() {
                    self.delete_as_read(table, &uses.key, read.version)?
                } else {
                    uses.version += 1;
                    self.put_as_read(table, item(&uses)?, Some(read.version))?
                });
            }
            if self.transact(writes).await? {
                return Ok(());
            }
            pause.wait().await?;
        }
    }

    /// What an export has put down of the customer.
    async fn erase_export(&self, shop: &ShopId, customer: &CustomerKey, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let Some(job) = self.customer_job(shop, customer, JobKind::Export).await? else { return Ok(()) };
        self.withdraw_export(shop, &job, now).await
    }
}
