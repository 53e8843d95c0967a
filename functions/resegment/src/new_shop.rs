//! A deployment's shops: made by whoever may invoke the function, since before the first key there is nobody else to ask.

use iso_currency::Currency;
use ledger::{Changeable, CreateShopError, Settings, ShopId};
use serde::{Deserialize, Serialize};

use crate::steps::{RunError, Steps};

/// What a shop is made with; neither currency nor time zone ever changes (law 3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewShop {
    /// Its name.
    pub shop: ShopId,
    /// By its ISO 4217 code.
    pub currency: Currency,
    /// By its IANA name, such as `Europe/London`.
    pub time_zone: chrono_tz::Tz,
}

/// A shop that was made.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct MadeShop {
    /// Its name.
    pub shop: ShopId,
    /// Its keys, told this once: only their hashes are stored.
    pub keys: Vec<MadeKey>,
}

/// A key of it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct MadeKey {
    /// What it opens: `ingest`, `checkout`, `admin`.
    pub scopes: Vec<String>,
    /// The whole key.
    pub key: String,
}

impl std::fmt::Debug for MadeShop {
    /// Without its keys: it may come into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeShop").field("shop", &self.shop).finish_non_exhaustive()
    }
}

/// Makes a shop with default settings, and a key for each scope.
///
/// # Errors
/// [`RunError::Input`] when a field is not valid, [`RunError::ShopExists`] when the name is taken.
pub(crate) async fn create(steps: &Steps, new: serde_json::Value) -> Result<MadeShop, RunError> {
    let new = serde_path_to_error::deserialize(new).map_err(|error| RunError::Input(format!("create_shop.{error}")))?;
    let NewShop { shop, currency, time_zone } = new;
    let settings = Settings { version: 1, currency, time_zone, changeable: Changeable::default() };
    let made = steps.ledger.create_shop(&shop, &settings, steps.clock.today(time_zone)).await;
    let made = made.map_err(|error| match error {
        CreateShopError::Exists(shop) => RunError::ShopExists(shop),
        CreateShopError::Store(error) => error.into(),
    })?;
    let key =
        |new: ledger::NewKey| MadeKey { scopes: new.scopes.iter().map(ToString::to_string).collect(), key: new.token };
    Ok(MadeShop { shop, keys: made.into_iter().map(key).collect() })
}
