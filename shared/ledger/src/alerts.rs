//! What the shop is told at once, listed by day.

use segmentation::{Alert, Day};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::{CustomerId, ShopId};
use crate::items::Customer;
use crate::keys::{self, Key};
use crate::shop_alerts::ShopAlert;
use crate::store::{Item, Ledger, item, parse};

/// An alert of a customer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CustomerAlert {
    /// Whose.
    pub customer: CustomerId,
    /// The version of their profile that it came with.
    pub version: u64,
    /// What.
    #[serde(flatten)]
    pub alert: Alert,
}

/// An alert of a customer's, or of the shop as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ListedAlert {
    /// A customer's.
    Customer(CustomerAlert),
    /// The shop's.
    Shop(ShopAlert),
}

/// Some alerts.
#[derive(Debug)]
pub struct AlertsPage {
    /// By day, the latest first.
    pub alerts: Vec<ListedAlert>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    alert: CustomerAlert,
}

impl Ledger {
    /// A page of at most `limit` alerts after the position `after`: of one day, or of all.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn alerts(
        &self,
        shop: &ShopId,
        day: Option<Day>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<AlertsPage, LedgerError> {
        let (pk, begins) = (keys::alerts(shop), day.map(|day| format!("{day}#")));
        let start = after.map(|sk| Key { pk: pk.clone(), sk: sk.to_owned() });
        let ledger = &self.tables().ledger;
        let (found, next) = self.query_from(ledger, &pk, begins.as_deref(), true, start, limit).await?;
        Ok(AlertsPage { alerts: found.into_iter().map(parse).collect::<Result<_, _>>()?, next })
    }
}

/// As it is listed.
pub(crate) fn listed(shop: &ShopId, customer: &Customer, version: u64, alert: &Alert) -> Result<Item, LedgerError> {
    let alert = CustomerAlert { customer: customer.id.clone(), version, alert: alert.clone() };
    item(&Listed { key: keys::alert(shop, alert.alert.day, &customer.key, version), alert })
}
