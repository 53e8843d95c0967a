//! What a shop may set about learning, with defaults that were measured (`docs/affinities.md`).

/// How lists are made of merged counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// A pair of products of fewer customers is forgotten, once all shards are merged. 1 forgets nothing, as merged pairs
    /// fit: on Online Retail a floor of 2 makes no difference beyond chance, and one of 3 costs hit-rate and recall.
    pub pair_floor: u32,
    /// How many of the most bought products are learned by EASE^R; the tail by cosine. Time grows with its third power and
    /// memory with its square: 4 bytes × dense².
    pub dense: usize,
    /// EASE^R's λ over customers: what is added to a product's own count before the inverse, so that rare products have
    /// weak opinions. At least 1.
    pub ridge: u32,
    /// The same over baskets, of which there are more, and smaller ones. At least 1.
    pub basket_ridge: u32,
    /// A product's or category's interval needs this many pairs of purchases.
    pub interval_floor: u32,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { pair_floor: 1, dense: 10_000, ridge: 500, basket_ridge: 50, interval_floor: 10 }
    }
}
