//! Products as a shop sends them, and their way into the catalogue's types: every field is checked here, once.

use axum::http::Uri;
use catalogue::Product;
use ledger::{MAX_STOCK, ProductId, ProductWrite};
use serde::{Deserialize, Serialize};
use web::Problem;

use crate::wire::Checks;

/// A product as a shop sends it: all of it, but for stock, which stays as it is where it is left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductIn {
    /// As orders name it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ProductId::MAX_BYTES)))]
    pub id: String,
    /// What customers read.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = crate::wire::MAX_TEXT)))]
    pub name: String,
    /// Its category.
    #[cfg_attr(feature = "schema", schemars(length(max = crate::wire::MAX_TEXT)))]
    pub category: Option<String>,
    /// Its brand.
    #[cfg_attr(feature = "schema", schemars(length(max = crate::wire::MAX_TEXT)))]
    pub brand: Option<String>,
    /// In minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = segmentation::Minor::MAX.0)))]
    pub price: Option<i64>,
    /// Before it was marked down; not below the price.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = segmentation::Minor::MAX.0)))]
    pub list_price: Option<i64>,
    /// In the shop's own words.
    #[cfg_attr(feature = "schema", schemars(length(max = crate::wire::MAX_TEXT)))]
    pub season: Option<String>,
    /// How many there are.
    #[cfg_attr(feature = "schema", schemars(range(max = MAX_STOCK)))]
    pub stock: Option<u64>,
    /// What of the price is the shop's, 0 to 100.
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    pub margin_percent: Option<u8>,
    /// Of a bundle: 1 to 10 product ids.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = Product::MAX_PARTS), inner(length(min = 1, max = ProductId::MAX_BYTES))))]
    pub parts: Vec<String>,
    /// A picture's address.
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_ADDRESS), regex(pattern = "^(https?://.+)?$")))]
    pub image: Option<String>,
    /// Its page's address.
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_ADDRESS), regex(pattern = "^(https?://.+)?$")))]
    pub url: Option<String>,
    /// Is it sold? By default it is.
    pub active: Option<bool>,
}

/// A product's stock as a shop sends it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockIn {
    /// Of which product.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ProductId::MAX_BYTES)))]
    pub id: String,
    /// How many there are; `null`: it never runs out.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(feature = "schema", schemars(required, range(max = MAX_STOCK)))]
    pub quantity: Option<u64>,
}

/// A field that may be `null` but not left out: a misspelt quantity is not to make stock unlimited.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Option::deserialize(deserializer)
}

/// The longest address of a page or picture, in bytes.
const MAX_ADDRESS: usize = 2_000;

impl ProductIn {
    /// Checks a product.
    pub(crate) fn read(self) -> Result<(ProductId, ProductWrite), Problem> {
        let mut checks = Checks(Vec::new());
        let id = checks.take("id", ProductId::try_from(self.id));
        let name = shown(&mut checks, "name", Some(self.name));
        if name.is_none() {
            checks.fail("name", "must not be empty");
        }
        let price = self.price.map(|price| checks.amount("price", price));
        let list_price = self.list_price.map(|price| checks.amount("list_price", price));
        match (price, list_price) {
            (Some(price), Some(list)) if list < price => {
                checks.fail("list_price", "is below the price");
            }
            (None, Some(_)) => checks.fail("list_price", "needs a price beside it"),
            _ => {}
        }
        if self.margin_percent.is_some_and(|percent| percent > 100) {
            checks.fail("margin_percent", "is from 0 to 100");
        }
        stock(&mut checks, "stock", self.stock);
        let parts = parts(&mut checks, id.as_ref(), self.parts);
        let product = Product {
            id: id.as_ref().map(ToString::to_string).unwrap_or_default(),
            name: name.unwrap_or_default(),
            category: shown(&mut checks, "category", self.category),
            brand: shown(&mut checks, "brand", self.brand),
            price,
            list_price,
            season: shown(&mut checks, "season", self.season),
            margin_percent: self.margin_percent,
            parts,
            image: address(&mut checks, "image", self.image),
            url: address(&mut checks, "url", self.url),
            active: self.active.unwrap_or(true),
        };
        let write = ProductWrite::Whole { product: Box::new(product), stock: self.stock };
        checks.end(id.map(|id| (id, write)))
    }
}

impl StockIn {
    /// Checks a product's stock.
    pub(crate) fn read(self) -> Result<(ProductId, ProductWrite), Problem> {
        let mut checks = Checks(Vec::new());
        let id = checks.take("id", ProductId::try_from(self.id));
        stock(&mut checks, "quantity", self.quantity);
        checks.end(id.map(|id| (id, ProductWrite::Stock(self.quantity))))
    }
}

fn stock(checks: &mut Checks, field: &str, quantity: Option<u64>) {
    if quantity.is_some_and(|quantity| quantity > MAX_STOCK) {
        checks.fail(field, format!("is from 0 to {MAX_STOCK}"));
    }
}

/// A text that customers will read.
fn shown(checks: &mut Checks, field: &str, text: Option<String>) -> Option<String> {
    let text = checks.text(field, text)?;
    if text.chars().any(char::is_control) {
        checks.fail(field, "has control characters");
    }
    Some(text)
}

fn parts(checks: &mut Checks, whole: Option<&ProductId>, parts: Vec<String>) -> Vec<String> {
    if parts.len() > Product::MAX_PARTS {
        checks.fail("parts", format!("are {}, at most {} are allowed", parts.len(), Product::MAX_PARTS));
        return Vec::new();
    }
    for (at, part) in parts.iter().enumerate() {
        let field = format!("parts[{at}]");
        checks.take(&field, ProductId::try_from(part.clone()));
        if part.chars().any(char::is_control) {
            checks.fail(&field, "has control characters");
        }
        if whole.is_some_and(|whole| whole.as_str() == part) {
            checks.fail(&field, "is the bundle itself");
        }
        if parts.iter().take(at).any(|other| other == part) {
            checks.fail(&field, "stands twice");
        }
    }
    parts
}

/// An address that a browser may follow: http or https with a host, and no other scheme (`javascript:`) in any spelling.
fn address(checks: &mut Checks, field: &str, text: Option<String>) -> Option<String> {
    let text = text.filter(|text| !text.is_empty())?;
    if text.len() > MAX_ADDRESS {
        checks.fail(field, format!("has {} bytes, at most {MAX_ADDRESS} are allowed", text.len()));
        return None;
    }
    let sound = text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    if !sound || text.contains(['"', '\'']) {
        checks.fail(field, "must be an address that begins with http:// or https://, percent-encoded");
    }
    Some(text)
}
