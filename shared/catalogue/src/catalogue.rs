//! The catalogue in memory: products, what was learned of them, and what is out of stock. Immutable; a reader swaps it whole.

use std::sync::Arc;

use segmentation::{Minor, ProductKey};

use crate::chunk::chunk_of;
use crate::error::ChunkError;
use crate::learned::{Interval, Learned, Neighbour};
use crate::lists::{LearnedChunk, LearnedHead, LearnedLists, pack_learned};
use crate::product::Product;
use crate::products::{ProductChunk, ProductRef, pack};
use crate::shelves::{Place, Shelves};
use crate::stock::Stock;

/// A shop's catalogue. Cheap to clone: its parts are shared between versions that differ in stock only.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    goods: Arc<Goods>,
    learned: Arc<LearnedLists>,
    stock: Arc<Stock>,
}

/// What changes with the products or with what was learned, and not with stock.
#[derive(Debug, Default)]
struct Goods {
    chunks: Vec<Arc<ProductChunk>>,
    shelves: Shelves,
}

impl Goods {
    fn place(&self, key: ProductKey) -> Option<Place> {
        if self.chunks.is_empty() {
            return None;
        }
        let number = chunk_of(key, self.chunks.len());
        let row = self.chunks.get(number)?.find(key)?;
        // Chunks and their rows are counted in 32 bits.
        Some(Place { chunk: number as u32, row: row as u32 })
    }

    fn at(&self, place: Place) -> Option<ProductRef<'_>> {
        self.chunks.get(place.chunk as usize)?.at(place.row as usize)
    }
}

impl Catalogue {
    /// Of a shop that has sent no products: every lookup finds nothing, and everything is in stock.
    #[must_use]
    pub fn empty() -> Catalogue {
        Catalogue::default()
    }

    /// Of opened chunks, in their manifests' order.
    ///
    /// # Errors
    /// [`ChunkError::Manifest`] when the product chunks are no power of two.
    pub fn of_chunks(
        chunks: Vec<Arc<ProductChunk>>,
        learned: Arc<LearnedLists>,
        stock: Arc<Stock>,
    ) -> Result<Catalogue, ChunkError> {
        if !(chunks.is_empty() || chunks.len().is_power_of_two()) {
            return Err(ChunkError::Manifest(chunks.len()));
        }
        let mut goods = Goods { chunks, shelves: Shelves::default() };
        let popular = learned.head.popular.iter().filter_map(|(key, _)| goods.place(*key)).collect();
        goods.shelves = Shelves::fill(&goods.chunks, popular);
        Ok(Catalogue { goods: Arc::new(goods), learned, stock })
    }

    /// Of products and learned lists as they are, by way of the same chunks that a shop's readers fetch.
    ///
    /// # Errors
    /// [`ChunkError`] when what was packed does not open: for products that could not have been let in.
    pub fn new(products: Vec<Product>, learned: &Learned, stock: Stock) -> Result<Catalogue, ChunkError> {
        let packed = pack(products);
        let chunks = packed.chunks.iter().map(|chunk| ProductChunk::open(&chunk.hash, &chunk.bytes).map(Arc::new));
        let chunks = chunks.collect::<Result<Vec<_>, _>>()?;
        let packed = pack_learned(learned);
        let Some((head, lists)) = packed.chunks.split_first() else { return Err(ChunkError::Manifest(0)) };
        let head = Arc::new(LearnedHead::open(&head.hash, &head.bytes)?);
        let lists = lists.iter().map(|chunk| LearnedChunk::open(&chunk.hash, &chunk.bytes).map(Arc::new));
        let lists = LearnedLists::new(head, lists.collect::<Result<Vec<_>, _>>()?)?;
        Catalogue::of_chunks(chunks, Arc::new(lists), Arc::new(stock))
    }

    /// The same with other stock: nothing else is made anew.
    #[must_use]
    pub fn with_stock(&self, stock: Arc<Stock>) -> Catalogue {
        Catalogue { stock, ..self.clone() }
    }

