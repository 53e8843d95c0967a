//! Merge and unmerge (law 17): one customer becomes an alias of another, or is a customer of their own again. Each ends in one
//! transaction over both `Customers` items. The stories stay where they are, so both are folds of what lies under the keys.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use chrono::{DateTime, Utc};
use segmentation::moves::VersionedMove;
use segmentation::{Cause, Day, Orders, Profile};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::LedgerError;
use crate::fold::{Story, fold};
use crate::ids::CustomerId;
use crate::items::{Customer, Regroup, Sequence, StoryItem};
use crate::jobs::{BeginJobError, Job, JobKind, NewJob};
use crate::keys::{self, CustomerKey};
use crate::pieces::PARTIALS;
use crate::shop::{Keyed, Shop};
use crate::standing::{Alias, Held, Standing};
use crate::store::{Backoff, Ledger, item};

/// Why two customers cannot become one, or one two.
#[derive(Debug, thiserror::Error)]
pub enum RegroupError {
    /// Of one of them nothing is known.
    #[error("nothing of customer `{0}` is known")]
    Unknown(CustomerId),
    /// They are one already.
    #[error("both are the same customer already")]
    Same,
    /// The id is no alias.
    #[error("the customer was not merged into another one")]
    NotMerged,
    /// A customer has a bounded number of ids.
    #[error("together they have {0} other ids; a customer has at most {max}", max = Customer::MAX_ALIASES)]
    TooManyAliases(usize),
    /// A customer has a bounded number of orders.
    #[error("together they have {0} orders; a customer has at most {max}", max = Orders::MAX)]
    TooManyOrders(usize),
    /// The job was not begun.
    #[error(transparent)]
    Job(#[from] BeginJobError),
}

impl From<LedgerError> for RegroupError {
    fn from(error: LedgerError) -> RegroupError {
        RegroupError::Job(error.into())
    }
}

/// What a job works on.
#[derive(Serialize, Deserialize)]
struct Blueprint {
    customer: CustomerKey,
    /// Of a merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    into: Option<CustomerKey>,
    /// The shop day of the job.
    day: Day,
}

/// That a job's transaction went through, put by that transaction.
#[derive(Serialize, Deserialize)]
struct Settled {
    expires_at: i64,
}

impl Ledger {
    /// Begins a merge: `customer` becomes an alias of `into`, with their own aliases. An alias stands for its root. `true`: the
    /// job is to be set going.
    ///
    /// # Errors
    /// [`RegroupError`].
    pub async fn begin_merge(
        &self,
        shop: &Shop,
        (customer, into): (&CustomerId, &CustomerId),
        day: Day,
        now: DateTime<Utc>,
    ) -> Result<(Job, bool), RegroupError> {
        let key = |id: &CustomerId| self.customer_key(&shop.id, id);
        let blueprint = Blueprint { customer: key(customer), into: Some(key(into)), day };
        let from = self.standing(&shop.id, &blueprint.customer).await?;
        let root = self.standing(&shop.id, &key(into)).await?;
        let one_already = from.root == root.root;
        let asked = json!({ "customer_key": key(customer), "into": key(into) });
        // Who lost the answer asks again, and finds the job that has done it.
        let done = self.customer_job(&shop.id, &blueprint.customer, JobKind::Merge).await?;
        if !(one_already && done.is_some_and(|job| job.failure.is_none() && job.asked == asked)) {
            may_merge(&named(&from, customer)?, &named(&root, into)?)?;
        }
        let new = new_job(JobKind::Merge, asked, &blueprint)?;
        Ok(self.begin_customer_job(&shop.id, &blueprint.customer, new, |_| one_already, now).await?)
    }

    /// Begins an unmerge: an alias becomes a customer of its own. `true`: the job is to be set going.
    ///
    /// # Errors
    /// [`RegroupError`].
    pub async fn begin_unmerge(
        &self,
        shop: &Shop,
        customer: &CustomerId,
        day: Day,
        now: DateTime<Utc>,
    ) -> Result<(Job, bool), RegroupError> {
        let key = self.customer_key(&shop.id, customer);
        let blueprint = Blueprint { customer: key.clone(), into: None, day };
        let standing = self.standing(&shop.id, &key).await?;
        let asked = json!({ "customer_key": key });
        let parted = standing.alias.is_none();
        if parted {
            named(&standing, customer)?;
            let done = self.customer_job(&shop.id, &key, JobKind::Unmerge).await?;
            if done.is_none_or(|job| job.failure.is_some()) {
                return Err(RegroupError::NotMerged);
            }
        }
        let new = new_job(JobKind::Unmerge, asked, &blueprint)?;
        Ok(self.begin_customer_job(&shop.id, &key, new, |_| parted, now).await?)
    }

