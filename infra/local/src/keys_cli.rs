//! The command line of `tercile keys`.

use clap::{Args, Subcommand, ValueEnum};
use ledger::KeyId;

use crate::cli::ApiOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key and print it, once
    Create(KeysCreateOptions),
    /// All keys, without their secrets; those that ended in the last 30 days too
    List(KeysListOptions),
    /// End a key for good, within a minute
    Revoke(KeysRevokeOptions),
    /// Make a key of the same scopes and let the old one end after a while
    Rotate(KeysRotateOptions),
}

impl KeysCommand {
    /// The shop's API.
    pub(crate) fn api(&self) -> &ApiOptions {
        match self {
            KeysCommand::Create(options) => &options.api,
            KeysCommand::List(options) => &options.api,
            KeysCommand::Revoke(options) => &options.api,
            KeysCommand::Rotate(options) => &options.api,
        }
    }
}

/// What a key opens.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum KeyScope {
    /// Orders, returns, products, customers' attributes
    Ingest,
    /// What a checkout calls
    Checkout,
    /// Everything
    Admin,
}

#[derive(Debug, Args)]
pub(crate) struct KeysCreateOptions {
    #[command(flatten)]
    pub(crate) api: ApiOptions,
    /// What it opens; may be given more than once
    #[arg(long, value_enum, required = true)]
    pub(crate) scope: Vec<KeyScope>,
    /// What to call it
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// For how many days it is good; without this it has no end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) days: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct KeysListOptions {
    #[command(flatten)]
    pub(crate) api: ApiOptions,
}

#[derive(Debug, Args)]
pub(crate) struct KeysRevokeOptions {
    /// The key's id: what stands before its secret
    pub(crate) id: KeyId,
    #[command(flatten)]
    pub(crate) api: ApiOptions,
}

#[derive(Debug, Args)]
pub(crate) struct KeysRotateOptions {
    /// The old key's id
    pub(crate) id: KeyId,
    #[command(flatten)]
    pub(crate) api: ApiOptions,
    /// For how many hours the old key stays good, up to 720
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=720))]
    pub(crate) overlap_hours: u32,
    /// For how many days the new key is good; without this it has no end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) days: Option<u32>,
}