    /// How many products it holds, active or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.goods.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    /// Does it hold none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.goods.chunks.iter().all(|chunk| chunk.is_empty())
    }

    /// The product of a key, active or not.
    #[must_use]
    pub fn get(&self, key: ProductKey) -> Option<ProductRef<'_>> {
        self.goods.at(self.goods.place(key)?)
    }

    /// Can it be bought? What the shop never sent stock of can.
    #[must_use]
    pub fn in_stock(&self, key: ProductKey) -> bool {
        self.stock.has(key)
    }

    /// Every product, active or not, by key: for tests and for jobs, not for a lookup.
    pub fn products(&self) -> impl Iterator<Item = ProductRef<'_>> {
        self.goods.chunks.iter().flat_map(|chunk| (0..chunk.len()).filter_map(|row| chunk.at(row)))
    }

    fn shelf<'a>(&'a self, places: Option<&'a Vec<Place>>) -> impl Iterator<Item = ProductRef<'a>> + 'a {
        places.into_iter().flatten().filter_map(|place| self.goods.at(*place)).filter(|product| product.active())
    }

    /// Active products of a category, most popular first, then by key; at most [`crate::SHELF`].
    pub fn of_category<'a>(&'a self, category: &str) -> impl Iterator<Item = ProductRef<'a>> + use<'a> {
        self.shelf(self.goods.shelves.categories.get(category))
    }

    /// Active products of a brand, in the same order, at most as many.
    pub fn of_brand<'a>(&'a self, brand: &str) -> impl Iterator<Item = ProductRef<'a>> + use<'a> {
        self.shelf(self.goods.shelves.brands.get(brand))
    }

    /// Active products of a season, in the same order, at most as many.
    pub fn of_season<'a>(&'a self, season: &str) -> impl Iterator<Item = ProductRef<'a>> + use<'a> {
        self.shelf(self.goods.shelves.seasons.get(season))
    }

    /// Active marked-down products of every other season than the current one, deepest first: at most 12 of each of the 13
    /// seasons with the deepest markdowns, so a lookup is short however many seasons a shop names.
    pub fn past_seasons(&self, current: &str) -> impl Iterator<Item = ProductRef<'_>> {
        self.shelf(Some(&self.goods.shelves.season_down)).filter(move |product| product.season() != Some(current))
    }

    /// Every category that has an active product, in order of its name.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        self.goods.shelves.categories.keys().map(|name| &**name)
    }

    /// Every brand that has an active product, in order of its name.
    pub fn brands(&self) -> impl Iterator<Item = &str> {
        self.goods.shelves.brands.keys().map(|name| &**name)
    }

    /// Every season that has an active product, in order of its name.
    pub fn seasons(&self) -> impl Iterator<Item = &str> {
        self.goods.shelves.seasons.keys().map(|name| &**name)
    }

    /// Active bundles, popular ones first, at most [`crate::SHELF`].
    pub fn bundles(&self) -> impl Iterator<Item = ProductRef<'_>> {
        self.shelf(Some(&self.goods.shelves.bundles))
    }

    /// Active products below their list price, deepest first, at most [`crate::SHELF`].
    pub fn marked_down(&self) -> impl Iterator<Item = ProductRef<'_>> {
        self.shelf(Some(&self.goods.shelves.marked_down))
    }

    /// Active products that most customers bought lately, most first, at most [`Learned::POPULAR`].
    pub fn popular(&self) -> impl Iterator<Item = ProductRef<'_>> {
        self.shelf(Some(&self.goods.shelves.popular))
    }

    /// How many customers bought it lately; 0 for all but the [`Learned::POPULAR`] most bought.
    #[must_use]
    pub fn sold(&self, product: ProductKey) -> u32 {
        self.learned.head.sold.get(&product).copied().unwrap_or(0)
    }

    /// The upper edge of the lowest third of active products' prices.
    #[must_use]
    pub fn low_band(&self) -> Option<Minor> {
        self.goods.shelves.bands.map(|(low, _)| low)
    }

    /// The upper edges of the lowest and of the middle third of active products' prices.
    #[must_use]
    pub fn price_bands(&self) -> Option<(Minor, Minor)> {
        self.goods.shelves.bands
    }

    /// What customers who bought it buy next, strongest first (by histories).
    #[must_use]
    pub fn like(&self, product: ProductKey) -> &[Neighbour] {
        self.learned.of_history(product)
    }

    /// What lies in the same basket, strongest first.
    #[must_use]
    pub fn with(&self, product: ProductKey) -> &[Neighbour] {
        self.learned.of_baskets(product)
    }

    /// What other categories lie in the same customers' histories, strongest first, in 65,536ths.
    #[must_use]
    pub fn with_category(&self, category: &str) -> &[(String, u16)] {
        self.learned.head.categories.get(category).map_or(&[], Vec::as_slice)
    }

    /// When it is bought again.
    #[must_use]
    pub fn interval(&self, product: ProductKey) -> Option<Interval> {
        self.learned.interval(product)
    }

    /// When something of the category is bought again.
    #[must_use]
    pub fn category_interval(&self, category: &str) -> Option<Interval> {
        self.learned.head.category_intervals.get(category).copied()
    }

    /// What products are out of stock.
    #[must_use]
    pub fn stock(&self) -> &Stock {
        &self.stock
    }
}