    /// Does what a job of a merge or an unmerge is about. `Ok(Err)`: it cannot be done any more, since somebody erased, merged
    /// or parted them meanwhile.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; the same call may be made again.
    pub async fn regroup(
        &self,
        shop: &Arc<Shop>,
        job: &Job,
        now: DateTime<Utc>,
    ) -> Result<Result<(), String>, LedgerError> {
        let blueprint: Blueprint =
            serde_json::from_slice(&self.job_input(&shop.id, job).await?).map_err(LedgerError::damaged)?;
        let note = keys::job_settled(&shop.id, job.number);
        let mut pause = Backoff::default();
        loop {
            if self.get_item(&self.tables().shops, &note, true).await?.is_some() {
                return Ok(Ok(()));
            }
            let writes = match &blueprint.into {
                Some(into) => self.merge_writes(shop, &blueprint, into).await?,
                None => self.unmerge_writes(shop, &blueprint).await?,
            };
            let mut writes = match writes {
                Ok(Some(writes)) => writes,
                // An alias was changed between two reads.
                Ok(None) => {
                    pause.wait().await?;
                    continue;
                }
                Err(why) => return Ok(Err(why)),
            };
            let settled = Settled { expires_at: (now + PARTIALS).timestamp() };
            writes.push(self.put_new(&self.tables().shops, item(&Keyed { key: note.clone(), value: &settled })?)?);
            if self.transact(writes).await? {
                return Ok(Ok(()));
            }
            pause.wait().await?;
        }
    }

    async fn merge_writes(
        &self,
        shop: &Arc<Shop>,
        Blueprint { customer, day, .. }: &Blueprint,
        into: &CustomerKey,
    ) -> Result<Result<Option<Vec<TransactWriteItem>>, String>, LedgerError> {
        let gone = || "one of them was erased meanwhile".to_owned();
        let (from, root) = (self.standing(&shop.id, customer).await?, self.standing(&shop.id, into).await?);
        // Asked for again at the moment at which the first job came to its end: what is wished for is so.
        if from.alias.is_some() && from.root == root.root {
            return Ok(Ok(Some(Vec::new())));
        }
        let (Some(from), Some(root)) = (from.customer(), root.customer()) else { return Ok(Err(gone())) };
        if let Err(error) = may_merge(from, root) {
            return Ok(Err(error.to_string()));
        }
        let version = from.profile.version.max(root.profile.version) + 1;
        let mut writes = Vec::new();
        let mut stories = Vec::new();
        for (one, other) in [(root, from), (from, root)] {
            let mut own = self.story(&shop.id, &one.key, one.erased.map_or(0, |erased| erased.version)).await?;
            let story = regrouped(Regroup::Merge, version, other, *day);
            writes.push(self.story_write(shop, &one.key, &story)?);
            own.items.push(story);
            stories.push(own);
            for alias in &one.aliases {
                stories.push(self.story_of_alias(&shop.id, alias).await?);
            }
        }
        let profile = fold(shop.settings.time_zone, &root.key, stories)?;
        let after =
            Customer { profile, aliases: root.keys().skip(1).chain(from.keys()).cloned().collect(), ..root.clone() };
        writes.extend(
            self.regrouped_writes(shop, (Some(root.profile.version), &root.profile), after, *day, Cause::Merge).await?,
        );
        // Whoever it was stands nowhere any more.
        let none = Orders::default();
        if let Some(moved) = self.move_for(shop, &from.profile, &none, *day, Some(Cause::Merge)).await? {
            let sequence = Sequence { version, place: 1 };
            let story = StoryItem::Move { sequence, previous: from.profile.last_event(), moved, alert: None };
            writes.push(
                self.put_new(&self.tables().ledger, story.to_item(keys::move_of(&shop.id, &from.key, version))?)?,
            );
        }
        let customers = &self.tables().customers;
        let alias = Alias::of(&root.key, from, &shop.id, version);
        writes.push(self.put_as_read(customers, item(&alias)?, from.read_version())?);
        for key in &from.aliases {
            let Held::Alias(alias) = self.held_under(&shop.id, key, true).await? else { return Ok(Ok(None)) };
            let read = alias.version;
            let again = alias.pointing_to(&root.key, version);
            writes.push(self.put_as_read(customers, item(&again)?, Some(read))?);
        }
        Ok(Ok(Some(writes)))
    }

