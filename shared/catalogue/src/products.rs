//! Products packed into chunks, and a chunk as readers hold it: all its texts in one string, a row of numbers each.

use std::borrow::Cow;
use std::collections::HashMap;

use segmentation::{Minor, ProductKey};
use serde::Deserialize;

use crate::chunk::{Chunk, ChunkHash, Packed, cut};
use crate::error::ChunkError;
use crate::product::Product;

/// Packs a shop's products, in any order: equal products give equal chunks, and a changed one changes its own chunk only
/// (unless the shop's size doubles or halves).
#[must_use]
pub fn pack(mut products: Vec<Product>) -> Packed {
    products.sort_by_cached_key(|product| (product.key(), product.id.clone()));
    products.dedup_by(|a, b| a.id == b.id);
    let keyed: Vec<(ProductKey, Product)> = products.into_iter().map(|product| (product.key(), product)).collect();
    // A struct of texts and numbers always writes; if it did not, opening would say so.
    let write = |these: &[(ProductKey, Product)]| {
        serde_json::to_vec(&these.iter().map(|(_, product)| product).collect::<Vec<_>>()).unwrap_or_default()
    };
    let chunks = cut(&keyed, |(key, _)| *key, write);
    Packed::of(keyed.len(), chunks)
}

/// A product as it lies in a chunk; borrows what needs no unescaping.
#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    category: Option<Text<'a>>,
    #[serde(borrow, default)]
    brand: Option<Text<'a>>,
    #[serde(default)]
    price: Option<Minor>,
    #[serde(default)]
    list_price: Option<Minor>,
    #[serde(borrow, default)]
    season: Option<Text<'a>>,
    #[serde(default)]
    margin_percent: Option<u8>,
    #[serde(borrow, default)]
    parts: Vec<Text<'a>>,
    #[serde(borrow, default)]
    image: Option<Text<'a>>,
    #[serde(borrow, default)]
    url: Option<Text<'a>>,
    active: bool,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A piece of a chunk's texts; of length 0: none.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    at: u32,
    len: u32,
}

#[derive(Clone, Debug)]
struct Row {
    key: ProductKey,
    id: Span,
    name: Span,
    category: Span,
    brand: Span,
    season: Span,
    image: Span,
    url: Span,
    /// Parts are separated by `\0`, which no id that was let in holds.
    parts: Span,
    price: Option<Minor>,
    list_price: Option<Minor>,
    margin_percent: Option<u8>,
    active: bool,
}

/// The products of one chunk, sorted by key.
#[derive(Clone, Debug, Default)]
pub struct ProductChunk {
    texts: Box<str>,
    rows: Box<[Row]>,
}

impl ProductChunk {
    /// Opens a chunk that [`pack`] made.
    ///
    /// # Errors
    /// [`ChunkError`] when the bytes are damaged.
    pub fn open(hash: &ChunkHash, bytes: &[u8]) -> Result<ProductChunk, ChunkError> {
        let content = Chunk::open(hash, bytes)?;
        let stored: Vec<Stored<'_>> = serde_json::from_slice(&content)?;
        let mut texts = Texts::default();
        let mut rows: Vec<Row> = stored.into_iter().map(|product| texts.row(&product)).collect();
        rows.sort_by_key(|row| row.key);
        Ok(ProductChunk { texts: texts.all.into_boxed_str(), rows: rows.into_boxed_slice() })
    }

    /// How many products it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Does it hold none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where the product of this key stands.
    pub(crate) fn find(&self, key: ProductKey) -> Option<usize> {
        self.rows.binary_search_by_key(&key, |row| row.key).ok()
    }

    /// The product at a place.
    pub(crate) fn at(&self, place: usize) -> Option<ProductRef<'_>> {
        self.rows.get(place).map(|row| ProductRef { texts: &self.texts, row })
    }
}

/// Collects a chunk's texts; those that repeat (categories, brands, seasons) are kept once.
#[derive(Default)]
struct Texts {
    all: String,
    known: HashMap<String, Span>,
}

