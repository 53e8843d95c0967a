//! A shop's way back in: a key made by whoever may invoke the function, for a shop that has no `admin` key left.

use std::collections::BTreeSet;

use ledger::{AskedKey, KeyError, Scope, ShopId};
use serde::Deserialize;

use crate::new_shop::{MadeKey, MadeShop};
use crate::steps::{RunError, Steps};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    shop: ShopId,
    /// One or more.
    scopes: BTreeSet<Scope>,
}

/// Makes a key without a name and without an end.
///
/// # Errors
/// [`RunError::Input`] when a field is not valid, [`RunError::NoShop`].
pub(crate) async fn create(steps: &Steps, new: serde_json::Value) -> Result<MadeShop, RunError> {
    let new = serde_path_to_error::deserialize(new).map_err(|error| RunError::Input(format!("create_key.{error}")))?;
    let NewKey { shop, scopes } = new;
    if scopes.is_empty() {
        return Err(RunError::Input("create_key.scopes: one or more of ingest, checkout, admin".to_owned()));
    }
    let known = steps.ledger.shop(&shop).await?.ok_or_else(|| RunError::NoShop(shop.clone()))?;
    let today = steps.clock.today(known.settings.time_zone);
    let asked = AskedKey { id: None, scopes, name: None, valid_until: None };
    let made = steps.ledger.create_key(&shop, &asked, steps.clock.now(), today).await.map_err(|error| match error {
        KeyError::Store(error) => error.into(),
        refused => RunError::Input(refused.to_string()),
    })?;
    let scopes: Vec<String> = made.record.scopes.iter().map(ToString::to_string).collect();
    let key = made.token.map(|key| MadeKey { scopes, key });
    Ok(MadeShop { shop, keys: key.into_iter().collect() })
}
