//! What is out of stock: a small set with its own version, so that stock changes every second without a product changing.

use segmentation::ProductKey;

use crate::chunk::{Chunk, ChunkHash, Packed};
use crate::error::ChunkError;

/// The products that are out of stock. What it does not name is in stock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Sorted, without repeats.
    out: Vec<ProductKey>,
}

impl Stock {
    /// Keys of one chunk: packed keys are hashes and do not compress.
    const KEYS_PER_CHUNK: usize = 50_000;

    /// Takes the keys of what is out of stock, in any order.
    #[must_use]
    pub fn out_of(keys: impl IntoIterator<Item = ProductKey>) -> Stock {
        let mut out: Vec<ProductKey> = keys.into_iter().collect();
        out.sort_unstable();
        out.dedup();
        Stock { out }
    }

    /// Can it be bought?
    #[must_use]
    pub fn has(&self, product: ProductKey) -> bool {
        self.out.binary_search(&product).is_err()
    }

    /// How many products are out of stock.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Is everything in stock?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// As it is stored: at least one chunk, of at most 50,000 keys each.
    #[must_use]
    pub fn pack(&self) -> Packed {
        let parts = self.out.chunks(Stock::KEYS_PER_CHUNK);
        let mut chunks: Vec<Chunk> = parts.map(|keys| Chunk::of(&Stock::bytes(keys))).collect();
        if chunks.is_empty() {
            chunks.push(Chunk::of(&[]));
        }
        Packed::of(self.out.len(), chunks)
    }

    fn bytes(keys: &[ProductKey]) -> Vec<u8> {
        keys.iter().flat_map(|key| key.to_bytes()).collect()
    }

    /// Opens what was packed.
    ///
    /// # Errors
    /// [`ChunkError`] when a chunk's bytes are damaged.
    pub fn open<'a>(chunks: impl IntoIterator<Item = (&'a ChunkHash, &'a [u8])>) -> Result<Stock, ChunkError> {
        let mut out = Vec::new();
        for (hash, bytes) in chunks {
            let content = Chunk::open(hash, bytes)?;
            let (keys, rest) = content.as_chunks::<{ ProductKey::BYTES }>();
            if !rest.is_empty() {
                return Err(ChunkError::Length);
            }
            out.extend(keys.iter().map(|key| ProductKey::from_bytes(*key)));
        }
        Ok(Stock::out_of(out))
    }
}