impl Texts {
    fn row(&mut self, product: &Stored<'_>) -> Row {
        let parts: Vec<&str> = product.parts.iter().map(|part| &*part.0).collect();
        Row {
            key: ProductKey::of(&product.id.0),
            id: self.keep(&product.id.0),
            name: self.keep(&product.name.0),
            category: self.keep_once(product.category.as_ref()),
            brand: self.keep_once(product.brand.as_ref()),
            season: self.keep_once(product.season.as_ref()),
            image: product.image.as_ref().map_or_else(Span::default, |text| self.keep(&text.0)),
            url: product.url.as_ref().map_or_else(Span::default, |text| self.keep(&text.0)),
            parts: self.keep(&parts.join("\0")),
            price: product.price,
            list_price: product.list_price,
            margin_percent: product.margin_percent,
            active: product.active,
        }
    }

    fn keep(&mut self, text: &str) -> Span {
        // A chunk's content is at most 64 MB, so these fit.
        let span = Span { at: self.all.len() as u32, len: text.len() as u32 };
        self.all.push_str(text);
        span
    }

    fn keep_once(&mut self, text: Option<&Text<'_>>) -> Span {
        let Some(Text(text)) = text else { return Span::default() };
        if let Some(known) = self.known.get(&**text) {
            return *known;
        }
        let span = self.keep(text);
        self.known.insert(text.clone().into_owned(), span);
        span
    }
}

/// A product of the catalogue, as it lies there. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct ProductRef<'a> {
    texts: &'a str,
    row: &'a Row,
}

impl<'a> ProductRef<'a> {
    fn text(self, span: Span) -> &'a str {
        self.texts.get(span.at as usize..(span.at + span.len) as usize).unwrap_or_default()
    }

    fn some(self, span: Span) -> Option<&'a str> {
        (span.len > 0).then(|| self.text(span))
    }

    /// The key of its id.
    #[must_use]
    pub fn key(self) -> ProductKey {
        self.row.key
    }

    /// The shop's id.
    #[must_use]
    pub fn id(self) -> &'a str {
        self.text(self.row.id)
    }

    /// What customers read.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.text(self.row.name)
    }

    /// Its category.
    #[must_use]
    pub fn category(self) -> Option<&'a str> {
        self.some(self.row.category)
    }

    /// Its brand.
    #[must_use]
    pub fn brand(self) -> Option<&'a str> {
        self.some(self.row.brand)
    }

    /// Its season.
    #[must_use]
    pub fn season(self) -> Option<&'a str> {
        self.some(self.row.season)
    }

    /// A picture's address.
    #[must_use]
    pub fn image(self) -> Option<&'a str> {
        self.some(self.row.image)
    }

    /// Its page's address.
    #[must_use]
    pub fn url(self) -> Option<&'a str> {
        self.some(self.row.url)
    }

    /// What it costs now.
    #[must_use]
    pub fn price(self) -> Option<Minor> {
        self.row.price
    }

    /// What it cost before it was marked down.
    #[must_use]
    pub fn list_price(self) -> Option<Minor> {
        self.row.list_price
    }

    /// By how many ten-thousandths the price lies below the list price; `None` where it does not.
    #[must_use]
    pub fn markdown(self) -> Option<u16> {
        let (price, list) = (i128::from(self.row.price?.0), i128::from(self.row.list_price?.0));
        (0 <= price && price < list).then(|| u16::try_from((list - price) * 10_000 / list).unwrap_or(0))
    }

    /// What of the price is the shop's, 0 to 100.
    #[must_use]
    pub fn margin_percent(self) -> Option<u8> {
        self.row.margin_percent
    }

    /// The ids of what it consists of, if it is a bundle.
    pub fn parts(self) -> impl Iterator<Item = &'a str> {
        self.some(self.row.parts).into_iter().flat_map(|parts| parts.split('\0'))
    }

    /// Is it a bundle?
    #[must_use]
    pub fn is_bundle(self) -> bool {
        self.row.parts.len > 0
    }

    /// Is it still sold?
    #[must_use]
    pub fn active(self) -> bool {
        self.row.active
    }

    /// An owned copy.
    #[must_use]
    pub fn to_product(self) -> Product {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Product {
            id: self.id().to_owned(),
            name: self.name().to_owned(),
            category: owned(self.category()),
            brand: owned(self.brand()),
            price: self.price(),
            list_price: self.list_price(),
            season: owned(self.season()),
            margin_percent: self.margin_percent(),
            parts: self.parts().map(str::to_owned).collect(),
            image: owned(self.image()),
            url: owned(self.url()),
            active: self.active(),
        }
    }
}
