//! Shops: making one, its settings, its cuts models and their activations (law 6).

use std::collections::BTreeSet;
use std::sync::Arc;

use catalogue::ChunkHash;
use playbook::Playbook;
use segmentation::buying::Fitted;
use segmentation::{Activation, Cuts, CutsVersion, Day, Window};
use serde::{Deserialize, Serialize};

use crate::api_key::{KeyRecord, NewKey, Scope};
use crate::budgets::{BudgetId, Budgets};
use crate::campaigns::Campaigns;
use crate::cuts::DueCuts;
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys::{self, Key};
use crate::settings::{Changeable, Settings};
use crate::store::{Change, Ledger, attribute, item};

/// An item with its key, as it lies in the `Shops` table.
#[derive(Serialize)]
pub(crate) struct Keyed<'a, T> {
    #[serde(flatten)]
    pub(crate) key: Key,
    #[serde(flatten)]
    pub(crate) value: &'a T,
}

/// What is in force: one small item that every function looks at once a minute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// Version of the settings.
    pub settings: u64,
    /// The active cuts, if any were fitted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// The day of the last fit, whether or not it changed the cuts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_fit: Option<Day>,
    /// How long customers go on buying, as the last fit found it; absent while too few came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buying: Option<Fitted>,
    /// The last published run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run: Option<RunMark>,
    /// The number of the last run that was begun.
    pub runs: u64,
    /// What is to be activated by the first run of its day or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DueCuts>,
    /// The version of the shop's playbook; absent in shops that were made before playbooks were pinned and have published none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// The version of the register of campaigns; 0: there is none.
    #[serde(default)]
    pub campaigns: u64,
    /// The published version of the products, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<String>,
    /// The published version of what was learned of purchases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<String>,
    /// The day of the last learning that was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_learned: Option<Day>,
    /// Version of the limits.
    #[serde(default)]
    pub budgets: u64,
    /// Limits of which nothing is left, so far as is known.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exhausted: BTreeSet<BudgetId>,
    /// The chunks that hold what is out of stock: one, or a few for very many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stock: Vec<ChunkHash>,
}

/// What of a published run everyone needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunMark {
    /// Its number.
    pub run: u64,
    /// Its day.
    pub day: Day,
    /// The activation it used.
    pub activation: Activation,
}

/// An activated model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveCuts {
    /// Its number.
    pub activation: Activation,
    /// Its version.
    pub version: CutsVersion,
    /// Its cuts.
    pub cuts: Cuts,
}

/// A shop as it stands: settings and what is in force.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Its name.
    pub id: ShopId,
    /// Its settings.
    pub settings: Arc<Settings>,
    /// Its cuts; `None` before the first fit.
    pub active: Option<Arc<ActiveCuts>>,
    /// Its playbook: the built-in one of the release under which the shop was made, until it publishes another.
    pub playbook: Arc<Playbook>,
    /// Its limits.
    pub budgets: Arc<Budgets>,
    /// Its campaigns.
    pub campaigns: Arc<Campaigns>,
    /// The pointers.
    pub current: Current,
}

/// A shop's entry in the registry, for the scheduler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Which shop.
    #[serde(rename = "sk")]
    pub shop: ShopId,
    /// From which hour of its day.
    pub run_hour: u8,
    /// In which zone.
    pub time_zone: chrono_tz::Tz,
}

