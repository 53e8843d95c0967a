//! Who stands under a customer key: a customer, an alias that names one, or a marker where one was erased (law 17).
//!
//! A write through an alias checks in its transaction that the alias is as it was read. A write about a customer needs no such
//! check where it writes the profile: whoever merges, parts or erases raises its version.

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use segmentation::Profile;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::{CustomerId, ShopId};
use crate::items::{Customer, Erased, FORMAT};
use crate::keys::{self, CustomerKey, Key};
use crate::store::{Backoff, Item, Ledger, attribute, item, parse};

/// Another id of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alias {
    #[serde(flatten)]
    pub(crate) at: Key,
    format: u8,
    /// The shop's id.
    pub(crate) customer: CustomerId,
    /// The root, which is never an alias itself.
    pub(crate) alias_of: CustomerKey,
    pub(crate) version: u64,
    /// What this id alone was erased of before it became an alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) erased: Option<Erased>,
    /// The same as the version, for who checks it on any item.
    since: u64,
}

/// What is left of a customer who was erased: no id, and nothing of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    #[serde(flatten)]
    at: Key,
    format: u8,
    pub(crate) erased: Erased,
    version: u64,
    since: u64,
}

/// What lies under a key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Held {
    Nobody,
    Customer(Box<Customer>),
    Alias(Alias),
    Marker(Marker),
}

/// Who stands under a key, an alias being followed.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// The key's own alias, where it is one.
    pub(crate) alias: Option<Alias>,
    /// The customer's own key.
    pub(crate) root: CustomerKey,
    /// What lies there; never an alias.
    held: Held,
}

impl Alias {
    /// That `customer` is the one with the key `of` now, from this version on.
    pub(crate) fn of(of: &CustomerKey, customer: &Customer, shop: &ShopId, version: u64) -> Alias {
        Alias {
            at: keys::profile(shop, &customer.key),
            format: FORMAT,
            customer: customer.id.clone(),
            alias_of: of.clone(),
            version,
            erased: customer.erased,
            since: version,
        }
    }

    /// The same alias of another root.
    pub(crate) fn pointing_to(self, of: &CustomerKey, version: u64) -> Alias {
        Alias { alias_of: of.clone(), version, since: version, ..self }
    }
}

impl Marker {
    pub(crate) fn new(shop: &ShopId, key: &CustomerKey, erased: Erased) -> Marker {
        let Erased { version, .. } = erased;
        Marker { at: keys::profile(shop, key), format: FORMAT, erased, version, since: version }
    }
}

impl Held {
    pub(crate) fn from_item(stored: Item) -> Result<Held, LedgerError> {
        if stored.contains_key("alias_of") {
            return parse(stored).map(Held::Alias);
        }
        // A marker has no id.
        if stored.contains_key("customer") {
            Customer::from_profile(stored).map(Box::new).map(Held::Customer)
        } else {
            parse(stored).map(Held::Marker)
        }
    }

    /// What this id alone was erased of.
    pub(crate) fn erased(&self) -> Option<Erased> {
        match self {
            Held::Nobody => None,
            Held::Customer(customer) => customer.erased,
            Held::Alias(alias) => alias.erased,
            Held::Marker(marker) => Some(marker.erased),
        }
    }

    /// The version that the item has; `None` where there is none.
    pub(crate) fn version(&self) -> Option<u64> {
        match self {
            Held::Nobody => None,
            Held::Customer(customer) => customer.read_version(),
            Held::Alias(alias) => Some(alias.version),
            Held::Marker(marker) => Some(marker.version),
        }
    }
}

impl Customer {
    /// As it is read; `None` of an alias or a marker, which are nobody by themselves.
    pub(crate) fn from_item(stored: Item) -> Result<Option<Customer>, LedgerError> {
        Ok(match Held::from_item(stored)? {
            Held::Customer(customer) => Some(*customer),
            Held::Nobody | Held::Alias(_) | Held::Marker(_) => None,
        })
    }
}

impl Standing {
    /// What lies under the root.
    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    /// The customer, if there is one.
    pub(crate) fn customer(&self) -> Option<&Customer> {
        match &self.held {
            Held::Customer(customer) => Some(customer),
            Held::Nobody | Held::Alias(_) | Held::Marker(_) => None,
        }
    }

    /// The customer as a write finds them: known, or new, or new after a marker, whose fields go on.
    pub(crate) fn or_new(&self, id: &CustomerId) -> Customer {
        let new = || Customer::unknown(id.clone(), self.root.clone());
        match &self.held {
            Held::Customer(customer) => (**customer).clone(),
            Held::Marker(Marker { erased, version, .. }) => Customer {
                profile: Profile { version: *version, ..Profile::default() },
                erased: Some(*erased),
                ..new()
            },
            Held::Nobody | Held::Alias(_) => new(),
        }
    }

    /// What the id of this key was erased of.
    pub(crate) fn erased(&self) -> Option<Erased> {
        self.alias.as_ref().map_or_else(|| self.held.erased(), |alias| alias.erased)
    }

    /// The version of that marker; 0 where there is none.
    pub(crate) fn epoch(&self) -> u64 {
        self.erased().map_or(0, |erased| erased.version)
    }

    /// What a write through the key checks beside the profile.
    pub(crate) fn check(&self, ledger: &Ledger) -> Result<Option<TransactWriteItem>, LedgerError> {
        let Some(alias) = &self.alias else { return Ok(None) };
        let check = ConditionCheck::builder()
            .table_name(&ledger.tables().customers)
            .set_key(Some(item(&alias.at)?))
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", attribute(&alias.version)?);
        let check = check.build().map_err(LedgerError::damaged)?;
        Ok(Some(TransactWriteItem::builder().condition_check(check).build()))
    }

    /// The check of a write that leaves the profile alone: they were neither merged, parted nor erased since they were read.
    pub(crate) fn unchanged(&self, ledger: &Ledger, shop: &ShopId) -> Result<TransactWriteItem, LedgerError> {
        let check = ConditionCheck::builder()
            .table_name(&ledger.tables().customers)
            .set_key(Some(item(&keys::profile(shop, &self.root))?))
            .expression_attribute_names("#since", "since");
        let since = match &self.held {
            Held::Customer(customer) => customer.since(),
            held => held.version(),
        };
        let check = match since {
            None => check.condition_expression("attribute_not_exists(#since)"),
            Some(since) => {
                check.condition_expression("#since = :since").expression_attribute_values(":since", attribute(&since)?)
            }
        };
        let check = check.build().map_err(LedgerError::damaged)?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}

impl Ledger {
    /// What lies under a key.
    pub(crate) async fn held_under(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        consistent: bool,
    ) -> Result<Held, LedgerError> {
        let found = self.get_item(&self.tables().customers, &keys::profile(shop, key), consistent).await?;
        found.map_or(Ok(Held::Nobody), Held::from_item)
    }

    /// Who stands under a key, read consistently: one read, two for an alias.
    pub(crate) async fn standing(&self, shop: &ShopId, key: &CustomerKey) -> Result<Standing, LedgerError> {
        let mut pause = Backoff::default();
        loop {
            match self.held_under(shop, key, true).await? {
                Held::Alias(alias) => match self.held_under(shop, &alias.alias_of, true).await? {
                    held @ Held::Customer(_) => {
                        return Ok(Standing { root: alias.alias_of.clone(), alias: Some(alias), held });
                    }
                    // It was parted, merged again or erased between the two reads.
                    _ => pause.wait().await?,
                },
                held => return Ok(Standing { alias: None, root: key.clone(), held }),
            }
        }
    }
}
