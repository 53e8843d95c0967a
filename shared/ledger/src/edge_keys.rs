//! Keys of the tokens that shops' pages carry to the edge. They come out of the secret under customer keys, so nothing of them is stored.

use snapshot::OriginKey;

use crate::ids::ShopId;
use crate::store::Ledger;

impl Ledger {
    /// A shop's key of a number.
    #[must_use]
    pub fn edge_key(&self, shop: &ShopId, number: u32) -> OriginKey {
        let secret = &self.inner.secrets.keys;
        OriginKey::new(number, secret.edge(shop, number, "sign"), secret.edge(shop, number, "seal"))
    }
}
