//! Why stored bytes are no chunk.

/// The bytes of a chunk cannot be what was packed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// They do not decompress, or to more than a chunk can hold.
    #[error("the chunk does not decompress")]
    Compression(#[source] std::io::Error),
    /// They decompress to something else than the hash says.
    #[error("the chunk's content is not that of its hash")]
    OtherContent,
    /// The content is no list of products, or no head of learned lists.
    #[error("the chunk's content cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// The content breaks off, or goes on after its end.
    #[error("the chunk's content has another length than it says")]
    Length,
    /// The chunks of a manifest are not as many as a manifest can have.
    #[error("a manifest of {0} chunks")]
    Manifest(usize),
}
