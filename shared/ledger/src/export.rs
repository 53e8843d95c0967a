//! All that is stored about a customer, in rows that a job puts down (law 18), and takes away again where they are erased.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::LedgerError;
use crate::ids::{CustomerId, ShopId};
use crate::items::{Customer, StoryItem};
use crate::jobs::{BeginJobError, Job, JobKind, JobStatus, NewJob};
use crate::keys::{self, CustomerKey, Key};
use crate::shop::{Keyed, Shop};
use crate::standing::Held;
use crate::store::{Backoff, Ledger, item};

/// One thing that is stored about a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportRow {
    /// What: `customer`, `alias`, an item's kind in the ledger, `uses`, `wrong_codes`, `thanked`.
    pub of: String,
    /// Under which key it lies.
    pub customer_key: CustomerKey,
    /// As it is stored.
    pub stored: Value,
}

/// What a job works on.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExportBlueprint {
    /// The keys of the customer and their aliases, the own one first: a part each.
    pub keys: Vec<CustomerKey>,
}

impl Ledger {
    /// Begins an export; `None`: nothing of the customer is known. An unfinished one is found, and a former one's rows go.
    /// `true`: the job is to be set going.
    ///
    /// # Errors
    /// [`BeginJobError`].
    pub async fn begin_export(
        &self,
        shop: &Shop,
        customer: &CustomerId,
        now: DateTime<Utc>,
    ) -> Result<Option<(Job, bool)>, BeginJobError> {
        let standing = self.standing(&shop.id, &self.customer_key(&shop.id, customer)).await?;
        let Some(customer) = standing.customer() else { return Ok(None) };
        let key = &customer.key;
        if let Some(former) = self.customer_job(&shop.id, key, JobKind::Export).await?
            && former.ended()
        {
            self.withdraw_export(&shop.id, &former, now).await?;
        }
        let blueprint = ExportBlueprint { keys: customer.keys().cloned().collect() };
        let new = NewJob {
            kind: JobKind::Export,
            asked: json!({ "customer_key": key }),
            input: serde_json::to_vec(&blueprint).map_err(LedgerError::damaged)?,
            of: u32::try_from(blueprint.keys.len()).unwrap_or(u32::MAX),
        };
        Ok(Some(self.begin_customer_job(&shop.id, key, new, |_| false, now).await?))
    }

    /// The last export of a customer, while it is kept.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn last_export(&self, shop: &ShopId, customer: &CustomerId) -> Result<Option<Job>, LedgerError> {
        let standing = self.standing(shop, &self.customer_key(shop, customer)).await?;
        self.customer_job(shop, &standing.root, JobKind::Export).await
    }

    /// All that lies under one key of a customer, but for the profile.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn export_of(&self, shop: &ShopId, customer: &CustomerKey) -> Result<Vec<ExportRow>, LedgerError> {
        let row = |of: &str, stored: Value| ExportRow { of: of.to_owned(), customer_key: customer.clone(), stored };
        let (ledger, shops) = (&self.tables().ledger, &self.tables().shops);
        let mut rows = Vec::new();
        if let Held::Alias(alias) = self.held_under(shop, customer, true).await? {
            rows.push(row("alias", json!({ "customer": alias.customer, "of": alias.alias_of })));
        }
        let story: Vec<StoryItem> = self.query_all(ledger, &keys::story(shop, customer)).await?;
        for item in story {
            let stored = serde_json::to_value(&item).map_err(LedgerError::damaged)?;
            let kind = stored.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            rows.push(row(&kind, stored));
        }
        let beside = [
            ("uses", ledger, keys::uses_of(shop, customer)),
            ("thanked", ledger, keys::thanked(shop, customer).pk),
            ("wrong_codes", shops, keys::wrong_codes_of(shop, customer)),
        ];
        for (of, table, pk) in beside {
            let found: Vec<Value> = self.query_all(table, &pk).await?;
            rows.extend(found.into_iter().map(|stored| row(of, stored)));
        }
        Ok(rows)
    }

    /// Is the customer of this key still who they were when a job was begun? If not, they were erased, merged or parted.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn customer_of(
        &self,
        shop: &ShopId,
        blueprint: &ExportBlueprint,
    ) -> Result<Option<Customer>, LedgerError> {
        let Some(own) = blueprint.keys.first() else { return Ok(None) };
        let now = self.customer_now(shop, own).await?;
        Ok(now.filter(|now| now.keys().eq(&blueprint.keys)))
    }

    /// Takes away what an export has put down: the job stands as failed, and nothing of the customer lies beside it.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; the same call may be made again.
    pub async fn withdraw_export(&self, shop: &ShopId, job: &Job, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let (table, at) = (&self.tables().shops, keys::job(shop, job.number));
        let mut pause = Backoff::default();
        while let Some(read) = self.job(shop, job.number).await?.filter(|job| job.status != JobStatus::Failed) {
            let next = Job {
                status: JobStatus::Failed,
                failure: Some("its result was taken away: a later export, or the customer was erased".to_owned()),
                summary: None,
                rows: None,
                finished: Some(now),
                lease: 0,
                version: read.version + 1,
                ..read.clone()
            };
            if self.put_one(table, item(&Keyed { key: at.clone(), value: &next })?, Some(read.version)).await? {
                break;
            }
            pause.wait().await?;
        }
        self.close_job(shop, job.number).await?;
        let beside: Vec<Key> = self.query_all(table, &at.pk).await?;
        self.delete_all(table, beside.into_iter().filter(|key| *key != at).collect()).await
    }
}
