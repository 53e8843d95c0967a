//! What can go wrong with the engine.

use std::io;
use std::path::PathBuf;

use aws_sdk_dynamodb::error::BuildError;
use dynoxide::errors::DynoxideError;
use thiserror::Error;
use tokio::task::JoinError;

use crate::template::TemplateError;

/// Why the engine did not start, stop or do what it was told.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The template built into this crate has a table that the engine cannot make. Tests keep this from happening.
    #[error("the tables of the template cannot be read")]
    Template(#[from] TemplateError),
    /// The path is empty, or not UTF-8, which SQLite asks for.
    #[error("the path `{}` is empty or not UTF-8", .0.display())]
    Path(PathBuf),
    /// The file cannot be opened or made: a directory that is not there, no right to it, or a file of something else.
    #[error("cannot open the database {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: DynoxideError,
    },
    /// No database in memory could be made.
    #[error("cannot make a database in memory")]
    Memory(#[source] DynoxideError),
    /// The server cannot listen on the loopback address.
    #[error("cannot listen on the loopback address")]
    Listen(#[source] io::Error),
    /// A table of the file is not as this program needs it: another version made it. Nothing was changed.
    #[error("table {table} of the database has another {part} than this program needs: {found} instead of {wanted}")]
    SchemaDiffers {
        /// The table.
        table: String,
        /// The part of its definition that differs.
        part: &'static str,
        /// That part in the template.
        wanted: String,
        /// That part in the file.
        found: String,
    },
    /// A table could not be described, made or given its expiry.
    #[error("cannot prepare table {table}")]
    Table {
        /// The table.
        table: String,
        /// What the engine answered.
        source: Box<aws_sdk_dynamodb::Error>,
    },
    /// A definition lacks what the SDK needs for a call.
    #[error("the definition of a table is incomplete")]
    Incomplete(#[from] BuildError),
    /// The engine described a table without a name or a key.
    #[error("the database has a table {0} without a key")]
    Keyless(String),
    /// The database refused a setting or a sweep.
    #[error("the database failed")]
    Database(#[source] DynoxideError),
    /// A sweep panicked, or the runtime ended under it.
    #[error("the sweep was cut off")]
    Swept(#[source] JoinError),
    /// The server ended with an error, or requests were still running when it was given up.
    #[error("the engine did not stop well: {0}")]
    Stop(String),
}
