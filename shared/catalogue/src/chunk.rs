//! Content cut by product key into compressed chunks that are named by their hash: what did not change has its old name,
//! so a publish writes, and a reader fetches, only what changed.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{Read, Write};

use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use segmentation::ProductKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::ChunkError;

/// A chunk's name: the first 128 bits of SHA-256 over its content before compression, as 32 small hex digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChunkHash(Box<str>);

impl ChunkHash {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(content: &[u8]) -> ChunkHash {
        ChunkHash(HEXLOWER.encode(&Sha256::digest(content)[..16]).into())
    }
}

impl fmt::Debug for ChunkHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A piece of content as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Of the content.
    pub hash: ChunkHash,
    /// Compressed; at most [`Chunk::MAX_BYTES`] unless one product key alone holds more.
    pub bytes: Vec<u8>,
}

impl Chunk {
    /// A stored item holds 400 KB.
    pub const MAX_BYTES: usize = 350_000;
    /// What a chunk may decompress to: damaged or foreign bytes cannot make a reader run out of memory.
    pub(crate) const MAX_CONTENT: u64 = 64 << 20;

    pub(crate) fn of(content: &[u8]) -> Chunk {
        // Writing to memory does not fail; if it did, opening would say so.
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        let written = packer.write_all(content);
        let bytes = written.and_then(|()| packer.finish()).unwrap_or_default();
        Chunk { hash: ChunkHash::of(content), bytes }
    }

    /// Gives the content back.
    pub(crate) fn open(hash: &ChunkHash, bytes: &[u8]) -> Result<Vec<u8>, ChunkError> {
        let mut content = Vec::new();
        let mut unpacker = ZlibDecoder::new(bytes).take(Chunk::MAX_CONTENT);
        unpacker.read_to_end(&mut content).map_err(ChunkError::Compression)?;
        if ChunkHash::of(&content) == *hash { Ok(content) } else { Err(ChunkError::OtherContent) }
    }
}

/// Which chunks make up one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version: a hash over the chunks' hashes, so equal content is one version.
    pub version: String,
    /// How many products, or products with learned lists, it holds.
    pub products: u64,
    /// The chunks, by product key.
    pub chunks: Vec<ChunkHash>,
}

/// A version ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// What names it.
    pub manifest: Manifest,
    /// Its chunks, in the manifest's order.
    pub chunks: Vec<Chunk>,
}

impl Packed {
    pub(crate) fn of(products: usize, chunks: Vec<Chunk>) -> Packed {
        let hashes: Vec<ChunkHash> = chunks.iter().map(|chunk| chunk.hash.clone()).collect();
        let mut over = Sha256::new();
        over.update((products as u64).to_be_bytes());
        hashes.iter().for_each(|hash| over.update(hash.as_str()));
        let version = HEXLOWER.encode(&over.finalize()[..16]);
        Packed { manifest: Manifest { version, products: products as u64, chunks: hashes }, chunks }
    }

    /// The bytes of all chunks together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes.len()).sum()
    }
}

/// The hashes that only these manifests name, to tell what nobody reads any more.
#[must_use]
pub fn named_by<'a>(manifests: impl IntoIterator<Item = &'a Manifest>) -> BTreeSet<&'a ChunkHash> {
    manifests.into_iter().flat_map(|manifest| &manifest.chunks).collect()
}

/// Products of a chunk, on average at most: 100,000 products make 256 chunks.
pub const PRODUCTS_PER_CHUNK: usize = 512;

/// Into how many chunks so many entries go: a power of two, so that it changes only where a shop doubles or halves.
pub(crate) fn chunks_for(entries: usize) -> usize {
    entries.div_ceil(PRODUCTS_PER_CHUNK).next_power_of_two()
}

/// Which of `of` chunks (a power of two) a key belongs to: chunks follow each other as keys do.
pub(crate) fn chunk_of(key: ProductKey, of: usize) -> usize {
    // The head of 48 uniform bits; nothing is shifted away where there is one chunk.
    (key.number() >> (48 - of.trailing_zeros().min(47))) as usize & (of - 1)
}

/// Cuts entries, sorted by key, into chunks: as many as their count asks for, or more where they would be too long.
pub(crate) fn cut<T>(entries: &[T], key: impl Fn(&T) -> ProductKey, write: impl Fn(&[T]) -> Vec<u8>) -> Vec<Chunk> {
    let mut count = chunks_for(entries.len());
    loop {
        let mut rest = entries;
        let mut chunks = Vec::with_capacity(count);
        for number in 0..count {
            let (these, others) = rest.split_at(rest.partition_point(|entry| chunk_of(key(entry), count) <= number));
            rest = others;
            chunks.push(Chunk::of(&write(these)));
        }
        // With more chunks than entries a longer cut helps nobody.
        if chunks.iter().all(|chunk| chunk.bytes.len() <= Chunk::MAX_BYTES) || count > 2 * entries.len() {
            return chunks;
        }
        count *= 2;
    }
}