/// What stands against making a shop.
#[derive(Debug, thiserror::Error)]
pub enum CreateShopError {
    /// The name is taken.
    #[error("shop `{0}` exists already")]
    Exists(ShopId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

impl Shop {
    /// Which orders count: by the active cuts, else by the default.
    #[must_use]
    pub fn window(&self) -> Window {
        self.active.as_ref().map_or(Window::default(), |active| active.cuts.window)
    }
}

impl Ledger {
    /// Makes a shop with its registry entry, one key per scope and the built-in playbook, published, in one transaction.
    ///
    /// # Errors
    /// [`CreateShopError::Exists`] when the name is taken.
    pub async fn create_shop(
        &self,
        shop: &ShopId,
        settings: &Settings,
        today: Day,
    ) -> Result<Vec<NewKey>, CreateShopError> {
        let table = &self.tables().shops;
        let (playbook, mut writes) = self.first_playbook(shop, today)?;
        let current = Current {
            settings: settings.version,
            playbook: Some(playbook),
            campaigns: Campaigns::FIRST_VERSION,
            ..Current::default()
        };
        writes.extend([
            self.put_new(table, item(&Keyed { key: keys::settings(shop), value: settings })?)?,
            self.put_new(table, item(&Keyed { key: keys::current(shop), value: &current })?)?,
            self.put_new(table, item(&registered(shop, settings)?)?)?,
        ]);
        let mut made = Vec::new();
        for scope in Scope::ALL {
            let (new, record) = KeyRecord::make(shop, &[scope], today).map_err(LedgerError::damaged)?;
            writes.push(self.put_new(table, item(&Keyed { key: keys::api_key(shop, &new.id), value: &record })?)?);
            made.push(new);
        }
        if self.transact(writes).await? { Ok(made) } else { Err(CreateShopError::Exists(shop.clone())) }
    }

    /// Replaces what may be changed of the settings, on condition that they are still of the version read.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when somebody else changed them meanwhile.
    pub async fn change_settings(&self, shop: &Shop, changeable: Changeable) -> Result<Settings, LedgerError> {
        let read = shop.settings.version;
        let settings = Settings { version: read + 1, changeable, ..(*shop.settings).clone() };
        let table = &self.tables().shops;
        let registered = registered(&shop.id, &settings)?;
        let point = Change {
            set: "SET #settings = :new",
            on_condition: "#settings = :read",
            values: [(":new".to_owned(), attribute(&settings.version)?), (":read".to_owned(), attribute(&read)?)]
                .into(),
        };
        let register = Change {
            set: "SET #run_hour = :hour",
            on_condition: "attribute_exists(#pk)",
            values: [(":hour".to_owned(), attribute(&registered.value.run_hour)?)].into(),
        };
        let writes = vec![
            self.put_as_read(table, item(&Keyed { key: keys::settings(&shop.id), value: &settings })?, Some(read))?,
            self.update(table, &keys::current(&shop.id), point)?,
            self.update(table, &keys::registry(&shop.id), register)?,
        ];
        if !self.transact(writes).await? {
            return Err(LedgerError::Changed("settings"));
        }
        self.forget_shop(&shop.id);
        Ok(settings)
    }

    /// The pointers as they stand now.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn read_current(&self, shop: &ShopId) -> Result<Option<Current>, LedgerError> {
        self.get(&self.tables().shops, &keys::current(shop), true).await
    }

    pub(crate) async fn read_settings(&self, shop: &ShopId) -> Result<Settings, LedgerError> {
        let found = self.get(&self.tables().shops, &keys::settings(shop), true).await?;
        found.ok_or_else(|| LedgerError::damaged(format!("shop {shop} has no settings")))
    }

    /// The model of an activation; immutable, so it is read once.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails or has no such activation.
    pub async fn activated(&self, shop: &ShopId, number: Activation) -> Result<Arc<ActiveCuts>, LedgerError> {
        if let Some(known) = self.inner.shops.activated(shop, number) {
            return Ok(known);
        }
        let missing = || LedgerError::damaged(format!("shop {shop} has no activation {number}"));
        let record = self.activation(shop, number).await?.ok_or_else(missing)?;
        let model = self.cuts_model(shop, &record.cuts).await?.ok_or_else(missing)?;
        let active = Arc::new(ActiveCuts { activation: number, version: record.cuts, cuts: model.cuts });
        self.inner.shops.learn(shop, &active);
        Ok(active)
    }

    /// From which day on an activation was in force.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails or has no such activation.
    pub async fn activated_on(&self, shop: &ShopId, number: Activation) -> Result<Day, LedgerError> {
        let missing = || LedgerError::damaged(format!("shop {shop} has no activation {number}"));
        self.activation(shop, number).await?.map(|record| record.day).ok_or_else(missing)
    }

    /// Every shop, for the scheduler.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn registered_shops(&self) -> Result<Vec<Registered>, LedgerError> {
        let mut shops = Vec::new();
        for part in 0..keys::REGISTRY_PARTS {
            shops.extend(self.query_all(&self.tables().shops, &keys::registry_part(part)).await?);
        }
        Ok(shops)
    }
}

fn registered(shop: &ShopId, settings: &Settings) -> Result<RegistryItem, LedgerError> {
    let Key { pk, sk } = keys::registry(shop);
    let shop = sk.parse().map_err(LedgerError::damaged)?;
    let value = Registered { shop, run_hour: settings.changeable.run_hour, time_zone: settings.time_zone };
    Ok(RegistryItem { pk, value })
}

#[derive(Serialize)]
struct RegistryItem {
    pk: String,
    #[serde(flatten)]
    value: Registered,
}
