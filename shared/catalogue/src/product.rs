//! A product as the shop sends it. What of it is in stock changes far more often and is kept apart ([`crate::Stock`]).

use segmentation::{Minor, ProductKey};
use serde::{Deserialize, Serialize};

/// A product. Texts are never empty; lengths and forms are checked where they come in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Product {
    /// The shop's id, as orders name it.
    pub id: String,
    /// What customers read.
    pub name: String,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Its brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// What it costs now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Minor>,
    /// What it cost before it was marked down; at least the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Minor>,
    /// The season it belongs to, in the shop's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season: Option<String>,
    /// What of the price is the shop's, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin_percent: Option<u8>,
    /// The products it consists of, if it is a bundle: at most [`Product::MAX_PARTS`] ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// A picture's address: http or https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its page's address: http or https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Is it still sold? What is not is never offered, but keeps its name.
    pub active: bool,
}

impl Product {
    /// The most parts of a bundle.
    pub const MAX_PARTS: usize = 10;

    /// The key that profiles and learned lists know it by.
    #[must_use]
    pub fn key(&self) -> ProductKey {
        ProductKey::of(&self.id)
    }
}
