//! The shop's cuts models: what is known, what was in force when, and what is due (law 6). A model never changes; from when on
//! it is the shop's is an activation, which only a run makes.

use segmentation::{Activation, Cuts, CutsVersion, Day};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys::{self, Key};
use crate::shop::{Current, Keyed};
use crate::store::{Change, Item, Ledger, attribute, item, parse};

/// A numbered activation of a cuts model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivationRecord {
    /// Its number.
    pub activation: Activation,
    /// Which model.
    pub cuts: CutsVersion,
    /// From which day.
    pub day: Day,
    /// The preview that staff asked for it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Previewed>,
    /// The activation whose model it brings back, where it is a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolls_back: Option<Activation>,
}

/// A stored cuts model with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CutsRecord {
    /// Its content hash.
    pub version: CutsVersion,
    /// The model.
    pub cuts: Cuts,
    /// Who made it first.
    #[serde(flatten)]
    pub made: MadeBy,
}

/// Who made a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MadeBy {
    /// A fit.
    Fitted {
        /// For which day
        fitted: Day,
        /// over so many customers in the base.
        customers: u64,
    },
    /// The shop's staff.
    Typed {
        /// On which day.
        typed: Day,
    },
}

/// A preview: of which day, and where it is kept for a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Previewed {
    /// Its job.
    pub job: u64,
    /// The day it was made for.
    pub day: Day,
}

/// What is to be activated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DueCuts {
    /// Which model.
    pub cuts: CutsVersion,
    /// By the first run of this day or later.
    pub day: Day,
    /// What was previewed of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Previewed>,
    /// The activation whose model it brings back, where it is a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolls_back: Option<Activation>,
}

/// Some of the shop's models.
#[derive(Clone, Debug)]
pub struct CutsPage {
    /// By version.
    pub models: Vec<CutsRecord>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

impl Current {
    /// What a run of this day is to activate.
    #[must_use]
    pub fn due_on(&self, day: Day) -> Option<&DueCuts> {
        self.due.as_ref().filter(|due| due.day <= day)
    }
}

impl Ledger {
    /// A model by its version.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn cuts_model(&self, shop: &ShopId, version: &CutsVersion) -> Result<Option<CutsRecord>, LedgerError> {
        self.get(&self.tables().shops, &keys::cuts(shop, version), true).await
    }

    /// A page of at most `limit` of the shop's models, after the position `after`.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn cuts_models(&self, shop: &ShopId, after: Option<&str>, limit: i32) -> Result<CutsPage, LedgerError> {
        let pk = shop.to_string();
        let start = after.map(|sk| Key { pk: pk.clone(), sk: sk.to_owned() });
        let (items, next) = self.query_from(&self.tables().shops, &pk, Some(keys::CUTS), false, start, limit).await?;
        Ok(CutsPage { models: items.into_iter().map(parse).collect::<Result<_, _>>()?, next })
    }

    /// The last activations, at most `limit`, the latest first.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn activations(&self, shop: &ShopId, limit: i32) -> Result<Vec<ActivationRecord>, LedgerError> {
        let table = &self.tables().shops;
        let (items, _) = self.query_from(table, &shop.to_string(), Some(keys::ACTIVATION), true, None, limit).await?;
        items.into_iter().map(parse).collect()
    }

    /// An activation by its number.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn activation(&self, shop: &ShopId, number: Activation) -> Result<Option<ActivationRecord>, LedgerError> {
        self.get(&self.tables().shops, &keys::activation(shop, number), true).await
    }

    /// Puts a model among the shop's candidates, unless it is there; gives the record that holds, and whether it is new.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn put_cuts(&self, shop: &ShopId, cuts: Cuts, made: MadeBy) -> Result<(CutsRecord, bool), LedgerError> {
        let record = CutsRecord { version: cuts.version(), cuts, made };
        let table = &self.tables().shops;
        let key = keys::cuts(shop, &record.version);
        if self.put_one(table, item(&Keyed { key, value: &record })?, None).await? {
            return Ok((record, true));
        }
        let known = self.cuts_model(shop, &record.version).await?;
        known.map(|known| (known, false)).ok_or_else(|| LedgerError::damaged("a cuts model is gone"))
    }

    /// Sets what is due, or withdraws it, on condition that activation and due are still as `read`.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when either changed meanwhile.
    pub async fn set_due(&self, shop: &ShopId, read: &Current, due: Option<&DueCuts>) -> Result<(), LedgerError> {
        let mut values = Item::new();
        if let Some(activation) = &read.activation {
            values.insert(":activation".to_owned(), attribute(activation)?);
        }
        if let Some(was) = &read.due {
            values.insert(":was".to_owned(), attribute(was)?);
        }
        let on_condition = match (read.activation, &read.due) {
            (Some(_), Some(_)) => "#activation = :activation AND #due = :was",
            (Some(_), None) => "#activation = :activation AND attribute_not_exists(#due)",
            (None, Some(_)) => "attribute_not_exists(#activation) AND #due = :was",
            (None, None) => {
                "attribute_exists(#pk) AND attribute_not_exists(#activation) AND attribute_not_exists(#due)"
            }
        };
        let set = match due {
            Some(due) => {
                values.insert(":due".to_owned(), attribute(due)?);
                "SET #due = :due"
            }
            None => "REMOVE #due",
        };
        let change = Change { set, on_condition, values };
        if self.transact(vec![self.update(&self.tables().shops, &keys::current(shop), change)?]).await? {
            self.forget_shop(shop);
            Ok(())
        } else {
            Err(LedgerError::Changed("the shop's cuts"))
        }
    }
}