    async fn unmerge_writes(
        &self,
        shop: &Arc<Shop>,
        Blueprint { customer, day, .. }: &Blueprint,
    ) -> Result<Result<Option<Vec<TransactWriteItem>>, String>, LedgerError> {
        let standing = self.standing(&shop.id, customer).await?;
        let (alias, root) = match (&standing.alias, standing.customer()) {
            (Some(alias), Some(root)) => (alias, root),
            // Asked for again at the moment at which the first job came to its end.
            (None, Some(_)) => return Ok(Ok(Some(Vec::new()))),
            (_, None) => return Ok(Err(RegroupError::NotMerged.to_string())),
        };
        let zone = shop.settings.time_zone;
        let version = root.profile.version + 1;
        let id = Customer { erased: alias.erased, ..Customer::unknown(alias.customer.clone(), customer.clone()) };
        let mut writes = Vec::new();
        let mut stories: Vec<Story> = Vec::new();
        for (one, other) in [(root, &id), (&id, root)] {
            let mut own = self.story(&shop.id, &one.key, one.erased.map_or(0, |erased| erased.version)).await?;
            let story = regrouped(Regroup::Unmerge, version, other, *day);
            writes.push(self.story_write(shop, &one.key, &story)?);
            own.items.push(story);
            stories.push(own);
        }
        let own = fold(zone, customer, stories.split_off(1))?;
        let aliases: Vec<CustomerKey> = root.aliases.iter().filter(|key| *key != customer).cloned().collect();
        for alias in &aliases {
            stories.push(self.story_of_alias(&shop.id, alias).await?);
        }
        let rest = Customer { profile: fold(zone, &root.key, stories)?, aliases, ..root.clone() };
        let read = (Some(root.profile.version), &root.profile);
        writes.extend(self.regrouped_writes(shop, read, rest, *day, Cause::Unmerge).await?);
        // They stood nowhere, and come back to where their own orders put them.
        let nowhere = Profile { orders: Orders::default(), ..own.clone() };
        let freed = Customer { profile: own, ..id };
        let read = (Some(alias.version), &nowhere);
        writes.extend(self.regrouped_writes(shop, read, freed, *day, Cause::Unmerge).await?);
        Ok(Ok(Some(writes)))
    }

    /// A customer as refolded, with the move that makes of them.
    async fn regrouped_writes(
        &self,
        shop: &Arc<Shop>,
        (read, before): (Option<u64>, &Profile),
        mut after: Customer,
        day: Day,
        cause: Cause,
    ) -> Result<Vec<TransactWriteItem>, LedgerError> {
        let version = after.profile.version;
        let moved = self.move_for(shop, before, &after.profile.orders, day, Some(cause)).await?;
        let mut writes = Vec::new();
        if let Some(moved) = moved {
            let previous = after.profile.last_event();
            after.profile.moves.push(VersionedMove { version, moved: moved.clone() });
            let story = StoryItem::Move { sequence: Sequence { version, place: 1 }, previous, moved, alert: None };
            let key = keys::move_of(&shop.id, &after.key, version);
            writes.push(self.put_new(&self.tables().ledger, story.to_item(key)?)?);
        }
        writes.push(self.put_as_read(&self.tables().customers, after.to_item(&shop.id)?, read)?);
        Ok(writes)
    }

    fn story_write(&self, shop: &Shop, key: &CustomerKey, story: &StoryItem) -> Result<TransactWriteItem, LedgerError> {
        let version = story.sequence().map_or(0, |at| at.version);
        self.put_new(&self.tables().ledger, story.to_item(keys::regrouped(&shop.id, key, version))?)
    }
}

fn new_job(kind: JobKind, asked: serde_json::Value, blueprint: &Blueprint) -> Result<NewJob, LedgerError> {
    Ok(NewJob { kind, asked, input: serde_json::to_vec(blueprint).map_err(LedgerError::damaged)?, of: 1 })
}

fn named(standing: &Standing, id: &CustomerId) -> Result<Customer, RegroupError> {
    standing.customer().cloned().ok_or_else(|| RegroupError::Unknown(id.clone()))
}

fn regrouped(what: Regroup, version: u64, other: &Customer, day: Day) -> StoryItem {
    StoryItem::Merge { sequence: Sequence { version, place: 0 }, what, other: other.key.clone(), day }
}

fn may_merge(from: &Customer, root: &Customer) -> Result<(), RegroupError> {
    if from.key == root.key {
        return Err(RegroupError::Same);
    }
    let aliases = root.aliases.len() + from.aliases.len() + 1;
    if aliases > Customer::MAX_ALIASES {
        return Err(RegroupError::TooManyAliases(aliases));
    }
    let orders = root.profile.orders.len() + from.profile.orders.len();
    if orders > Orders::MAX {
        return Err(RegroupError::TooManyOrders(orders));
    }
    Ok(())
}
