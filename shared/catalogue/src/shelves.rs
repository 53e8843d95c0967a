//! Short lists of products, made once per version: a lookup takes from a shelf and never looks through a whole catalogue.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use segmentation::Minor;

use crate::products::{ProductChunk, ProductRef};

/// A product's place: chunk and row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) chunk: u32,
    pub(crate) row: u32,
}

/// The most marked-down products of a season: few, as a lookup looks at those of every season.
pub(crate) const OF_SEASON_DOWN: usize = 12;
/// Seasons whose markdowns are kept, the deepest first: a shop has a handful.
pub(crate) const SEASONS_DOWN: usize = 13;

/// The most products of a shelf.
pub const SHELF: usize = 100;

type Named = BTreeMap<Box<str>, Vec<Place>>;

/// Active products only. Each shelf is at most [`SHELF`] long, popular products first and then by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelves {
    pub(crate) categories: Named,
    pub(crate) brands: Named,
    pub(crate) seasons: Named,
    pub(crate) bundles: Vec<Place>,
    /// By depth, deepest first.
    pub(crate) marked_down: Vec<Place>,
    /// Those of a season, deepest first: at most [`OF_SEASON_DOWN`] of each of at most [`SEASONS_DOWN`] seasons.
    pub(crate) season_down: Vec<Place>,
    /// In the learned order; longer than a shelf.
    pub(crate) popular: Vec<Place>,
    pub(crate) bands: Option<(Minor, Minor)>,
}

impl Shelves {
    /// Puts every active product where it belongs; `popular` are places, most popular first.
    pub(crate) fn fill(chunks: &[Arc<ProductChunk>], popular: Vec<Place>) -> Shelves {
        let first: HashSet<Place> = popular.iter().copied().collect();
        let mut shelves = Shelves::default();
        let mut depths = Vec::new();
        let mut prices = Vec::new();
        let all = chunks
            .iter()
            .zip(0_u32..)
            .flat_map(|(chunk, number)| (0_u32..).take(chunk.len()).map(move |row| Place { chunk: number, row }));
        for place in popular.iter().copied().chain(all.filter(|place| !first.contains(place))) {
            let product = chunks.get(place.chunk as usize).and_then(|chunk| chunk.at(place.row as usize));
            let Some(product) = product.filter(|product| product.active()) else { continue };
            shelves.put(product, place);
            prices.extend(product.price());
            depths.extend(product.markdown().map(|depth| (std::cmp::Reverse(depth), depths.len(), place)));
        }
        depths.sort_unstable();
        let season = |place: Place| chunks.get(place.chunk as usize)?.at(place.row as usize)?.season();
        let mut of_season: HashMap<&str, usize> = HashMap::new();
        let seasonal = |place: &Place| {
            let Some(season) = season(*place) else { return false };
            if of_season.len() >= SEASONS_DOWN && !of_season.contains_key(season) {
                return false;
            }
            let taken = of_season.entry(season).or_default();
            *taken += 1;
            *taken <= OF_SEASON_DOWN
        };
        shelves.season_down = depths.iter().map(|(_, _, place)| *place).filter(seasonal).collect();
        shelves.marked_down = depths.into_iter().take(SHELF).map(|(_, _, place)| place).collect();
        shelves.bands = bands(prices);
        shelves.popular = popular;
        shelves
    }

    fn put(&mut self, product: ProductRef<'_>, place: Place) {
        put(&mut self.categories, product.category(), place);
        put(&mut self.brands, product.brand(), place);
        put(&mut self.seasons, product.season(), place);
        if product.is_bundle() && self.bundles.len() < SHELF {
            self.bundles.push(place);
        }
    }
}

fn put(shelves: &mut Named, name: Option<&str>, place: Place) {
    let Some(name) = name else { return };
    match shelves.get_mut(name) {
        Some(shelf) if shelf.len() >= SHELF => {}
        Some(shelf) => shelf.push(place),
        None => drop(shelves.insert(name.into(), vec![place])),
    }
}

/// The upper edges of the lowest and of the middle third of prices.
fn bands(mut prices: Vec<Minor>) -> Option<(Minor, Minor)> {
    prices.sort_unstable();
    let edge = |thirds: usize| prices.get((prices.len() * thirds).div_ceil(3).checked_sub(1)?).copied();
    edge(1).zip(edge(2))
}
